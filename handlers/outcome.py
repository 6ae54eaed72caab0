"""Notes what became of a change, for the measures."""

from __future__ import annotations

from handlers.origin import household_of
from handlers.situation import Reads, Situation
from policies import guests
from policies.calendars import ALWAYS
from policies.facts import same
from policies.insights.measures import Outcome
from policies.insights.outcomes import outcome_of


async def became(situation: Situation, reads: Reads) -> Outcome:
    """The change as the measures see it. Its author's teams are those of the opening, the closest of them."""
    household = await household_of(situation.change.repository, situation.rulebook, reads)
    placed = guests.placed(situation.log)
    at_opening = placed.teams if placed else ()
    closest = {same(team) for team in household.tree.closest_teams(situation.change.author.login)}
    teams = [team for team in at_opening if same(team) in closest] or at_opening
    hours = situation.rulebook.calendars.get("business", ALWAYS)
    return outcome_of(situation.change, situation.log, situation.state, hours, teams, situation.now)
