"""REST: Issues, comments, reactions and labels."""

from __future__ import annotations

from datetime import datetime

from app.forges.sandbox.acts import changes as change_acts
from app.forges.sandbox.acts import issues as acts
from app.forges.sandbox.acts import remarks
from app.forges.sandbox.github.answers import Problem, invalid
from app.forges.sandbox.github.calls import Call
from app.forges.sandbox.github.routing import endpoint
from app.forges.sandbox.github.shapes import changes as shapes
from app.forges.sandbox.http import Answer

_EITHER_READ = ("issues:read", "pull_requests:read")
_EITHER_WRITE = ("issues:write", "pull_requests:write")


@endpoint("GET /repos/{owner}/{repo}/issues", *_EITHER_READ, is_list=True)
def list_issues(call: Call) -> Answer:
    """Changes are issues too; the newest first unless sorted otherwise."""
    state, since = call.query.get("state", "open"), _since(call)
    wanted = {name.casefold() for name in call.query.get("labels", "").split(",") if name}
    found = [
        each
        for each in call.repository.issues.values()
        if (state == "all" or each.open == (state == "open"))
        and wanted <= {name.casefold() for name in each.label_names}
        and (since is None or each.updated_at >= since)
        and call.query.get("creator", each.by.login).casefold() == each.by.login.casefold()
    ]
    by_update = call.query.get("sort") == "updated"
    found.sort(
        key=lambda each: (each.updated_at if by_update else each.opened_at, each.number),
        reverse=call.query.get("direction", "desc") == "desc",
    )
    return call.page(found, lambda each: shapes.issue(call.site, each))


@endpoint("POST /repos/{owner}/{repo}/issues", "issues:write", content=True)
def create_issue(call: Call) -> Answer:
    issue = acts.open_issue(
        call.world,
        call.repository,
        call.actor,
        call.given("title", str),
        call.maybe("body", str),
        call.names("labels"),
        call.names("assignees"),
    )
    return Answer(201, shapes.issue(call.site, issue))


@endpoint("GET /repos/{owner}/{repo}/issues/{number}", *_EITHER_READ)
def get_issue(call: Call) -> Answer:
    return Answer(200, shapes.issue(call.site, call.issue()))


@endpoint("PATCH /repos/{owner}/{repo}/issues/{number}", *_EITHER_WRITE)
def edit_issue(call: Call) -> Answer:
    issue, state = call.issue(), call.maybe("state", str)
    if state not in (None, "open", "closed"):
        raise invalid("Issue", "state")
    acts.edit(call.world, issue, call.actor, title=call.maybe("title", str), body=call.maybe("body", str))
    if isinstance(call.body, dict) and "labels" in call.body:
        _set_labels(call, call.names("labels"))
    if state == "closed":
        change_acts.close(call.world, issue, call.actor, reason=call.maybe("state_reason", str))
    elif state == "open":
        change_acts.reopen(call.world, issue, call.actor)
    return Answer(200, shapes.issue(call.site, issue))


# --- Comments -------------------------------------------------------------------------------------------


@endpoint("GET /repos/{owner}/{repo}/issues/{number}/comments", *_EITHER_READ, is_list=True)
def list_comments(call: Call) -> Answer:
    """Oldest first; `since` means updated at or after."""
    since = _since(call)
    found = [each for each in call.issue().comments if since is None or each.edited_at >= since]
    return call.page(found, lambda each: shapes.comment(call.site, each))


@endpoint("POST /repos/{owner}/{repo}/issues/{number}/comments", *_EITHER_WRITE, content=True)
def create_comment(call: Call) -> Answer:
    made = remarks.say(call.world, call.issue(), call.actor, call.given("body", str))
    return Answer(201, shapes.comment(call.site, made))


@endpoint("GET /repos/{owner}/{repo}/issues/comments/{comment_id}", *_EITHER_READ)
def get_comment(call: Call) -> Answer:
    return Answer(200, shapes.comment(call.site, call.comment()))


@endpoint("PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}", *_EITHER_WRITE)
def edit_comment(call: Call) -> Answer:
    comment = call.comment()
    remarks.amend(call.world, comment, call.actor, call.given("body", str))
    return Answer(200, shapes.comment(call.site, comment))


@endpoint("DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}", *_EITHER_WRITE)
def delete_comment(call: Call) -> Answer:
    remarks.unsay(call.world, call.comment(), call.actor)
    return Answer(204)


@endpoint("GET /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions", *_EITHER_READ, is_list=True)
def list_reactions(call: Call) -> Answer:
    return call.page(call.comment().reactions, lambda each: shapes.reaction(call.site, each))


@endpoint("POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions", *_EITHER_WRITE, content=True)
def create_reaction(call: Call) -> Answer:
    """201 the first time, 200 when it is already there."""
    made, new = remarks.react(call.world, call.comment(), call.actor, call.given("content", str))
    return Answer(201 if new else 200, shapes.reaction(call.site, made))


# --- Labels ---------------------------------------------------------------------------------------------


@endpoint("GET /repos/{owner}/{repo}/issues/{number}/labels", *_EITHER_READ, is_list=True)
def list_labels(call: Call) -> Answer:
    return call.page(call.issue().labels, lambda each: shapes.label(call.site, call.repository, each))


@endpoint("POST /repos/{owner}/{repo}/issues/{number}/labels", *_EITHER_WRITE)
def add_labels(call: Call) -> Answer:
    """Answers with all labels that are there now. Names may come alone, in a list, or as objects."""
    acts.label(call.world, call.issue(), call.actor, _label_names(call))
    return list_labels(call)


@endpoint("DELETE /repos/{owner}/{repo}/issues/{number}/labels/{name}", *_EITHER_WRITE)
def remove_label(call: Call) -> Answer:
    acts.unlabel(call.world, call.issue(), call.actor, call.params["name"])
    return list_labels(call)


@endpoint("GET /repos/{owner}/{repo}/labels", *_EITHER_READ, is_list=True)
def list_repository_labels(call: Call) -> Answer:
    known = list(call.repository.labels.values())
    return call.page(known, lambda each: shapes.label(call.site, call.repository, each))


def _set_labels(call: Call, names: list[str]) -> None:
    issue, wanted = call.issue(), {name.casefold() for name in names}
    for label in list(issue.labels):
        if label.name.casefold() not in wanted:
            acts.unlabel(call.world, issue, call.actor, label.name)
    acts.label(call.world, issue, call.actor, names)


def _label_names(call: Call) -> list[str]:
    body = call.body
    listed = body.get("labels", []) if isinstance(body, dict) else body
    listed = [listed] if isinstance(listed, str) else listed or []
    names: list[str] = []
    for each in listed:
        name = each.get("name") if isinstance(each, dict) else each
        if not isinstance(name, str) or not name:
            raise invalid("Label", "name")
        names.append(name)
    return names


def _since(call: Call) -> datetime | None:
    given = call.query.get("since")
    if given is None:
        return None
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        raise Problem(422, "Validation Failed") from None
    if found.tzinfo is None:
        raise Problem(422, "Validation Failed")
    return found
