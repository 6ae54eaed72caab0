"""A request as it came in: read, but not yet understood."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, unquote

from app.forges.sandbox.github.answers import Problem


class Request:
    """Its path is kept percent-quoted; names of header fields are small letters."""

    def __init__(self, scope: dict[str, Any], body: bytes) -> None:
        self.method: str = scope["method"]
        self.raw_path: str = scope["raw_path"].decode("ascii")
        self.query = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self.content = body

    @property
    def path(self) -> str:
        return unquote(self.raw_path)

    def json(self) -> Any:
        """The body as JSON, None where it is empty (REST: Troubleshooting, 400); a form as its fields."""
        if not self.content:
            return None
        if self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(self.content.decode(errors="replace")))
        try:
            return json.loads(self.content)
        except ValueError:
            raise Problem(400, "Problems parsing JSON") from None

    def quietly(self) -> Any:
        """The body for the ledger, where what is no JSON is kept as text."""
        try:
            return self.json()
        except Problem:
            return self.content.decode(errors="replace")
