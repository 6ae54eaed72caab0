"""A judge of reminders that knows nothing of Usher's clocks: it looks at what happened, and at a wall clock.

It is slow and plain on purpose. Whatever it finds wrong, a person would have found wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from policies.facts import (
    ChangeClosed,
    ChangeDrafted,
    ChangeMerged,
    ChangeOpened,
    ChangeReadied,
    ChecksChanged,
    CommandGiven,
    Fact,
    Labelled,
    RemarkMade,
    ReviewAsked,
    Reviewed,
    ReviewUnasked,
)
from tools.week.office import Office, Worker

Fault = Literal[
    "already answered",
    "away",
    "outside their hours",
    "not their turn",
    "too early",
    "said before",
    "beyond the caps",
]

BUDGET_MINUTES = 8 * 60
STEP = 5  # minutes between two looks at the clock on the wall
PER_PERSON_DAY, PER_CHANGE_DAY = 2, 2
CHANGES_DAY = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True, slots=True)
class Reminder:
    """Somebody was told something about a change: by a mention, in the morning digest, or as a lead."""

    change: int
    to: str
    at: datetime
    step: Literal["mention", "digest", "reassign"] = "mention"


@dataclass(frozen=True, slots=True)
class Wrong:
    """A reminder that should not have been sent."""

    reminder: Reminder
    fault: Fault


def judge(
    office: Office, logs: Mapping[int, Sequence[Fact]], reminders: Sequence[Reminder]
) -> tuple[Wrong, ...]:
    """Every reminder that was wrong, with the first fault found. `logs` holds what happened to each change."""
    found = []
    told: list[Reminder] = []
    for each in sorted(reminders, key=lambda reminder: reminder.at):
        fault = _fault(office, [fact for fact in logs[each.change] if fact.at <= each.at], each, told)
        if fault is not None:
            found.append(Wrong(each, fault))
        told.append(each)
    return tuple(found)


def _fault(office: Office, log: Sequence[Fact], each: Reminder, told: Sequence[Reminder]) -> Fault | None:
    worker = office.people[each.to]
    if _is_away(worker, each.at):
        return "away"
    if not _works(worker, each.at):
        return "outside their hours"
    if each.step == "reassign":
        return "not their turn" if _rests(log) else None
    asked = _asked_at(log, each.to)
    if asked is None:
        return "not their turn"
    if _answered_since(log, each.to, asked):
        return "already answered"
    if _rests(log) or _declined_since(log, each.to, asked) or _others_answered(office, log, each.to, asked):
        return "not their turn"
    if each.step == "digest":
        return None
    since = _turn_since(office, log, each.to, asked)
    if _minutes_worked(worker, _promised_at(log, each.to, since) or since, each.at) < BUDGET_MINUTES:
        return "too early"
    before = [other for other in told if other.step == "mention"]
    if any(other.change == each.change and other.to == each.to and other.at > since for other in before):
        return "said before"
    return "beyond the caps" if _is_too_much(worker, each, before) else None


# --- The person -----------------------------------------------------------------------------------------


def _is_away(worker: Worker, at: datetime) -> bool:
    return any(absence.start <= at < absence.end and absence.declared <= at for absence in worker.absences)


def _works(worker: Worker, at: datetime) -> bool:
    wall = at.astimezone(ZoneInfo(worker.zone))
    return wall.weekday() in worker.days and wall.date() not in worker.holidays and 9 <= wall.hour < 17


def _minutes_worked(worker: Worker, since: datetime, until: datetime) -> int:
    """Counted by looking at the clock every few minutes, and at one more to be lenient."""
    looks = int((until - since) / timedelta(minutes=STEP)) + 2
    return STEP * sum(_works(worker, since + timedelta(minutes=STEP * number)) for number in range(looks))


# --- What happened ----------------------------------------------------------------------------------------


def _asked_at(log: Sequence[Fact], who: str) -> datetime | None:
    """When somebody was asked last, unless the request was taken back."""
    asked: datetime | None = None
    for fact in log:
        if isinstance(fact, ReviewAsked) and fact.who == who:
            asked = fact.at
        elif isinstance(fact, ReviewUnasked) and fact.who == who:
            asked = None
    return asked


def _answered_since(log: Sequence[Fact], who: str, asked: datetime) -> bool:
    return any(fact.by == who and fact.at > asked and _is_answer(fact) for fact in log)


def _is_answer(fact: Fact) -> bool:
    if isinstance(fact, RemarkMade):
        return fact.answers and not fact.by_bot
    return isinstance(fact, Reviewed) and fact.state != "pending"


def _others_answered(office: Office, log: Sequence[Fact], who: str, asked: datetime) -> bool:
    """Whether every area that somebody was asked for got its one answer from a colleague since.

    Whoever answered and then left it to others does not count; and an objection only its author can lift.
    """
    opinions = [
        fact.state for fact in log if isinstance(fact, Reviewed) and fact.by == who and not fact.remark_id
    ]
    if opinions and opinions[-1] == "changes_requested":
        return False
    asks = [fact for fact in log if isinstance(fact, ReviewAsked) and fact.who == who]
    areas = {area for ask in asks for area in ask.slots} or {f"@{office.people[who].team}"}
    author = log[0].by
    answered = {
        f"@{office.people[fact.by].team}"
        for fact in log
        if fact.by in office.people and fact.by not in (who, author) and fact.at > asked and _is_answer(fact)
        if not _declined_since(log, fact.by, fact.at)
    }
    return areas <= answered


def _declined_since(log: Sequence[Fact], who: str, asked: datetime) -> bool:
    return any(fact.at >= asked for fact in _commands(log, who) if fact.verb == "decline")


def _turn_since(office: Office, log: Sequence[Fact], who: str, asked: datetime) -> datetime:
    """Since when it is their turn: asked, or left alone with it by a colleague who had answered for them."""
    team = office.people[who].team
    left = [
        fact.at
        for fact in log
        if isinstance(fact, CommandGiven)
        and fact.verb == "decline"
        and fact.by in office.people
        and office.people[fact.by].team == team
        and any(asked < answer.at < fact.at and answer.by == fact.by and _is_answer(answer) for answer in log)
    ]
    return max((asked, *left))


def _promised_at(log: Sequence[Fact], who: str, asked: datetime) -> datetime | None:
    """When somebody first said that they need one more day (`ack`)."""
    return min(
        (fact.at for fact in _commands(log, who) if fact.verb == "ack" and fact.at >= asked), default=None
    )


def _commands(log: Sequence[Fact], who: str) -> list[CommandGiven]:
    return [fact for fact in log if isinstance(fact, CommandGiven) and fact.by == who]


def _rests(log: Sequence[Fact]) -> bool:
    """Whether nobody is awaited but the author, or nobody at all: a draft, a label, an objection, a failed check."""
    draft, closed, blocked, checks = False, False, False, "success"
    objecting: set[str] = set()
    for fact in log:
        match fact:
            case ChangeOpened():
                draft = fact.draft
            case ChangeDrafted():
                draft = True
            case ChangeReadied():
                draft = False
            case ChangeClosed() | ChangeMerged():
                closed = True
            case Labelled(label="blocked"):
                blocked = fact.on
            case ChecksChanged():
                checks = fact.state
            case Reviewed(state="changes_requested"):
                objecting.add(fact.by)
            case Reviewed(state="approved"):
                objecting.discard(fact.by)
            case ReviewAsked():
                objecting.discard(fact.who)
            case _:
                pass
    return draft or closed or blocked or checks == "failure" or bool(objecting)


# --- How much ------------------------------------------------------------------------------------------


def _is_too_much(worker: Worker, each: Reminder, before: Sequence[Reminder]) -> bool:
    zone = ZoneInfo(worker.zone)
    theirs = sum(other.to == each.to and _date(other, zone) == _date(each, zone) for other in before)
    here = sum(
        other.change == each.change and _date(other, CHANGES_DAY) == _date(each, CHANGES_DAY)
        for other in before
    )
    return theirs >= PER_PERSON_DAY or here >= PER_CHANGE_DAY


def _date(each: Reminder, zone: ZoneInfo) -> object:
    return each.at.astimezone(UTC).astimezone(zone).date()
