"""An office of thirty people in four teams and three time zones, with holidays, absences and habits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random
from typing import Literal
from zoneinfo import ZoneInfo

from policies.calendars import Calendar, Span
from policies.clocks import Away, Terms
from policies.rules import Rules, read

MONDAY = date(2026, 11, 23)
TEAMS: Mapping[str, tuple[str, int]] = {
    "org/api": ("berlin", 8),
    "org/core": ("berlin", 7),
    "org/web": ("new-york", 8),
    "org/data": ("kolkata", 7),
}
"""Which calendar each team works by, and how many people it has."""

ZONES = {"berlin": "Europe/Berlin", "new-york": "America/New_York", "kolkata": "Asia/Kolkata"}
HOLIDAYS = {"berlin": (), "new-york": (date(2026, 11, 26),), "kolkata": (date(2026, 11, 24),)}
"""Thanksgiving and Guru Nanak's birthday fall in this week."""

RULES = """
reviews:
  per_person_day: 2
reviewers: {max_reviewers: 3, capacity: 5}
calendars:
  business: {zone: Europe/Berlin}
  berlin: {zone: Europe/Berlin}
  new-york: {zone: America/New_York, holidays: {add: [2026-11-26]}}
  kolkata: {zone: Asia/Kolkata, holidays: {add: [2026-11-24]}}
calendar_of:
  teams: {org/api: berlin, org/core: berlin, org/web: new-york, org/data: kolkata}
"""

Manner = Literal["prompt", "slow", "silent"]


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody is away in [`start`, `end`), and said so at `declared`."""

    start: datetime
    end: datetime
    declared: datetime


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody of the office; `days` are weekdays, Monday 0. Everybody works from nine to five."""

    login: str
    team: str
    zone: str
    manner: Manner = "prompt"
    days: tuple[int, ...] = (0, 1, 2, 3, 4)
    holidays: tuple[date, ...] = ()
    absences: tuple[Absence, ...] = ()


@dataclass(frozen=True, slots=True)
class Office:
    """Everybody, by login, and what was agreed (`usher.yml`)."""

    people: Mapping[str, Worker]
    rules: str = RULES

    def team(self, name: str) -> tuple[str, ...]:
        """The logins of a team; the first is its lead."""
        return tuple(login for login, worker in self.people.items() if worker.team == name)

    def terms(self, now: datetime) -> Terms:
        """What the clocks must know; an absence that nobody has told of yet is not known."""
        rules = agreed(self.rules)
        known = {
            login: tuple(
                Away(each.start, each.end, each.declared) for each in worker.absences if each.declared <= now
            )
            for login, worker in self.people.items()
        }
        return Terms(
            rules=rules,
            calendars={name: terms.calendar() for name, terms in rules.calendars.items()},
            own={login: _part_time(each) for login, each in self.people.items() if len(each.days) < 5},
            teams={team: self.team(team) for team in TEAMS},
            away={login: away for login, away in known.items() if away},
            required_checks=("tests",),
        )


@cache
def agreed(text: str) -> Rules:
    """The rules that a text means; ValueError where it means none."""
    written = read(text.encode())
    if written.problems:
        raise ValueError(str(written.problems))
    return written.rules


def _part_time(worker: Worker) -> Calendar:
    week = tuple((Span(540, 1020),) if day in worker.days else () for day in range(7))
    return Calendar(worker.zone, week, holidays=frozenset(worker.holidays))


def local(zone: str, day: int, hour: float) -> datetime:
    """An instant of the week by the clock of a zone; Monday is day 0, and 13.5 half past one."""
    on = datetime.combine(MONDAY + timedelta(days=day), time(), ZoneInfo(zone))
    return (on + timedelta(hours=hour)).astimezone(UTC)


def make(chance: Random) -> Office:
    """The office of one seed: in each team one is silent and two are slow; some are away."""
    people: dict[str, Worker] = {}
    for team, (calendar, size) in TEAMS.items():
        zone, holidays = ZONES[calendar], HOLIDAYS[calendar]
        logins = [f"{team.removeprefix('org/')}-{number}" for number in range(1, size + 1)]
        silent, slow, gone, ill, dentist, part_time, *_ = [*chance.sample(logins[1:], size - 1), "", ""]
        for login in logins:
            manner: Manner = "silent" if login in (silent, gone) else "slow" if login == slow else "prompt"
            absences = {
                gone: (Absence(local(zone, 1, 0), local(zone, 6, 0), local(zone, -3, 12)),),
                ill: (Absence(local(zone, 2, 11), local(zone, 4, 24), local(zone, 2, 11)),),
                dentist: (Absence(local(zone, 3, 9), local(zone, 3, 13), local(zone, 2, 15)),),
            }.get(login, ())
            days = (0, 1, 2) if login == part_time else (0, 1, 2, 3, 4)
            people[login] = Worker(login, team, zone, manner, days, holidays, absences)
    return Office(people)
