"""A choice on paper: everything it started from and what came out, as JSON values.

Whoever keeps the record can make the same choice again offline, and see why.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from policies.durations import Duration
from policies.durations import parse as lasting
from policies.reviewers.search import Entrant
from policies.reviewers.values import Candidate, Choice, Occasion, Past, Slot
from policies.rules import Reviewers

VERSION = 1


def record_of(
    occasion: Occasion,
    wanted: tuple[Slot, ...],
    candidates: tuple[Candidate, ...],
    rules: Reviewers,
    entrants: tuple[Entrant, ...],
    choice: Choice,
) -> dict[str, Any]:
    """The record. `ranked` are all who could have been asked, best first."""
    return {
        "version": VERSION,
        "occasion": _plain(occasion),
        "slots": _plain(wanted),
        "candidates": _plain(candidates),
        "rules": _plain(rules),
        "ranked": [
            {
                "person": entrant.person,
                "slots": [wanted[index].name for index in sorted(entrant.slots)],
                "trusted": entrant.trusted,
                "level": entrant.level,
                "load": entrant.load,
                "seed": entrant.seed,
            }
            for entrant in entrants
        ],
        "picks": _plain(choice.picks),
        "covered": _plain(choice.covered),
        "queued": _plain(choice.queued),
        "excluded": _plain(choice.excluded),
        "notes": _plain(choice.notes),
        "learner": choice.learner,
    }


def inputs_of(
    record: dict[str, Any],
) -> tuple[Occasion, tuple[Slot, ...], tuple[Candidate, ...], Reviewers]:
    """What the choice started from; ValueError for a record of another version."""
    if record.get("version") != VERSION:
        raise ValueError(f"a record of version {record.get('version')!r}, not {VERSION}")
    occasion = _back(record["occasion"])
    occasion["at"] = datetime.fromisoformat(occasion["at"])
    rules = _back(record["rules"])
    rules["history"] = lasting(rules["history"])
    return (
        Occasion(**occasion),
        tuple(Slot(**_back(slot)) for slot in record["slots"]),
        tuple(_candidate(person) for person in record["candidates"]),
        Reviewers(**rules),
    )


def _candidate(written: dict[str, Any]) -> Candidate:
    past = tuple(
        Past(path=act["path"], at=datetime.fromisoformat(act["at"]), kind=act["kind"])
        for act in written["past"]
    )
    return Candidate(**{**written, "past": past})


def _plain(value: Any) -> Any:
    """Values as JSON has them."""
    if isinstance(value, Duration):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value


def _back(written: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in written.items()}
