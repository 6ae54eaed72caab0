"""A bug comes from a guest's change: within its warranty the guest's team hears of it too, afterwards the owners."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from handlers.issue_situation import IssueSituation
from handlers.reminded import has_room
from handlers.situation import Reads
from handlers.support import owner_in_turn
from policies import warranty
from policies.actions import Action, Say
from policies.clocks.story import story
from policies.commands import Command
from policies.facts import CommandGiven
from policies.text import checked, sign_of_changes
from policies.warranty import Window
from policies.words import warranty as words

MENTIONS = 1
"""The owner, who is reminded; the guest is only told, and that is once for each bug."""


async def warranties(situation: IssueSituation, reads: Reads) -> Sequence[Action]:
    """One comment for each change that an open bug is said to come from; what is too much for today waits."""
    if not situation.issue.open or not has_room(situation, mentions=MENTIONS):
        return ()
    settled = {effect.key for effect in situation.effects}
    for number, at in _named(situation).items():
        step = f"warranty|{number}"
        if f"{situation.subject}|say|{step}" in settled:
            continue
        found = await _window(number, situation, reads)
        if found is not None:
            return (await _say(found, at, step, situation, reads),)
    return ()


async def against_warranty(command: Command, situation: IssueSituation, reads: Reads) -> str:
    """A bug can only come from a guest's change that was merged here."""
    number = int(command.words[0][1:])
    found = await _window(number, situation, reads)
    return "" if found is not None else words.no_such_change(command.words[0])


def _named(situation: IssueSituation) -> dict[int, datetime]:
    """The changes that the bug is said to come from, each with when that was said first."""
    found: dict[int, datetime] = {}
    issue = situation.issue
    if issue.opened_at is not None and warranty.is_bug(issue.labels):
        found |= dict.fromkeys(warranty.named(f"{issue.title}\n{issue.body}"), issue.opened_at)
    for fact in story(situation.log, situation.now):
        if isinstance(fact, CommandGiven) and fact.verb == "warranty":
            found.setdefault(int(fact.words[0][1:]), fact.at)
    return found


async def _window(number: int, situation: IssueSituation, reads: Reads) -> Window | None:
    told = await reads.records.change_story(number)
    return warranty.window(number, told, situation.rulebook.rules.support.warranty)


async def _say(window: Window, at: datetime, step: str, situation: IssueSituation, reads: Reads) -> Say:
    owner = await owner_in_turn(situation, reads)
    zone = situation.zone
    sign = sign_of_changes(reads.forge.dialect)
    if not window.covers(at):
        body = words.over(window, sign, owner, zone, situation.rulebook.rules.support.bugs)
        return Say(step, checked(body, mentions=filter(None, [owner])), to=owner or "")
    there = await reads.people.access(situation.issue.repository, window.author) != "none"
    body = words.within(window, sign, owner, zone, there=there)
    return Say(step, checked(body, mentions=filter(None, [owner, window.author])), to=owner or "")
