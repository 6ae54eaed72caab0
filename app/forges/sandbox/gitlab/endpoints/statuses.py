"""REST: Commit statuses, and the pipelines that they make."""

from __future__ import annotations

from app.forges.sandbox import rules
from app.forges.sandbox.acts import checks as acts
from app.forges.sandbox.gitlab.answers import Problem, not_found
from app.forges.sandbox.gitlab.calls import Call
from app.forges.sandbox.gitlab.routing import endpoint
from app.forges.sandbox.gitlab.shapes import people
from app.forges.sandbox.gitlab.shapes import projects as shapes
from app.forges.sandbox.http import Answer
from app.forges.sandbox.world import Repository, Status

STATES = ("pending", "running", "success", "failed", "canceled", "skipped")


@endpoint("POST /projects/{id}/statuses/{sha}")
def set_status(call: Call) -> Answer:
    """400 where one that is not finished has this state already (Commits API, Set commit pipeline status)."""
    project, sha = call.project, call.params["sha"]
    state = call.query.get("state") or call.given("state", str)
    if state not in STATES:
        raise Problem(400, error="state does not have a valid value")
    rules.needs(project, call.actor, "write")
    if sha not in project.history.commits:
        raise not_found("Commit")
    ref, pipeline = call.maybe("ref", str), call.maybe("pipeline_id", int)
    if not ref and not pipeline and not acts.branches_with(project, sha):
        raise not_found("References for commit")
    name = call.maybe("name", str) or call.maybe("context", str) or "default"
    made = acts.post_status(
        call.world,
        project,
        sha,
        state,  # type: ignore[arg-type]
        name,
        call.actor,
        description=call.maybe("description", str),
        target_url=call.maybe("target_url", str),
        ref=ref,
        pipeline_id=pipeline,
    )
    return Answer(201, _shape(call, project, made))


@endpoint("GET /projects/{id}/repository/commits/{sha}/statuses", anonymous=True, is_list=True)
def list_statuses(call: Call) -> Answer:
    """The newest of each name; `all` asks for the older ones too."""
    project = call.project
    call.needs(project, "read")
    commit = project.at(call.params["sha"])
    if commit is None:
        raise not_found("Commit")
    found = [each for each in project.statuses if each.sha == commit.sha]
    if "name" in call.query:
        found = [each for each in found if each.context == call.query["name"]]
    if not call.flag("all"):
        found = list({each.context: each for each in found}.values())
    return call.page(found, lambda each: _shape(call, project, each))


def _shape(call: Call, project: Repository, known: Status) -> dict[str, object]:
    ref = next((name for name, sha in project.branches.items() if sha == known.sha), project.default_branch)
    return shapes.status(call.site, known, ref, people.user(call.site, known.by))
