"""REST: Repositories."""

from __future__ import annotations

from app.forges.sandbox.github.answers import Problem
from app.forges.sandbox.github.calls import Call
from app.forges.sandbox.github.routing import endpoint
from app.forges.sandbox.github.shapes import repositories as shapes
from app.forges.sandbox.github.shapes import timeline
from app.forges.sandbox.http import Answer, http_date


@endpoint("GET /repos/{owner}/{repo}", "metadata:read")
def get_repository(call: Call) -> Answer:
    place = call.repository
    changed = http_date(max(place.updated_at, place.pushed_at))
    return Answer(200, shapes.full(call.site, call.world, place), {"Last-Modified": changed})


@endpoint("GET /repos/{owner}/{repo}/branches/{+branch}", "contents:read")
def get_branch(call: Call) -> Answer:
    place, name = call.repository, call.params["branch"]
    if name not in place.branches:
        raise Problem(404, "Branch not found")
    return Answer(200, shapes.branch(call.site, call.world, place, name))


@endpoint("GET /repos/{owner}/{repo}/rules/branches/{+branch}", "metadata:read", is_list=True)
def branch_rules(call: Call) -> Answer:
    """The rules in force on a branch."""
    protection = call.repository.protections.get(call.params["branch"])
    return call.page(shapes.rules(call.repository, protection), lambda each: each)


@endpoint("PUT /repos/{owner}/{repo}/topics", "administration:write")
def set_topics(call: Call) -> Answer:
    call.given("names", list)
    call.repository.topics = [name.lower() for name in call.names("names")]
    return Answer(200, {"names": call.repository.topics})


@endpoint("GET /repos/{owner}/{repo}/stats/participation", "metadata:read")
def participation(call: Call) -> Answer:
    """202 with nothing in it while GitHub computes; 52 weeks, oldest first, after that."""
    place = call.repository
    if place.participation is None:
        place.participation = timeline.weeks(place, call.world.now())
        return Answer(202, {})
    return Answer(200, {"all": place.participation, "owner": [0] * 52})


@endpoint(
    "GET /repos/{owner}/{repo}/issues/{number}/timeline", "issues:read", "pull_requests:read", is_list=True
)
def issue_timeline(call: Call) -> Answer:
    """Everything that happened, oldest first."""
    issue = call.issue()
    return call.page(timeline.lines(issue), lambda each: timeline.line(call.site, call.world, issue, each))
