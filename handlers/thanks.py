"""A guest's change is merged: thanks are drafted for the owners, and said only if one of them wants it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from handlers.situation import Reads, Situation
from policies import guests
from policies.actions import Action, AddToDigest, DecideThanks, DraftThanks, Say
from policies.clocks.story import story
from policies.facts import ChangeMerged, CommandGiven, Reviewed, SlotsChosen, same
from policies.text import checked
from policies.words import thanks as words

KEPT = timedelta(days=14)
CHAMPION_AFTER = 3
"""After so many merged changes somebody hears, once and in private, that they could help others."""

CHAMPION_AFTER_REVIEWS = 5
"""So does whoever reviewed so many changes of guests."""

COUNTED_FOR = timedelta(days=180)


async def thank_guests(situation: Situation, reads: Reads) -> Sequence[Action]:
    """Draft the thanks at the merge; say them once an owner has said so."""
    rules = situation.rulebook.rules
    seen = guests.latest(situation.log)
    if situation.change.state != "merged" or rules.guests.thanks == "off" or not guests.is_welcomed(seen):
        return ()
    kept = await reads.records.thanks()
    if kept is None:
        return (*await _draft(situation, reads), *await _suggested(situation, reads))
    if kept.state == "post":
        return (Say(step="thanks", body=checked(kept.body)),)
    decided = _decided(situation) if kept.state == "open" else ()
    return (*decided, *await _suggested(situation, reads))


async def _suggested(situation: Situation, reads: Reads) -> Sequence[Action]:
    """Reviewers who could help others; a review may be heard of after the merge, so this is asked again."""
    rules, since = situation.rulebook.rules, situation.now - COUNTED_FOR
    if not rules.champions.enabled:
        return ()
    return [
        AddToDigest(f"champion|{same(who)}", who, words.helps_already(rules.commands.prefix))
        for who in _reviewers(situation)
        if await reads.records.guests_answered(who, since) + 1 == CHAMPION_AFTER_REVIEWS
    ]


async def _draft(situation: Situation, reads: Reads) -> Sequence[Action]:
    change, log = situation.change, situation.log
    merged = next((fact for fact in log if isinstance(fact, ChangeMerged)), None)
    owners = _owners(situation)
    if merged is None or not owners or situation.now >= merged.at + KEPT:
        return ()
    placed = guests.placed(log)
    slots = situation.facts(SlotsChosen)
    visits = await reads.records.visits(change.author.login, merged.at)
    body = words.thanks(
        change.author.login,
        change.title,
        len({path for _, paths in slots[-1].files for path in paths}) if slots else 0,
        visits.merged + 1,
        change.repository.name,
        placed.teams if placed else (),
        await reads.records.users(),
    )
    prefix = situation.rulebook.rules.commands.prefix
    to = merged.by if same(merged.by) in map(same, owners) else owners[0]
    actions: list[Action] = [
        DraftThanks(change.author.login, owners, body, merged.at + KEPT),
        AddToDigest("thanks", to, words.waits(change.author.login, prefix)),
    ]
    if visits.merged + 1 == CHAMPION_AFTER and situation.rulebook.rules.champions.enabled:
        actions.append(AddToDigest("champion", change.author.login, words.could_help(prefix)))
    return actions


def _reviewers(situation: Situation) -> tuple[str, ...]:
    """The people who reviewed it, each once; never its author."""
    people = {same(fact.by): fact.by for fact in situation.facts(Reviewed) if fact.by and not fact.by_bot}
    people.pop(same(situation.change.author.login), None)
    return tuple(people[key] for key in sorted(people))


def _owners(situation: Situation) -> tuple[str, ...]:
    """Who owned what was touched, as it was last read; never the author."""
    slots = situation.facts(SlotsChosen)
    people = {same(person): person for slot in slots[-1:] for _, _, owners in slot.slots for person in owners}
    people.pop(same(situation.change.author.login), None)
    return tuple(people[key] for key in sorted(people))


def _decided(situation: Situation) -> Sequence[Action]:
    """What an owner said last about the draft, unless it was taken back."""
    standing = [
        fact
        for fact in story(situation.log, situation.now)
        if isinstance(fact, CommandGiven) and fact.verb == "thanks"
    ]
    if not standing:
        return ()
    last = standing[-1]
    if last.words[0] == "discard":
        return (DecideThanks(last.by, post=False),)
    said = " ".join(last.words[1:])
    body = words.in_own_words(last.by, situation.change.author.login, said) if said else ""
    return (DecideThanks(last.by, post=True, body=body),)
