"""When an answer is due, the person whose turn it is hears of it: once, in their working hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from handlers.clock import owed_by
from handlers.situation import Reads, Situation
from policies import words
from policies.actions import Action, Note, Say
from policies.clocks import Obligation
from policies.facts import Fact, ReviewAsked, same
from policies.gaps import in_remarks, in_reviews, released
from policies.reminders import Heard, Reminders, Rung, Said
from policies.reminders import remind as due_rungs
from policies.text import checked


async def remind(situation: Situation, reads: Reads) -> Sequence[Action]:
    """The reminders that are due now.

    Before anybody is named, reviews and comments are read afresh: a lost event must not cost a person a
    reminder for an answer they already gave.
    """
    if not situation.is_open or not look(situation).rungs:
        return ()
    unheard = await _unheard(situation, reads)
    situation = situation.knowing(unheard)
    reminders = [
        Say(step=rung.key, body=_mention(situation, rung.to, owed))
        for rung in look(situation).rungs
        if rung.step == "mention"
        and rung.to
        and not rung.as_digest
        and (owed := _owed(situation, rung)) is not None
    ]
    return (Note(unheard), *reminders) if unheard else reminders


def look(situation: Situation) -> Reminders:
    """Which steps are due, and when to look again."""
    return due_rungs(
        situation.state, situation.rulebook.rules, _said(situation), _heard(situation), situation.now
    )


async def _unheard(situation: Situation, reads: Reads) -> tuple[Fact, ...]:
    change = situation.change
    reviews = await reads.forge.reviews(change)
    remarks = [each for each in await reads.forge.remarks(change) if not reads.forge.wrote(each)]
    command = situation.rulebook.rules.commands.prefix
    return (
        *in_reviews(reviews, situation.log),
        *in_remarks(remarks, situation.log, command=command),
        *released(change, reviews, situation.log),
    )


def _mention(situation: Situation, person: str, owed: Obligation) -> str:
    areas = situation.areas
    asks = [fact for fact in situation.facts(ReviewAsked) if same(fact.who) == same(person)]
    among = asks[-1].slots if asks and asks[-1].slots else tuple(slot.name for slot in areas.slots)
    owned = areas.why(person, among)
    why = words.why_you(owned) if owned else _why_else(asks)
    late = words.Late(
        login=person,
        since=owed.t0,
        used=min(owed.accrued, owed.budget) if owed.due else owed.accrued,
        budget=owed.budget,
        due=owed.due or situation.now,
        zone=owed.hours.zone,
        why=why,
    )
    return checked(words.reminder(late))


def _why_else(asks: list[ReviewAsked]) -> str:
    """Why somebody who owns nothing here was asked."""
    by_usher = bool(asks) and asks[-1].by_usher
    return words.WHY_YOU_FALLBACK if by_usher else words.WHY_YOU_ASKED


def _owed(situation: Situation, rung: Rung) -> Obligation | None:
    for each in situation.state.obligations:
        if each.key == rung.obligation:
            return each
    return owed_by(situation, rung.to)


def _said(situation: Situation) -> tuple[Said, ...]:
    """The steps that were carried out, read from their effects: `say|<obligation>|<step>`."""
    said = []
    for effect in situation.effects:
        if effect.kind == "say" and effect.state in ("done", "sending", "uncertain"):
            obligation, _, step = effect.payload["step"].rpartition("|")
            said.append(Said(obligation, step, datetime.fromisoformat(effect.payload["at"])))
    return tuple(said)


def _heard(situation: Situation) -> Heard:
    return Heard(mentions_here=sum(1 for each in _said(situation) if each.at.date() == situation.now.date()))
