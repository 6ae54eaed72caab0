"""Whether a caller may come in here at all."""

from __future__ import annotations

from app.forges.sandbox.github.answers import Problem
from app.forges.sandbox.github.calls import Call
from app.forges.sandbox.github.routing import Route
from app.forges.sandbox.github.tokens import AppCaller, Nobody, Token, UserToken
from app.forges.sandbox.world import Repository


def authorise(call: Call, route: Route) -> None:
    """The caller is of the right kind, the repository is visible, the permission is there; in this order."""
    if route.caller == "app" and not isinstance(call.caller, AppCaller):
        raise Problem(401, "A JSON web token could not be decoded")
    if route.caller == "user" and not isinstance(call.caller, UserToken):
        raise Problem(401 if isinstance(call.caller, Nobody) else 403, "Requires authentication")
    if route.caller in ("app", "anyone", "user"):
        return
    if "repo" in call.params:
        call.repository_ = _visible(call)
    if route.caller == "installation":
        _permitted(call, route)


def _visible(call: Call) -> Repository:
    """Missing and hidden are both 404; an old name leads to the new one."""
    name = f"{call.params['owner']}/{call.params['repo']}"
    found = call.world.repository(name)
    if found is None and name.casefold() in call.world.renamed:
        moved = call.world.repositories.get(call.world.renamed[name.casefold()])
        if moved is not None and _sees(call, moved):
            raise _moved(call, moved)
    if found is None or not _sees(call, found):
        raise Problem(404, "Not Found")
    return found


def _sees(call: Call, repository: Repository) -> bool:
    if repository.visibility == "public":
        return True
    return isinstance(call.caller, (Token, UserToken)) and call.caller.covers(repository)


def _moved(call: Call, repository: Repository) -> Problem:
    """301 for reads, 307 for the rest (Best practices: follow redirects)."""
    rest = "".join(f"/{each}" for each in call.path.split("/", 4)[4:])
    url = call.site.api(f"/repositories/{repository.id}{rest}")
    status = 301 if call.method == "GET" else 307
    return Problem(status, "Moved Permanently", headers={"Location": url})


def _permitted(call: Call, route: Route) -> None:
    token = call.token
    if not route.may:
        return
    repository = call.repository_
    if repository is not None and not token.covers(repository):
        reading = all(level == "read" for _, level in route.may)
        if reading and call.method == "GET":
            return
        raise _not_accessible(route)
    if not any(token.may(permission, level) for permission, level in route.may):
        raise _not_accessible(route)


def _not_accessible(route: Route) -> Problem:
    """403, with what would have been enough."""
    wanted = "; ".join(f"{permission}={level}" for permission, level in route.may)
    return Problem(
        403, "Resource not accessible by integration", headers={"x-accepted-github-permissions": wanted}
    )
