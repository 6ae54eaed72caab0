"""REST: Groups, their members, projects and merge requests."""

from __future__ import annotations

from app.forges.sandbox import membership, rules
from app.forges.sandbox.acts import people
from app.forges.sandbox.gitlab.answers import Problem, forbidden, not_found
from app.forges.sandbox.gitlab.calls import Call, groups, projects_in
from app.forges.sandbox.gitlab.endpoints.merge_requests import listed
from app.forges.sandbox.gitlab.routing import endpoint
from app.forges.sandbox.gitlab.shapes import people as shapes
from app.forges.sandbox.gitlab.shapes import projects as project_shapes
from app.forges.sandbox.http import Answer
from app.forges.sandbox.membership import Group, Members
from app.forges.sandbox.world import Permission, Repository, Team


@endpoint("GET /groups", is_list=True)
def list_groups(call: Call) -> Answer:
    """Those in which the caller is a member, with `min_access_level` at least."""
    mine = [each for each in groups(call.world) if call.actor.id in membership.everyone(each)]
    found = [each for each in mine if _at_least(call, membership.everyone(each))]
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
    found = [each for each in found if _at_least(call, membership.of_project(each))]
    if "archived" in call.query:
        found = [each for each in found if each.archived == call.flag("archived")]
    found.sort(key=lambda each: each.id, reverse=call.query.get("sort", "desc") == "desc")

    def shape(each: Repository) -> object:
        return project_shapes.project(call.site, each, call.actor)

    if call.query.get("pagination") == "keyset":
        return call.keyset(found, shape, "id_after", lambda each: str(each.id))
    return call.page(found, shape)


def _at_least(call: Call, members: Members) -> bool:
    """Whether the caller has the level that `min_access_level` asks for; without it, none is needed here."""
    wanted = call.query.get("min_access_level")
    if wanted is None:
        return True
    if not wanted.isdigit():
        raise Problem(400, error="min_access_level is invalid")
    have = members.get(call.actor.id)
    return have is not None and membership.LEVELS[have[1]] >= int(wanted)


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


@endpoint("POST /groups/{id}/members")
def add_group_member(call: Call) -> Answer:
    """An Owner's; 409 for who is one already."""
    group = _owned(call)
    who = call.world.account_by_id(call.given("user_id", int))
    level = _level(call)
    if who is None:
        raise not_found("User")
    if who.id in group.members:
        raise Problem(409, "Member already exists")
    if isinstance(group, Team):
        group.roles[who.id] = level
        people.join_team(call.world, group, who, call.actor)
    else:
        group.roles[who.id] = level
        people.join_organisation(call.world, group, who, call.actor)
    return Answer(201, shapes.member(call.site, who, level))


@endpoint("PUT /groups/{id}/members/{user_id}")
def change_group_member(call: Call) -> Answer:
    group, level = _owned(call), _level(call)
    who = group.members.get(call.number("user_id"))
    if who is None:
        raise not_found()
    people.change_role(call.world, group, who, level, call.actor)
    return Answer(200, shapes.member(call.site, who, level))


@endpoint("DELETE /groups/{id}/members/{user_id}")
def remove_group_member(call: Call) -> Answer:
    group = _owned(call)
    who = group.members.get(call.number("user_id"))
    if who is None:
        raise not_found()
    if isinstance(group, Team):
        people.leave_team(call.world, group, who, call.actor)
    else:
        people.leave_organisation(call.world, group, who, call.actor)
    return Answer(204)


def _owned(call: Call) -> Group:
    group = call.group()
    have = membership.everyone(group).get(call.actor.id)
    if have is None or have[1] != "admin":
        raise forbidden()
    return group


def _level(call: Call) -> Permission:
    given = call.given("access_level", int)
    if given not in membership.LEVELS.values():
        raise Problem(400, error="access_level does not have a valid value")
    return membership.named(given)


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
