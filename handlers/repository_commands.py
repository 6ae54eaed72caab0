"""What people ask about the repository as a whole, on any change or issue of it, is handed over to it."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.situation import Reads, Scene
from policies.actions import Action, TellRepository
from policies.facts import CommandGiven, RepositoryAsked
from policies.new_repositories import ANSWERS

HANDED_OVER = ("ignore", "recheck", *ANSWERS)


async def tell_repository(scene: Scene, _reads: Reads) -> Sequence[Action]:
    """Hand over what was asked here; what the repository knows already changes nothing."""
    asked = tuple(
        RepositoryAsked(
            at=fact.at,
            by=fact.by,
            source=f"{scene.subject}:{fact.remark_id}.{fact.line}",
            verb=fact.verb,
            words=fact.words,
        )
        for fact in scene.facts(CommandGiven)
        if fact.verb in HANDED_OVER
    )
    return (TellRepository(asked),) if asked else ()
