"""When an answer is due, the person whose turn it is hears of it: once, in their working hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import get_args
from zoneinfo import ZoneInfo

from handlers.assign import asking, choose_people, lead_of
from handlers.commands import are_waiting
from handlers.situation import Reads, Situation
from policies.actions import Action, Note, ReleaseReview, Say
from policies.facts import Fact, ReviewAsked, same
from policies.gaps import in_remarks, in_reviews, released
from policies.reminders import Heard, Reminders, Rung, Said, Step
from policies.reminders import remind as due_rungs
from policies.text import checked
from policies.words import reasons
from policies.words import reminders as words

STEPS: dict[str, Step] = {step: step for step in get_args(Step)}


async def remind(situation: Situation, reads: Reads) -> Sequence[Action]:
    """The reminders that are due now.

    Before anybody is named, reviews and comments are read afresh: a lost event must not cost a person a
    reminder for an answer they already gave. Nor for one they promised: commands are heard first.
    """
    if not situation.is_open or are_waiting(situation) or not look(situation).rungs:
        return ()
    unheard = await _unheard(situation, reads)
    if unheard:
        return (Note(unheard),)
    actions: list[Action] = []
    for rung in look(situation).rungs:
        actions += await _climb(rung, situation, reads)
    return actions


async def _climb(rung: Rung, situation: Situation, reads: Reads) -> Sequence[Action]:
    """What one step of the ladder means. The sticky comment says the rest by itself."""
    match rung.step:
        case "mention" if rung.to and not rung.as_digest:
            return _mention(situation, rung)
        case "backup":
            return await _backup(situation, reads, rung)
        case "reassign":
            return await _reassign(situation, reads, rung)
        case _:
            return ()


def look(situation: Situation) -> Reminders:
    """Which steps are due, and when to look again."""
    rules = situation.rulebook.rules
    return due_rungs(situation.state, rules, _said(situation), _heard(situation), situation.now)


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


def _mention(situation: Situation, rung: Rung) -> Sequence[Action]:
    """One mention of the person whose turn it is; the lead, where a slot has nobody else."""
    owed = next((each for each in situation.state.obligations if each.key == rung.obligation), None)
    person = lead_of(situation) if rung.to == "lead" else rung.to
    if owed is None or person is None:
        return ()
    late = words.Late(
        login=person,
        since=owed.t0,
        used=owed.accrued,
        budget=owed.budget,
        due=owed.due or situation.now,
        zone=owed.hours.zone,
        why=_why(situation, person),
        again=owed.kind == "re_review",
        command=situation.rulebook.rules.commands.prefix,
    )
    return (_reminder(situation, rung, person, words.reminder(late)),)


async def _backup(situation: Situation, reads: Reads, rung: Rung) -> Sequence[Action]:
    """Somebody is silent: ask one more owner of the slot, and take nothing away from the first."""
    choice = await choose_people(situation, reads, only=rung.slot, without=_involved(situation))
    return asking(situation, choice, occasion=rung.key) if choice.picks else ()


async def _reassign(situation: Situation, reads: Reads, rung: Rung) -> Sequence[Action]:
    """Twice the time is used up: tell the lead, and let others take over from whoever stayed silent."""
    actions: list[Action] = []
    lead = lead_of(situation)
    if lead is not None and same(lead) != same(situation.change.author.login):
        owed = next(each for each in situation.state.obligations if each.key == rung.obligation)
        told = words.tell_lead(lead, rung.slot, owed.due or situation.now, owed.hours.zone)
        actions.append(_reminder(situation, rung, lead, told))
    choice = await choose_people(situation, reads, only=rung.slot, without=_involved(situation))
    if choice.picks:
        actions += asking(situation, choice, occasion=rung.key)
        if rung.replace:
            head = situation.change.head_sha
            actions.append(ReleaseReview(head, people=rung.replace, occasion=rung.key))
    return actions


def _reminder(situation: Situation, rung: Rung, to: str, body: str) -> Say:
    most = situation.rulebook.rules.reviews.per_person_day
    return Say(step=rung.key, body=checked(body), to=to, most=most, day=_today(situation).isoformat())


def _involved(situation: Situation) -> tuple[str, ...]:
    return tuple({same(fact.who): fact.who for fact in situation.facts(ReviewAsked) if fact.who}.values())


def _why(situation: Situation, person: str) -> str:
    """Why this person, said to them."""
    asks = [fact for fact in situation.facts(ReviewAsked) if same(fact.who) == same(person)]
    among = asks[-1].slots if asks and asks[-1].slots else tuple(slot.name for slot in situation.areas.slots)
    owned = situation.areas.why(person, among)
    return reasons.why_you(owned) if owned else _why_else(asks)


def _why_else(asks: list[ReviewAsked]) -> str:
    """Why somebody who owns nothing here was asked."""
    by_usher = bool(asks) and asks[-1].by_usher
    return reasons.WHY_YOU_FALLBACK if by_usher else reasons.WHY_YOU_ASKED


def _said(situation: Situation) -> tuple[Said, ...]:
    """The steps that were carried out, by the effects that carry their name: `<obligation>|<step>`."""
    said = []
    for effect in situation.effects:
        name = effect.payload.get("step") or effect.payload.get("occasion") or ""
        obligation, bar, step = name.rpartition("|")
        if bar and step in STEPS and effect.state in ("done", "sending", "uncertain"):
            said.append(Said(obligation, STEPS[step], datetime.fromisoformat(effect.payload["at"])))
    return tuple(said)


def _heard(situation: Situation) -> Heard:
    """What was said on this change today. What a person hears on others is counted when it is sent."""
    today = _today(situation)
    return Heard(
        mentions_here=sum(1 for each in _said(situation) if each.step == "mention" and each.at >= today)
    )


def _today(situation: Situation) -> datetime:
    """When today began, in the calendar that applies to the change."""
    business = situation.rulebook.calendars.get("business")
    zone = ZoneInfo(business.zone if business else "UTC")
    return situation.now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
