"""Every reason to refuse has a story in which it is given, and a source."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from app.forges.sandbox import Protection, Refused, Sandbox, rules
from app.forges.sandbox.acts import checks, files, issues, remarks
from app.forges.sandbox.rules import Reason
from app.forges.sandbox.world import Change

REASONS = {name: value for name, value in vars(rules).items() if isinstance(value, Reason)}

Story = Callable[[Sandbox, SimpleNamespace], object]


def _after_leaving(shop: SimpleNamespace, act: Callable[[Change], object]) -> None:
    """Whoever leaves the organisation sees nothing of it any more, not even what they wrote."""
    change = shop.ana.opens(shop.api, "a")
    shop.ana.comments(change, "x")
    shop.ana.remarks_on(change, "a", "x")
    shop.ana.leaves_organisation("shop")
    act(change)


def _reopened_after_a_forced_push(forge: Sandbox, shop: SimpleNamespace) -> None:
    change = shop.ben.opens(shop.api, "docs/a.md")
    shop.ben.closes(change)
    shop.carla.commits(shop.api, "pay/a.py")
    shop.ben.rebases(change)
    shop.ben.reopens(change)


def _protected(forge: Sandbox, shop: SimpleNamespace, **wanted: object) -> None:
    shop.api.protections["main"] = Protection(**wanted)  # type: ignore[arg-type]
    shop.ben.merges(shop.ana.opens(shop.api, "docs/a.md"))


def _conflict(forge: Sandbox, shop: SimpleNamespace) -> None:
    change = shop.ana.opens(shop.api, {"docs/a.md": "mine"})
    shop.ben.commits(shop.api, {"docs/a.md": "theirs"})
    shop.ben.merges(change)


def _archived(forge: Sandbox, shop: SimpleNamespace) -> None:
    shop.api.archived = True
    shop.ben.commits(shop.api, "docs/a.md")


def _locked(forge: Sandbox, shop: SimpleNamespace) -> None:
    change = shop.ben.opens(shop.api, "docs/a.md")
    change.locked = True
    shop.ana.comments(change, "But…")


def _without_issues(forge: Sandbox, shop: SimpleNamespace) -> None:
    shop.api.has_issues = False
    shop.ana.reports(shop.api, "It is slow")


def _moved_back(forge: Sandbox, shop: SimpleNamespace) -> None:
    old = shop.api.head.sha
    shop.ben.commits(shop.api, "docs/a.md")
    shop.ben.fast_forwards(shop.api, to=old)


def _opened_without(forge: Sandbox, shop: SimpleNamespace, **more: str) -> None:
    shop.ben.branches(shop.api, "words")
    from app.forges.sandbox.acts import changes

    given = {"title": "Words", "base": "main", "head_branch": "words"} | more
    changes.open_change(forge.world, shop.api, shop.ben.account, head_repository=shop.api, **given)  # type: ignore[arg-type]


def _react(forge: Sandbox, shop: SimpleNamespace) -> None:
    remark = shop.ben.comments(shop.ana.opens(shop.api, "docs/a.md"), "Hm.")
    remarks.react(forge.world, remark, shop.ben.account, "shrug")


def _check(forge: Sandbox, shop: SimpleNamespace, sha: str = "", app: int = 1, **given: str) -> None:
    run = checks.start(forge.world, shop.api, 1, sha or shop.api.head.sha, {"name": "usher"})
    checks.update(forge.world, shop.api, run, app, given)


def _sixteen(forge: Sandbox, shop: SimpleNamespace) -> None:
    names = [forge.person(f"person-{number}", member_of="shop") for number in range(16)]
    shop.ben.asks(shop.ana.opens(shop.api, "docs/a.md"), *names)


STORIES: dict[str, list[Story]] = {
    "NOT_FOUND": [
        lambda forge, shop: forge.person("stranger").reports(shop.api, "Hello"),
        lambda forge, shop: _after_leaving(shop, lambda change: shop.ana.opens(shop.api, "b")),
        lambda forge, shop: _after_leaving(shop, lambda change: shop.ana.closes(change)),
        lambda forge, shop: _after_leaving(shop, lambda change: shop.ana.comments(change, "Bye.")),
        lambda forge, shop: _after_leaving(shop, lambda change: shop.ana.reviews(change, "comment", "x")),
        lambda forge, shop: _after_leaving(shop, lambda change: shop.ana.amends(change.remarks[0], "y")),
        lambda forge, shop: _after_leaving(shop, lambda change: shop.ana.remarks_on(change, "a", "Why?")),
        lambda forge, shop: _after_leaving(
            shop, lambda change: remarks.react(forge.world, change.remarks[0], shop.ana.account, "eyes")
        ),
        lambda forge, shop: _after_leaving(
            shop, lambda change: shop.ana.resolves(change.threads[0].remarks[0])
        ),
        lambda forge, shop: _after_leaving(shop, lambda change: shop.ana.archives(shop.api)),
    ],
    "FORBIDDEN": [
        lambda forge, shop: shop.ana.commits(shop.api, "docs/a.md"),
        lambda forge, shop: shop.ana.asks(shop.ana.opens(shop.api, "docs/a.md"), "ben"),
        lambda forge, shop: shop.ana.unasks(shop.ana.opens(shop.api, "docs/a.md"), "ben"),
        lambda forge, shop: shop.ana.labels(shop.ana.opens(shop.api, "docs/a.md"), "bug"),
        lambda forge, shop: shop.ana.unlabels(shop.ana.opens(shop.api, "docs/a.md"), "bug"),
        lambda forge, shop: shop.ana.merges(shop.ben.opens(shop.api, "docs/a.md")),
        lambda forge, shop: shop.ana.enqueues(shop.ben.opens(shop.api, "docs/a.md")),
        lambda forge, shop: shop.ana.closes(shop.ben.opens(shop.api, "docs/a.md")),
        lambda forge, shop: shop.ana.drafts(shop.ben.opens(shop.api, "docs/a.md")),
        lambda forge, shop: shop.ana.edits(shop.ben.opens(shop.api, "docs/a.md"), title="Mine"),
        lambda forge, shop: shop.ana.reopens(shop.ben.opens(shop.api, "docs/a.md")),
        lambda forge, shop: shop.ana.branches(shop.api, "mine"),
        lambda forge, shop: shop.ana.removes_branch(shop.api, "main"),
        lambda forge, shop: shop.ana.amends(shop.ben.comments(shop.ben.opens(shop.api, "a"), "x"), "y"),
        lambda forge, shop: shop.ana.unsays(shop.ben.comments(shop.ben.opens(shop.api, "a"), "x")),
        lambda forge, shop: shop.ana.dismisses(shop.carla.reviews(shop.ben.opens(shop.api, "a"), "approve")),
        lambda forge, shop: shop.ana.resolves(shop.carla.remarks_on(shop.ben.opens(shop.api, "a"), "a", "x")),
        lambda forge, shop: shop.ana.sets_status(shop.ben.opens(shop.api, "a"), "success"),
        lambda forge, shop: shop.ben.renames(shop.api, "mine"),
        lambda forge, shop: shop.ben.archives(shop.api),
        lambda forge, shop: shop.ben.deletes(shop.api),
        lambda forge, shop: shop.ben.gives(shop.api, shop.ana, "write"),
    ],
    "ARCHIVED": [_archived],
    "LOCKED": [_locked],
    "ISSUES_OFF": [_without_issues],
    "ASK_AUTHOR": [lambda forge, shop: shop.ben.asks(shop.ana.opens(shop.api, "docs/a.md"), "ana")],
    "ASK_STRANGER": [
        lambda forge, shop: shop.ben.asks(shop.ana.opens(shop.api, "a"), forge.person("stranger")),
        lambda forge, shop: shop.ben.asks(shop.ana.opens(shop.api, "a"), "nobody"),
        lambda forge, shop: shop.ben.asks(shop.ana.opens(shop.api, "a"), forge.team("shop/web")),
        lambda forge, shop: shop.ben.asks(shop.ana.opens(shop.api, "a"), "shop/nobody"),
    ],
    "ASK_TOO_MANY": [_sixteen],
    "CHANGE_EXISTS": [
        lambda forge, shop: [
            shop.ben.opens(shop.api, "a", branch="words"),
            _opened_without(forge, SimpleNamespace(api=shop.api, ben=_Quiet(shop.ben))),
        ]
    ],
    "NO_COMMITS": [lambda forge, shop: _opened_without(forge, shop)],
    "NO_BASE": [
        lambda forge, shop: _opened_without(forge, shop, base="nowhere"),
        lambda forge, shop: shop.ana.opens(shop.api, "docs/a.md", base="nowhere"),
        lambda forge, shop: shop.ana.retargets(shop.ana.opens(shop.api, "docs/a.md"), "nowhere"),
    ],
    "NO_HEAD": [lambda forge, shop: _opened_without(forge, shop, head_branch="nowhere")],
    "NO_TITLE": [lambda forge, shop: _opened_without(forge, shop, title=" ")],
    "CANNOT_REOPEN": [_reopened_after_a_forced_push],
    "NOT_MERGEABLE": [
        _conflict,
        lambda forge, shop: shop.ben.enqueues(shop.ana.opens(shop.api, "docs/a.md", draft=True)),
    ],
    "DRAFT_MERGE": [lambda forge, shop: shop.ben.merges(shop.ana.opens(shop.api, "a", draft=True))],
    "APPROVALS_MISSING": [lambda forge, shop: _protected(forge, shop, approvals=1)],
    "CHECKS_MISSING": [lambda forge, shop: _protected(forge, shop, checks=("build",))],
    "OWN_APPROVAL": [lambda forge, shop: shop.ana.reviews(shop.ana.opens(shop.api, "a"), "approve")],
    "OWN_VERDICT": [
        lambda forge, shop: shop.ana.reviews(shop.ana.opens(shop.api, "a"), "request_changes", "x")
    ],
    "REVIEW_BLANK": [lambda forge, shop: shop.ben.reviews(shop.ana.opens(shop.api, "a"), "comment")],
    "NOT_DISMISSABLE": [
        lambda forge, shop: shop.ben.dismisses(
            shop.ben.reviews(shop.ana.opens(shop.api, "a"), "comment", "x")
        )
    ],
    "NO_SUCH_LINE": [lambda forge, shop: shop.ben.remarks_on(shop.ana.opens(shop.api, "a"), "b", "Why?")],
    "COMMENT_BLANK": [
        lambda forge, shop: shop.ben.comments(shop.ana.opens(shop.api, "a"), " "),
        lambda forge, shop: shop.ben.remarks_on(shop.ana.opens(shop.api, "a"), "a", " "),
        lambda forge, shop: shop.ben.amends(shop.ben.comments(shop.ana.opens(shop.api, "a"), "x"), ""),
    ],
    "COMMENT_LONG": [
        lambda forge, shop: shop.ben.comments(shop.ana.opens(shop.api, "a"), "x" * 65_537),
        lambda forge, shop: shop.ben.reviews(shop.ana.opens(shop.api, "a"), "approve", "x" * 65_537),
    ],
    "TITLE_MISSING": [lambda forge, shop: shop.ana.reports(shop.api, " ")],
    "NO_REACTION": [_react],
    "NO_LABEL": [lambda forge, shop: shop.ben.unlabels(shop.ana.opens(shop.api, "a"), "bug")],
    "NO_ASSIGNEE": [
        lambda forge, shop: issues.open_issue(
            forge.world, shop.api, shop.ben.account, "Slow", assignees=["nobody"]
        )
    ],
    "NO_SUCH_COMMIT": [lambda forge, shop: _check(forge, shop, sha="0" * 40)],
    "FOREIGN_CHECK": [lambda forge, shop: _check(forge, shop, app=2)],
    "MANY_ANNOTATIONS": [
        lambda forge, shop: _check(forge, shop, conclusion="success", output={"annotations": [{}] * 51})
    ],
    "CONCLUSION_MISSING": [lambda forge, shop: _check(forge, shop, status="completed")],
    "NO_REF": [lambda forge, shop: shop.ben.removes_branch(shop.api, "nowhere")],
    "REF_EXISTS": [lambda forge, shop: shop.ben.branches(shop.api, "main")],
    "OBJECT_MISSING": [
        lambda forge, shop: files.branch(forge.world, shop.api, "new", "0" * 40, shop.ben.account),
        lambda forge, shop: shop.ben.fast_forwards(shop.api, to="0" * 40),
    ],
    "SHA_MISSING": [lambda forge, shop: rules.may_replace("a", "1" * 40, None)],
    "SHA_STALE": [lambda forge, shop: rules.may_replace("a", "1" * 40, "2" * 40)],
    "BRANCH_MISSING": [lambda forge, shop: shop.ben.commits(shop.api, "a", branch="nowhere")],
    "PUSH_REJECTED": [_moved_back],
}

# Given by an endpoint, not by an act: their stories are in test_change.py and test_head.py.
OVER_HTTP = {"REF_MALFORMED", "HEAD_MOVED"}


class _Quiet:
    """A person who makes no branch, because it is there already."""

    def __init__(self, person: object) -> None:
        self.account = person.account  # type: ignore[attr-defined]

    def branches(self, *_: object) -> None:
        return


@pytest.mark.parametrize(
    ("name", "story"),
    [(name, story) for name, stories in STORIES.items() for story in stories],
    ids=[f"{name}-{at}" for name, stories in STORIES.items() for at in range(len(stories))],
)
async def test_each_reason_is_given(forge: Sandbox, shop: SimpleNamespace, name: str, story: Story) -> None:
    with pytest.raises(Refused) as refused:
        story(forge, shop)
    assert refused.value.reason is REASONS[name]
    assert "{" not in str(refused.value)


async def test_no_reason_is_without_a_story() -> None:
    assert set(REASONS) == set(STORIES) | OVER_HTTP


@pytest.mark.parametrize("name", REASONS)
async def test_each_reason_has_a_source(name: str) -> None:
    """The documentation page that says so, or `[k]` where it is general knowledge of how GitHub behaves."""
    reason = REASONS[name]
    assert reason.source
    assert 400 <= reason.status < 500


async def test_a_refused_act_changes_nothing_and_is_told_to_nobody(
    forge: Sandbox, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    await forge.idle()
    before = (len(forge.deliveries), change.updated_at, list(change.history))
    for act in (
        lambda: shop.ben.asks(change, "carla", "ana"),
        lambda: shop.ben.asks(change, "carla", "shop/nobody"),
        lambda: shop.ana.merges(change),
        lambda: shop.ana.reviews(change, "approve"),
        lambda: shop.ben.comments(change, ""),
    ):
        with pytest.raises(Refused):
            act()
    assert (len(forge.deliveries), change.updated_at, list(change.history)) == before
    assert change.asked == set()
