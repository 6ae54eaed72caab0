"""REST: Personal access tokens: what a token says of itself, and taking a new one in its place."""

from __future__ import annotations

from typing import Any

from app.forges.sandbox.gitlab.answers import Problem, unauthorised
from app.forges.sandbox.gitlab.calls import Call
from app.forges.sandbox.gitlab.routing import endpoint
from app.forges.sandbox.gitlab.site import instant
from app.forges.sandbox.gitlab.tokens import SCOPES, Token
from app.forges.sandbox.http import Answer


@endpoint("GET /personal_access_tokens/self", *SCOPES)
def get_self(call: Call) -> Answer:
    return Answer(200, _shape(call.token))


@endpoint("POST /personal_access_tokens/self/rotate", anonymous=True)
def rotate_self(call: Call) -> Answer:
    """Whoever rotates a token that was rotated before loses all that came of it (automatic reuse detection)."""
    given = call.headers.get("private-token") or call.headers.get("authorization", "").partition(" ")[2]
    stale = call.desk.rotated(given)
    if stale is not None:
        call.desk.revoke_family(stale)
        raise unauthorised()
    caller = call.desk.caller(call.headers, call.query)
    if not isinstance(caller, Token):
        raise unauthorised()
    if not caller.may("api", "self_rotate"):
        raise Problem(403, error="insufficient_scope", more={"scope": "api self_rotate"})
    fresh = call.desk.rotate(caller, call.expiry())
    return Answer(200, {**_shape(fresh), "token": fresh.value})


@endpoint("DELETE /personal_access_tokens/self", *SCOPES)
def revoke_self(call: Call) -> Answer:
    call.token.revoked = True
    return Answer(204)


def _shape(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "revoked": token.revoked,
        "created_at": instant(token.created_at),
        "description": None,
        "scopes": list(token.scopes),
        "user_id": token.account.id,
        "last_used_at": instant(token.last_used_at),
        "active": not token.revoked,
        "expires_at": token.expires_at.isoformat() if token.expires_at else None,
    }
