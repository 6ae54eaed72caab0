"""Whose turn it is, and what is owed: how a change stands, for its pages and for other features."""

from __future__ import annotations

from typing import Any

from handlers.records import Standing
from handlers.situation import Situation
from policies import dependencies, guests
from policies.clocks import Obligation
from policies.facts import same


def standing(situation: Situation) -> Standing:
    """How the change stands, with what its pages show."""
    change = situation.change
    origin = guests.latest(situation.log)
    projection: dict[str, Any] = {
        "title": change.title,
        "url": change.url,
        "repository": change.repository.name,
        "number": change.number,
        "sign": change.sign,
        "author": change.author.login,
        "origin": origin.origin if origin else "unknown",
        "welcomed": guests.is_welcomed(origin),
        "head": change.head_sha,
        "depends_on": list(dependencies.named(change.body)),
        "read_as_of": change.updated_at.isoformat(),
        "opened_at": change.opened_at.isoformat(),
        "asked": sorted(situation.state.awaited),
        "turn": list(situation.state.turn.parties),
        "because": situation.state.turn.reason,
        "since": situation.state.turn.since.isoformat(),
        "due": _iso(first_due(situation)),
        "zone": situation.zone,
        "owners_path": situation.rulebook.owners_path,
        "problems": [f"line {each.line}: {each.message}" for each in situation.rulebook.problems],
    }
    return Standing(situation.state, projection)


def first_due(situation: Situation) -> Obligation | None:
    """The pending answer that is promised first."""
    pending = [
        each
        for each in situation.state.obligations
        if each.open and each.kind in ("first_response", "re_review") and each.due
    ]
    return min(pending, key=lambda each: each.due or each.t0, default=None)


def owed_by(situation: Situation, person: str) -> Obligation | None:
    """The pending answer that this person owes, if any."""
    return next(
        (
            each
            for each in situation.state.obligations
            if each.open and each.ledger == "person" and same(each.party) == same(person)
        ),
        None,
    )


def _iso(owed: Obligation | None) -> str | None:
    return owed.due.isoformat() if owed and owed.due else None
