"""Settings from a YAML tree: each value is read as the type that its dataclass field declares.

The types are the schema. A field may be annotated with checks, functions that raise ValueError in words
for the writer. A class may name keys that it once had in `RETIRED`, each with what its writer should know.
What is wrong is collected with its place, and the value that held before stays.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from datetime import date, time
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from policies.calendars import Span, parse_span
from policies.durations import Duration
from policies.durations import parse as parse_duration
from policies.marked_yaml import Entries, Items, Node, Text

T = TypeVar("T")
Check = Callable[[Any], None]

_NULL = ("", "null", "Null", "NULL", "~")
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the file that could not be used: where (both from 1), what is wrong, what to write."""

    line: int
    column: int
    key: str  # "reviews.budgets.assign"; empty for the whole file
    message: str
    fix: str = ""


class Wrong(ValueError):
    """A value cannot be used; `node` is where."""

    def __init__(self, node: Node, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.node = node
        self.fix = fix


@dataclass(frozen=True, slots=True)
class between:  # noqa: N801 -- it reads as a word of a sentence where it is used
    """A check that a number lies in a range, ends included."""

    least: float
    most: float

    def __call__(self, number: float) -> None:
        if not self.least <= number <= self.most:
            raise ValueError(f"{number:g} is not between {self.least:g} and {self.most:g}")


class Reader:
    """Reads one file; `problems` are what it found wrong, `places` where each key path was set."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.places: dict[str, tuple[int, int]] = {}

    def onto(self, held: T, node: Node, path: str = "", *, refused: Mapping[str, str] | None = None) -> T:
        """`held`, a dataclass, with what the mapping sets; `refused` are keys with why they may not be set."""
        if not isinstance(node, Entries):
            raise Wrong(node, "this must be a mapping", "Write `name: value`, one on each line.")
        schema: Any = type(held)
        known = fields_by_key(schema)
        read: dict[str, Any] = {}
        for key, value in node.entries:
            here = f"{path}.{key.text}" if path else key.text
            self.places[here] = (key.line, key.column)
            if refused and key.text in refused:
                self._report(key, here, refused[key.text], "Remove it here.")
            elif key.text in (retired := getattr(schema, "RETIRED", {})):
                self._report(key, here, f"`{key.text}` is no longer a key: {retired[key.text]}", "Remove it.")
            elif key.text not in known:
                self._unknown(key, here, known)
            else:
                field = known[key.text]
                read |= self._field(
                    field, types_by_name(schema)[field.name], getattr(held, field.name), value, here
                )
        return replace(held, **read)  # type: ignore[type-var]

    def _field(self, field: Field[Any], kind: Any, held: Any, node: Node, path: str) -> dict[str, Any]:
        if field.metadata.get("whole"):
            held = None
        try:
            return {field.name: self.value(kind, held, node, path)}
        except Wrong as wrong:
            self._report(wrong.node, path, str(wrong), wrong.fix)
            return {}

    def value(self, kind: Any, held: Any, node: Node, path: str) -> Any:
        """The node as a value of this type. Raises `Wrong`."""
        origin = get_origin(kind)
        if origin is Annotated:
            plain, *checks = get_args(kind)
            found = self.value(plain, held, node, path)
            return _checked(found, checks, node)
        if origin in (Union, types.UnionType):
            return self._either(get_args(kind), held, node, path)
        if origin is Literal:
            return _one_of(get_args(kind), node)
        if origin is tuple:
            return self._items(get_args(kind)[0], node, path)
        if origin in (Mapping, dict):
            return self._mapping((get_args(kind)[0], get_args(kind)[1]), held or {}, node, path)
        if is_dataclass(kind) and kind not in _SCALARS:
            return self.onto(held, node, path) if held is not None else self._new(kind, node, path)
        return _scalar(kind, node)

    def _either(self, kinds: tuple[Any, ...], held: Any, node: Node, path: str) -> Any:
        others = [kind for kind in kinds if kind is not type(None)]
        if type(None) in kinds and _is_none(node, bool_is_value=bool in others):
            return None
        tuples = [kind for kind in others if get_origin(kind) is tuple]
        if isinstance(node, Items) and tuples:
            return self.value(tuples[0], held, node, path)
        return self.value(others[0], held, node, path)

    def _items(self, kind: Any, node: Node, path: str) -> tuple[Any, ...]:
        if not isinstance(node, Items):
            raise Wrong(node, "this must be a list", "Write `[one, two]`.")
        return tuple(self.value(kind, None, item, f"{path}[{n}]") for n, item in enumerate(node.items))

    def _mapping(
        self, kinds: tuple[Any, Any], held: Mapping[Any, Any], node: Node, path: str
    ) -> dict[Any, Any]:
        key_kind, kind = kinds
        if not isinstance(node, Entries):
            raise Wrong(node, "this must be a mapping", "Write `name: value`, one on each line.")
        merged = dict(held)
        for key, value in node.entries:
            here = f"{path}.{key.text}"
            self.places[here] = (key.line, key.column)
            try:
                name = self.value(key_kind, None, key, here)
                merged[name] = self.value(kind, held.get(name), value, here)
            except Wrong as wrong:
                self._report(wrong.node, here, str(wrong), wrong.fix)
        return merged

    def _new(self, kind: Any, node: Node, path: str) -> Any:
        """A dataclass of which nothing is held yet, so that fields without a default must be set."""
        if not isinstance(node, Entries):
            raise Wrong(node, "this must be a mapping", "Write `name: value`, one on each line.")
        needed = {key: field for key, field in fields_by_key(kind).items() if not has_default(field)}
        given = {key.text: value for key, value in node.entries}
        missing = [key for key in needed if key not in given]
        if missing:
            raise Wrong(node, f"`{missing[0]}` is missing", f"Add `{missing[0]}: …`.")
        kinds = types_by_name(kind)
        first = {
            field.name: self.value(kinds[field.name], None, given[key], f"{path}.{key}")
            for key, field in needed.items()
        }
        return self.onto(kind(**first), node, path)

    def _unknown(self, key: Text, path: str, known: Iterable[str]) -> None:
        close = get_close_matches(key.text, list(known), n=1)
        fix = (
            f"Did you mean `{close[0]}`?"
            if close
            else f"Known here: {', '.join(f'`{name}`' for name in known)}."
        )
        self._report(key, path, f"`{key.text}` is not a known key", fix)

    def _report(self, node: Node, path: str, message: str, fix: str) -> None:
        self.problems.append(Problem(node.line, node.column, path, message, fix))


# --- Single values -----------------------------------------------------------------------------------


def _scalar(kind: Any, node: Node) -> Any:
    if not isinstance(node, Text):
        raise Wrong(node, "this must be a single value")
    try:
        return _SCALARS[kind](node)
    except ValueError as error:
        raise Wrong(node, str(error)) from error


def _text(node: Text) -> str:
    return node.text


def _truth(node: Text) -> bool:
    if node.plain and node.text in _TRUTH:
        return _TRUTH[node.text]
    raise ValueError(f"{node.text!r} is neither true nor false")


def _whole_number(node: Text) -> int:
    if re.fullmatch(r"-?\d{1,9}", node.text, re.ASCII):
        return int(node.text)
    raise ValueError(f"{node.text!r} is no whole number")


def _number(node: Text) -> float:
    if re.fullmatch(r"-?\d{1,9}(\.\d{1,9})?", node.text, re.ASCII):
        return float(node.text)
    raise ValueError(f"{node.text!r} is no number")


def _duration(node: Text) -> Duration:
    return parse_duration(node.text)


def _span(node: Text) -> Span:
    return parse_span(node.text)


def _date(node: Text) -> date:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", node.text, re.ASCII):
        return date.fromisoformat(node.text)
    raise ValueError(f"{node.text!r} is no date: write 2026-12-24")


def _time(node: Text) -> time:
    match = _TIME.fullmatch(node.text)
    if match is None:
        raise ValueError(f"{node.text!r} is no time of day: write 09:30")
    return time(int(match[1]), int(match[2]))


_SCALARS: dict[Any, Callable[[Text], Any]] = {
    str: _text,
    bool: _truth,
    int: _whole_number,
    float: _number,
    Duration: _duration,
    Span: _span,
    date: _date,
    time: _time,
}


def _one_of(choices: tuple[str, ...], node: Node) -> str:
    if isinstance(node, Text) and node.text in choices:
        return node.text
    said = f"{node.text!r}" if isinstance(node, Text) else "this"
    raise Wrong(node, f"{said} is not one of the choices", f"Write one of: {', '.join(choices)}.")


def _is_none(node: Node, *, bool_is_value: bool) -> bool:
    """Whether nothing is meant: `null`, or `false` where a truth value would have no other meaning."""
    if not isinstance(node, Text) or not node.plain:
        return False
    return node.text in _NULL or (not bool_is_value and _TRUTH.get(node.text) is False)


def _checked(value: Any, checks: list[Check], node: Node) -> Any:
    for check in checks:
        try:
            check(value)
        except ValueError as error:
            raise Wrong(node, str(error)) from error
    return value


# --- Dataclasses as schemas --------------------------------------------------------------------------


@cache
def fields_by_key(kind: Any) -> dict[str, Field[Any]]:
    """The fields by the names they have in the file, which `key` in their metadata may set."""
    return {field.metadata.get("key", field.name): field for field in fields(kind)}


@cache
def types_by_name(kind: Any) -> dict[str, Any]:
    """The types of the fields, with their checks."""
    return get_type_hints(kind, include_extras=True)


def has_default(field: Field[Any]) -> bool:
    """Whether the file may leave this field out."""
    return field.default is not MISSING or field.default_factory is not MISSING
