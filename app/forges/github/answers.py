"""What an answer of GitHub means: done, or which of the errors that handlers know."""

from __future__ import annotations

import re

from gidgethub.sansio import RateLimit

from app.forges.budget import Limit
from app.forges.http import Answer, doubt
from app.forges.json_values import dig, text
from app.forges.server_clock import ServerClock
from app.redaction import redact
from handlers.ports import Conflict, Forbidden, ForgeError, Gone, Locked, Refused, Suspended

_SLOW_DOWN = re.compile(r"secondary rate limit|abuse|rate limit exceeded|too many requests", re.IGNORECASE)
_SUSPENDED = re.compile(r"suspended", re.IGNORECASE)
_LONGEST_REASON = 500


def rate_limit(answer: Answer) -> RateLimit | None:
    """The hourly budget that the answer tells, None where it tells none or nonsense."""
    try:
        return RateLimit.from_http(answer.headers)
    except (ValueError, OverflowError, OSError):
        return None


def limit(answer: Answer, clock: ServerClock) -> Limit | None:
    """The limit that a 403 or 429 names, with the seconds to wait; None for any other answer.

    "Rate limits for the REST API": `Retry-After` goes first, then a budget of 0 with its reset, then a
    minute, doubled each time.
    """
    if answer.status not in (403, 429):
        return None
    after = answer.headers.get("retry-after", "")
    if after.isascii() and after.isdigit():
        return Limit("secondary", min(float(after), 86_400))
    budget = rate_limit(answer)
    if budget is not None and budget.remaining == 0:
        wait = budget.reset_datetime.timestamp() + 1 - clock.now()
        return Limit("primary", min(max(wait, 1.0), 86_400))
    if answer.status == 429 or _SLOW_DOWN.search(reason(answer)):
        return Limit("vague")
    return None


def refusal(answer: Answer, method: str, operation: str) -> ForgeError | None:
    """The error that an answer means, None for success. Limits are not looked for here: see `limit`.

    A redirect is an error too (`Gone`): by itself none is ever followed.
    """
    status = answer.status
    if 200 <= status < 300:
        unreadable = answer.unreadable
        return (
            doubt(method, f"{method} {operation} was answered {status}: {unreadable}") if unreadable else None
        )
    why = f"{method} {operation} was answered {status}"
    said = reason(answer)
    if said:
        why = f"{why}: {said}"
    if answer.is_of_another:
        return doubt(method, why)
    match status:
        case 401:
            return Locked(why)
        case 403 if _SUSPENDED.search(said):
            return Suspended(why)
        case 403:
            return Forbidden(why, answer.headers.get("x-accepted-github-permissions"))
        case 404 | 410 | 451 | 301 | 302 | 307 | 308:
            return Gone(why)
        case 409 | 412:
            return Conflict(why)
        case _ if 400 <= status < 500 and status not in (408, 425):
            return Refused(why, said)
        case _:
            return doubt(method, why)


def reason(answer: Answer) -> str:
    """GitHub's own sentence on what is wrong, with the details it adds; empty where there is none."""
    try:
        body = answer.json()
    except ValueError:
        return ""
    errors = dig(body, "errors")
    details = [_detail(error) for error in (errors if isinstance(errors, list) else [errors])]
    said = [text(body, "message"), *details]
    return redact("; ".join(part.strip() for part in said if part.strip()))[:_LONGEST_REASON]


def _detail(error: object) -> str:
    if isinstance(error, str):
        return error
    return text(error, "message") or " ".join((text(error, "field"), text(error, "code")))
