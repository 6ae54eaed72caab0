"""What a GitHub endpoint answers, and how it says no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.forges.sandbox.http import Answer
from app.forges.sandbox.rules import Refused

DOCS = "https://docs.github.com/rest"


@dataclass(eq=False)
class Problem(Exception):
    """An answer that says no."""

    status: int
    message: str
    errors: tuple[Any, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def answer(self) -> Answer:
        body: dict[str, Any] = {"message": self.message}
        if self.errors:
            body["errors"] = list(self.errors)
        body |= {"documentation_url": DOCS, "status": str(self.status)}
        return Answer(self.status, body, dict(self.headers))


def invalid(resource: str, field_name: str, code: str = "invalid") -> Problem:
    """422 with one entry in `errors`, as GitHub's validation does."""
    return Problem(422, "Validation Failed", ({"resource": resource, "field": field_name, "code": code},))


def refusal(refused: Refused) -> Problem:
    """A refusal by the rules in GitHub's form."""
    reason, said = refused.reason, str(refused)
    if reason.code == "sentence":
        return Problem(reason.status, "Unprocessable Entity", (said,))
    if reason.code is None:
        return Problem(reason.status, said)
    entry: dict[str, Any] = {"resource": reason.resource, "code": reason.code}
    if reason.field is not None:
        entry["field"] = reason.field
    if said:
        entry["message"] = said
    return Problem(reason.status, "Validation Failed", (entry,))
