"""Facts as JSON values and back, and the one order of a log."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from policies.facts.happened import Fact

_KINDS: dict[str, type[Fact]] = {}


def _register(kind: type[Fact]) -> None:
    _KINDS[kind.__name__] = kind
    for child in kind.__subclasses__():
        _register(child)


_register(Fact)
del _KINDS["Fact"]


def to_record(fact: Fact) -> dict[str, Any]:
    """The fact as JSON values: its kind and its own fields, without the columns every fact has."""
    common = {name.name for name in fields(Fact)}
    own = {f.name: getattr(fact, f.name) for f in fields(fact) if f.name not in common}
    return {"kind": type(fact).__name__, **own}


def from_record(
    record: dict[str, Any], *, at: datetime, by: str, by_bot: bool = False, after: datetime | None = None
) -> Fact:
    """The fact that `to_record` wrote; KeyError for an unknown kind.

    Fields that this version does not know are dropped, so that an older release can read newer rows.
    """
    kind = _KINDS[record["kind"]]
    known = {f.name for f in fields(kind)}
    own = {name: _frozen(value) for name, value in record.items() if name in known}
    return kind(at=at, by=by, by_bot=by_bot, after=after, **own)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def in_order(facts: list[Fact] | tuple[Fact, ...]) -> tuple[Fact, ...]:
    """Each fact once, sorted as they happened. Of two tellings of one event the earlier instant stands."""
    seen: dict[str, Fact] = {}
    for fact in sorted(facts, key=lambda fact: fact.order):
        seen.setdefault(fact.key, fact)
    return tuple(seen.values())
