"""Requests follow what people said: who declined or went away is let go, who took it or was named is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from handlers.situation import Reads, Situation
from policies.actions import Action, ReleaseReview, RequestReview
from policies.clocks.story import story
from policies.facts import AskRefused, CommandGiven, Fact, ReviewAsked, Reviewed, same
from policies.reviewers import FALLBACK


async def hand_over(situation: Situation, _reads: Reads) -> Sequence[Action]:
    """Bring the requests on the forge in line with the commands; whoever is still lacking is found later."""
    if not situation.is_open or situation.change.draft:
        return ()
    standing = [fact for fact in story(situation.log, situation.now) if isinstance(fact, CommandGiven)]
    return (*_let_go(situation, standing), *_ask_named(situation, standing))


# --- Letting people go --------------------------------------------------------------------------------


def _let_go(situation: Situation, standing: Sequence[CommandGiven]) -> Iterator[ReleaseReview]:
    """Take back, one by one, the requests to people who will not answer them."""
    asked = {same(person): person for person in situation.change.asked}
    leaving = {same(who): "declined" for who in situation.state.declined}
    leaving |= {same(who): f"away since {since.isoformat()}" for who, since in _handed_over(situation)}
    leaving |= {same(who): f"undone {given.key}" for who, given in _asked_by_mistake(situation, standing)}
    saying_no = [each for each in standing if each.verb in ("decline", "next")]
    for who in asked.keys() & leaving.keys():
        occasion = saying_no[-1].key if leaving[who] == "declined" and saying_no else leaving[who]
        yield ReleaseReview(situation.change.head_sha, people=(asked[who],), occasion=occasion)


def _handed_over(situation: Situation) -> Iterator[tuple[str, datetime]]:
    """Who went away for a day or more and left an answer to others, and since when."""
    still = {same(who) for slot in situation.state.slots for who in slot.asked}
    for each in situation.state.obligations:
        if each.ledger == "person" and each.verdict == "excused" and each.ended is not None:
            asks = [fact.at for fact in situation.facts(ReviewAsked) if same(fact.who) == same(each.party)]
            if same(each.party) not in still and max(asks, default=each.ended) <= each.ended:
                yield each.party, each.ended


def _asked_by_mistake(
    situation: Situation, standing: Sequence[CommandGiven]
) -> Iterator[tuple[str, CommandGiven]]:
    """Whom a command asked that was taken back, unless they were asked in another way as well."""
    wanted = {same(_named(each)) for each in standing if each.verb in ("take", "assign")}
    kept = {each.key for each in standing}
    for given in situation.facts(CommandGiven):
        who = _named(given)
        if given.verb not in ("take", "assign") or given.key in kept or same(who) in wanted:
            continue
        asks = [fact for fact in situation.facts(ReviewAsked) if same(fact.who) == same(who)]
        if asks and all(ask.by_bot and ask.at >= given.at for ask in asks):
            yield who, given


# --- Asking the named ---------------------------------------------------------------------------------


def _ask_named(situation: Situation, standing: Sequence[CommandGiven]) -> Iterator[RequestReview]:
    """Ask whoever took it, or was named, unless they were asked since or do not want to any more."""
    declined = {same(who) for who in situation.state.declined}
    now_asked = {same(who) for who in situation.change.asked}
    for given in standing:
        who = _named(given)
        if given.verb not in ("take", "assign") or same(who) in declined | now_asked:
            continue
        if not _heard_since(who, given.at, situation):
            slots = _slots_for(who, situation)
            head = situation.change.head_sha
            yield RequestReview((who,), head, ((who, slots),), occasion=given.key)


def _named(given: CommandGiven) -> str:
    return given.words[0].lstrip("@") if given.verb == "assign" and given.words else given.by


def _heard_since(who: str, since: datetime, situation: Situation) -> bool:
    """Whether they were asked, or answered, or could not be asked, after the command."""
    return any(
        _after(fact, since) and same(fact.by if isinstance(fact, Reviewed) else fact.who) == same(who)
        for fact in situation.log
        if isinstance(fact, ReviewAsked | AskRefused | Reviewed)
    )


def _after(fact: Fact, since: datetime) -> bool:
    """A review of that very second is the one in which the command was given."""
    return fact.at > since if isinstance(fact, Reviewed) else fact.at >= since


def _slots_for(who: str, situation: Situation) -> tuple[str, ...]:
    """The areas that somebody is asked for: those they own and that lack an answer, else all that lack one."""
    open_slots = [slot for slot in situation.state.slots if not slot.satisfied]
    owned = tuple(slot.name for slot in open_slots if same(who) in map(same, slot.owners))
    everything = tuple(slot.name for slot in situation.areas.slots) or (FALLBACK,)
    return owned or tuple(slot.name for slot in open_slots) or everything
