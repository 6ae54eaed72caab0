"""Holds requests, answers and webhooks to GitHub's own description of its REST API.

`Contract()` reads `github.json` (see README.md). Each check returns sentences, one for each problem; an
empty list means that GitHub's description allows it. Paths are without scheme, host and base path.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema_rs

GITHUB = Path(__file__).parent / "github.json"

# Parameters whose value may hold slashes; a contents path may also be empty.
SPANNING = {"path", "ref", "basehead", "branch", "tree_sha"}

# A bot's address, as GitHub writes it, has brackets that the standard does not allow unquoted.
_FORMATS = {"email": lambda text: "@" in text}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Match:
    """An operation, by its name in `github.json`, and what its braces stand for."""

    name: str
    values: Mapping[str, str]


class Contract:
    """A description of a REST API, GitHub's unless another is given, compiled where it is used."""

    def __init__(self, description: Json | None = None) -> None:
        self._description: Json = description or json.loads(GITHUB.read_bytes())
        self._compiled: dict[str, jsonschema_rs.Draft202012Validator] = {}
        self._patterns = [
            (name.partition(" ")[0], name.partition(" ")[2].strip("/").split("/"), name)
            for name in self._description["operations"]
        ]

    @cached_property
    def _registry(self) -> jsonschema_rs.Registry:
        return jsonschema_rs.Registry([("urn:github", {"schemas": self._description["schemas"]})])

    # --- Requests -----------------------------------------------------------------------------------

    def check_request(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Any = None
    ) -> list[str]:
        """Strict: the operation is known, each parameter is known and of its type, no body field is invented."""
        found = self.match(method, path)
        if found is None:
            return [f"{method} {path}: no such operation"]
        operation = self._description["operations"][found.name]
        problems = self._check_parameters(found, operation, query or {})
        problems += self._check_body(found.name, operation, body)
        return [f"{method} {path}: {problem}" for problem in problems]

    def match(self, method: str, path: str) -> Match | None:
        """The operation that a path belongs to; literal pieces win over braces."""
        given = path.partition("?")[0].strip("/").split("/")
        if given[0] == "repositories" and len(given) > 2:
            given = ["repos", "by-number", given[1], *given[2:]]  # the same operations, by number
        found: list[tuple[int, Match]] = []
        for known, pattern, name in self._patterns:
            if known == method.upper():
                values = _values(pattern, given)
                if values is not None:
                    literal = sum(not piece.startswith("{") for piece in pattern)
                    found.append((literal, Match(name, values)))
        return max(found, key=lambda each: each[0])[1] if found else None

    def _check_parameters(self, found: Match, operation: Json, query: Mapping[str, str]) -> list[str]:
        parameters: Json = operation["parameters"]
        problems = []
        for name, value in query.items():
            if parameters.get(name, {}).get("in") != "query":
                problems.append(f"unknown parameter {name!r}")
            else:
                problems += self._check_text(f"{found.name}?{name}", name, parameters[name]["schema"], value)
        for name, known in parameters.items():
            if known["in"] == "path" and name in found.values:
                key = f"{found.name}/{name}"
                problems += self._check_text(key, name, known["schema"], found.values[name])
            if known["in"] == "query" and known["required"] and name not in query:
                problems.append(f"missing parameter {name!r}")
        return problems

    def _check_text(self, key: str, name: str, schema: Json, text: str) -> list[str]:
        """A parameter's text, read as the type that the description names."""
        value = _typed(schema, text)
        return [f"parameter {name!r}: {problem}" for problem in self._problems(key, schema, value)]

    def _check_body(self, name: str, operation: Json, body: Any) -> list[str]:
        if "body" not in operation:
            return [] if body in (None, {}) else ["a body where none is taken"]
        if body is None:
            return ["the body is missing"] if operation["body_required"] else []
        key = f"{name} body"
        if key not in self._compiled:
            self._compile(key, self._strict(operation["body"]))
        return [f"body: {problem}" for problem in self._problems(key, {}, body)]

    def _strict(self, schema: Any, *, branch: bool = False) -> Any:
        """The schema with its references written out, in which nothing that it does not name is allowed."""
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            name = schema["$ref"].removeprefix("#/schemas/")
            return self._strict(self._description["schemas"][name], branch=branch)
        strict = dict(schema)
        for name in ("anyOf", "allOf"):
            if name in strict:
                strict[name] = [self._strict(each, branch=True) for each in strict[name]]
        if "items" in strict:
            strict["items"] = self._strict(strict["items"])
        if "properties" in strict:
            strict["properties"] = {name: self._strict(each) for name, each in strict["properties"].items()}
            if strict.get("additionalProperties") is True:
                del strict["additionalProperties"]
            if not branch and "additionalProperties" not in strict:
                strict["unevaluatedProperties"] = False
        return strict

    # --- Answers and webhooks -----------------------------------------------------------------------

    def check_response(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """Whether GitHub's description knows this status here, and this body with it."""
        found = self.match(method, path)
        if found is None:
            return [] if status == 404 else [f"{method} {path}: {status} from no known operation"]
        answers = self._description["operations"][found.name]["responses"]
        where = f"{method} {path} {status}"
        if str(status) not in answers:
            return [f"{where}: status is not in the description"]
        schema = answers[str(status)]
        if schema is None:
            return []
        key = f"{found.name} {status}"
        return [f"{where}: {problem}" for problem in self._problems(key, schema, body)]

    def check_webhook(self, event: str, payload: Json) -> list[str]:
        """Whether this is one of the payloads that the description has for the event."""
        schemas = self._description["webhooks"].get(event)
        if schemas is None:
            return [f"{event}: no such event"]
        action = payload.get("action")
        fitting = [number for number, each in enumerate(schemas) if self._is_of(each, action)]
        if not fitting:
            return [f"{event}: no action {action!r}"]
        attempts = [
            self._problems(f"webhook {event} {number}", schemas[number], payload) for number in fitting
        ]
        return [f"{event} {action or ''}: {problem}" for problem in min(attempts, key=len)]

    def _is_of(self, schema: Json, action: str | None) -> bool:
        while "$ref" in schema:
            schema = self._description["schemas"][schema["$ref"].removeprefix("#/schemas/")]
        if any(self._is_of(each, action) for each in schema.get("anyOf", [])):
            return True
        named = schema.get("properties", {}).get("action")
        if named is None:
            return action is None and "anyOf" not in schema
        while "$ref" in named:
            named = self._description["schemas"][named["$ref"].removeprefix("#/schemas/")]
        return action in named.get("enum", [])

    def _problems(self, key: str, schema: Json, value: Any) -> list[str]:
        if key not in self._compiled:
            self._compile(key, schema)
        return [
            f"{'/'.join(str(piece) for piece in error.instance_path)}: {error.message[:300]}"
            for error in self._compiled[key].iter_errors(value)
        ]

    def _compile(self, key: str, schema: Any) -> None:
        self._compiled[key] = jsonschema_rs.Draft202012Validator(
            _addressed(schema), registry=self._registry, validate_formats=True, formats=_FORMATS
        )


def _values(pattern: list[str], given: list[str]) -> dict[str, str] | None:
    """What the braces of a pattern stand for; one spanning brace takes as many pieces as fit."""
    spanning = next((at for at, piece in enumerate(pattern) if piece[1:-1] in SPANNING), None)
    extra = len(given) - len(pattern)
    if extra and spanning is None:
        return None
    if spanning is not None:
        end = spanning + extra + 1
        if end < spanning:
            return None
        given = [*given[:spanning], "/".join(given[spanning:end]), *given[end:]]
    values = {}
    for piece, value in zip(pattern, given, strict=True):
        if piece.startswith("{"):
            if not value:
                return None
            values[piece[1:-1]] = unquote(value)
        elif piece != value:
            return None
    return values


def _typed(schema: Json, text: str) -> Any:
    """The value that a text stands for; the text itself where it is not of the type."""
    kind = schema.get("type")
    if kind == "integer" and text.lstrip("-").isdigit():
        return int(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if kind == "array":
        return text.split(",")
    return text


def _addressed(schema: Any) -> Any:
    """References that lead to the registered description."""
    if isinstance(schema, list):
        return [_addressed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: "urn:github" + each if name == "$ref" and isinstance(each, str) else _addressed(each)
        for name, each in schema.items()
    }
