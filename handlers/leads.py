"""Who is told when nobody answers, and when they work."""

from __future__ import annotations

from collections.abc import Mapping

from handlers.situation import Scene
from policies.clocks.hours import area_of, of_person
from policies.reminders import Lead
from policies.reviewers import FALLBACK


def lead_of(scene: Scene, slot: str = "") -> str | None:
    """The lead of the slot's area, else the first person named as fallback."""
    rules = scene.rulebook.rules
    area = area_of(rules, slot)
    own = (area.lead,) if area is not None and area.lead != FALLBACK else ()
    named = (name.lstrip("@") for name in (*own, *rules.reviewers.fallback))
    return next((name for name in named if "/" not in name), None)


def leads(scene: Scene) -> Mapping[str, Lead]:
    """Who leads each slot in which an answer is pending, where somebody does."""
    slots = {each.slot for each in scene.state.obligations if each.open and each.ledger == "slot"}
    named = {slot: lead_of(scene, slot) for slot in slots}
    return {slot: Lead(name, of_person(scene.terms, name)) for slot, name in named.items() if name}
