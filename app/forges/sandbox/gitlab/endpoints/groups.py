"""REST: Groups, their members, projects and merge requests."""

from __future__ import annotations

from app.forges.sandbox import membership, rules
from app.forges.sandbox.gitlab.answers import Problem, not_found
from app.forges.sandbox.gitlab.calls import Call, groups, projects_in
from app.forges.sandbox.gitlab.endpoints.merge_requests import listed
from app.forges.sandbox.gitlab.routing import endpoint
from app.forges.sandbox.gitlab.shapes import people as shapes
from app.forges.sandbox.gitlab.shapes import projects as project_shapes
from app.forges.sandbox.http import Answer
from app.forges.sandbox.membership import Members
from app.forges.sandbox.world import Repository


@endpoint("GET /groups", is_list=True)
def list_groups(call: Call) -> Answer:
    """Those in which the caller is a member."""
    found = [each for each in groups(call.world) if call.actor.id in membership.everyone(each)]
    return call.page(found, lambda each: shapes.group(call.site, each))


@endpoint("GET /groups/{id}", anonymous=True)
def get_group(call: Call) -> Answer:
    return Answer(200, shapes.group(call.site, call.group()))


@endpoint("GET /groups/{id}/subgroups", is_list=True)
def list_subgroups(call: Call) -> Answer:
    here = call.group()
    found = [each for each in groups(call.world) if next(membership.above(each), None) is here]
    return call.page(found, lambda each: shapes.group(call.site, each))


@endpoint("GET /groups/{id}/descendant_groups", is_list=True)
def list_descendants(call: Call) -> Answer:
    here = call.group()
    found = [each for each in groups(call.world) if here in membership.above(each)]
    return call.page(found, lambda each: shapes.group(call.site, each))


@endpoint("GET /groups/{id}/projects", is_list=True)
def list_projects(call: Call) -> Answer:
    """Newest first; `include_subgroups` asks for those below. By keyset where asked (order_by=id)."""
    found = projects_in(call.world, call.group(), below=call.flag("include_subgroups"))
    found = [each for each in found if call.sees(each)]
    if "archived" in call.query:
        found = [each for each in found if each.archived == call.flag("archived")]
    found.sort(key=lambda each: each.id, reverse=call.query.get("sort", "desc") == "desc")

    def shape(each: Repository) -> object:
        return project_shapes.project(call.site, each, call.actor)

    if call.query.get("pagination") == "keyset":
        return call.keyset(found, shape, "id_after", lambda each: str(each.id))
    return call.page(found, shape)


@endpoint("GET /groups/{id}/merge_requests", is_list=True)
def list_group_merge_requests(call: Call) -> Answer:
    """Of all projects in the group and below it that the caller may read."""
    projects = projects_in(call.world, call.group(), below=True)
    seen = [each for each in projects if rules.at_least(rules.access(each, call.actor), "read")]
    return listed(call, [change for each in seen for change in each.changes])


# --- Members --------------------------------------------------------------------------------------------


@endpoint("GET /groups/{id}/members", is_list=True)
def list_group_members(call: Call) -> Answer:
    """Direct ones alone."""
    return _members(call, membership.direct(call.group()))


@endpoint("GET /groups/{id}/members/all", is_list=True)
def list_all_group_members(call: Call) -> Answer:
    return _members(call, membership.everyone(call.group()))


@endpoint("GET /groups/{id}/members/{user_id}")
def get_group_member(call: Call) -> Answer:
    return _member(call, membership.direct(call.group()))


@endpoint("GET /groups/{id}/members/all/{user_id}")
def get_any_group_member(call: Call) -> Answer:
    return _member(call, membership.everyone(call.group()))


@endpoint("GET /projects/{id}/members", is_list=True)
def list_project_members(call: Call) -> Answer:
    """Direct ones alone."""
    return _members(call, call.project.collaborators)


@endpoint("GET /projects/{id}/members/all", is_list=True)
def list_all_project_members(call: Call) -> Answer:
    return _members(call, membership.of_project(call.project))


@endpoint("GET /projects/{id}/members/{user_id}")
def get_project_member(call: Call) -> Answer:
    return _member(call, call.project.collaborators)


@endpoint("GET /projects/{id}/members/all/{user_id}")
def get_any_project_member(call: Call) -> Answer:
    return _member(call, membership.of_project(call.project))


def _members(call: Call, known: Members) -> Answer:
    found = sorted(known.values(), key=lambda each: each[0].id)
    wanted = call.several("user_ids")
    if wanted:
        found = [each for each in found if str(each[0].id) in wanted]
    if "query" in call.query:
        found = [each for each in found if call.query["query"].casefold() in each[0].login.casefold()]
    return call.page(found, lambda each: shapes.member(call.site, *each))


def _member(call: Call, known: Members) -> Answer:
    if not call.params["user_id"].isdigit():
        raise Problem(400, error="user_id is invalid")
    found = known.get(call.number("user_id"))
    if found is None:
        raise not_found()
    return Answer(200, shapes.member(call.site, *found))
