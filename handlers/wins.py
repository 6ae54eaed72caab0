"""Hands the month's wins over as a draft, once, in the repository whose rules are those of the organisation."""

from __future__ import annotations

from datetime import datetime

from handlers.own_issues import newest
from handlers.perform import perform
from handlers.proofs import Desk
from handlers.records import Rulebook
from handlers.shelf import Shelf
from policies.actions import KeepIssue
from policies.calendars import ALWAYS
from policies.facts import Repository
from policies.insights.telling import telling
from policies.text import checked
from policies.words import wins as words


async def tell_wins(repository: Repository, rulebook: Rulebook, desk: Desk, shelf: Shelf) -> datetime | None:
    """Open the issue if it is time and anything was won; returns when to look again by itself.

    People may change and close it: once it is there, it is theirs.
    """
    if not rulebook.for_all or rulebook.rules.metrics.digest == "off":
        return None
    due = telling(desk.now, rulebook.calendars.get("business", ALWAYS))
    if due is None:
        return None
    if not due.is_due(desk.now):
        return due.at if due.at > desk.now else None
    told = await newest("wins", repository, desk)
    if told is not None and told.nth >= due.nth:
        return None
    won = await shelf.won(due.year, due.month)
    if won.any:
        body = checked(words.handed_over(won, rulebook.rules_path))
        issue = KeepIssue(
            due.nth, words.title(won.name), body, open=True, since=due.at.isoformat(), about="wins"
        )
        await perform([issue], repository, desk)
    return None
