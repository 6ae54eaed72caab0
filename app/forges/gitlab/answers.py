"""What an answer of GitLab means: done, or which of the errors that handlers know."""

from __future__ import annotations

from app.forges.http import Answer, doubt
from app.forges.json_values import dig, text
from app.forges.limits import Limit
from app.forges.server_clock import ServerClock
from app.redaction import redact
from handlers.ports import Conflict, Forbidden, ForgeError, Gone, Locked, Refused, Unavailable

_LONGEST_REASON = 500
_LONGEST_WAIT = 86_400.0


def limit(answer: Answer, clock: ServerClock) -> Limit | None:
    """The limit that a 429 names, with the seconds to wait; None for any other answer.

    "Rate limits": `Retry-After` in seconds, else `RateLimit-Reset`, an instant. GitLab counts requests of a
    user, so nothing may be called until then; but a limit on notes leaves the budget (`RateLimit-Remaining`)
    of other requests, and only writes wait. What stands before GitLab may say it with a 403.
    """
    left = whole(answer, "ratelimit-remaining")
    after, reset = whole(answer, "retry-after"), whole(answer, "ratelimit-reset")
    is_limit = answer.status == 403 and (after is not None or (left == 0 and reset is not None))
    if answer.status != 429 and not is_limit:
        return None
    if after is None and reset is not None:
        after = max(int(reset + 1 - clock.now()), 1)
    if after is None:
        return Limit("vague")
    return Limit("secondary" if left else "primary", min(float(after), _LONGEST_WAIT))


def whole(answer: Answer, field: str) -> int | None:
    """The whole number in a header field; None where there is none or nonsense."""
    said = answer.headers.get(field, "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 16 else None


def refusal(answer: Answer, method: str, operation: str) -> ForgeError | None:
    """The error that an answer means, None for success. Limits are not looked for here: see `limit`.

    A redirect is an error too, and none is ever followed: `Gone` where it is for good, else something stands
    before GitLab for a while (a page to sign in on, or of maintenance).
    """
    status = answer.status
    said = reason(answer)
    why = f"{method} {operation} was answered {status}" + (f": {said}" if said else "")
    if 200 <= status < 300:
        unreadable = answer.unreadable
        return doubt(method, f"{why}: {unreadable}") if unreadable else None
    if answer.is_of_another:
        return doubt(method, why)
    match status:
        case 401:
            return Locked(why)
        case 403:
            return Forbidden(why, _scope(answer))
        case 404 | 410 | 451 | 301 | 308:
            return Gone(why)
        case 302 | 303 | 307:
            return Unavailable(why)
        case 409 | 412:
            return Conflict(why)
        case _ if 400 <= status < 500 and status not in (408, 425, 429):
            return Refused(why, said)
        case _:
            return doubt(method, why)


def _scope(answer: Answer) -> str | None:
    """The token's scope that is missing, where GitLab says that it is the scope."""
    try:
        body = answer.json()
    except ValueError:
        return None
    return text(body, "scope") or "api" if text(body, "error") == "insufficient_scope" else None


def reason(answer: Answer) -> str:
    """GitLab's own sentence on what is wrong. It comes as a text, or as lists of texts by field."""
    if answer.status < 400:
        return ""
    try:
        body = answer.json()
    except ValueError:
        return ""
    said = [dig(body, "message"), text(body, "error_description") or text(body, "error")]
    return redact("; ".join(part for each in said for part in _sentences(each)))[:_LONGEST_REASON]


def _sentences(said: object) -> list[str]:
    match said:
        case str():
            return [said.strip()] if said.strip() else []
        case list():
            return [part for each in said for part in _sentences(each)]
        case dict():
            return [f"{name} {part}" for name, each in said.items() for part in _sentences(each)]
        case _:
            return []
