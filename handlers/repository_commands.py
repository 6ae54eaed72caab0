"""What people ask about the repository as a whole, on any change or issue of it, is handed over to it."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.situation import Reads, Scene
from policies.actions import Action, TellRepository
from policies.clocks.story import story
from policies.exceptions import UNDONE, undone
from policies.facts import CommandGiven, RepositoryAsked
from policies.new_repositories import ANSWERS

HANDED_OVER = ("ignore", "recheck", *ANSWERS)


async def tell_repository(scene: Scene, _reads: Reads) -> Sequence[Action]:
    """Hand over what was asked here, and what was taken back; what the repository knows already changes nothing."""
    standing = {fact.key for fact in story(scene.log, scene.now)}
    asked: list[RepositoryAsked] = []
    for fact in scene.facts(CommandGiven):
        if fact.verb in HANDED_OVER:
            source = f"{scene.subject}:{fact.remark_id}.{fact.line}"
            asked.append(
                RepositoryAsked(at=fact.at, by=fact.by, source=source, verb=fact.verb, words=fact.words)
            )
            if fact.key not in standing:
                asked.append(RepositoryAsked(at=fact.at, by=fact.by, source=undone(source), verb=UNDONE))
    return (TellRepository(tuple(asked)),) if asked else ()
