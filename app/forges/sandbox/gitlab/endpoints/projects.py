"""REST: Projects, their labels and branches."""

from __future__ import annotations

from app.forges.sandbox import rules
from app.forges.sandbox.acts import files as acts
from app.forges.sandbox.gitlab.answers import Problem, not_found
from app.forges.sandbox.gitlab.calls import Call
from app.forges.sandbox.gitlab.routing import endpoint
from app.forges.sandbox.gitlab.shapes import projects as shapes
from app.forges.sandbox.http import Answer
from app.forges.sandbox.world import Label, Repository


@endpoint("GET /projects", anonymous=True, is_list=True)
def list_projects(call: Call) -> Answer:
    """`membership` and `search` narrow them."""
    found = [each for each in call.world.repositories.values() if call.sees(each)]
    if "search" in call.query:
        found = [each for each in found if call.query["search"].casefold() in each.name.casefold()]
    found.sort(key=lambda each: each.id, reverse=call.query.get("sort", "desc") == "desc")

    def shape(each: Repository) -> object:
        return shapes.brief(call.site, each)

    if call.query.get("pagination") == "keyset":
        return call.keyset(found, shape, "id_after", lambda each: str(each.id))
    return call.page(found, shape)


@endpoint("GET /projects/{id}", anonymous=True)
def get_project(call: Call) -> Answer:
    actor = None if call.caller.scope.kind == "nobody" else call.actor
    return Answer(200, shapes.project(call.site, call.project, actor))


@endpoint("PUT /projects/{id}")
def edit_project(call: Call) -> Answer:
    """Its description and topics."""
    project = call.project
    call.needs(project, "maintain")
    project.description = call.maybe("description", str) or project.description
    topics = call.names("topics")
    if topics is not None:
        project.topics = topics
    return Answer(200, shapes.project(call.site, project, call.actor))


@endpoint("POST /projects/{id}/fork")
def fork(call: Call) -> Answer:
    """Into the caller's own namespace; 409 where there is one already."""
    project, actor = call.project, call.actor
    if any(each.parent is project for each in call.world.owned_by(actor)):
        raise Problem(409, ["Project namespace name has already been taken", "Path has already been taken"])
    call.needs(project, "read")
    return Answer(201, shapes.project(call.site, acts.fork(call.world, project, actor), actor))


@endpoint("GET /projects/{id}/labels", anonymous=True, is_list=True)
def list_labels(call: Call) -> Answer:
    project = call.project
    found = sorted(project.labels.values(), key=lambda each: each.name.casefold())
    return call.page(found, lambda each: shapes.label(each, project))


@endpoint("POST /projects/{id}/labels")
def make_label(call: Call) -> Answer:
    """409 where there is one of that name."""
    project, name = call.project, call.given("name", str)
    call.needs(project, "triage")
    color = call.given("color", str).removeprefix("#")
    if name in project.labels:
        raise Problem(409, "Label already exists")
    made = Label(call.world.next_id("label"), name, color, call.maybe("description", str))
    project.labels[name] = made
    return Answer(201, shapes.label(made, project))


# --- Branches -------------------------------------------------------------------------------------------


@endpoint("GET /projects/{id}/repository/branches", anonymous=True, is_list=True)
def list_branches(call: Call) -> Answer:
    project = call.project
    call.needs(project, "read")
    return call.page(sorted(project.branches), lambda each: shapes.branch(call.site, project, each))


@endpoint("GET /projects/{id}/repository/branches/{branch}", anonymous=True)
def get_branch(call: Call) -> Answer:
    project, name = call.project, call.params["branch"]
    call.needs(project, "read")
    if name not in project.branches:
        raise not_found("Branch")
    return Answer(200, shapes.branch(call.site, project, name))


@endpoint("GET /projects/{id}/protected_branches", is_list=True)
def list_protected(call: Call) -> Answer:
    project = call.project
    call.needs(project, "write")
    return call.page(list(project.protections.items()), lambda each: shapes.protection(*each))


@endpoint("GET /projects/{id}/protected_branches/{branch}")
def get_protected(call: Call) -> Answer:
    """404 for a branch that is not protected."""
    project, name = call.project, call.params["branch"]
    call.needs(project, "write")
    if name not in project.protections:
        raise not_found()
    return Answer(200, shapes.protection(name, project.protections[name]))


@endpoint("GET /projects/{id}/pipelines", anonymous=True, is_list=True)
def list_pipelines(call: Call) -> Answer:
    """Newest first; `sha`, `ref` and `status` narrow them."""
    project = call.project
    call.needs(project, "read")
    found = project.pipelines[::-1]
    for name in ("sha", "ref", "status"):
        if name in call.query:
            found = [each for each in found if getattr(each, name) == call.query[name]]
    return call.page(found, lambda each: shapes.pipeline(call.site, project, each))


@endpoint("POST /projects/{id}/repository/branches")
def make_branch(call: Call) -> Answer:
    project = call.project
    name = call.query.get("branch") or call.given("branch", str)
    start = project.at(call.query.get("ref") or call.given("ref", str))
    if start is None:
        raise rules.Refused(rules.OBJECT_MISSING)
    acts.branch(call.world, project, name, start.sha, call.actor)
    return Answer(201, shapes.branch(call.site, project, name))


@endpoint("DELETE /projects/{id}/repository/branches/{branch}")
def remove_branch(call: Call) -> Answer:
    acts.remove_branch(call.world, call.project, call.params["branch"], call.actor)
    return Answer(204)
