"""Somebody comes from another team: label their change, welcome them once, and say what they need to know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from handlers.clock import first_due
from handlers.situation import Reads, Situation
from policies import guests, missing
from policies.actions import Action, Label
from policies.facts import ChangeDrafted, ChangeOpened, ChangeReadied, ChecksChanged, File, same
from policies.guidelines import places
from policies.missing import Missing, Paper
from policies.words.guests import Welcome

THE_TEMPLATE = ("pull_request_template", "default")
"""The names of the one template that a forge fills in by itself; of several others nobody knows which was meant."""


async def label_guests(situation: Situation, _reads: Reads) -> Sequence[Action]:
    """Put the label on, once; whoever takes it off has the last word."""
    name = situation.rulebook.rules.guests.label
    if not name or not situation.is_open or not _is_welcomed(situation):
        return ()
    if same(name) in {same(each) for each in situation.change.labels}:
        return ()
    return (Label(head="", add=(name,)),)


def comes_at(situation: Situation) -> datetime | None:
    """From when on a guest's comment is said, so that it comes once and whole; None: this is no guest's."""
    if not (situation.rulebook.rules.guests.comment and _is_welcomed(situation)):
        return None
    ready = situation.change.opened_at
    for fact in situation.log:
        if isinstance(fact, ChangeReadied | ChangeDrafted) or (
            isinstance(fact, ChangeOpened) and not fact.draft
        ):
            ready = fact.at
    return ready + situation.rulebook.rules.guests.settle.length(timedelta(days=1))


async def welcome(situation: Situation, reads: Reads, waiting: tuple[str, ...]) -> Welcome | None:
    """What a guest is told; None where the author is none. `waiting` are the people whose answer is awaited."""
    seen = guests.latest(situation.log)
    if comes_at(situation) is None or seen is None:
        return None
    change, rules = situation.change, situation.rulebook.rules
    visits = await reads.records.visits(change.author.login, change.opened_at)
    owed = first_due(situation)
    return Welcome(
        login=change.author.login,
        owners=seen.owners,
        waiting=waiting,
        due=owed.due if owed else None,
        zone=situation.state.author_hours.zone,
        short=visits.opened > 0,
        governance=rules.guidelines.governance,
        support=rules.support,
        missing=await _missing(situation, reads),
        slow=await _overload(situation, reads),
        page=_page(situation),
    )


def _is_welcomed(situation: Situation) -> bool:
    return guests.is_welcomed(guests.latest(situation.log))


async def _overload(situation: Situation, reads: Reads) -> int:
    """How many changes of guests wait, where the owners have declared fewer hours than these take; else 0."""
    support = situation.rulebook.rules.support
    if support.hours_per_week is None:
        return 0
    number = await reads.records.guests_waiting()
    return number if guests.is_overload(number, support) else 0


async def _missing(situation: Situation, reads: Reads) -> tuple[Missing, ...]:
    """What the change lacks by the guide and template that the forge itself would show its author."""
    change = situation.change
    tree = await reads.forge.paths(change.repository, change.base_sha)
    templates = places.find("change_templates", reads.forge.dialect, tree).paths
    guide = await _paper(situation, reads, places.find("contributing", reads.forge.dialect, tree).paths)
    signed = guide is not None and missing.asks_sign_off(guide)
    return missing.missing(
        change.title,
        change.body,
        template=await _paper(situation, reads, tuple(filter(_is_the_template, templates))),
        guide=guide,
        commits=await reads.forge.commits(change) if signed else (),
        failed=_failed(situation),
    )


def _is_the_template(path: str) -> bool:
    return path.rpartition("/")[2].partition(".")[0].casefold() in THE_TEMPLATE


def _failed(situation: Situation) -> tuple[str, ...]:
    """The checks that must pass and failed on the newest commit; none where it is not known which must."""
    required = {same(name): name for name in situation.terms.required_checks or ()}
    last = {
        same(fact.name): fact.state
        for fact in situation.facts(ChecksChanged)
        if fact.commit == situation.change.head_sha
    }
    return tuple(name for key, name in required.items() if last.get(key) == "failure")


async def _paper(situation: Situation, reads: Reads, paths: tuple[str, ...]) -> Paper | None:
    """The first of these files, as it is at the base commit."""
    change = situation.change
    for path in paths[:1]:
        file: File | None = await reads.forge.file(change.repository, path, change.base_sha)
        if file is not None:
            return Paper(file.path, file.content.decode(errors="replace"))
    return None


def _page(situation: Situation) -> str:
    """The address of the base commit's files, made of the change's own; empty where it is of another form."""
    change = situation.change
    before, bar, _ = change.url.rpartition(f"/pull/{change.number}")
    if bar:
        return f"{before}/blob/{change.base_sha}/"
    before, bar, _ = change.url.rpartition(f"/-/merge_requests/{change.number}")
    return f"{before}/-/blob/{change.base_sha}/" if bar else ""
