"""Somebody with a say in a repository wants silence there: for a while, or for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from handlers.situation import Reads, Scene
from policies import instants
from policies.actions import Action, SilenceRepository
from policies.clocks.hours import of_person
from policies.clocks.story import story
from policies.facts import CommandGiven

LONGEST = timedelta(days=180)


async def keep_silence(scene: Scene, reads: Reads) -> Sequence[Action]:
    """Bring what is known of a repository's silence in line with what was said last, wherever that was."""
    known = await reads.records.silence()
    own = [fact for fact in scene.facts(CommandGiven) if _is_about_silence(fact, scene)]
    standing = {fact.key for fact in story(scene.log, scene.now)}
    kept = [fact for fact in own if fact.key in standing]
    taken_back = {_source(fact, scene): fact for fact in own if fact.key not in standing}
    if known is not None and known.source in taken_back:
        undone = taken_back[known.source]
        return (SilenceRepository(undone.at, undone.by, known.at, f"{known.source}|undone"),)
    last = max(kept, key=lambda fact: fact.order, default=None)
    if last is None or (known is not None and known.at >= last.at):
        return ()
    until = last.at if last.verb == "on" else None
    if last.verb == "snooze":
        until = instants.parse(last.words, last.at, of_person(scene.terms, last.by))
        if until is None:
            return ()
    return (SilenceRepository(until, last.by, last.at, _source(last, scene)),)


def _is_about_silence(fact: CommandGiven, scene: Scene) -> bool:
    """On a change `snooze` rests its clocks; an issue has none of its own to rest, so there it means all of this."""
    return fact.verb in ("off", "on") or (fact.verb == "snooze" and scene.subject.kind == "issue")


def _source(fact: CommandGiven, scene: Scene) -> str:
    return f"{scene.subject}|{fact.remark_id}.{fact.line}"
