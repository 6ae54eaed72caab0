"""REST: Organization members, teams, and what they may do."""

from __future__ import annotations

from app.forges.sandbox import rules
from app.forges.sandbox.github.answers import Problem
from app.forges.sandbox.github.calls import Call
from app.forges.sandbox.github.routing import endpoint
from app.forges.sandbox.github.shapes import people, repositories
from app.forges.sandbox.http import Answer
from app.forges.sandbox.world import Organisation, team_members

# With this media type the answer is the repository instead of 204 (REST: Check team permissions).
REPOSITORY_MEDIA = "application/vnd.github.v3.repository+json"


@endpoint("GET /orgs/{org}/members", "members:read", is_list=True)
def list_members(call: Call) -> Answer:
    organisation = _ours(call)
    return call.page(list(organisation.members.values()), lambda each: people.user(call.site, each))


@endpoint("GET /orgs/{org}/members/{username}")
def is_member(call: Call) -> Answer:
    """204 a member, 404 not; 302 to the public members where the token may not know."""
    organisation = call.organisation()
    may_know = call.token.installation.account.id == organisation.id and call.token.may("members", "read")
    if not may_know:
        place = f"/orgs/{organisation.login}/public_members/{call.params['username']}"
        return Answer(302, None, {"Location": call.site.api(place)})
    who = call.world.account(call.params["username"])
    if who is None or who.id not in organisation.members:
        raise Problem(404, "Not Found")
    return Answer(204)


@endpoint("GET /orgs/{org}/teams", "members:read", is_list=True)
def list_teams(call: Call) -> Answer:
    return call.page(list(_ours(call).teams.values()), lambda each: people.team(call.site, each))


@endpoint("GET /orgs/{org}/teams/{team_slug}", "members:read")
def get_team(call: Call) -> Answer:
    organisation, team = _ours(call), call.team()
    given = sum(team.id in each.teams for each in call.world.owned_by(organisation))
    return Answer(200, people.team_full(call.site, team, given))


@endpoint("GET /orgs/{org}/teams/{team_slug}/members", "members:read", is_list=True)
def list_team_members(call: Call) -> Answer:
    """Members of the teams below it are among them."""
    _ours(call)
    found = list(team_members(call.team()).values())
    return call.page(found, lambda each: people.user(call.site, each))


@endpoint("GET /orgs/{org}/teams/{team_slug}/repos/{owner}/{repo}", "members:read")
def team_access(call: Call) -> Answer:
    """404 where the team was not given the repository."""
    _ours(call)
    have = rules.team_access(call.repository, call.team())
    if have == "none":
        raise Problem(404, "Not Found")
    if REPOSITORY_MEDIA not in call.accept:
        return Answer(204)
    shape = repositories.repository(call.site, call.repository)
    return Answer(200, {**shape, "permissions": people.permissions(have), "role_name": have})


@endpoint("GET /repos/{owner}/{repo}/collaborators/{username}/permission", "metadata:read")
def collaborator_permission(call: Call) -> Answer:
    """Anybody has a permission, be it `none`; 404 only where there is nobody of that name."""
    who = call.world.account(call.params["username"])
    if who is None or who.kind == "organisation":
        raise Problem(404, "Not Found")
    return Answer(200, people.collaborator(call.site, call.repository, who))


@endpoint("GET /repos/{owner}/{repo}/teams", "administration:read", is_list=True)
def list_repository_teams(call: Call) -> Answer:
    found = [team for team, _ in call.repository.teams.values()]
    return call.page(found, lambda each: people.team(call.site, each))


@endpoint("GET /users/{username}")
def get_user(call: Call) -> Answer:
    who = call.world.account(call.params["username"])
    if who is None:
        raise Problem(404, "Not Found")
    return Answer(200, people.profile(call.site, call.world, who))


def _ours(call: Call) -> Organisation:
    """The organisation, if the token's installation is there; hidden otherwise."""
    organisation = call.organisation()
    if call.token.installation.account.id != organisation.id:
        raise Problem(404, "Not Found")
    return organisation
