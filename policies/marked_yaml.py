"""A YAML file that a stranger may have written, as plain text values with their places.

Only the part of YAML that a settings file needs is read: mappings, sequences and text. Aliases, anchors
and tags are refused, and no value is guessed: `NO` and `09:30` stay the text they are. The limits keep the
reading of any file short: 64 KiB, 20 levels, 4,000 nodes.
"""

from __future__ import annotations

from dataclasses import dataclass

import yaml
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

MAX_BYTES = 64 * 1024
MAX_DEPTH = 20
MAX_NODES = 4_000


class Unreadable(ValueError):
    """The file cannot be read. Line and column count from 1."""

    def __init__(self, message: str, line: int = 1, column: int = 1, fix: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Text:
    """A single value as it was written; `plain`: without quotes, so that `true` may mean a truth value."""

    line: int
    column: int
    text: str
    plain: bool


@dataclass(frozen=True, slots=True)
class Items:
    """A sequence."""

    line: int
    column: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Entries:
    """A mapping; no two keys are equal."""

    line: int
    column: int
    entries: tuple[tuple[Text, Node], ...]


Node = Text | Items | Entries


def parse(data: bytes) -> Node | None:
    """The file's one document; None where it is empty. Raises `Unreadable`."""
    if len(data) > MAX_BYTES:
        raise Unreadable(f"the file is larger than {MAX_BYTES // 1024} KiB", fix="Make it shorter.")
    try:
        # The pure Python loader: the C one crashes on some deeply nested files.
        return _Builder(list(_safe_events(data))).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise Unreadable(f"this is not YAML: {error.problem or error.context}", line, column) from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise Unreadable("this is not a text file in UTF-8 that YAML can hold") from error


def _safe_events(data: bytes):  # type: ignore[no-untyped-def]  # a generator of PyYAML's events
    """The parser's events, stopped at the first that is refused."""
    depth = nodes = documents = 0
    for event in yaml.parse(data, Loader=yaml.SafeLoader):
        if isinstance(event, AliasEvent):
            raise _refused(event, "aliases (`*name`) are not read here", "Write the value out.")
        if isinstance(event, NodeEvent):
            nodes += 1
            _refuse_marks(event)
        if nodes > MAX_NODES:
            raise _refused(event, f"the file has more than {MAX_NODES:,} values", "Make it shorter.")
        depth += _deeper(event)
        if depth > MAX_DEPTH:
            raise _refused(event, f"the file is nested deeper than {MAX_DEPTH} levels", "Make it flatter.")
        documents += isinstance(event, DocumentStartEvent)
        if documents > 1:
            raise _refused(event, "the file has more than one document", "Remove what follows `---`.")
        yield event


def _refuse_marks(event: NodeEvent) -> None:
    if event.anchor is not None:
        raise _refused(event, "anchors (`&name`) are not read here", "Remove it; write values out.")
    if getattr(event, "tag", None) is not None:
        raise _refused(event, "tags (`!name`) are not read here", "Remove it.")


def _deeper(event: Event) -> int:
    if isinstance(event, CollectionStartEvent):
        return 1
    return -1 if isinstance(event, SequenceEndEvent | MappingEndEvent) else 0


def _refused(event: Event, message: str, fix: str) -> Unreadable:
    return Unreadable(message, *_place(event), fix)


def _place(event: Event) -> tuple[int, int]:
    """Line and column, from 1."""
    mark = event.start_mark
    return (1, 1) if mark is None else (mark.line + 1, mark.column + 1)


class _Builder:
    """Turns a checked stream of events into nodes."""

    def __init__(self, events: list[Event]) -> None:
        self._events = iter(events)

    def document(self) -> Node | None:
        for event in self._events:
            if isinstance(event, StreamEndEvent):
                return None
            if isinstance(event, DocumentStartEvent):
                return self._node(next(self._events))
        return None

    def _node(self, event: Event) -> Node:
        line, column = _place(event)
        if isinstance(event, ScalarEvent):
            return Text(line, column, event.value, event.style is None)
        if isinstance(event, MappingStartEvent):
            return Entries(line, column, tuple(self._entries()))
        return Items(line, column, tuple(self._items()))

    def _items(self) -> list[Node]:
        found: list[Node] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            found.append(self._node(event))
        return found

    def _entries(self) -> list[tuple[Text, Node]]:
        found: dict[str, tuple[Text, Node]] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            key = self._node(event)
            if not isinstance(key, Text):
                raise _refused(event, "a key must be plain text", "Write `name: value`.")
            if key.text in found:
                first = found[key.text][0].line
                raise _refused(event, f"`{key.text}` is already set in line {first}", "Remove one of them.")
            found[key.text] = (key, self._node(next(self._events)))
        return list(found.values())
