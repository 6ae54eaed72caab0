"""What a GitHub endpoint answers, and how it says no."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from app.forges.sandbox.rules import Refused

DOCS = "https://docs.github.com/rest"


@dataclass(slots=True)
class Answer:
    """A status, a JSON body (None: none at all) and headers beyond those that every answer has."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None  # instead of JSON

    @property
    def content(self) -> bytes:
        """The bytes of the body."""
        if self.raw is not None:
            return self.raw
        if self.body is None or self.status in (204, 304):
            return b""
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()


def http_date(at: datetime) -> str:
    """A time as HTTP headers write it."""
    return format_datetime(at.astimezone(UTC), usegmt=True)


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
