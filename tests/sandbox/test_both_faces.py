"""What people do comes to the same on both forges: the verbs, what they refuse, and what is left of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace

import pytest

from app.forges.sandbox import Forge, GitLabSandbox, Protection, Refused, Sandbox


@pytest.fixture(params=["github", "gitlab", "gitlab-free"])
async def forge(request: pytest.FixtureRequest) -> AsyncIterator[Forge]:
    made: Forge
    if request.param == "github":
        made = Sandbox()
    else:
        made = GitLabSandbox(tier="free" if request.param.endswith("free") else "ultimate")
    async with made as running:
        yield running


@pytest.fixture
def shop(forge: Forge) -> SimpleNamespace:
    """Ana may read `shop/api`; ben and carla may write there through their team."""
    forge.organisation("shop")
    ana, ben, carla = (forge.person(name, member_of="shop") for name in ("ana", "ben", "carla"))
    pay = forge.team("shop/pay", members=[ben, carla])
    api = forge.repository(
        "shop/api", files={"pay/a.py": "one\ntwo\n", "docs/a.md": "words\n"}, teams={"shop/pay": "write"}
    )
    return SimpleNamespace(ana=ana, ben=ben, carla=carla, pay=pay, api=api)


def test_who_may_not_push_proposes_from_a_fork(shop: SimpleNamespace) -> None:
    theirs, ours = shop.ana.opens(shop.api, "pay/a.py"), shop.ben.opens(shop.api, "docs/a.md")
    assert (theirs.from_fork, ours.from_fork) == (True, False)
    assert theirs.head_repository.full_name == "ana/api"
    assert (theirs.paths, ours.paths) == (["pay/a.py"], ["docs/a.md"])


def test_a_push_moves_the_head_and_the_files(shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "pay/a.py")
    before = change.head
    shop.ana.pushes(change, {"new.md": "x"}, renaming={"docs/a.md": "docs/b.md"})
    assert change.head != before
    assert change.paths == ["docs/b.md", "new.md", "pay/a.py"]


def test_a_reviewer_is_asked_and_released(shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "pay/a.py")
    shop.ben.asks(change, "carla")
    assert change.asked == {"carla"}
    shop.ben.unasks(change, "CARLA")
    assert change.asked == set()


def test_remarks_are_made_amended_and_withdrawn(shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "pay/a.py")
    first, second = shop.ben.comments(change, "One"), shop.ana.comments(change, "Two")
    shop.ben.amends(first, "Three")
    shop.ana.unsays(second)
    assert [(each.author, each.body) for each in change.remarks] == [("ben", "Three")]


def test_drafts_readies_closes_reopens_and_merges(shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md", draft=True)
    with pytest.raises(Refused):
        shop.ben.merges(change)
    shop.ana.readies(change)
    shop.ana.drafts(change)
    shop.ana.readies(change)
    shop.ana.closes(change)
    assert change.state == "closed"
    shop.ana.reopens(change)
    shop.ben.merges(change)
    assert change.state == "merged"
    assert shop.api.head.tree["docs/a.md"].content == b"words\nana was here\n"


def test_labels_titles_and_targets_change(shop: SimpleNamespace) -> None:
    shop.ben.branches(shop.api, "release")
    change = shop.ana.opens(shop.api, "docs/a.md", title="Old")
    shop.ben.labels(change, "bug", "needs: answer")
    shop.ben.unlabels(change, "bug")
    shop.ana.edits(change, title="New", body="Because.")
    shop.ana.retargets(change, "release")
    assert (change.label_names, change.title, change.body, change.base) == (
        {"needs: answer"},
        "New",
        "Because.",
        "release",
    )


def test_threads_are_opened_answered_and_settled(shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "pay/a.py")
    why = shop.ben.remarks_on(change, "pay/a.py", "Why?")
    shop.ana.replies(why, "Because.")
    shop.ana.resolves(why)
    assert [(each.resolved, len(each.remarks)) for each in change.threads] == [(True, 2)]
    shop.ben.unresolves(why)
    assert not change.threads[0].resolved


def test_an_approval_counts_where_the_branch_wants_one(forge: Forge, shop: SimpleNamespace) -> None:
    """Not on GitLab Free, where approvals are a courtesy."""
    shop.api.protections["main"] = Protection(approvals=1)
    change = shop.ana.opens(shop.api, "docs/a.md")
    if isinstance(forge, GitLabSandbox) and not forge.edition.paid:
        shop.ben.merges(change)
        return
    with pytest.raises(Refused):
        shop.ben.merges(change)
    shop.carla.reviews(change, "approve")
    shop.ben.merges(change)


def test_checks_are_waited_for(forge: Forge, shop: SimpleNamespace) -> None:
    shop.api.protections["main"] = Protection(checks=("build", "ci/build"))
    change = shop.ana.opens(shop.api, "docs/a.md")
    with pytest.raises(Refused):
        shop.ben.merges(change)
    forge.checks_finish(change)
    shop.ben.sets_status(change, "pending", "ci/build")
    with pytest.raises(Refused):
        shop.ben.merges(change)
    shop.ben.sets_status(change, "success", "ci/build")
    shop.ben.merges(change)


def test_whoever_leaves_the_team_may_write_no_more(forge: Forge, shop: SimpleNamespace) -> None:
    dora = forge.person("dora", member_of="shop")
    dora.joins("shop/pay")
    dora.commits(shop.api, "docs/a.md")
    dora.leaves(shop.pay)
    with pytest.raises(Refused):
        dora.commits(shop.api, "docs/a.md")


def _conflict(shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, {"docs/a.md": "mine"})
    shop.ben.commits(shop.api, {"docs/a.md": "theirs"})
    shop.ben.merges(change)


def _twice(shop: SimpleNamespace) -> None:
    change = shop.ben.opens(shop.api, "docs/a.md")
    shop.ben.merges(change)
    shop.ben.merges(change)


def _archived(shop: SimpleNamespace) -> None:
    shop.api.archived = True
    shop.ben.comments(shop.api.changes[0], "x")


REFUSED: dict[str, Callable[[SimpleNamespace], object]] = {
    "a conflict": _conflict,
    "a second merge": _twice,
    "a reader who merges": lambda shop: shop.ana.merges(shop.ben.opens(shop.api, "docs/a.md")),
    "a reader who closes another's": lambda shop: shop.ana.closes(shop.ben.opens(shop.api, "docs/a.md")),
    "a reader who drafts another's": lambda shop: shop.ana.drafts(shop.ben.opens(shop.api, "docs/a.md")),
    "a reader who labels": lambda shop: shop.ana.labels(shop.ben.opens(shop.api, "docs/a.md"), "bug"),
    "a reader who pushes": lambda shop: shop.ana.commits(shop.api, "docs/a.md"),
    "a reader who asks": lambda shop: shop.ana.asks(shop.ben.opens(shop.api, "docs/a.md"), "carla"),
    "a reader who edits another's remark": lambda shop: shop.ana.amends(
        shop.ben.comments(shop.ben.opens(shop.api, "docs/a.md"), "x"), "y"
    ),
    "an unknown person asked": lambda shop: shop.ben.asks(shop.ana.opens(shop.api, "docs/a.md"), "nobody"),
    "no words": lambda shop: shop.ben.comments(shop.ana.opens(shop.api, "docs/a.md"), " "),
    "a line that is not touched": lambda shop: shop.ben.remarks_on(
        shop.ana.opens(shop.api, "docs/a.md"), "pay/a.py", "Why?"
    ),
    "a target that is not there": lambda shop: shop.ana.retargets(
        shop.ana.opens(shop.api, "docs/a.md"), "nowhere"
    ),
    "an archived repository": lambda shop: [shop.ben.opens(shop.api, "docs/a.md"), _archived(shop)],
    "issues turned off": lambda shop: [
        setattr(shop.api, "has_issues", False),
        shop.ana.reports(shop.api, "x"),
    ],
    "a title of nothing": lambda shop: shop.ana.reports(shop.api, " "),
}


@pytest.mark.parametrize("what", REFUSED)
def test_both_refuse(shop: SimpleNamespace, what: str) -> None:
    with pytest.raises(Refused):
        REFUSED[what](shop)


def test_a_stranger_sees_nothing(forge: Forge, shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    with pytest.raises(Refused) as refused:
        forge.person("stranger").comments(change, "Hello")
    assert refused.value.reason.status == 404


# --- Where they differ, each by name ----------------------------------------------------------------------


def test_only_gitlab_keeps_reviewers_after_their_review(forge: Forge, shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    shop.ben.asks(change, "carla")
    shop.carla.reviews(change, "approve")
    assert change.asked == ({"carla"} if forge.kind == "gitlab" else set())


def test_only_github_asks_teams(forge: Forge, shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    if forge.kind == "github":
        shop.ben.asks(change, shop.pay)
        assert change.asked_teams == {"shop/pay"}
    else:
        with pytest.raises(Refused, match="ask its members"):
            shop.ben.asks(change, shop.pay)


def test_only_github_has_a_merge_queue_and_dismissals(forge: Forge, shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    review = shop.ben.reviews(change, "approve")
    acts = (lambda: shop.ben.enqueues(change), lambda: shop.ben.dismisses(review))
    for act in acts:
        if forge.kind == "github":
            act()
        else:
            with pytest.raises(Refused, match="GitLab has no"):
                act()


def test_only_gitlab_takes_approvals_back_and_knows_who_is_busy(forge: Forge, shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    shop.ben.reviews(change, "approve")
    for act in (lambda: shop.ben.unapproves(change), lambda: shop.ben.is_busy()):
        if forge.kind == "gitlab":
            act()
        else:
            with pytest.raises(Refused, match="GitHub has no"):
                act()
    assert change.approvals == {}


def test_only_gitlab_opens_without_commits_and_counts_issues_apart(
    forge: Forge, shop: SimpleNamespace
) -> None:
    issue, change = shop.ana.reports(shop.api, "Slow"), shop.ana.opens(shop.api, "docs/a.md")
    assert (issue.number, change.number) == ((1, 1) if forge.kind == "gitlab" else (1, 2))
