"""Rules as somebody would write them, and what differs between two of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any

from policies.durations import Duration
from policies.rules.everything import Rules
from policies.typed_yaml import fields_by_key

Value = Any


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that differs; `before` or `after` is empty where there is none."""

    key: str
    before: str
    after: str


def differences(before: Rules, after: Rules) -> tuple[Difference, ...]:
    """Every value that differs, by its key path, in the order of the file."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    keys = dict.fromkeys((*old, *new))
    return tuple(
        Difference(key, old.get(key, ""), new.get(key, "")) for key in keys if old.get(key) != new.get(key)
    )


def lines(value: Value, indent: str = "") -> Iterator[str]:
    """A group of rules as lines of YAML."""
    for name, each in _items(value):
        if _is_group(each):
            yield f"{indent}{name}:"
            yield from lines(each, indent + "  ")
        else:
            yield f"{indent}{name}: {written(each)}"


def written(value: Value) -> str:
    """A single value, or a list, as YAML in one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return "[" + ", ".join(written(each) for each in value) + "]"
    if isinstance(value, Mapping) or _is_group(value):
        return "{" + ", ".join(f"{name}: {written(each)}" for name, each in _items(value)) + "}"
    if hasattr(value, "strftime"):
        return f'"{value:%H:%M}"' if not hasattr(value, "year") else f"{value:%Y-%m-%d}"
    text = str(value)
    return f'"{text}"' if not text or text[0] == "*" or ":" in text else text


def _leaves(value: Value, path: str = "") -> Iterator[tuple[str, str]]:
    for name, each in _items(value):
        here = f"{path}.{name}" if path else name
        if _is_group(each):
            yield from _leaves(each, here)
        else:
            yield here, written(each)


def _items(value: Value) -> list[tuple[str, Any]]:
    if is_dataclass(value):
        kind: Any = type(value)
        return [(key, getattr(value, field.name)) for key, field in fields_by_key(kind).items()]
    return [(str(name), each) for name, each in value.items()]


def _is_group(value: Value) -> bool:
    """Whether it has values of its own; a duration or a span is one value."""
    if isinstance(value, Mapping):
        return bool(value)
    return is_dataclass(value) and not isinstance(value, Duration) and type(value).__str__ is object.__str__
