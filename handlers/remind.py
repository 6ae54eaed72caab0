"""When an answer is due, the person whose turn it is hears of it: once, in their working hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from handlers.assign import asking, choose_people
from handlers.commands import are_waiting
from handlers.leads import lead_of
from handlers.reminded import look, today
from handlers.situation import Reads, Situation
from policies.actions import Action, AddToDigest, Note, ReleaseReview, Say
from policies.clocks import Obligation
from policies.clocks.hours import of_person
from policies.facts import Fact, ReviewAsked, same
from policies.gaps import in_answers
from policies.reminders import Rung
from policies.text import checked
from policies.words import digest, reasons
from policies.words import reminders as words


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
    rungs = look(situation, await _reminded(situation, reads)).rungs
    actions = list(_mentions(situation, [rung for rung in rungs if _is_mention(rung)]))
    for rung in rungs:
        if not _is_mention(rung):
            actions += await _climb(rung, situation, reads)
    return actions


def _is_mention(rung: Rung) -> bool:
    return rung.step == "mention" and not rung.as_digest


async def _climb(rung: Rung, situation: Situation, reads: Reads) -> Sequence[Action]:
    """What one step of the ladder means. The sticky comment says the rest by itself."""
    match rung.step:
        case "digest" | "mention":
            return _digest(situation, rung)
        case "backup":
            return await _backup(situation, reads, rung)
        case "reassign":
            return await _reassign(situation, reads, rung)
        case _:
            return ()


async def _reminded(situation: Situation, reads: Reads) -> Mapping[str, int]:
    leads = {lead_of(situation, each.slot) for each in situation.state.obligations if each.open}
    people = {each.party for each in situation.state.obligations if each.ledger == "person" and each.open}
    return await reads.records.reminded({*people, *filter(None, leads)}, today(situation))


async def _unheard(situation: Situation, reads: Reads) -> tuple[Fact, ...]:
    change = situation.change
    reviews = await reads.forge.reviews(change)
    threads = await reads.forge.threads(change)
    remarks = [each for each in await reads.forge.remarks(change) if not reads.forge.wrote(each)]
    command = situation.rulebook.rules.commands.prefix
    return in_answers(change, reviews, threads, remarks, situation.log, situation.now, command=command)


def _mentions(situation: Situation, rungs: Sequence[Rung]) -> Sequence[Action]:
    """One mention of each person whose turn it is, in one comment; the lead, where a slot has nobody else."""
    due = [(rung, late) for rung in rungs if (late := _late(situation, rung)) is not None]
    if not due:
        return ()
    (first, late), *others = due
    people = tuple(each for _, each in due)
    body = words.reminders(people) if others else words.reminder(late)
    reminder = _reminder(situation, first, late.login, body, people)
    return (replace(reminder, also=tuple((rung.key, each.login) for rung, each in others)),)


def _late(situation: Situation, rung: Rung) -> words.Late | None:
    """What there is to say of an answer that is due; None where nobody owes it."""
    owed, person = _owed(situation, rung), _person(rung)
    if owed is None or person is None:
        return None
    return words.Late(
        login=person,
        since=owed.t0,
        used=owed.accrued,
        budget=owed.budget,
        due=owed.due or situation.now,
        zone=_zone(situation, person),
        at_work=owed.hours.day < timedelta(days=1),
        why=_why(situation, person),
        again=owed.kind == "re_review",
        command=situation.rulebook.rules.commands.prefix,
    )


def _owed(situation: Situation, rung: Rung) -> Obligation | None:
    return next((each for each in situation.state.obligations if each.key == rung.obligation), None)


def _person(rung: Rung) -> str | None:
    """Whom a step is for: a login; None where nobody is known who could be meant."""
    return rung.to if rung.to not in ("", "lead", "merger", "nobody") else None


def _digest(situation: Situation, rung: Rung) -> Sequence[AddToDigest]:
    """A line for the morning; also for a mention that would have been one too many for a day."""
    owed, person = _owed(situation, rung), _person(rung)
    if owed is None or person is None:
        return ()
    return (AddToDigest(rung.key, person, _line(situation, owed, person)),)


def _line(situation: Situation, owed: Obligation, person: str) -> str:
    if owed.ledger == "item" or owed.due is None:
        return digest.for_author(situation.state.turn.reason)
    if owed.ledger == "slot":
        return digest.for_lead(_promised(situation, owed), _zone(situation, person), owed.slot)
    say = digest.soon if owed.due > situation.now else digest.due_now
    return say(owed.due, _zone(situation, person), _why(situation, person), again=owed.kind == "re_review")


def _zone(situation: Situation, person: str) -> str:
    """In which zone somebody is told of an instant: their own, in whoever's hours the time was counted."""
    return of_person(situation.terms, person).zone


def _promised(situation: Situation, owed: Obligation) -> datetime:
    """The instant that everybody was told for this slot: that of whoever was asked first.

    The slot's own time begins when the change has come to rest, minutes later.
    """
    answer = (owed.slot, owed.kind, owed.cycle)
    alike = [each for each in situation.state.obligations if (each.slot, each.kind, each.cycle) == answer]
    return min((each.due for each in alike if each.due is not None), default=situation.now)


async def _backup(situation: Situation, reads: Reads, rung: Rung) -> Sequence[Action]:
    """Somebody is silent: ask one more owner of the slot, and take nothing away from the first."""
    choice = await choose_people(situation, reads, only=rung.slot, without=_involved(situation))
    return asking(situation, choice, occasion=rung.key) if choice.picks else ()


async def _reassign(situation: Situation, reads: Reads, rung: Rung) -> Sequence[Action]:
    """Twice the time is used up: tell the lead, and let others take over from whoever stayed silent."""
    actions: list[Action] = []
    lead = _person(rung)
    if lead is not None and same(lead) != same(situation.change.author.login):
        owed = next(each for each in situation.state.obligations if each.key == rung.obligation)
        told = words.tell_lead(lead, rung.slot, _promised(situation, owed), _zone(situation, lead))
        actions += _digest(situation, rung) if rung.as_digest else [_reminder(situation, rung, lead, told)]
    choice = await choose_people(situation, reads, only=rung.slot, without=_involved(situation))
    if choice.picks:
        actions += asking(situation, choice, occasion=rung.key)
        if rung.replace:
            head = situation.change.head_sha
            actions.append(ReleaseReview(head, people=rung.replace, occasion=rung.key))
    return actions


def _reminder(situation: Situation, rung: Rung, to: str, body: str, people: Sequence[words.Late] = ()) -> Say:
    """A comment that reminds `to`, and all the `people` if it is for several."""
    most = situation.rulebook.rules.reviews.per_person_day
    day = today(situation).isoformat()
    instead = next(iter(_digest(situation, rung)), None)
    return Say(
        rung.key,
        checked(body, mentions=(to, *(each.login for each in people))),
        to,
        most,
        day,
        instead=instead,
    )


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
