"""A team that was asked gives way to the people who were named from it: whoever is meant knows that they are."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.owning import person_in
from handlers.situation import Reads, Situation
from policies.actions import Action, ReleaseReview
from policies.facts import same
from policies.gaps import open_asks


async def name_people(situation: Situation, reads: Reads) -> Sequence[Action]:
    """Take the request to a team back once somebody of it is asked in person, once for each commit.

    It stays where the branch wants the owners' approval: there the forge counts on it.
    """
    change = situation.change
    wanted = situation.rulebook.rules.reviewers.team_request == "remove"
    if not (wanted and change.asked_teams and situation.is_open) or change.draft:
        return ()
    demanded = await reads.people.branch_rules(change.repository, change.base)
    if demanded is not None and demanded.owners_approve:
        return ()
    asked = [ask.who for ask in open_asks(situation.log).values()]
    answered = [person for slot in situation.state.slots for person in slot.responded]
    named = [*asked, *answered]
    return tuple(
        ReleaseReview(change.head_sha, teams=(team,))
        for team in change.asked_teams
        if any(person_in(situation.areas.teams.get(same(team)), person) for person in named)
    )
