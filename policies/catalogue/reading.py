"""Reads `innersource.json`, `publiccode.yml` and `catalog-info.yaml`: what they declare, or problems by line.

A file with a problem declares nothing; whoever keeps the catalogue then keeps what was declared before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from policies.marked_yaml import Entries, Items, Node, Text, Unreadable, parse

MOST_BYTES = 64 * 1024
FILES = ("innersource.json", "publiccode.yml", "catalog-info.yaml")
_TEXTS = ("title", "motivation", "logo", "docs", "language")
_LISTS = ("contributions", "skills")
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class MetadataProblem:
    """What is wrong with a file, where, and how to mend it."""

    path: str
    line: int
    message: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Component:
    """One `Component` of a `catalog-info.yaml`."""

    name: str
    owner: str = ""
    kind: str = ""
    lifecycle: str = ""
    system: str = ""
    depends_on: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Declared:
    """What a repository says about itself. `inner` has the keys of `innersource.json` that were given."""

    inner: Mapping[str, Any] = field(default_factory=dict)
    public: Mapping[str, str] = field(default_factory=dict)
    components: tuple[Component, ...] = ()
    has_inner: bool = False
    problems: tuple[MetadataProblem, ...] = ()


def declared(files: Mapping[str, bytes]) -> Declared:
    """What these files declare, by their paths at the root."""
    problems: list[MetadataProblem] = []
    inner: dict[str, Any] | None = None
    public: dict[str, str] | None = None
    components: tuple[Component, ...] = ()
    if (content := files.get("innersource.json")) is not None:
        inner, found = read_innersource(content)
        problems += found
    if (content := files.get("publiccode.yml")) is not None:
        public, found = read_publiccode(content)
        problems += found
    if (content := files.get("catalog-info.yaml")) is not None:
        components, found = read_catalog_info(content)
        problems += found
    return Declared(inner or {}, public or {}, components, inner is not None, tuple(problems))


# --- innersource.json ----------------------------------------------------------------------------------------


def read_innersource(content: bytes) -> tuple[dict[str, Any] | None, list[MetadataProblem]]:
    """The keys that the file gives, None where it cannot be used. Unknown keys are left out."""
    path = "innersource.json"

    def wrong(line: int, message: str, fix: str = "") -> tuple[None, list[MetadataProblem]]:
        return None, [MetadataProblem(path, line, message, fix)]

    if len(content) > MOST_BYTES:
        return wrong(1, "the file is larger than 64 KiB", "Make it shorter.")
    try:
        text = content.decode("utf-8-sig")
        value = json.loads(text)
    except UnicodeDecodeError:
        return wrong(1, "the file is not UTF-8", "Save it as UTF-8.")
    except json.JSONDecodeError as error:
        return wrong(error.lineno, f"this is not JSON: {error.msg}", "Mend the syntax.")
    except (RecursionError, ValueError):
        return wrong(1, "the file cannot be read as JSON", "Make it flatter and its numbers shorter.")
    if not isinstance(value, dict):
        return wrong(1, "the file is not an object", "Begin it with `{`.")
    found: dict[str, Any] = {}
    for name in _TEXTS:
        given = value.get(name)
        if given is None:
            continue
        if not isinstance(given, str):
            return wrong(_line_of(text, name), f"`{name}` is not a text", f'Write "{name}": "…".')
        found[name] = _plain(given)
    for name in _LISTS:
        given = value.get(name)
        if given is None:
            continue
        if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
            return wrong(_line_of(text, name), f"`{name}` is not a list of texts", f'Write "{name}": ["…"].')
        found[name] = [_plain(each) for each in given[:50]]
    return found, []


def _line_of(text: str, key: str) -> int:
    """The line in which a key stands."""
    found = re.search(rf'"{key}"\s*:', text)
    return text.count("\n", 0, found.start()) + 1 if found else 1


def _plain(text: str) -> str:
    """One line of a text, without what a reader cannot see."""
    return " ".join("".join(each if each.isprintable() else " " for each in text[:_LONGEST]).split())


# --- publiccode.yml ------------------------------------------------------------------------------------------


def read_publiccode(content: bytes) -> tuple[dict[str, str] | None, list[MetadataProblem]]:
    """Name, url, description, documentation, status, maintenance and contact; English is preferred."""
    root, problems = _yaml("publiccode.yml", content)
    if not isinstance(root, Entries):
        return None, problems or [_not_a_mapping("publiccode.yml", root)]
    found = {
        "name": _text(root, "name"),
        "url": _text(root, "url"),
        "status": _text(root, "developmentStatus"),
        "maintenance": _text(root, "maintenance", "type"),
        "contact": _text(_first(_at(root, "maintenance", "contacts")), "name"),
    }
    descriptions = _at(root, "description")
    if isinstance(descriptions, Entries) and descriptions.entries:
        known = {key.text: node for key, node in descriptions.entries}
        chosen = known.get("en") or known.get("en-GB") or known.get("en-US") or next(iter(known.values()))
        found["description"] = _text(chosen, "shortDescription")
        found["documentation"] = _text(chosen, "documentation")
    return {name: text for name, text in found.items() if text}, []


# --- catalog-info.yaml ---------------------------------------------------------------------------------------


def read_catalog_info(content: bytes) -> tuple[tuple[Component, ...], list[MetadataProblem]]:
    """Every `Component` of the file, which may hold several documents; other kinds are left out."""
    found: list[Component] = []
    problems: list[MetadataProblem] = []
    for offset, document in _documents(content):
        root, wrong = _yaml("catalog-info.yaml", document, offset)
        problems += wrong
        if root is None:
            continue
        if not isinstance(root, Entries):
            problems.append(_not_a_mapping("catalog-info.yaml", root, offset))
            continue
        if _text(root, "kind") != "Component":
            continue
        name = _text(root, "metadata", "name")
        if not name:
            problems.append(
                MetadataProblem(
                    "catalog-info.yaml",
                    root.line + offset,
                    "the component has no name",
                    "Add `metadata: {name: …}`.",
                )
            )
            continue
        found.append(
            Component(
                name,
                owner=_group(_text(root, "spec", "owner")),
                kind=_text(root, "spec", "type"),
                lifecycle=_text(root, "spec", "lifecycle"),
                system=_text(root, "spec", "system"),
                depends_on=_texts(_at(root, "spec", "dependsOn")),
                provides=_texts(_at(root, "spec", "providesApis")),
            )
        )
    return (() if problems else tuple(found)), problems


def _group(owner: str) -> str:
    """`team-a` is `group:default/team-a` (Backstage: entity references)."""
    if not owner:
        return ""
    kind, colon, rest = owner.partition(":")
    if not colon:
        kind, rest = "group", owner
    return f"{kind.lower()}:{rest if '/' in rest else f'default/{rest}'}"


def _documents(content: bytes) -> list[tuple[int, bytes]]:
    """(lines before it, document) of a stream of YAML documents."""
    found: list[tuple[int, list[bytes]]] = [(0, [])]
    for number, line in enumerate(content.splitlines(keepends=True), start=1):
        if line.rstrip() == b"---":
            found.append((number, []))
        else:
            found[-1][1].append(line)
    return [(offset, b"".join(lines)) for offset, lines in found if b"".join(lines).strip()]


# --- YAML ----------------------------------------------------------------------------------------------------


def _yaml(path: str, content: bytes, offset: int = 0) -> tuple[Node | None, list[MetadataProblem]]:
    try:
        return parse(content), []
    except Unreadable as error:
        return None, [MetadataProblem(path, error.line + offset, str(error), error.fix)]


def _not_a_mapping(path: str, root: Node | None, offset: int = 0) -> MetadataProblem:
    line = 1 if root is None else root.line
    return MetadataProblem(path, line + offset, "the file is not a mapping", "Write `name: value` lines.")


def _at(node: Node | None, *names: str) -> Node | None:
    for name in names:
        if not isinstance(node, Entries):
            return None
        node = next((value for key, value in node.entries if key.text == name), None)
    return node


def _text(node: Node | None, *names: str) -> str:
    found = _at(node, *names)
    return _plain(found.text) if isinstance(found, Text) else ""


def _texts(node: Node | None) -> tuple[str, ...]:
    return (
        tuple(each.text for each in node.items if isinstance(each, Text)) if isinstance(node, Items) else ()
    )


def _first(node: Node | None) -> Node | None:
    return node.items[0] if isinstance(node, Items) and node.items else None
