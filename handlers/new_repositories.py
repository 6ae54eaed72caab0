"""Asks the people of a new repository, once, whether other teams shall find it; follows what they answer."""

from __future__ import annotations

from datetime import datetime, timedelta

from handlers.own_issues import newest, wait_for_quiet
from handlers.perform import perform
from handlers.proofs import Desk
from handlers.records import Rulebook
from handlers.situation import Reads
from policies import new_repositories
from policies.actions import KeepIssue
from policies.calendars import ALWAYS
from policies.catalogue.entry import Entry
from policies.facts import Repository
from policies.new_repositories import Newcomer, Wanted
from policies.text import checked
from policies.words import new_repositories as words


async def ask_to_share(
    repository: Repository, entry: Entry, rulebook: Rulebook, reads: Reads, desk: Desk
) -> datetime | None:
    """Open, edit or close the question as it ought to be; returns when to look again by itself.

    Forks and templates are not asked, nor is the repository whose rules are those of the whole organisation.
    """
    asked = await newest("sharing", repository, desk)
    rules = rulebook.rules.new_repositories
    if asked is None and not rules.ask:
        return None
    described = entry.described
    newcomer = Newcomer(
        created_at=described.created_at,
        wait=rules.wait.length(timedelta(days=1)),
        in_question=rules.ask and not (repository.fork or described.template or rulebook.for_all),
        shared=entry.is_listed,
    )
    said = None
    if asked is not None and asked.since is not None:
        said = new_repositories.answer(await desk.log.read(), asked.since)
    wanted = new_repositories.wanted(newcomer, asked, said, desk.now)
    if wanted is not None:
        if desk.live and (asked is None or wanted.nth > asked.nth):
            await wait_for_quiet(rulebook, reads)
        await perform([_issue(wanted, rulebook)], repository, desk)
    later = [each for each in new_repositories.look_again(newcomer, asked, said) if each > desk.now]
    return min(later, default=None)


def _issue(wanted: Wanted, rulebook: Rulebook) -> KeepIssue:
    body = checked(_body(wanted, rulebook))
    return KeepIssue(wanted.nth, words.TITLE, body, wanted.open, wanted.since.isoformat(), "sharing")


def _body(wanted: Wanted, rulebook: Rulebook) -> str:
    rules = rulebook.rules
    command, again = rules.commands.prefix, wanted.nth > 1
    match wanted.stage:
        case "asked":
            zone = rulebook.calendars.get("business", ALWAYS).zone
            return words.asked(wanted.since + new_repositories.SILENCE, zone, command, again=again)
        case "yes":
            topics = rules.catalogue.topics if rules.catalogue.list is None else ()
            return words.yes(wanted.by, topics[0] if topics else "", command)
        case "no":
            return words.no(wanted.by, command)
        case "later":
            return words.later(wanted.by, command, again=again)
        case "silent":
            return words.silent(command)
        case "shared":
            return words.SHARED
