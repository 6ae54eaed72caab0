"""Cut what the sandbox serves out of GitHub's own descriptions, for `tests/contract` and `tests/payloads`.

    python -m tools.refresh_contract            # fetch both packages with `npm pack`, write the files
    python -m tools.refresh_contract --check    # the same, and fail where a file would change

GitHub's OpenAPI description (`@octokit/openapi`) becomes `tests/contract/github.json`: the operations that
the sandbox has endpoints for, the webhooks that it sends, and the schemas that these need, as JSON Schema
2020-12 without texts and examples. Its example payloads (`@octokit/webhooks-examples`) become
`tests/payloads/github.jsonl.gz`. Both are under the MIT licence; the notices are written beside them.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.forges.sandbox.github.routing import ROUTES, Route
from app.forges.sandbox.github.webhooks import EVENTS_SENT
from tools.from_npm import unpacked

DESCRIPTION = "@octokit/openapi@23.0.2"
EXAMPLES = "@octokit/webhooks-examples@7.6.1"

TESTS = Path(__file__).resolve().parents[1] / "tests"
SIZE_LIMIT = 1_000_000  # bytes of github.json
SHARED = 300  # characters of JSON from which on a repeated schema is written once

# Kept for people, of no use to a check.
_TEXTS = {"description", "title", "example", "examples", "externalDocs", "deprecated", "summary", "default"}

# What GitHub answers and its description leaves out: operation → status → schema (None: any body).
UNDESCRIBED: dict[str, dict[str, str | None]] = {
    "GET /repositories/{repository_id}": {"200": "full-repository"},
    "GET /repos/{owner}/{repo}/contents": {"200": "content-directory"},
    "POST /organizations/{org}/settings/apps/new": {"302": None, "422": "basic-error"},
    "GET /login/oauth/authorize": {"200": None, "302": None},
    "POST /login/oauth/access_token": {"200": None},
    "GET /apps/{slug}/installations/new": {"200": None},
    "POST /apps/{slug}/installations/new": {"302": None},
}
UNDESCRIBED_QUERY = {
    "GET /repos/{owner}/{repo}/contents": ("ref",),
    "POST /organizations/{org}/settings/apps/new": ("state",),
    "GET /login/oauth/authorize": (
        "client_id",
        "redirect_uri",
        "login",
        "scope",
        "state",
        "response_type",
        "code_challenge",
        "code_challenge_method",
    ),
}
UNDESCRIBED_BODY = ("POST /organizations/{org}/settings/apps/new", "POST /login/oauth/access_token")
# Where a description is incomplete (REST: Statistics, 202 while they are computed) or wrong: it has every
# installation's account be a user and an enterprise at once.
CORRECTED: dict[str, dict[str, Any]] = {
    "GET /repos/{owner}/{repo}/stats/participation": {"202": None},
    "GET /app/installations": {
        "200": {"type": "array", "items": {"$ref": "#/components/schemas/installation"}}
    },
}
# What GitHub answers with null and its description does not allow: the head of a change whose fork is gone.
NULL_TOO = (("pull-request", "head", "repo"), ("pull-request-simple", "head", "repo"))
# What every operation may answer (REST: Troubleshooting; rate limits): left out of most descriptions.
EVERYWHERE = dict.fromkeys(("400", "401", "403", "404", "422", "429"), "basic-error")
MOVED = dict.fromkeys(("301", "307"), "basic-error")
NOT_MODIFIED: dict[str, str | None] = {"304": None}

Json = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description="Refresh GitHub's contract and example payloads.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where something differs")
    checking = parser.parse_args().check
    files = {**_contract(), **_payloads()}
    stale = [path for path, content in files.items() if not path.exists() or path.read_bytes() != content]
    for path, content in files.items():
        if not checking:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        print(f"{path.relative_to(TESTS.parent)}: {len(content):,} bytes")
    if checking and stale:
        sys.exit("differs: " + ", ".join(str(path.relative_to(TESTS.parent)) for path in stale))


# --- Fetching -------------------------------------------------------------------------------------------


def _contract() -> dict[Path, bytes]:
    package = unpacked(DESCRIPTION)
    described = json.loads((package / "generated" / "api.github.com.json").read_bytes())
    cut = _cut(described)
    content = json.dumps(cut, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    if len(content) > SIZE_LIMIT:
        sys.exit(f"github.json would have {len(content):,} bytes")
    home = TESTS / "contract"
    return {home / "github.json": content, home / "LICENSE.github": (package / "LICENSE").read_bytes()}


def _payloads() -> dict[Path, bytes]:
    """One line of JSON for each example: the event and its payload, in the package's order."""
    package = unpacked(EXAMPLES)
    listed = json.loads((package / "api.github.com" / "index.json").read_bytes())
    lines = [
        json.dumps({"event": event["name"], "payload": payload}, separators=(",", ":"), ensure_ascii=False)
        for event in listed
        for payload in event["examples"]
    ]
    content = gzip.compress(("\n".join(lines) + "\n").encode(), compresslevel=9, mtime=0)
    about = json.loads((package / "package.json").read_bytes())
    notice = (
        f"{about['name']} {about['version']}, by {about['author']} and contributors ({about['repository']}),\n"
        f"is used under the {about['license']} licence:\n\nCopyright (c) the authors named above\n\n{_MIT}"
    )
    home = TESTS / "payloads"
    return {home / "github.jsonl.gz": content, home / "LICENSE.github": notice.encode()}


# --- Cutting --------------------------------------------------------------------------------------------


def _cut(described: Json) -> Json:
    for schema, outer, inner in NULL_TOO:
        described["components"]["schemas"][schema]["properties"][outer]["properties"][inner]["nullable"] = (
            True
        )
    operations = dict(_operation(described, route) for route in ROUTES.known)
    for name, answers in UNDESCRIBED.items():
        operations[name] = _undescribed(name, answers)
    webhooks: dict[str, list[Json]] = {}
    for event in described["x-webhooks"].values():
        kind = event["post"]["externalDocs"]["url"].rpartition("#")[2]
        if kind in EVENTS_SENT:
            schema = event["post"]["requestBody"]["content"]["application/json"]["schema"]
            webhooks.setdefault(kind, []).append(_converted(schema))
    whole = {"operations": operations, "webhooks": webhooks}
    schemas = _needed(described, whole)
    cut = _interned({**whole, "schemas": schemas})
    return {"source": DESCRIPTION, "licence": "MIT, see LICENSE.github", **cut}


def _operation(described: Json, route: Route) -> tuple[str, Json]:
    """The described operation that this endpoint serves."""
    path = next((each for each in described["paths"] if _same_shape(each, route)), None)
    if path is None:
        name = f"{route.method} /{'/'.join(route.pattern)}"
        return name, _undescribed(name, UNDESCRIBED[name])
    found = described["paths"][path].get(route.method.lower())
    if found is None:
        sys.exit(f"GitHub describes no {route.method} {path}")
    parameters = {}
    for each in [*found.get("parameters", []), *described["paths"][path].get("parameters", [])]:
        known = _component(described, each["$ref"]) if "$ref" in each else each
        if known["in"] in ("path", "query"):
            about = {"in": known["in"], "required": known.get("required", False)}
            parameters[known["name"]] = {**about, "schema": _converted(known["schema"])}
    operation: Json = {"parameters": parameters, "responses": {}}
    if "requestBody" in found:
        content = found["requestBody"]["content"]["application/json"]
        operation["body"] = _converted(content["schema"])
        operation["body_required"] = found["requestBody"].get("required", False)
    name = f"{route.method} {path}"
    answers: dict[str, Any] = {**EVERYWHERE, **MOVED, **NOT_MODIFIED}
    for status, answer in found["responses"].items():
        known = _component(described, answer["$ref"]) if "$ref" in answer else answer
        answers[status] = _answer_schema(known)
    operation["responses"] = _responses({**answers, **CORRECTED.get(name, {})})
    return name, operation


def _undescribed(name: str, answers: dict[str, str | None]) -> Json:
    pieces = [piece[1:-1] for piece in name.split("/") if piece.startswith("{")]
    parameters = {piece: {"in": "path", "required": True, "schema": {}} for piece in pieces}
    for query in UNDESCRIBED_QUERY.get(name, ()):
        parameters[query] = {"in": "query", "required": False, "schema": {"type": "string"}}
    body = {"body": {}, "body_required": True} if name in UNDESCRIBED_BODY else {}
    return {
        "parameters": parameters,
        **body,
        "responses": _responses({**EVERYWHERE, **MOVED, **NOT_MODIFIED, **answers}),
    }


def _same_shape(path: str, route: Route) -> bool:
    """Equal but for the names of the parameters; the sandbox marks those that span slashes with a `+`."""
    pieces = path.strip("/").split("/")
    if len(pieces) != len(route.pattern):
        return False
    return all(
        one == other or (one.startswith("{") and other.startswith("{"))
        for one, other in zip(pieces, route.pattern, strict=True)
    )


def _component(described: Json, ref: str) -> Json:
    found: Any = described
    for piece in ref.removeprefix("#/").split("/"):
        found = found[piece]
    return found  # type: ignore[no-any-return]


def _answer_schema(answer: Json) -> Json | None:
    for kind in ("application/json", "application/vnd.github.object", "application/scim+json"):
        if kind in answer.get("content", {}):
            return answer["content"][kind]["schema"]  # type: ignore[no-any-return]
    return None


def _responses(answers: dict[str, Any]) -> Json:
    """Status → schema; a name stands for the component of this name."""
    named = {
        status: {"$ref": f"#/components/schemas/{schema}"} if isinstance(schema, str) else schema
        for status, schema in answers.items()
    }
    return {status: None if schema is None else _converted(schema) for status, schema in named.items()}


def _needed(described: Json, whole: Json) -> Json:
    """Every component schema that these need, and what those need."""
    schemas: Json = {}
    waiting = set(_references(whole))
    while waiting:
        name = waiting.pop()
        if name not in schemas:
            schemas[name] = _converted(described["components"]["schemas"][name])
            waiting |= set(_references(schemas[name]))
    return schemas


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].rpartition("/")[2]
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


def _converted(schema: Any, *, names: bool = False) -> Any:
    """OpenAPI 3.0 to JSON Schema 2020-12, without texts. In `names` the keys are property names.

    `oneOf` becomes `anyOf`: GitHub's alternatives overlap, and its own answers fit more than one.
    """
    if isinstance(schema, list):
        return [_converted(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if names:
        return {name: _converted(each) for name, each in schema.items()}
    if "$ref" in schema:
        ref = {"$ref": "#/schemas/" + schema["$ref"].rpartition("/")[2]}
        return {"anyOf": [ref, {"type": "null"}]} if schema.get("nullable") else ref
    kept = {
        "anyOf" if name == "oneOf" else name: _converted(each, names=name == "properties")
        for name, each in schema.items()
        if name not in _TEXTS and not name.startswith("x-") and name not in ("nullable", "discriminator")
    }
    return _nullable(kept) if schema.get("nullable") else kept


def _nullable(schema: Json) -> Json:
    if "type" not in schema:
        return {"anyOf": [schema, {"type": "null"}]} if schema else schema
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    schema = {**schema, "type": [*types, "null"] if "null" not in types else types}
    if "enum" in schema and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    return schema


def _interned(whole: Json) -> Json:
    """Repeated parts of schemas are written once, as schemas `shared-1`, `shared-2` …"""
    count: Counter[str] = Counter()
    for part in _parts(whole):
        count[part] += 1
    names: dict[str, str] = {}
    shared: Json = {}

    def replaced(value: Any, *, names_here: bool = False, top: bool = False) -> Any:
        if isinstance(value, list):
            return [replaced(each) for each in value]
        if not isinstance(value, dict):
            return value
        text = json.dumps(value, sort_keys=True)
        if not names_here and not top and "type" in value and len(text) >= SHARED and count[text] > 1:
            if text not in names:
                names[text] = f"shared-{len(names) + 1}"
                shared[names[text]] = replaced(value, top=True)
            return {"$ref": f"#/schemas/{names[text]}"}
        return {
            name: replaced(each, names_here=name == "properties" and not names_here)
            for name, each in sorted(value.items())
        }

    cut = {
        "operations": replaced(whole["operations"], top=True),
        "webhooks": replaced(whole["webhooks"], top=True),
        "schemas": {name: replaced(each, top=True) for name, each in sorted(whole["schemas"].items())},
    }
    cut["schemas"] |= shared
    return cut


def _parts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("type"), (str, list)):
            text = json.dumps(value, sort_keys=True)
            if len(text) >= SHARED:
                yield text
        for each in value.values():
            yield from _parts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _parts(each)


_MIT = """\
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without
limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the
Software, and to permit persons to whom the Software is furnished to do so, subject to the following
conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions
of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED
TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL
THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF
CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER
DEALINGS IN THE SOFTWARE.
"""

if __name__ == "__main__":
    main()
