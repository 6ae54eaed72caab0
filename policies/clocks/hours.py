"""By whose hours a promise runs, and how long it is."""

from __future__ import annotations

from datetime import datetime, timedelta

from policies.calendars import ALWAYS, AnyOf, Calendar, Except, Hours, Window, due
from policies.clocks.state import Kind
from policies.clocks.terms import Away, Terms
from policies.durations import Duration
from policies.facts import same
from policies.reviewers.slots import owners_in
from policies.rules import Area, Rules


def rules_at(terms: Terms, at: datetime) -> Rules:
    """The rules that were in force at an instant: a budget that runs keeps those it began with."""
    for until, rules in sorted(terms.earlier, key=lambda version: version[0]):
        if at < until:
            return rules
    return terms.rules


def calendar(terms: Terms, name: str) -> Hours:
    """A calendar by its name; `business` where it is not there, nine to five UTC where that is not either."""
    if name == "always":
        return terms.calendars.get("always", ALWAYS)
    return terms.calendars.get(name) or terms.calendars.get("business") or Calendar()


def of_person(terms: Terms, login: str) -> Hours:
    """Somebody's hours: their own, else those agreed for them, else their team's, else `business`."""
    key = same(login)
    own = {same(name): hours for name, hours in terms.own.items()}
    if key in own:
        return own[key]
    people = {same(name): chosen for name, chosen in terms.rules.calendar_of.people.items()}
    if key in people:
        return calendar(terms, people[key])
    members = {same(team): [same(login) for login in logins] for team, logins in terms.teams.items()}
    for team, chosen in sorted(terms.rules.calendar_of.teams.items()):
        if key in members.get(same(team), ()):
            return calendar(terms, chosen)
    return calendar(terms, "business")


def present(terms: Terms, login: str) -> Hours:
    """Somebody's hours without their absences, in which nothing that they owe accrues."""
    hours = of_person(terms, login)
    away = tuple(Window(each.start, each.end) for each in absences(terms, login))
    return Except(hours, away) if away else hours


def absences(terms: Terms, login: str) -> tuple[Away, ...]:
    """When somebody is away, by their start."""
    key = same(login)
    found = [each for name, all_of in terms.away.items() if same(name) == key for each in all_of]
    return tuple(sorted(found, key=lambda away: (away.start, away.end)))


def is_away(terms: Terms, login: str, at: datetime) -> bool:
    """Whether somebody is away at an instant, or will be within a working day."""
    ahead = [each for each in absences(terms, login) if at < each.end]
    if not ahead:
        return False
    hours = of_person(terms, login)
    soon = due(hours, at, hours.day) or at
    return any(each.start <= soon for each in ahead)


def is_long(away: Away, hours: Hours) -> bool:
    """Whether an absence takes a working day or more, so that the turn is handed over."""
    enough = due(hours, away.start, hours.day)
    return enough is not None and enough <= away.end


def area_of(rules: Rules, slot: str) -> Area | None:
    """The area that a slot belongs to: the first that names one of its owners."""
    owners = {same(owner.lstrip("@")) for owner in owners_in(slot)}
    for area in rules.reviews.areas.values():
        if owners & {same(owner.lstrip("@")) for owner in area.owners}:
            return area
    return None


def of_slot(terms: Terms, slot: str, owners: frozenset[str]) -> Hours:
    """A slot's hours: its area's, else its owning team's, else `business`; or those of all its owners."""
    area = area_of(terms.rules, slot)
    if area and area.follow_the_sun and owners:
        return AnyOf(tuple(of_person(terms, login) for login in sorted(owners)))
    if area and area.calendar:
        return calendar(terms, area.calendar)
    of_teams = {same(team): chosen for team, chosen in terms.rules.calendar_of.teams.items()}
    for owner in owners_in(slot):
        if (team := same(owner.lstrip("@"))) in of_teams:
            return calendar(terms, of_teams[team])
    return calendar(terms, "business")


def duration_of(terms: Terms, kind: Kind, slot: str, t0: datetime) -> Duration | None:
    """How long an answer may take: as its area says, else as for guests, else as for all; None: no clock."""
    rules = rules_at(terms, t0)
    area = area_of(rules, slot)
    if area is not None:
        for name, budget in area.budgets.items():
            if name == kind:
                return budget
    if terms.guest and kind in ("first_response", "re_review"):
        return (
            rules.reviews.guest.first_response if kind == "first_response" else rules.reviews.guest.re_review
        )
    budgets = rules.reviews.budgets
    return {
        "assign": budgets.assign,
        "first_response": budgets.first_response,
        "re_review": budgets.re_review,
        "decision": budgets.decision,
        "author": budgets.author,
        "merge": budgets.merge,
    }.get(kind)


def measured(duration: Duration, hours: Hours) -> tuple[Hours, timedelta]:
    """The hours that a budget accrues in, and its length: wall time accrues round the clock."""
    return (hours if duration.working else ALWAYS), duration.length(hours.day)
