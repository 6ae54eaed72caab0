"""What happens when: one file per feature. Each reads through ports and returns actions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from handlers.absences import keep_absences
from handlers.assign import assign
from handlers.champions import champions
from handlers.commands import commands
from handlers.contribution import contribution_check
from handlers.drafting import propose_drafts
from handlers.guests import label_guests
from handlers.handover import hand_over
from handlers.remind import remind
from handlers.repository_commands import tell_repository
from handlers.rules_check import rules_check
from handlers.silence import keep_silence
from handlers.situation import Reads, Situation
from handlers.sticky import sticky
from handlers.teams import name_people
from handlers.thanks import thank_guests
from handlers.unlisted import ask_by_name
from policies.actions import Action

Feature = Callable[[Situation, Reads], Awaitable[Sequence[Action]]]

FEATURES: tuple[Feature, ...] = (
    commands,  # people say what should happen
    tell_repository,  # what concerns the repository as a whole is handed over to it
    propose_drafts,  # whoever asks for a draft gets one
    keep_absences,  # who is away is away everywhere
    keep_silence,  # who wants to be left in peace is
    champions,  # who offers to help is named to whoever asks
    hand_over,  # requests follow what people said
    assign,  # a change finds its people
    name_people,  # a team that was asked gives way to people
    thank_guests,  # thanks are drafted, and said if an owner wants it
    label_guests,  # whoever comes from another team is seen
    remind,  # whoever's turn it is hears of it when the answer is due
    contribution_check,  # whoever edits guides or owners hears what it breaks and mends
    rules_check,  # whoever edits the rules hears what cannot be used, and what would change
    sticky,  # the change's one comment says all of this
    ask_by_name,  # whoever the forge's list has no room for is told so
)
"""Every feature, in the order in which they are asked. Each sees what came of those before it."""
