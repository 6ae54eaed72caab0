"""REST: Issues."""

from __future__ import annotations

from app.forges.sandbox import merge_rules
from app.forges.sandbox.acts import merge_requests as acts
from app.forges.sandbox.gitlab.answers import Problem
from app.forges.sandbox.gitlab.calls import Call
from app.forges.sandbox.gitlab.routing import endpoint
from app.forges.sandbox.gitlab.shapes import changes as shapes
from app.forges.sandbox.http import Answer
from app.forges.sandbox.world import Issue

SORTS = ("issue", "incident", "test_case", "task")


@endpoint("GET /projects/{id}/issues", anonymous=True, is_list=True)
def list_issues(call: Call) -> Answer:
    """Confidential ones only for their authors and for Reporters; the newest first unless told."""
    project = call.project
    found = [each for each in project.issues.values() if _open_to(call, each)]
    state = call.one_of("state", ("opened", "closed", "all"), "all")
    if state != "all":
        found = [each for each in found if each.open == (state == "opened")]
    if "author_id" in call.query:
        found = [each for each in found if str(each.by.id) == call.query["author_id"]]
    if "labels" in call.query:
        wanted = set(call.query["labels"].split(","))
        found = [each for each in found if wanted <= each.label_names]
    if "search" in call.query:
        found = [each for each in found if call.query["search"] in f"{each.title}\n{each.body or ''}"]
    if "issue_type" in call.query:
        found = [each for each in found if each.sort == call.query["issue_type"]]
    since = call.since("updated_after")
    if since is not None:
        found = [each for each in found if each.updated_at > since]
    key = "updated_at" if call.query.get("order_by") == "updated_at" else "opened_at"
    newest = call.one_of("sort", ("asc", "desc"), "desc") == "desc"
    found.sort(key=lambda each: (getattr(each, key), each.id), reverse=newest)
    return call.page(found, lambda each: shapes.issue(call.site, each))


@endpoint("GET /projects/{id}/issues/{iid}", anonymous=True)
def get_issue(call: Call) -> Answer:
    return Answer(200, shapes.issue(call.site, call.issue()))


@endpoint("POST /projects/{id}/issues")
def open_issue(call: Call) -> Answer:
    project = call.project
    sort = call.maybe("issue_type", str) or "issue"
    if sort not in SORTS:
        raise Problem(400, error="issue_type does not have a valid value")
    assignees = [call.world.account_by_id(each) for each in call.ids("assignee_ids") or ()]
    made = acts.open_issue(
        call.world,
        project,
        call.actor,
        call.given("title", str),
        call.maybe("description", str),
        call.names("labels") or (),
        confidential=bool(call.maybe("confidential", bool)),
        assignees=[each for each in assignees if each is not None],
        sort=sort,
    )
    return Answer(201, shapes.issue(call.site, made))


@endpoint("PUT /projects/{id}/issues/{iid}")
def edit_issue(call: Call) -> Answer:
    """All at once, told in one event."""
    issue, actor, world = call.issue(), call.actor, call.world
    if not call.body:
        raise Problem(
            400, error="title, description, state_event, labels are missing, at least one is needed"
        )
    state = call.maybe("state_event", str)
    if state not in (None, "close", "reopen"):
        raise Problem(400, error="state_event does not have a valid value")
    merge_rules.may_update(issue, actor)
    with acts.updating(world, issue, actor):
        _edit(call, issue)
    if state == "close":
        acts.close(world, issue, actor)
    elif state == "reopen":
        acts.reopen(world, issue, actor)
    return Answer(200, shapes.issue(call.site, issue))


def _edit(call: Call, issue: Issue) -> None:
    actor, world = call.actor, call.world
    if "title" in call.body:
        acts.retitle(world, issue, actor, call.given("title", str))
    if "description" in call.body:
        acts.redescribe(world, issue, actor, call.maybe("description", str) or "")
    if "labels" in call.body:
        acts.take_labels(world, issue, actor, issue.label_names)
        acts.put_labels(world, issue, actor, call.names("labels") or ())
    acts.take_labels(world, issue, actor, call.names("remove_labels") or ())
    acts.put_labels(world, issue, actor, call.names("add_labels") or ())
    assignees = call.ids("assignee_ids")
    if assignees is not None:
        acts.assign(world, issue, actor, assignees)
    if "confidential" in call.body:
        issue.confidential = call.given("confidential", bool)
    if "severity" in call.body:
        acts.set_severity(world, issue, actor, call.given("severity", str).lower())


def _open_to(call: Call, issue: Issue) -> bool:
    return not issue.confidential or call.confided(issue)
