"""How GitLab says no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.forges.sandbox import merge_rules, rules
from app.forges.sandbox.acts import notes
from app.forges.sandbox.http import Answer
from app.forges.sandbox.rules import Reason, Refused


@dataclass(eq=False)
class Problem(Exception):
    """An answer that says no. `message` is its body's "message", `error` its "error" (Grape's checks)."""

    status: int
    message: Any = None
    error: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)

    def answer(self) -> Answer:
        body: dict[str, Any] = {"error": self.error} if self.error else {"message": self.message}
        return Answer(self.status, {**body, **self.more}, dict(self.headers))


def not_found(thing: str = "") -> Problem:
    """Hidden and missing are one answer (REST: Status codes, 404)."""
    return Problem(404, f"404 {thing} Not Found" if thing else "404 Not found")


def unauthorised() -> Problem:
    return Problem(401, "401 Unauthorized")


def forbidden() -> Problem:
    return Problem(403, "403 Forbidden")


# What rules common to both forges say on GitLab: status, and the field that validation names.
_SAID: dict[Reason, tuple[int, Any]] = {
    rules.NOT_FOUND: (404, "404 Project Not Found"),
    rules.FORBIDDEN: (403, "403 Forbidden"),
    rules.ARCHIVED: (403, "403 Forbidden"),
    rules.LOCKED: (403, "403 Forbidden"),
    rules.ISSUES_OFF: (403, "403 Forbidden"),
    rules.COMMENT_BLANK: (400, '400 Bad request - Note {:note=>["can\'t be blank"]}'),
    rules.COMMENT_LONG: (
        400,
        '400 Bad request - Note {:note=>["is too long (maximum is 1000000 characters)"]}',
    ),
    rules.NO_SUCH_LINE: (400, '400 Bad request - Note {:line_code=>["can\'t be blank"]}'),
    rules.NO_SUCH_COMMIT: (404, "404 Commit Not Found"),
    rules.BRANCH_MISSING: (400, "You can only create or edit files when you are on a branch"),
    rules.REF_EXISTS: (400, "Branch already exists"),
    rules.OBJECT_MISSING: (400, "Invalid reference name"),
    rules.NO_REF: (404, "404 Branch Not Found"),
}


def refusal(refused: Refused) -> Problem:
    """A refusal by the rules in GitLab's form."""
    reason = refused.reason
    if reason in _SAID:
        return Problem(*_SAID[reason])
    said = str(refused)
    if reason.field is not None:
        return Problem(reason.status, {reason.field: [said]})
    if reason in (merge_rules.EXISTS, merge_rules.SAME_BRANCH):
        return Problem(reason.status, [said])
    return Problem(reason.status, said)


KNOWN = {
    *_SAID,
    notes.AWARD_TAKEN,
    notes.NO_AWARD,
    *(each for each in vars(merge_rules).values() if isinstance(each, Reason)),
}
