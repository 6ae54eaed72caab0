"""People who offer to help others: only who said so is ever named, two at a time, in turns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from handlers.situation import Reads, Scene
from policies.actions import Action, OfferHelp, Say
from policies.clocks.story import story
from policies.facts import CommandGiven, same
from policies.text import checked
from policies.words import commands as words


async def champions(scene: Scene, reads: Reads) -> Sequence[Action]:
    """Remember who offers help, and name somebody to whoever asks for it."""
    said = [fact for fact in story(scene.log, scene.now) if isinstance(fact, CommandGiven)]
    actions: list[Action] = [*_offers(scene, {fact.key for fact in said})]
    if not scene.rulebook.rules.champions.enabled:
        return actions
    prefix = scene.rulebook.rules.commands.prefix
    settled = {effect.key for effect in scene.effects}
    for fact in (each for each in said if each.verb == "help"):
        step = f"command|{fact.remark_id}.{fact.line}"
        if f"{scene.subject}|say|{step}" not in settled:
            people = await reads.records.helpers(scene.now, besides=(fact.by,))
            named = words.helpers(people) if people else words.no_helpers(prefix)
            actions.append(Say(step, checked(named, mentions=people)))
    return actions


def _offers(scene: Scene, standing: set[str]) -> Iterator[OfferHelp]:
    """What everybody said of helping; who takes that back is as they were before, by what they said here."""
    before: dict[str, bool] = {}
    for fact in scene.facts(CommandGiven):
        if fact.verb == "champion":
            on = fact.words == ("on",)
            now = on if fact.key in standing else before.get(same(fact.by), not on)
            before[same(fact.by)] = now
            yield OfferHelp(fact.by, now, fact.at)
