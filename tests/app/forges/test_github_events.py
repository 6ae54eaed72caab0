"""What Usher understands of GitHub's deliveries."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from app.forges.github.events import UNDATED, GitHubDoor, read
from handlers.ports import AccountChange, Delivery, Reading, Touch
from policies import facts as f
from tests.payloads.examples import github_examples

GOLDEN = Path(__file__).parents[2] / "golden" / "payloads" / "github"
CHANGE = f.Subject("change", 7, 12)
ISSUE = f.Subject("issue", 7, 30)
REPOSITORY = f.Subject("repository", 7)
ACCOUNT = f.Subject("account")
SHOP_API = f.RepositoryRef(7, "shop/api")

ANA = {"login": "ana", "type": "User"}
BEN = {"login": "ben", "type": "User"}
HEAD, BASE = "b" * 40, "a" * 40


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}:00+00:00")


def golden(name: str) -> dict[str, Any]:
    return json.loads((GOLDEN / f"{name}.json").read_text())


def payload(**more: Any) -> dict[str, Any]:
    repository = {
        "id": 7,
        "name": "api",
        "owner": {"login": "shop"},
        "default_branch": "main",
        "updated_at": "2026-11-20T15:00:00Z",
        "pushed_at": 1795187100,  # seconds, as pushes have it: 2026-11-20 15:05
    }
    return {"repository": repository, "installation": {"id": 4711}, "sender": BEN, **more}


def change(**more: Any) -> dict[str, Any]:
    return {
        "number": 12,
        "state": "open",
        "draft": False,
        "title": "Pay by card",
        "user": ANA,
        "head": {"sha": HEAD},
        "base": {"ref": "main"},
        "created_at": "2026-11-20T15:30:00Z",
        "updated_at": "2026-11-20T15:45:00Z",
        **more,
    }


def about_change(action: str, *, of: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return payload(action=action, number=12, pull_request=of or change(), **more)


def about_review(action: str, **review: Any) -> dict[str, Any]:
    told = {"id": 91, "user": BEN, "commit_id": HEAD, "submitted_at": "2026-11-20T16:10:00Z", **review}
    reduced = {"number": 12, "user": ANA, "updated_at": "2026-11-20T16:20:00Z"}
    return payload(action=action, review=told, pull_request=reduced, sender={"login": "kim", "type": "User"})


def about_thread(action: str) -> dict[str, Any]:
    thread = {"node_id": "T_1", "comments": [{"user": BEN}, {"user": ANA}]}
    return payload(action=action, thread=thread, pull_request=change())


def about_issue(action: str, **more: Any) -> dict[str, Any]:
    issue = {
        "number": 30,
        "user": ANA,
        "state": "open",
        "created_at": "2026-11-20T15:30:00Z",
        "updated_at": "2026-11-20T15:45:00Z",
    }
    return payload(action=action, issue={**issue, **more.pop("issue", {})}, **more)


def about_remark(action: str, *, on_change: bool = True, **comment: Any) -> dict[str, Any]:
    issue = {"number": 12, "updated_at": "2026-11-20T16:09:00Z", "pull_request": {} if on_change else None}
    told = {
        "id": 501,
        "user": BEN,
        "body": "Why not?",
        "created_at": "2026-11-20T16:00:00Z",
        "updated_at": "2026-11-20T16:05:00Z",
        **comment,
    }
    return payload(action=action, issue=issue, comment=told)


def suite(conclusion: str | None, **more: Any) -> dict[str, Any]:
    told = {
        "head_sha": HEAD,
        "conclusion": conclusion,
        "updated_at": "2026-11-20T15:50:00Z",
        "app": {"slug": "github-actions", "name": "GitHub Actions"},
        "pull_requests": [{"number": 12, "base": {"repo": {"id": 7}}}],
        **more,
    }
    return payload(action="completed", check_suite=told)


BY_BEN = {"at": at("20T15:45"), "by": "ben"}
CHECKED = {"at": at("20T15:50"), "commit": HEAD, "name": "github-actions"}

ONE_CHANGE = [
    (
        "a change is opened",
        about_change("opened"),
        f.ChangeOpened(at=at("20T15:30"), by="ana", draft=False, base="main", head=HEAD),
    ),
    (
        "a change is opened as a draft",
        about_change("opened", of=change(draft=True)),
        f.ChangeOpened(at=at("20T15:30"), by="ana", draft=True, base="main", head=HEAD),
    ),
    ("a change is opened again", about_change("reopened"), f.ChangeReopened(**BY_BEN)),
    (
        "a change is closed",
        about_change("closed", of=change(state="closed", closed_at="2026-11-20T15:44:00Z")),
        f.ChangeClosed(at=at("20T15:44"), by="ben"),
    ),
    (
        "a change is merged",
        about_change("closed", of=change(state="closed", merged=True, merged_at="2026-11-20T15:43:00Z")),
        f.ChangeMerged(at=at("20T15:43"), by="ben"),
    ),
    (
        "somebody pushes",
        about_change("synchronize", before=BASE, after="d" * 40),
        f.ChangePushed(**BY_BEN, before=BASE, after_sha="d" * 40),
    ),
    (
        "a change gets another base",
        about_change("edited", changes={"base": {"ref": {"from": "old"}}}),
        f.ChangeRetargeted(**BY_BEN, base="main"),
    ),
    (
        "a change gets another title",
        about_change("edited", changes={"title": {"from": "Pay"}}),
        f.ChangeRetitled(**BY_BEN, title="Pay by card"),
    ),
    ("a draft is ready", about_change("ready_for_review"), f.ChangeReadied(**BY_BEN)),
    ("a change becomes a draft", about_change("converted_to_draft"), f.ChangeDrafted(**BY_BEN)),
    (
        "a person is asked",
        about_change("review_requested", requested_reviewer={"login": "Carla"}),
        f.ReviewAsked(**BY_BEN, who="Carla"),
    ),
    (
        "a team is asked",
        about_change("review_requested", requested_team={"slug": "payments"}),
        f.ReviewAsked(**BY_BEN, team="shop/payments"),
    ),
    (
        "a request is taken back",
        about_change("review_request_removed", requested_reviewer={"login": "carla"}),
        f.ReviewUnasked(**BY_BEN, who="carla"),
    ),
    (
        "a label is put on",
        about_change("labeled", label={"name": "blocked"}),
        f.Labelled(**BY_BEN, label="blocked", on=True),
    ),
    (
        "a label is taken off",
        about_change("unlabeled", label={"name": "blocked"}),
        f.Labelled(**BY_BEN, label="blocked", on=False),
    ),
    ("a change enters the merge queue", about_change("enqueued"), f.ChangeQueued(**BY_BEN, on=True)),
    ("a change leaves the merge queue", about_change("dequeued"), f.ChangeQueued(**BY_BEN, on=False)),
]
REVIEWS = [
    (
        "an approval",
        "pull_request_review",
        about_review("submitted", state="approved"),
        f.Reviewed(at=at("20T16:10"), by="ben", review_id=91, state="approved", commit=HEAD),
    ),
    (
        "a review whose state is in capitals",
        "pull_request_review",
        about_review("submitted", state="CHANGES_REQUESTED"),
        f.Reviewed(at=at("20T16:10"), by="ben", review_id=91, state="changes_requested", commit=HEAD),
    ),
    (
        "a dismissal, dated by the change and not by the review",
        "pull_request_review",
        about_review("dismissed", state="dismissed"),
        f.ReviewDismissed(at=at("20T16:20"), by="kim", review_id=91, who="ben"),
    ),
    (
        "an inline comment",
        "pull_request_review_comment",
        payload(
            action="created",
            pull_request=change(),
            comment={
                "id": 601,
                "user": ANA,
                "commit_id": HEAD,
                "pull_request_review_id": 91,
                "created_at": "2026-11-20T16:11:00Z",
            },
        ),
        f.Reviewed(at=at("20T16:11"), by="ana", review_id=91, commit=HEAD, remark_id=601, thread="601"),
    ),
    (
        "an answer in a thread belongs to the comment that began it",
        "pull_request_review_comment",
        payload(
            action="created",
            pull_request=change(),
            comment={
                "id": 602,
                "in_reply_to_id": 601,
                "user": ANA,
                "commit_id": HEAD,
                "pull_request_review_id": 91,
                "created_at": "2026-11-20T16:12:00Z",
            },
        ),
        f.Reviewed(at=at("20T16:12"), by="ana", review_id=91, commit=HEAD, remark_id=602, thread="601"),
    ),
    (
        "a thread is resolved",
        "pull_request_review_thread",
        about_thread("resolved"),
        f.ThreadChanged(**BY_BEN, thread="T_1", who="ben", resolved=True),
    ),
    (
        "a thread is opened again",
        "pull_request_review_thread",
        about_thread("unresolved"),
        f.ThreadChanged(**BY_BEN, thread="T_1", who="ben", resolved=False),
    ),
    (
        "a comment",
        "issue_comment",
        about_remark("created"),
        f.RemarkMade(at=at("20T16:00"), by="ben", remark_id=501, answers=True),
    ),
    (
        "a comment that is only a command",
        "issue_comment",
        about_remark("created", body="/usher ack"),
        f.RemarkMade(at=at("20T16:00"), by="ben", remark_id=501, answers=False),
    ),
    (
        "an edited comment",
        "issue_comment",
        about_remark("edited"),
        f.RemarkEdited(at=at("20T16:05"), by="ben", remark_id=501),
    ),
    (
        "a removed comment",
        "issue_comment",
        about_remark("deleted"),
        f.RemarkRemoved(at=at("20T16:09"), by="ben", remark_id=501),
    ),
    (
        "checks that succeeded",
        "check_suite",
        suite("success"),
        f.ChecksChanged(**CHECKED, state="success"),
    ),
    ("checks that failed", "check_suite", suite("timed_out"), f.ChecksChanged(**CHECKED, state="failure")),
    ("skipped checks", "check_suite", suite("skipped"), f.ChecksChanged(**CHECKED, state="neutral")),
    ("overtaken checks", "check_suite", suite("stale"), f.ChecksChanged(**CHECKED, state="cancelled")),
    (
        "checks that wait for a maintainer",
        "check_suite",
        suite("action_required"),
        f.ChecksChanged(**CHECKED, state="pending"),
    ),
]
ISSUES = [
    ("opened", about_issue("opened"), f.IssueOpened(at=at("20T15:30"), by="ana")),
    (
        "closed",
        about_issue("closed", issue={"closed_at": "2026-11-20T15:41:00Z"}),
        f.IssueClosed(at=at("20T15:41"), by="ben"),
    ),
    ("opened again", about_issue("reopened"), f.IssueReopened(**BY_BEN)),
    ("moved", about_issue("transferred"), f.IssueMoved(**BY_BEN)),
    (
        "labelled",
        about_issue("labeled", label={"name": "severity/high"}),
        f.Labelled(**BY_BEN, label="severity/high", on=True),
    ),
]


@pytest.mark.parametrize(
    ("told", "fact"), [row[1:] for row in ONE_CHANGE], ids=[row[0] for row in ONE_CHANGE]
)
def test_what_happens_to_a_change(told, fact):
    assert read("pull_request", told).touches == (Touch(CHANGE, (fact,)),)


@pytest.mark.parametrize(
    ("event", "told", "fact"), [row[1:] for row in REVIEWS], ids=[row[0] for row in REVIEWS]
)
def test_what_people_and_checks_say_about_a_change(event, told, fact):
    assert read(event, told).touches == (Touch(CHANGE, (fact,)),)


@pytest.mark.parametrize(("told", "fact"), [row[1:] for row in ISSUES], ids=[row[0] for row in ISSUES])
def test_what_happens_to_an_issue(told, fact):
    assert read("issues", told).touches == (Touch(ISSUE, (fact,)),)


def test_a_reading_says_where_it_belongs():
    reading = read("pull_request", about_change("opened"))
    assert (reading.installation, reading.account, reading.repository, reading.default_branch) == (
        4711,
        "shop",
        SHOP_API,
        "main",
    )


def test_an_edit_may_change_base_and_title_at_once():
    told = about_change("edited", changes={"base": {"ref": {"from": "x"}}, "title": {"from": "y"}})
    [touch] = read("pull_request", told).touches
    assert [type(fact) for fact in touch.facts] == [f.ChangeRetargeted, f.ChangeRetitled]


@pytest.mark.parametrize(
    ("event", "told", "subject"),
    [
        ("pull_request", about_change("invented_tomorrow"), CHANGE),
        ("pull_request", about_change("edited", changes={"body": {"from": "x"}}), CHANGE),
        ("pull_request", about_change("assigned"), CHANGE),
        ("pull_request_review", about_review("edited", state="approved"), CHANGE),
        ("pull_request_review", about_review("submitted", state="invented"), CHANGE),
        ("issues", about_issue("pinned"), ISSUE),
        ("repository", payload(action="renamed"), REPOSITORY),
        ("repository", payload(action="archived"), REPOSITORY),
        ("installation", payload(action="new_permissions_accepted"), ACCOUNT),
        ("installation_target", payload(action="renamed", account={"login": "shop2"}), ACCOUNT),
    ],
)
def test_what_is_not_understood_still_makes_usher_look_again(event, told, subject):
    reading = read(event, told)
    assert reading.touches == (Touch(subject),)
    assert reading.ignored is None


def test_a_comment_on_an_issue_is_not_one_on_a_change():
    [touch] = read("issue_comment", about_remark("created", on_change=False)).touches
    assert touch.subject == f.Subject("issue", 7, 12)


def test_a_persons_new_comment_is_handed_on_for_commands_and_the_prefix_may_differ():
    told = golden("issue_comment.created.on_change")
    reading = read("issue_comment", told)
    assert reading.remark is not None
    assert reading.remark.body.startswith("/usher eta tue 15:00")
    assert reading.remark.by == f.Person("ben")
    made, typed = reading.touches[0].facts
    assert isinstance(made, f.RemarkMade)
    assert not made.answers
    assert isinstance(typed, f.CommandTyped)
    assert (typed.by, typed.remark_id, typed.line) == ("ben", made.remark_id, 1)
    assert typed.text == "/usher eta tue 15:00"
    by_mention = GitHubDoor(command="@helper")
    told["comment"]["body"] = "@helper ack"
    door_reading = by_mention.facts(Delivery("issue_comment", "d", json.dumps(told).encode()))
    assert not door_reading.touches[0].facts[0].answers


@pytest.mark.parametrize(
    "told",
    [
        golden("issue_comment.created.by_app"),
        about_remark("edited"),
        about_remark("deleted"),
        about_remark("created", user=ANA),  # sent by another than its author
        about_remark("created", user=None),
    ],
    ids=["by an App", "edited", "deleted", "in another's name", "by nobody"],
)
def test_no_command_is_read_from_any_other_comment(told):
    told["comment"]["body"] = "/usher decline"
    reading = read("issue_comment", told)
    assert reading.remark is None
    assert not any(isinstance(fact, f.CommandTyped) for touch in reading.touches for fact in touch.facts)


def test_a_bots_comment_is_marked_as_one():
    [touch] = read("issue_comment", golden("issue_comment.created.by_app")).touches
    assert touch.facts[0].by_bot


def test_checks_of_a_fork_name_only_the_commit():
    reading = read("check_suite", golden("check_suite.completed.fork"))
    assert reading.touches == ()
    assert reading.by_commit == (f.ChecksChanged(**CHECKED, state="failure"),)


def test_a_check_suite_that_names_a_change_of_another_repository_does_not_touch_ours():
    told = suite("success", pull_requests=[{"number": 3, "base": {"repo": {"id": 8}}}])
    assert read("check_suite", told).touches == ()
    assert len(read("check_suite", told).by_commit) == 1


@pytest.mark.parametrize(
    ("said", "state"),
    [("pending", "pending"), ("success", "success"), ("failure", "failure"), ("error", "failure")],
)
def test_a_commit_status_names_only_the_commit(said, state):
    told = payload(sha=HEAD, context="ci/build", state=said, updated_at="2026-11-20T15:50:00+00:00")
    expected = f.ChecksChanged(at=at("20T15:50"), by="ben", commit=HEAD, name="ci/build", state=state)
    assert read("status", told).by_commit == (expected,)


def push(*, ref: str = "refs/heads/main", forced: bool = False, **commit: list[str]) -> dict[str, Any]:
    return payload(ref=ref, before=BASE, after=HEAD, forced=forced, commits=[commit] if commit else [])


@pytest.mark.parametrize(
    ("told", "settings", "shown"),
    [
        (push(modified=["src/a.py"]), False, False),
        (push(modified=["innersource.json"]), False, True),
        (push(added=["lib/pyproject.toml"]), False, True),
        (push(removed=["docs/CONTRIBUTING.md"]), False, True),
        (push(modified=[".github/CODEOWNERS"]), True, True),
        (push(added=["CODEOWNERS"]), True, True),
        (push(removed=["docs/CODEOWNERS"]), True, True),
        (push(modified=[".github/usher.yml"]), True, False),
        (push(modified=["src/CODEOWNERS"]), False, False),
        (push(forced=True, modified=["src/a.py"]), True, True),  # what a forced push removes is not listed
        (push(), True, True),  # nor is anything of a push without commits
        (
            payload(ref="refs/heads/main", after=HEAD, before=BASE, commits=[{"added": ["a"]}] * 2048),
            True,
            True,
        ),
    ],
)
def test_a_push_to_the_default_branch_says_whether_owners_or_rules_may_differ(told, settings, shown):
    [touch] = read("push", told).touches
    fact = f.FilesPushed(
        at=at("20T15:05"),
        by="ben",
        branch="main",
        before=BASE,
        after_sha=HEAD,
        settings=settings,
        shown=shown,
    )
    assert touch == Touch(REPOSITORY, (fact,))


@pytest.mark.parametrize("ref", ["refs/heads/feature", "refs/tags/main", "main", ""])
def test_other_pushes_are_ignored_with_a_reason(ref):
    reading = read("push", push(ref=ref, modified=[".github/CODEOWNERS"]))
    assert reading.touches == ()
    assert "another branch" in reading.ignored


@pytest.mark.parametrize(
    ("event", "told", "subject", "team", "who"),
    [
        ("membership", {"team": {"slug": "payments"}, "member": BEN}, ACCOUNT, "shop/payments", "ben"),
        ("team", {"action": "edited", "team": {"slug": "payments"}}, ACCOUNT, "shop/payments", ""),
        ("organization", {"action": "member_removed", "membership": {"user": BEN}}, ACCOUNT, "", "ben"),
    ],
)
def test_people_of_an_organisation_change_at_no_time_that_github_tells(event, told, subject, team, who):
    told = {"organization": {"login": "shop"}, "sender": ANA, **told}
    fact = f.PeopleChanged(at=UNDATED, by="ana", team=team, who=who)
    assert read(event, told).touches == (Touch(subject, (fact,)),)


@pytest.mark.parametrize(
    ("event", "told", "team", "who"),
    [
        ("team_add", {"team": {"slug": "payments"}}, "shop/payments", ""),
        ("team", {"action": "added_to_repository", "team": {"slug": "payments"}}, "shop/payments", ""),
        ("member", {"action": "removed", "member": ANA}, "", "ana"),
    ],
)
def test_people_of_a_repository_change(event, told, team, who):
    fact = f.PeopleChanged(at=at("20T15:00"), by="ben", team=team, who=who)
    assert read(event, payload(**told)).touches == (Touch(REPOSITORY, (fact,)),)


@pytest.mark.parametrize(
    ("action", "change_of_account"),
    [
        ("created", AccountChange("joined", added=(SHOP_API,))),
        ("deleted", AccountChange("left")),
        ("suspend", AccountChange("suspended")),
        ("unsuspend", AccountChange("resumed")),
    ],
)
def test_the_app_comes_and_goes(action, change_of_account):
    told = {
        "action": action,
        "installation": {"id": 4711, "account": {"login": "shop"}},
        "repositories": [{"id": 7, "name": "api", "full_name": "shop/api"}],
    }
    assert read("installation", told) == Reading(
        installation=4711, account="shop", account_change=change_of_account
    )


def test_repositories_are_given_and_taken():
    told = {
        "installation": {"id": 4711, "account": {"login": "shop"}},
        "repositories_added": [{"id": 7, "full_name": "shop/api"}],
        "repositories_removed": [{"id": 8, "full_name": "shop/old"}, {"id": None}],
    }
    change_of_account = AccountChange("repositories", (SHOP_API,), (f.RepositoryRef(8, "shop/old"),))
    assert read("installation_repositories", told).account_change == change_of_account
    deleted = read("repository", payload(action="deleted"))
    assert deleted.account_change == AccountChange("repositories", removed=(SHOP_API,))


@pytest.mark.parametrize("event", ["ping", "star", "deployment", "", "x" * 64])
def test_other_events_are_ignored_with_a_reason(event):
    reading = read(event, payload())
    assert reading.touches == ()
    assert reading.ignored


SILENT = {"ping", "push", "check_suite"}
"""Events that Usher follows, of which some examples say nothing that it needs."""


@pytest.mark.parametrize("example", github_examples(), ids=lambda example: example.name)
def test_every_official_example_is_read(example):
    """Each tells of a subject, a commit or the account where Usher follows its event; none is an error."""
    reading = GitHubDoor().facts(Delivery(example.event, "d", json.dumps(example.payload).encode()))
    told = reading.touches or reading.by_commit or reading.account_change
    assert bool(told) is (reading.ignored is None)
    if reading.ignored is not None and not reading.ignored.startswith("Usher does not follow"):
        assert example.event in SILENT
    repository = example.payload.get("repository") or {}
    assert (reading.repository.id if reading.repository else None) == repository.get("id")


def test_there_are_as_many_official_examples_as_github_published():
    assert len(github_examples()) == 329
    assert sum(read(each.event, each.payload).installation is not None for each in github_examples()) == 133


def test_deleted_people_and_forks_cost_nothing_but_their_names():
    [touch] = read("pull_request", golden("pull_request.closed.deleted_fork_and_person")).touches
    assert touch == Touch(CHANGE, (f.ChangeClosed(at=at("21T08:00"), by="ben"),))
    [touch] = read("pull_request_review", golden("pull_request_review.submitted.deleted_person")).touches
    assert touch.facts[0].by == ""


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_every_golden_payload_tells_something(path):
    reading = read(path.name.partition(".")[0], json.loads(path.read_text()))
    assert any(touch.facts for touch in reading.touches) or reading.by_commit


def _damaged(value: Any) -> Any:
    """Every way to lose one thing in a payload: each value in turn is null, missing, or of another type."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield {**value, key: None}
            yield {name: other for name, other in value.items() if name != key}
            yield {**value, key: [{"x": -1}]}
            yield {**value, key: "9" * 30}
            yield {**value, key: 10**30}
            for damaged in _damaged(inner):
                yield {**value, key: damaged}
    elif isinstance(value, list) and value:
        for damaged in _damaged(value[0]):
            yield [damaged, *value[1:]]


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_whatever_is_missing_or_odd_reading_never_fails(path):
    event = path.name.partition(".")[0]
    tried = 0
    for damaged in _damaged(json.loads(path.read_text())):
        assert isinstance(read(event, damaged), Reading)
        tried += 1
    assert tried > 100


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"x"', b"{", b"[" * 5000, b'{"a": NaN}', b"\xff"])
def test_a_body_that_is_no_json_object_is_a_value_error(body):
    with pytest.raises(ValueError):
        GitHubDoor().facts(Delivery("push", "d", body))


def test_text_that_no_database_keeps_is_cleaned():
    told = about_change("edited", of=change(title="a\0b\ud800c"), changes={"title": {"from": "x"}})
    [touch] = read("pull_request", told).touches
    assert touch.facts[0].title == "ab?c"
