"""REST: Check runs and commit statuses."""

from __future__ import annotations

from collections import Counter
from typing import Any

from app.forges.sandbox.acts import checks as acts
from app.forges.sandbox.github.answers import Problem
from app.forges.sandbox.github.calls import Call
from app.forges.sandbox.github.routing import endpoint
from app.forges.sandbox.github.shapes import checks as shapes
from app.forges.sandbox.github.shapes import repositories
from app.forges.sandbox.http import Answer
from app.forges.sandbox.world import CheckRun


@endpoint("POST /repos/{owner}/{repo}/check-runs", "checks:write")
def create_check_run(call: Call) -> Answer:
    call.given("name", str)
    sha = call.given("head_sha", str)
    run = acts.start(call.world, call.repository, call.site.registration.id, sha, _fields(call))
    return Answer(201, shapes.check_run(call.site, call.repository, run))


@endpoint("GET /repos/{owner}/{repo}/check-runs/{check_run_id}", "checks:read")
def get_check_run(call: Call) -> Answer:
    return Answer(200, shapes.check_run(call.site, call.repository, _find(call)))


@endpoint("PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}", "checks:write")
def update_check_run(call: Call) -> Answer:
    run = _find(call)
    acts.update(call.world, call.repository, run, call.site.registration.id, _fields(call))
    return Answer(200, shapes.check_run(call.site, call.repository, run))


@endpoint("GET /repos/{owner}/{repo}/commits/{ref}/check-runs", "checks:read", is_list=True)
def list_check_runs(call: Call) -> Answer:
    """The newest of each name unless `filter=all`; `check_name` and `app_id` narrow."""
    commit = call.repository.at(call.params["ref"])
    if commit is None:
        raise Problem(422, f"No commit found for SHA: {call.params['ref']}")
    found = [run for run in call.repository.checks.values() if run.sha == commit.sha]
    if "check_name" in call.query:
        found = [run for run in found if run.name == call.query["check_name"]]
    if "app_id" in call.query:
        found = [run for run in found if str(run.app_id) == call.query["app_id"]]
    if call.query.get("filter", "latest") == "latest":
        found = list({(run.app_id, run.name): run for run in found}.values())
    shape = call.repository
    return call.page(found, lambda each: shapes.check_run(call.site, shape, each), wrap="check_runs")


@endpoint("GET /repos/{owner}/{repo}/commits/{ref}/status", "statuses:read")
def combined_status(call: Call) -> Answer:
    """The newest status of each context, and what they say together."""
    place = call.repository
    commit = place.at(call.params["ref"])
    if commit is None:
        raise Problem(404, "Not Found")
    newest = {each.context: each for each in place.statuses if each.sha == commit.sha}
    states = Counter(each.state for each in newest.values())
    state = "pending"
    if states["failure"] or states["error"]:
        state = "failure"
    elif states and not states["pending"]:
        state = "success"
    url = call.site.api(f"/repos/{place.full_name}/commits/{commit.sha}")
    body: dict[str, Any] = {
        "state": state,
        "statuses": [shapes.status(call.site, place, each) for each in newest.values()],
        "sha": commit.sha,
        "total_count": len(newest),
        "repository": repositories.minimal(call.site, place),
        "commit_url": url,
        "url": f"{url}/status",
    }
    return Answer(200, body)


def _fields(call: Call) -> dict[str, Any]:
    if not isinstance(call.body, dict):
        raise Problem(422, "Invalid request.")
    return {name: call.body[name] for name in acts.FIELDS if name in call.body}


def _find(call: Call) -> CheckRun:
    found = call.repository.checks.get(call.number("check_run_id"))
    if found is None:
        raise Problem(404, "Not Found")
    return found
