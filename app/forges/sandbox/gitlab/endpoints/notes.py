"""REST: Notes, Discussions and Emoji reactions, on merge requests and on issues."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.forges.sandbox.acts import notes as acts
from app.forges.sandbox.gitlab.answers import Problem, not_found, unauthorised
from app.forges.sandbox.gitlab.calls import Call
from app.forges.sandbox.gitlab.routing import endpoint
from app.forges.sandbox.gitlab.shapes import changes as shapes
from app.forges.sandbox.http import Answer
from app.forges.sandbox.world import Change, Comment, Issue, LineRemark, Thread

FILTERS = ("all_notes", "only_comments", "only_activity")


def _list(call: Call, subject: Issue) -> Answer:
    """Comments, remarks in threads, and what happened; the newest first unless told."""
    wanted = call.one_of("activity_filter", FILTERS, "all_notes")
    found: list[dict[str, Any]] = []
    if wanted != "only_activity":
        found += [shapes.note(call.site, each) for each in subject.comments]
        if isinstance(subject, Change):
            remarks = [each for thread in subject.threads for each in thread.remarks]
            found += [shapes.thread_note(call.site, each) for each in remarks]
    if wanted != "only_comments":
        events = [each for each in subject.history if each.kind in shapes.SAID]
        found += [shapes.system_note(call.site, subject, each) for each in events]
    key = call.one_of("order_by", ("created_at", "updated_at"), "created_at")
    newest = call.one_of("sort", ("asc", "desc"), "desc") == "desc"
    found.sort(key=lambda each: (each[key], each["id"]), reverse=newest)
    return call.page(found, lambda each: each)


def _say(call: Call, subject: Issue) -> Answer:
    """202 where the text was nothing but quick actions (400 where they failed): no such note exists anywhere."""
    actor = call.actor
    call.limits.spend(call.caller, "notes", call.limits.allowance.notes)
    internal = bool(call.maybe("internal", bool))
    said = acts.say(call.world, subject, actor, call.given("body", str), internal=internal)
    if said.comment is not None:
        return Answer(201, shapes.note(call.site, said.comment))
    if said.failed:
        raise Problem(400, "400 Bad request - " + ", ".join(said.failed))
    return Answer(202, {"commands_changes": {}, "summary": said.done})


def _get(call: Call, subject: Issue) -> Answer:
    return Answer(200, _shape(call, call.note(subject)))


def _amend(call: Call, subject: Issue) -> Answer:
    note = call.note(subject)
    acts.amend(call.world, note, call.actor, call.given("body", str))
    return Answer(200, _shape(call, note))


def _unsay(call: Call, subject: Issue) -> Answer:
    acts.unsay(call.world, call.note(subject), call.actor)
    return Answer(204)


def _awards(call: Call, subject: Issue) -> Answer:
    note = call.note(subject)
    return call.page(note.reactions, lambda each: shapes.award(call.site, each, note.id))


def _award(call: Call, subject: Issue) -> Answer:
    note = call.note(subject)
    name = call.query.get("name") or call.given("name", str)
    made = acts.react(call.world, note, call.actor, name)
    return Answer(201, shapes.award(call.site, made, note.id))


def _unaward(call: Call, subject: Issue) -> Answer:
    note = call.note(subject)
    found = next((each for each in note.reactions if each.id == call.number("award_id")), None)
    if found is None:
        raise not_found()
    if found.by is not call.actor:
        raise unauthorised()
    note.reactions.remove(found)
    return Answer(204)


def _shape(call: Call, note: Comment | LineRemark) -> dict[str, Any]:
    if isinstance(note, Comment):
        return shapes.note(call.site, note)
    return shapes.thread_note(call.site, note)


# --- On merge requests ----------------------------------------------------------------------------------

_M = "/projects/{id}/merge_requests/{iid}"


@endpoint(f"GET {_M}/notes", is_list=True)
def list_notes(call: Call) -> Answer:
    return _list(call, call.change())


@endpoint(f"POST {_M}/notes")
def make_note(call: Call) -> Answer:
    return _say(call, call.change())


@endpoint(f"GET {_M}/notes/{{note_id}}")
def get_note(call: Call) -> Answer:
    return _get(call, call.change())


@endpoint(f"PUT {_M}/notes/{{note_id}}")
def amend_note(call: Call) -> Answer:
    return _amend(call, call.change())


@endpoint(f"DELETE {_M}/notes/{{note_id}}")
def remove_note(call: Call) -> Answer:
    return _unsay(call, call.change())


@endpoint(f"GET {_M}/notes/{{note_id}}/award_emoji", is_list=True)
def list_awards(call: Call) -> Answer:
    return _awards(call, call.change())


@endpoint(f"POST {_M}/notes/{{note_id}}/award_emoji")
def make_award(call: Call) -> Answer:
    return _award(call, call.change())


@endpoint(f"DELETE {_M}/notes/{{note_id}}/award_emoji/{{award_id}}")
def remove_award(call: Call) -> Answer:
    return _unaward(call, call.change())


# --- On issues ------------------------------------------------------------------------------------------

_I = "/projects/{id}/issues/{iid}"


@endpoint(f"GET {_I}/notes", is_list=True)
def list_issue_notes(call: Call) -> Answer:
    return _list(call, call.issue())


@endpoint(f"POST {_I}/notes")
def make_issue_note(call: Call) -> Answer:
    return _say(call, call.issue())


@endpoint(f"GET {_I}/notes/{{note_id}}")
def get_issue_note(call: Call) -> Answer:
    return _get(call, call.issue())


@endpoint(f"PUT {_I}/notes/{{note_id}}")
def amend_issue_note(call: Call) -> Answer:
    return _amend(call, call.issue())


@endpoint(f"DELETE {_I}/notes/{{note_id}}")
def remove_issue_note(call: Call) -> Answer:
    return _unsay(call, call.issue())


@endpoint(f"GET {_I}/notes/{{note_id}}/award_emoji", is_list=True)
def list_issue_awards(call: Call) -> Answer:
    return _awards(call, call.issue())


@endpoint(f"POST {_I}/notes/{{note_id}}/award_emoji")
def make_issue_award(call: Call) -> Answer:
    return _award(call, call.issue())


@endpoint(f"DELETE {_I}/notes/{{note_id}}/award_emoji/{{award_id}}")
def remove_issue_award(call: Call) -> Answer:
    return _unaward(call, call.issue())


# --- Discussions ----------------------------------------------------------------------------------------


@endpoint(f"GET {_M}/discussions", is_list=True)
def list_discussions(call: Call) -> Answer:
    """Threads, and comments that stand for themselves; the oldest first."""
    change = call.change()
    found: list[Thread | Comment] = [*change.threads, *change.comments]
    found.sort(key=_started)
    return call.page(found, lambda each: shapes.discussion(call.site, each))


@endpoint(f"GET {_M}/discussions/{{discussion_id}}")
def get_discussion(call: Call) -> Answer:
    return Answer(200, shapes.discussion(call.site, call.thread(call.change(), shapes.discussion_id)))


@endpoint(f"POST {_M}/discussions")
def start_discussion(call: Call) -> Answer:
    """On a line where `position` names one, else on the whole."""
    change = call.change()
    call.limits.spend(call.caller, "notes", call.limits.allowance.notes)
    position = call.maybe("position", dict) or {}
    path = position.get("new_path") or position.get("old_path") or ""
    line = position.get("new_line") or position.get("old_line") or 0
    if position and not (path and line):
        raise Problem(400, error="position is invalid")
    made = acts.start_thread(call.world, change, call.actor, call.given("body", str), path, line)
    return Answer(201, shapes.discussion(call.site, made.thread))


@endpoint(f"POST {_M}/discussions/{{discussion_id}}/notes")
def reply(call: Call) -> Answer:
    thread = call.thread(call.change(), shapes.discussion_id)
    call.limits.spend(call.caller, "notes", call.limits.allowance.notes)
    made = acts.reply(call.world, thread, call.actor, call.given("body", str))
    return Answer(201, shapes.thread_note(call.site, made))


@endpoint(f"PUT {_M}/discussions/{{discussion_id}}")
def resolve(call: Call) -> Answer:
    thread = call.thread(call.change(), shapes.discussion_id)
    wanted = call.query.get("resolved")
    on = call.flag("resolved") if wanted is not None else call.given("resolved", bool)
    acts.resolve(call.world, thread, call.actor, on=on)
    return Answer(200, shapes.discussion(call.site, thread))


def _started(known: Thread | Comment) -> tuple[datetime, int]:
    first = known if isinstance(known, Comment) else known.remarks[0]
    return first.at, first.id
