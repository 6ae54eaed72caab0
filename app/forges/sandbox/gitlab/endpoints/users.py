"""REST: Users, their status, and which GitLab this is."""

from __future__ import annotations

from app.forges.sandbox.gitlab.answers import Problem, not_found
from app.forges.sandbox.gitlab.calls import Call
from app.forges.sandbox.gitlab.routing import endpoint
from app.forges.sandbox.gitlab.shapes import people as shapes
from app.forges.sandbox.http import Answer
from app.forges.sandbox.world import Account


@endpoint("GET /version")
def get_version(call: Call) -> Answer:
    edition = call.site.edition
    return Answer(200, {"version": str(edition), "revision": "0123abcd"})


@endpoint("GET /metadata")
def get_metadata(call: Call) -> Answer:
    edition = call.site.edition
    kas = {"enabled": False, "externalUrl": None, "version": None}
    body = {"version": str(edition), "revision": "0123abcd", "kas": kas, "enterprise": edition.paid}
    return Answer(200, body)


@endpoint("GET /user", "api", "read_api", "read_user")
def get_myself(call: Call) -> Answer:
    return Answer(200, shapes.myself(call.site, call.actor))


@endpoint("PUT /user/status")
def set_status(call: Call) -> Answer:
    actor = call.actor
    availability = call.maybe("availability", str)
    if availability not in (None, "busy", "not_set"):
        raise Problem(400, error="availability does not have a valid value")
    actor.busy = availability == "busy"
    actor.message = call.maybe("message", str) or ""
    return Answer(200, shapes.status(actor))


@endpoint("GET /users", "api", "read_api", "read_user", is_list=True)
def list_users(call: Call) -> Answer:
    """`username` finds one, without regard to case."""
    found = [each for each in call.world.accounts.values() if each.kind != "organisation"]
    wanted = call.query.get("username")
    if wanted is not None:
        found = [each for each in found if each.login.casefold() == wanted.casefold()]
    return call.page(found, lambda each: shapes.user(call.site, each))


@endpoint("GET /users/{user}", "api", "read_api", "read_user")
def get_user(call: Call) -> Answer:
    return Answer(200, shapes.full(call.site, _user(call)))


@endpoint("GET /users/{user}/status", "api", "read_api", "read_user")
def get_status(call: Call) -> Answer:
    """By number or by name."""
    return Answer(200, shapes.status(_user(call)))


def _user(call: Call) -> Account:
    named = call.params["user"]
    found = call.world.account_by_id(int(named)) if named.isdigit() else call.world.account(named)
    if found is None or found.kind == "organisation":
        raise not_found("User")
    return found
