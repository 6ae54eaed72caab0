"""What became of a write of which nobody knows whether it happened, and of one that happened twice.

A write is looked for by our own account *and* our signed marker, or read again where the forge shows it as
a state (who is asked, a check's name for us). What was in doubt once is looked for again later, because a
forge may show a comment long after it took it: then the younger of two is taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from handlers.ports import Forge, Gone
from handlers.records import Effect, Effects, Log, Records
from policies.facts import (
    AskRefused,
    Change,
    Fact,
    Issue,
    Repository,
    ReviewAsked,
    ReviewUnasked,
    same,
)

Place = Change | Issue | Repository
"""Where an action is carried out."""

SETTLES_AFTER = 35.0
"""Seconds after which a write that may have happened shows at the forge: 5 for a stale start of the write,
20 for its time-out, 10 for the forge's own delay between writing and reading."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything needed to carry actions out at one place. `feature` is whose actions they are.

    Of the markers the first is by the newest key; by the others we know what was written before it.
    """

    forge: Forge
    effects: Effects
    log: Log
    records: Records
    live: bool
    sign: Callable[[str], tuple[str, ...]]  # an effect's key → its hidden marker, under each of our keys
    now: datetime
    settles_after: float = SETTLES_AFTER
    feature: str = ""
    silent: bool = False  # somebody wants nothing new to be said in this repository
    shows: bool = False  # in a dry run, a check says what would be done
    page: str = ""  # where Usher's own page of this place is; empty where its address is not known


async def mend(place: Place, desk: Desk) -> float:
    """Find out what became of each write that was under way when a run ended, and take back what is there twice.

    What did not happen may be tried again, if anybody still wants it. Returns how many seconds to wait for
    those that the forge might not show yet, 0.0: there are none.
    """
    wait = 0.0
    if not desk.live:
        return wait
    for effect in await desk.effects.every():
        if effect.state in ("sending", "uncertain"):
            seconds = still_open(effect, desk)
            wait = max(wait, seconds)
            if seconds <= 0:
                await _resume(effect, place, desk)
        elif effect.to_heal:
            await _heal(effect, place, desk)
    return wait


async def _resume(effect: Effect, place: Place, desk: Desk) -> None:
    facts = await find(effect, place, desk)
    if facts is None:
        await desk.effects.again(effect, "it did not happen")
    else:
        await desk.log.add(facts, "usher")


async def _heal(effect: Effect, place: Place, desk: Desk) -> None:
    found = await _ours(effect, place, desk)
    for number in found[1:]:
        await desk.effects.permit(effect, "heal")
        await _take_back(number, place, desk)
    await desk.effects.healed(effect, found[0] if found else None, max(len(found) - 1, 0))


def still_open(effect: Effect, desk: Desk) -> float:
    """Seconds until the forge must show this write if it happened."""
    return max(desk.settles_after - (effect.sent_seconds_ago or 0.0), 0.0)


async def find(effect: Effect, place: Place, desk: Desk) -> tuple[Fact, ...] | None:
    """The outcome of a write that may have happened, where the forge shows that it did; None: it did not.

    Labels, checks and reactions may simply be written again: twice is the same as once.
    """
    if effect.kind == "ask" and isinstance(place, Change):
        now_asked = {same(login) for login in place.asked}
        asked = tuple(person for person in effect.payload["people"] if same(person) in now_asked)
        if not asked:
            return None
        await desk.effects.done(effect, in_doubt=True)
        return asked_facts(effect.payload["slots"], asked, {}, desk.now)
    if effect.kind == "release" and isinstance(place, Change):
        if {same(each) for each in effect.payload["people"]} & {same(login) for login in place.asked}:
            return None
        await desk.effects.done(effect, in_doubt=True)
        return tuple(
            ReviewUnasked(at=desk.now, by_bot=True, who=who) for who in effect.payload["people"]
        ) + tuple(ReviewUnasked(at=desk.now, by_bot=True, team=team) for team in effect.payload["teams"])
    found = await _ours(effect, place, desk)
    if not found:
        return None
    await desk.effects.done(effect, found[0], in_doubt=True)
    return ()


async def _ours(effect: Effect, place: Place, desk: Desk) -> list[int]:
    """The numbers of every comment or issue that is Usher's own and carries this effect's marker; oldest first.

    The row remembers under which marker it was sent, should that key be gone by now.
    """
    markers = {*desk.sign(effect.key), *filter(None, [effect.marker])}
    if isinstance(place, Repository):
        issues = await desk.forge.our_issues(place.ref) if effect.kind == "issue" else ()
        found = [each.number for each in issues if _has(each.body, markers)]
    elif effect.kind in ("say", "sticky"):
        remarks = await desk.forge.remarks(place)
        found = [each.id for each in remarks if _has(each.body, markers) and desk.forge.wrote(each)]
    else:
        found = []
    return sorted(found)


def _has(body: str, markers: Iterable[str]) -> bool:
    return any(marker in body for marker in markers)


async def _take_back(number: int, place: Place, desk: Desk) -> None:
    """Delete our younger twin of a comment; close that of an issue, which no forge lets an app delete."""
    try:
        if isinstance(place, Repository):
            twin = await desk.forge.issue(place.ref, number)
            await desk.forge.edit_issue(place.ref, number, twin.body, is_open=False)
        else:
            await desk.forge.unsay(place, number)
    except Gone:
        return


def asked_facts(
    slots: Iterable[tuple[str, Iterable[str]]],
    asked: Iterable[str],
    refused: Mapping[str, str],
    now: datetime,
) -> tuple[Fact, ...]:
    """Who was asked and who was refused; `slots` names each person's areas, as the action or its row has them."""
    areas = {same(person): tuple(names) for person, names in slots}
    return (
        *(
            ReviewAsked(at=now, by_bot=True, by_usher=True, who=who, slots=areas.get(same(who), ()))
            for who in asked
        ),
        *(AskRefused(at=now, by_bot=True, who=who, reason=reason) for who, reason in refused.items()),
    )
