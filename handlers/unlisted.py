"""Whoever the forge's list of reviewers has no room for is asked by name in a comment, once."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.situation import Reads, Situation
from policies.actions import Action, Say
from policies.facts import AskUnlisted, same
from policies.text import checked
from policies.words import unlisted as words


async def ask_by_name(situation: Situation, _reads: Reads) -> Sequence[Action]:
    """One comment for those of whom an answer is awaited and who were not told yet (GitLab Free)."""
    if not situation.is_open or situation.change.draft:
        return ()
    awaited = {same(person) for person in situation.state.awaited}
    actions: list[Action] = []
    for fact in situation.facts(AskUnlisted):
        people = tuple(person for person in fact.people if same(person) in awaited)
        step = f"unlisted|{fact.key}"
        if people and not _is_said(situation, step):
            command = situation.rulebook.rules.commands.prefix
            body = checked(words.asked_by_name(people, command), mentions=people)
            actions.append(Say(step, body))
    return actions


def _is_said(situation: Situation, step: str) -> bool:
    key = f"{situation.change.subject}|say|{step}"
    return any(each.key == key and each.state != "planned" for each in situation.effects)
