"""REST: Merge requests."""

from __future__ import annotations

from collections.abc import Callable

from app.forges.sandbox import git, merge_rules, rules
from app.forges.sandbox.acts import merge_requests as acts
from app.forges.sandbox.gitlab.answers import Problem, not_found
from app.forges.sandbox.gitlab.calls import Call
from app.forges.sandbox.gitlab.routing import endpoint
from app.forges.sandbox.gitlab.shapes import changes as shapes
from app.forges.sandbox.gitlab.shapes import people, projects
from app.forges.sandbox.http import Answer
from app.forges.sandbox.world import Change

STATES = ("opened", "closed", "locked", "merged", "all")
EDITABLE = (
    "title",
    "description",
    "target_branch",
    "state_event",
    "labels",
    "add_labels",
    "remove_labels",
    "assignee_id",
    "assignee_ids",
    "reviewer_ids",
    "discussion_locked",
    "squash",
    "remove_source_branch",
    "milestone_id",
    "allow_collaboration",
)


def listed(call: Call, found: list[Change]) -> Answer:
    """A page of these, filtered and sorted as the query says; the newest first unless told."""
    state = call.one_of("state", STATES, "all")
    if state != "all":
        found = [each for each in found if _state(each) == state]
    for name, value in (("source_branch", "head_branch"), ("target_branch", "base")):
        if name in call.query:
            found = [each for each in found if getattr(each, value) == call.query[name]]
    if "labels" in call.query:
        wanted = set(call.query["labels"].split(","))
        found = [each for each in found if wanted <= each.label_names]
    if "author_id" in call.query:
        found = [each for each in found if str(each.by.id) == call.query["author_id"]]
    if "reviewer_id" in call.query:
        found = [each for each in found if int(call.query["reviewer_id"]) in each.stances]
    if call.query.get("wip") in ("yes", "no"):
        found = [each for each in found if each.draft == (call.query["wip"] == "yes")]
    since = call.since("updated_after")
    if since is not None:
        found = [each for each in found if each.updated_at > since]
    numbers = call.several("iids")
    if numbers:
        found = [each for each in found if str(each.number) in numbers]
    key = (
        "updated_at"
        if call.one_of("order_by", ("created_at", "updated_at"), "created_at") == "updated_at"
        else "opened_at"
    )
    newest = call.one_of("sort", ("asc", "desc"), "desc") == "desc"
    found = sorted(found, key=lambda each: (getattr(each, key), each.id), reverse=newest)
    return call.page(found, lambda each: shapes.merge_request(call.site, each))


@endpoint("GET /merge_requests", is_list=True)
def list_mine(call: Call) -> Answer:
    """One's own, unless `scope=all`."""
    scope = call.one_of(
        "scope", ("created_by_me", "assigned_to_me", "reviews_for_me", "all"), "created_by_me"
    )
    actor = call.actor
    seen = [
        change
        for project in call.world.repositories.values()
        if rules.at_least(rules.access(project, actor), "read")
        for change in project.changes
    ]
    mine: dict[str, Callable[[Change], bool]] = {
        "all": lambda each: True,
        "created_by_me": lambda each: each.by is actor,
        "assigned_to_me": lambda each: actor in each.assignees,
        "reviews_for_me": lambda each: actor in each.requested,
    }
    return listed(call, [each for each in seen if mine[scope](each)])


@endpoint("GET /projects/{id}/merge_requests", anonymous=True, is_list=True)
def list_merge_requests(call: Call) -> Answer:
    project = call.project
    call.needs(project, "read")
    return listed(call, project.changes)


@endpoint("GET /projects/{id}/merge_requests/{iid}", anonymous=True)
def get_merge_request(call: Call) -> Answer:
    """The first look after a push finds it being checked; a slow GitLab has not even prepared it."""
    change = call.change()
    prepared = call.site.unprepared <= 0
    call.site.unprepared -= 0 if prepared else 1
    body = _full(call, change, prepared=prepared)
    change.merge_checked = f"{change.repository.branches.get(change.base)}:{change.head}"
    return Answer(200, body)


@endpoint("POST /projects/{id}/merge_requests")
def open_merge_request(call: Call) -> Answer:
    """`{id}` is the source; `target_project_id` names another target."""
    source = call.project
    wanted = call.maybe("target_project_id", int)
    target = call.visible_project(str(wanted)) if wanted is not None else source
    change = acts.open_merge_request(
        call.world,
        target,
        call.actor,
        title=call.given("title", str),
        target_branch=call.given("target_branch", str),
        source=source,
        source_branch=call.given("source_branch", str),
        description=call.maybe("description", str),
        reviewers=call.ids("reviewer_ids") or (),
        labels=call.names("labels") or (),
    )
    return Answer(201, _full(call, change))


@endpoint("PUT /projects/{id}/merge_requests/{iid}")
def edit_merge_request(call: Call) -> Answer:
    """All at once, told in one event; what the caller may not set is left as it is, with a 200."""
    change, actor, world = call.change(), call.actor, call.world
    if not any(name in call.body for name in EDITABLE):
        raise Problem(
            400, error=f"{', '.join(EDITABLE)} are missing, at least one parameter must be provided"
        )
    state = call.maybe("state_event", str)
    if state not in (None, "close", "reopen"):
        raise Problem(400, error="state_event does not have a valid value")
    merge_rules.may_update(change, actor)
    with acts.updating(world, change, actor):
        _edit(call, change)
    if state == "close":
        acts.close(world, change, actor)
    elif state == "reopen":
        acts.reopen(world, change, actor)
    return Answer(200, _full(call, change))


def _edit(call: Call, change: Change) -> None:
    actor, world = call.actor, call.world
    if "title" in call.body:
        acts.retitle(world, change, actor, call.given("title", str))
    if "description" in call.body:
        acts.redescribe(world, change, actor, call.maybe("description", str) or "")
    if "target_branch" in call.body:
        acts.retarget(world, change, actor, call.given("target_branch", str))
    if "labels" in call.body:
        acts.take_labels(world, change, actor, change.label_names)
        acts.put_labels(world, change, actor, call.names("labels") or ())
    acts.take_labels(world, change, actor, call.names("remove_labels") or ())
    acts.put_labels(world, change, actor, call.names("add_labels") or ())
    one = call.maybe("assignee_id", int)
    several = call.ids("assignee_ids")
    if one is not None or several is not None:
        acts.assign(world, change, actor, several if several is not None else [one or 0])
    reviewers = call.ids("reviewer_ids")
    if reviewers is not None:
        acts.set_reviewers(world, change, actor, reviewers)


@endpoint("PUT /projects/{id}/merge_requests/{iid}/merge")
def merge_merge_request(call: Call) -> Answer:
    change = call.change()
    acts.merge(call.world, change, call.actor, expected_head=call.maybe("sha", str))
    return Answer(200, _full(call, change))


# --- What it touches ------------------------------------------------------------------------------------


@endpoint("GET /projects/{id}/merge_requests/{iid}/diffs", anonymous=True, is_list=True)
def list_diffs(call: Call) -> Answer:
    """No more files than GitLab shows of one merge request."""
    return call.page(call.change().files[: shapes.FILES_SHOWN], shapes.diff)


@endpoint("GET /projects/{id}/merge_requests/{iid}/changes", anonymous=True)
def get_changes(call: Call) -> Answer:
    """The older form: all at once, `overflow` where there are more."""
    change = call.change()
    files = change.files
    body = {
        **_full(call, change),
        "changes": [shapes.diff(each) for each in files[: shapes.FILES_SHOWN]],
        "overflow": len(files) > shapes.FILES_SHOWN,
    }
    return Answer(200, body)


@endpoint("GET /projects/{id}/merge_requests/{iid}/commits", anonymous=True, is_list=True)
def list_commits(call: Call) -> Answer:
    """Newest first."""
    change = call.change()
    commits = git.between(change.repository.history.commits, change.merge_base, change.head)
    return call.page(commits[::-1], lambda each: projects.commit(call.site, change.repository, each))


@endpoint("GET /projects/{id}/merge_requests/{iid}/participants", anonymous=True, is_list=True)
def list_participants(call: Call) -> Answer:
    change = call.change()
    seen = {each.id: each for each in (change.by, *change.requested, *change.assignees)}
    seen |= {each.by.id: each.by for each in change.comments}
    return call.page(list(seen.values()), lambda each: people.user(call.site, each))


@endpoint("GET /projects/{id}/merge_requests/{iid}/pipelines", anonymous=True, is_list=True)
def list_pipelines(call: Call) -> Answer:
    change = call.change()
    found = [each for each in change.repository.pipelines if each.sha == change.head][::-1]
    return call.page(found, lambda each: projects.pipeline(call.site, change.repository, each))


@endpoint("GET /projects/{id}/merge_requests/{iid}/blocks", is_list=True)
def list_blocks(call: Call) -> Answer:
    """Merge request dependencies: Premium. None can be made here."""
    change = call.change()
    if not call.site.edition.paid:
        raise not_found()
    blocks: list[Change] = []
    return call.page(blocks, lambda each: shapes.merge_request(call.site, change))


def _state(change: Change) -> str:
    return "merged" if change.merged else "opened" if change.open else "closed"


def _full(call: Call, change: Change, *, prepared: bool = True) -> dict[str, object]:
    known = call.caller.scope.kind != "nobody"
    can_merge = known and rules.at_least(rules.access(change.repository, call.actor), "write")
    return shapes.merge_request_full(call.site, change, call.actor if can_merge else None, prepared=prepared)
