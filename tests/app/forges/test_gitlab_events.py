"""What Usher understands of GitLab's deliveries."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from app.forges.gitlab.events import UNDATED, GitLabDoor, read
from app.forges.gitlab.states import review_number
from handlers.ports import AccountChange, Delivery, Reading, Touch
from policies import facts as f

GOLDEN = Path(__file__).parents[2] / "golden" / "payloads" / "gitlab"
CHANGE = f.Subject("change", 7, 12)
ISSUE = f.Subject("issue", 7, 30)
REPOSITORY = f.Subject("repository", 7)
ACCOUNT = f.Subject("account")
SHOP_API = f.RepositoryRef(7, "shop/api")

ANA = {"id": 31, "username": "ana", "name": "Ana"}
BEN = {"id": 32, "username": "ben", "name": "Ben"}
CARLA = {"id": 33, "username": "carla", "name": "Carla"}
USHER = {"id": 39, "username": "shop-helper", "name": "Usher"}
HEAD, OLD = "b" * 40, "a" * 40
SCHEMES = {"RFC 3339": "2026-11-20T15:45:00Z", "with a zone's name": "2026-11-20 15:45:00 UTC"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}:00+00:00")


def golden(name: str) -> dict[str, Any]:
    return json.loads((GOLDEN / f"{name}.json").read_text())


def payload(kind: str, **more: Any) -> dict[str, Any]:
    project = {"id": 7, "path_with_namespace": "shop/api", "default_branch": "main"}
    return {"object_kind": kind, "user": BEN, "project": project, **more}


def about_change(action: str, *, changes: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A merge request event; the fields of `object_attributes` may be given by name."""
    outside = {name: more.pop(name) for name in ("user", "reviewers") if name in more}
    about = {
        "id": 900,
        "iid": 12,
        "action": action,
        "state": "opened",
        "draft": False,
        "title": "Pay by card",
        "author_id": 31,
        "source_project_id": 7,
        "target_project_id": 7,
        "target_branch": "main",
        "last_commit": {"id": HEAD},
        "created_at": "2026-11-20T15:30:00Z",
        "updated_at": "2026-11-20T15:45:00Z",
        **more,
    }
    return payload("merge_request", object_attributes=about, changes=changes or {}, **outside)


def reviewer(person: dict[str, Any], state: str = "unreviewed", **more: Any) -> dict[str, Any]:
    return {**person, "state": state, "re_requested": False, **more}


def reviewers(before: list[Any], after: list[Any], **more: Any) -> dict[str, Any]:
    changes = {"reviewers": {"previous": before, "current": after}}
    return about_change("update", changes=changes, reviewers=after, **more)


def note(on: str = "MergeRequest", **more: Any) -> dict[str, Any]:
    outside = {name: more.pop(name) for name in ("user",) if name in more}
    about = {
        "id": 501,
        "note": "Why not?",
        "noteable_type": on,
        "action": "create",
        "author_id": 32,
        "type": None,
        "system": False,
        "internal": False,
        "created_at": "2026-11-20T16:00:00Z",
        "updated_at": "2026-11-20T16:00:00Z",
        **more,
    }
    named = {"merge_request": {"iid": 12}} if on == "MergeRequest" else {"issue": {"iid": 30}}
    return payload("note", object_attributes=about, **named, **outside)


def about_issue(action: str, *, changes: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    about = {
        "iid": 30,
        "action": action,
        "author_id": 32,
        "created_at": "2026-11-20T15:30:00Z",
        "updated_at": "2026-11-20T15:45:00Z",
        **more,
    }
    return payload("issue", object_attributes=about, changes=changes or {})


def pipeline(status: str, **more: Any) -> dict[str, Any]:
    about = {"sha": HEAD, "status": status, "created_at": "2026-11-20 15:40:00 UTC", "finished_at": None}
    return payload("pipeline", object_attributes={**about, **more.pop("about", {})}, **more)


BY_BEN = {"at": at("20T15:45"), "by": "ben"}
BY_ANA = {"at": at("20T15:30"), "by": "ana"}
NUMBER = review_number(32, at("20T15:45"))
APPROVED = f.Reviewed(**BY_BEN, review_id=NUMBER, state="approved", commit=HEAD)

ONE_CHANGE = [
    (
        "opened by its author",
        about_change("open", user=ANA),
        (f.ChangeOpened(**BY_ANA, draft=False, base="main", head=HEAD),),
    ),
    (
        "opened as a draft that only the title tells",
        about_change("open", user=ANA, draft=None, title="Draft: Pay by card"),
        (f.ChangeOpened(**BY_ANA, draft=True, base="main", head=HEAD),),
    ),
    (
        "opened with reviewers: they were asked at once",
        about_change("open", user=ANA, reviewers=[reviewer(BEN)]),
        (
            f.ChangeOpened(**BY_ANA, base="main", head=HEAD),
            f.ReviewAsked(**BY_ANA, who="ben"),
        ),
    ),
    ("opened in another's name: read from the API", about_change("open", user=BEN), ()),
    ("reopened", about_change("reopen"), (f.ChangeReopened(**BY_BEN),)),
    ("closed", about_change("close"), (f.ChangeClosed(**BY_BEN),)),
    ("merged", about_change("merge"), (f.ChangeMerged(**BY_BEN),)),
    (
        "a push",
        about_change("update", oldrev=OLD),
        (f.ChangePushed(**BY_BEN, before=OLD, after_sha=HEAD),),
    ),
    ("an update that is no push", about_change("update"), ()),
    (
        "retargeted",
        about_change("update", changes={"target_branch": {"previous": "next", "current": "main"}}),
        (f.ChangeRetargeted(**BY_BEN, base="main"),),
    ),
    (
        "retitled",
        about_change("update", changes={"title": {"previous": "Pay", "current": "Pay by card"}}),
        (f.ChangeRetitled(**BY_BEN, title="Pay by card"),),
    ),
    (
        "readied",
        about_change(
            "update",
            changes={
                "draft": {"previous": True, "current": False},
                "title": {"previous": "Draft: Pay by card", "current": "Pay by card"},
            },
        ),
        (f.ChangeRetitled(**BY_BEN, title="Pay by card"), f.ChangeReadied(**BY_BEN)),
    ),
    (
        "drafted, by an older GitLab, which changes only the title",
        about_change(
            "update",
            title="[Draft] Pay by card",
            changes={"title": {"previous": "Pay by card", "current": "[Draft] Pay by card"}},
        ),
        (f.ChangeRetitled(**BY_BEN, title="[Draft] Pay by card"), f.ChangeDrafted(**BY_BEN)),
    ),
    (
        "labels put on and taken off",
        about_change(
            "update", changes={"labels": {"previous": [{"title": "old"}], "current": [{"title": "blocked"}]}}
        ),
        (f.Labelled(**BY_BEN, label="old", on=False), f.Labelled(**BY_BEN, label="blocked", on=True)),
    ),
    (
        "threads resolved: which ones, the API tells",
        about_change(
            "update", changes={"blocking_discussions_resolved": {"previous": False, "current": True}}
        ),
        (),
    ),
    ("an approval", about_change("approval"), (APPROVED,)),
    ("the approval that made it enough", about_change("approved"), (APPROVED,)),
    ("an approval taken back", about_change("unapproval"), (f.ReviewDismissed(**BY_BEN, who="ben"),)),
    (
        "approvals reset by a push of somebody else",
        about_change(
            "unapproved",
            user=ANA,
            system=True,
            system_action="approvals_reset_on_push",
            reviewers=[reviewer(BEN, "unapproved"), reviewer(CARLA)],
        ),
        (f.ReviewDismissed(at=at("20T15:45"), by="ana", who="ben"),),
    ),
    ("asked", reviewers([], [reviewer(CARLA)]), (f.ReviewAsked(**BY_BEN, who="carla"),)),
    (
        "one asked and another taken off",
        reviewers([reviewer(ANA)], [reviewer(CARLA)]),
        (f.ReviewAsked(**BY_BEN, who="carla"), f.ReviewUnasked(**BY_BEN, who="ana")),
    ),
    (
        "asked again",
        reviewers([reviewer(CARLA, "reviewed")], [reviewer(CARLA, re_requested=True)]),
        (f.ReviewAsked(**BY_BEN, who="carla"),),
    ),
    (
        "changes requested, by whoever's state changed",
        reviewers([reviewer(BEN)], [reviewer(BEN, "requested_changes")], user=ANA),
        (f.Reviewed(**BY_BEN, review_id=NUMBER, state="changes_requested", commit=HEAD),),
    ),
    (
        "a review without opinion",
        reviewers([reviewer(BEN, "review_started")], [reviewer(BEN, "reviewed")]),
        (f.Reviewed(**BY_BEN, review_id=NUMBER, state="commented", commit=HEAD),),
    ),
    ("a review begun", reviewers([reviewer(BEN)], [reviewer(BEN, "review_started")]), ()),
    ("states that an older GitLab does not tell", reviewers([BEN], [BEN]), ()),
]


@pytest.mark.parametrize(
    ("told", "facts"), [row[1:] for row in ONE_CHANGE], ids=[row[0] for row in ONE_CHANGE]
)
def test_what_happens_to_a_merge_request(told, facts):
    assert read(told).touches == (Touch(CHANGE, facts),)


@pytest.mark.parametrize("form", [dict, list])
def test_a_change_of_reviewers_comes_in_two_forms(form):
    told = reviewers([], [reviewer(CARLA)])
    if form is list:
        told["changes"]["reviewers"] = [[], [reviewer(CARLA)]]
    assert read(told).touches[0].facts == (f.ReviewAsked(**BY_BEN, who="carla"),)


@pytest.mark.parametrize("written", SCHEMES.values(), ids=SCHEMES)
def test_times_come_in_two_forms(written):
    assert read(about_change("close", updated_at=written)).touches[0].facts == (f.ChangeClosed(**BY_BEN),)


def test_an_approval_is_the_same_fact_however_often_it_is_told():
    """By the hook of the group, by that of the project, and as the state of the reviewer."""
    by_state = reviewers([reviewer(BEN)], [reviewer(BEN, "approved")])
    facts = [read(told).touches[0].facts[0] for told in (about_change("approval"), by_state)]
    assert facts[0].key == facts[1].key


def test_two_reviews_are_two_facts():
    early, late = at("20T15:45"), at("20T15:46")
    assert len({review_number(32, early), review_number(32, late), review_number(33, early)}) == 3
    assert review_number(2**40, late) < 2**63


NOTES = [
    ("a comment", note(), CHANGE, f.RemarkMade(at=at("20T16:00"), by="ben", remark_id=501)),
    (
        "a comment that is only a command",
        note(note="/usher ack", author_id=31),
        CHANGE,
        f.RemarkMade(at=at("20T16:00"), by="ben", remark_id=501, answers=False),
    ),
    (
        "an internal comment, which the author cannot read",
        note(internal=True),
        CHANGE,
        f.RemarkMade(at=at("20T16:00"), by="ben", remark_id=501, answers=False),
    ),
    (
        "an edited comment, by whoever edited it",
        note(action="update", updated_at="2026-11-20T16:05:00Z", user=CARLA),
        CHANGE,
        f.RemarkEdited(at=at("20T16:05"), by="carla", remark_id=501),
    ),
    (
        "an edited comment of an older GitLab, which does not say so",
        note(action=None, updated_at="2026-11-20T16:05:00Z"),
        CHANGE,
        f.RemarkEdited(at=at("20T16:05"), by="ben", remark_id=501),
    ),
    (
        "a comment on a line",
        note(type="DiffNote", discussion_id="d9", commit_id=HEAD),
        CHANGE,
        f.Reviewed(at=at("20T16:00"), by="ben", commit=HEAD, remark_id=501, thread="d9"),
    ),
    ("on an issue", note("Issue"), ISSUE, f.RemarkMade(at=at("20T16:00"), by="ben", remark_id=501)),
    ("on a work item", note("WorkItem"), ISSUE, f.RemarkMade(at=at("20T16:00"), by="ben", remark_id=501)),
]


@pytest.mark.parametrize(
    ("told", "subject", "fact"), [row[1:] for row in NOTES], ids=[row[0] for row in NOTES]
)
def test_what_people_say(told, subject, fact):
    [touch] = read(told).touches
    assert (touch.subject, touch.facts) == (subject, (fact,))


@pytest.mark.parametrize(
    "told",
    [note(system=True, note="requested review from @ben"), note(type="DiffNote", action="update")],
    ids=["the system's own", "an edited comment on a line"],
)
def test_other_notes_only_make_usher_look(told):
    assert read(told).touches == (Touch(CHANGE),)


def test_a_comment_on_a_commit_or_snippet_is_ignored():
    assert "another thing" in read(note("Commit")).ignored


def test_a_persons_new_comment_is_handed_on_for_commands():
    told = note(note="/usher eta tue 15:00\n\nI am at a fair.")
    reading = read(told)
    assert reading.remark == f.Remark(501, f.Person("ben"), told["object_attributes"]["note"], at("20T16:00"))
    made, typed = reading.touches[0].facts
    assert isinstance(made, f.RemarkMade)
    assert (typed.by, typed.remark_id, typed.line, typed.text) == ("ben", 501, 1, "/usher eta tue 15:00")
    by_mention = GitLabDoor(command="@helper")
    told["object_attributes"]["note"] = "@helper ack"
    door_reading = by_mention.facts(Delivery("Note Hook", "d", json.dumps(told).encode()))
    assert not door_reading.touches[0].facts[0].answers


def test_a_command_on_a_line_is_heard_and_answers_nobody():
    told = note(type="DiffNote", discussion_id="d9", note="/usher take")
    inline, typed = read(told).touches[0].facts
    assert (inline.remark_id, inline.thread, inline.answers) == (501, "d9", False)
    assert (typed.where, typed.remark_id, typed.text) == ("line", 501, "/usher take")


@pytest.mark.parametrize(
    "told",
    [
        note(action="update", updated_at="2026-11-20T16:05:00Z"),
        note(author_id=31),
        note(system=True),
        note(internal=True),
        note(confidential=True),
        note(type="DiffNote", action="update"),
        note(user=None, author_id=None),
        note(user={"id": 32, "username": "project_7_bot_0a1b2c"}),
        note(user={"id": 32, "username": "Shop-Helper"}),
    ],
    ids=[
        "edited",
        "in another's name",
        "the system's",
        "internal",
        "confidential",
        "edited on a line",
        "by nobody",
        "by a token's user",
        "Usher's own",
    ],
)
def test_no_command_is_read_from_any_other_comment(told):
    told["object_attributes"]["note"] = "/usher decline"
    reading = read(told, us="shop-helper")
    assert reading.remark is None
    assert not any(isinstance(fact, f.CommandTyped) for touch in reading.touches for fact in touch.facts)


def test_usher_knows_its_own_account_which_gitlab_calls_a_person():
    told = reviewers([reviewer(BEN)], [], user=USHER)
    [fact] = GitLabDoor(us=lambda: "shop-helper").facts(_delivery(told)).touches[0].facts
    assert fact == f.ReviewUnasked(at=at("20T15:45"), by="shop-helper", by_bot=True, who="ben")
    assert not read(told).touches[0].facts[0].by_bot


def _delivery(told: dict[str, Any]) -> Delivery:
    return Delivery("Merge Request Hook", "d", json.dumps(told).encode())


ISSUES = [
    ("opened", about_issue("open"), (f.IssueOpened(at=at("20T15:30"), by="ben"),)),
    ("opened in another's name", about_issue("open", author_id=31), (f.IssueOpened(at=at("20T15:30")),)),
    (
        "closed",
        about_issue("close", closed_at="2026-11-20T15:41:00Z"),
        (f.IssueClosed(at=at("20T15:41"), by="ben"),),
    ),
    ("moved", about_issue("close", moved_to_id=44), (f.IssueMoved(**BY_BEN),)),
    ("opened again", about_issue("reopen"), (f.IssueReopened(**BY_BEN),)),
    (
        "labelled",
        about_issue("update", changes={"labels": {"previous": [], "current": [{"title": "severity::high"}]}}),
        (f.Labelled(**BY_BEN, label="severity::high", on=True),),
    ),
    (
        "assigned",
        about_issue("update", changes={"assignees": {"previous": [ANA], "current": [CARLA]}}),
        (f.IssueAssigned(**BY_BEN, who="ana", on=False), f.IssueAssigned(**BY_BEN, who="carla", on=True)),
    ),
    (
        "made severe",
        about_issue("update", changes={"severity": {"previous": "unknown", "current": "HIGH"}}),
        (f.SeveritySet(**BY_BEN, severity="high"),),
    ),
    (
        "of unknown severity again",
        about_issue("update", changes={"severity": {"previous": "high", "current": "unknown"}}),
        (f.SeveritySet(**BY_BEN),),
    ),
]


@pytest.mark.parametrize(("told", "facts"), [row[1:] for row in ISSUES], ids=[row[0] for row in ISSUES])
@pytest.mark.parametrize("kind", ["issue", "work_item"])
def test_what_happens_to_an_issue(kind, told, facts):
    assert read({**told, "object_kind": kind}).touches == (Touch(ISSUE, facts),)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("success", "success"),
        ("failed", "failure"),
        ("canceled", "cancelled"),
        ("skipped", "neutral"),
        ("running", "pending"),
        ("manual", "pending"),
        ("invented_tomorrow", "pending"),
    ],
)
def test_a_pipeline_names_the_merge_request_or_only_the_commit(status, state):
    finished = {"finished_at": "2026-11-20 15:50:00 UTC"}
    fact = f.ChecksChanged(at=at("20T15:50"), by="ben", commit=HEAD, name="pipeline", state=state)
    of_change = pipeline(status, about=finished, merge_request={"iid": 12, "target_project_id": 7})
    assert read(of_change).touches == (Touch(CHANGE, (fact,)),)
    of_branch = pipeline(status, about=finished, merge_request=None)
    assert read(of_branch).touches == ()
    assert read(of_branch).by_commit == (fact,)


def test_a_pipeline_of_a_fork_touches_no_merge_request_of_the_fork():
    told = pipeline("failed", merge_request={"iid": 12, "target_project_id": 8})
    assert read(told).touches == ()


def push(*, ref: str = "refs/heads/main", total: int = 1, **commit: list[str]) -> dict[str, Any]:
    commits = [{"timestamp": "2026-11-20T15:05:00+00:00", **commit}] if commit else []
    more = {"ref": ref, "before": OLD, "after": HEAD, "total_commits_count": total, "commits": commits}
    return payload("push", user_username="ben", user=None, **more)


@pytest.mark.parametrize(
    ("told", "settings", "shown"),
    [
        (push(modified=["src/a.py"]), False, False),
        (push(modified=["innersource.json"]), False, True),
        (push(added=["lib/pyproject.toml"]), False, True),
        (push(removed=["docs/CONTRIBUTING.md"]), False, True),
        (push(modified=["CODEOWNERS"]), True, True),
        (push(added=["docs/CODEOWNERS"]), True, True),
        (push(removed=[".gitlab/CODEOWNERS"]), True, True),
        (push(modified=[".gitlab/usher.yml"]), True, False),
        (push(modified=[".github/CODEOWNERS"]), False, False),
        (push(total=40, modified=["src/a.py"]), True, True),  # GitLab lists twenty commits at most
        (push(), True, True),
    ],
)
def test_a_push_to_the_default_branch_says_whether_owners_or_rules_may_differ(told, settings, shown):
    [touch] = read(told).touches
    when = at("20T15:05") if told["commits"] else UNDATED
    fact = f.FilesPushed(
        at=when, by="ben", branch="main", before=OLD, after_sha=HEAD, settings=settings, shown=shown
    )
    assert touch == Touch(REPOSITORY, (fact,))


@pytest.mark.parametrize("ref", ["refs/heads/feature", "refs/tags/main", "main", ""])
def test_other_pushes_are_ignored_with_a_reason(ref):
    reading = read(push(ref=ref, modified=["CODEOWNERS"]))
    assert reading.touches == ()
    assert "another branch" in reading.ignored


@pytest.mark.parametrize("name", ["user_add_to_group", "user_update_for_group", "user_remove_from_group"])
def test_somebodys_place_in_a_group_changes(name):
    told = {
        "event_name": name,
        "group_path": "payments",
        "user_username": "ben",
        "updated_at": "2026-11-20T15:45:00Z",
    }
    fact = f.PeopleChanged(at=at("20T15:45"), who="ben")
    reading = read(told)
    assert reading.touches == (Touch(ACCOUNT, (fact,)),)
    assert (reading.account, reading.repository) == (None, None)


def test_a_subgroup_comes():
    told = golden("subgroup_create")
    [touch] = read(told).touches
    assert touch.subject == ACCOUNT
    assert touch.facts[0].team == "shop/payments"
    assert read(told).account == "shop"


def test_projects_come_and_go():
    created = golden("project_create")
    assert read(created).account_change == AccountChange("repositories", added=(SHOP_API,))
    gone = {**created, "event_name": "project_destroy"}
    assert read(gone).account_change == AccountChange("repositories", removed=(SHOP_API,))
    assert read({"event_name": "project_create"}).ignored


def test_a_token_that_ends_soon_is_told():
    [touch] = read(golden("expiring_access_token")).touches
    [fact] = touch.facts
    assert (touch.subject, fact.name, fact.expires) == (ACCOUNT, "usher", "2026-12-04")


def test_a_reading_says_where_it_belongs():
    reading = read(about_change("open"))
    assert (reading.installation, reading.account, reading.repository, reading.default_branch) == (
        None,
        "shop",
        SHOP_API,
        "main",
    )


@pytest.mark.parametrize("action", ["invented_tomorrow", "", "update"])
def test_what_is_not_understood_still_makes_usher_look_again(action):
    reading = read(about_change(action))
    assert reading.touches == (Touch(CHANGE),)
    assert reading.ignored is None


@pytest.mark.parametrize("kind", ["emoji", "build", "deployment", "wiki_page", "tag_push", ""])
def test_other_events_are_ignored_with_a_reason(kind):
    reading = read(payload(kind))
    assert reading.touches == ()
    assert reading.ignored


def test_a_deleted_person_costs_nothing_but_the_name():
    [touch] = read(golden("merge_request.close.deleted_fork_and_person")).touches
    assert touch.facts == (f.ChangeClosed(at=at("21T08:00")),)


def test_a_merge_request_from_a_fork_belongs_to_the_project_it_goes_to():
    [touch] = read(golden("merge_request.open.fork")).touches
    assert touch.subject == CHANGE
    assert [type(fact) for fact in touch.facts] == [f.ChangeOpened, f.ReviewAsked]


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_every_golden_payload_tells_something(path):
    reading = read(json.loads(path.read_text()))
    assert any(touch.facts for touch in reading.touches) or reading.by_commit or reading.account_change


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
    tried = 0
    for damaged in _damaged(json.loads(path.read_text())):
        assert isinstance(read(damaged), Reading)
        tried += 1
    assert tried > 20


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"x"', b"{", b"[" * 5000, b'{"a": NaN}', b"\xff"])
def test_a_body_that_is_no_json_object_is_a_value_error(body):
    with pytest.raises(ValueError):
        GitLabDoor().facts(Delivery("Push Hook", "d", body))
