"""Who says that they are away is away on every change, until they take it back."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.situation import Reads, Scene
from policies import instants
from policies.actions import Action, DeclareAway, WithdrawAway
from policies.clocks.hours import absences, of_person
from policies.clocks.story import story
from policies.facts import CommandGiven


async def keep_absences(situation: Scene, _reads: Reads) -> Sequence[Action]:
    """Bring what is known of people's absences in line with what they said here."""
    standing = {fact.key for fact in story(situation.log, situation.now)}
    actions: list[Action] = []
    for given in situation.facts(CommandGiven):
        declared = _declared(given, situation) if given.verb == "away" else None
        if declared is None:
            continue
        known = (declared.start, declared.end, declared.declared) in {
            (each.start, each.end, each.declared) for each in absences(situation.terms, given.by)
        }
        if given.key in standing and not known:
            actions.append(declared)
        elif given.key not in standing and known:
            actions.append(WithdrawAway(given.by, declared.source))
    return actions


def _declared(given: CommandGiven, situation: Scene) -> DeclareAway | None:
    """What a command says; None where the rules have changed so that it says nothing any more."""
    span = instants.span(given.words, given.at, of_person(situation.terms, given.by))
    source = f"{situation.subject}|{given.remark_id}.{given.line}"
    return DeclareAway(given.by, *span, given.at, source) if span else None
