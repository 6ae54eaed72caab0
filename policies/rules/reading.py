"""`usher.yml` as rules, or problems with line numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from policies import marked_yaml
from policies.rules.calendars import CalendarOf
from policies.rules.everything import DEFAULTS, Rules
from policies.typed_yaml import Problem, Reader, Wrong


@dataclass(frozen=True, slots=True)
class RulesRead:
    """The rules that hold, and what was wrong with the file, by line."""

    rules: Rules
    problems: tuple[Problem, ...] = ()


ORGANISATION_ONLY = ("metrics", "noise", "teams")
_NOT_HERE = dict.fromkeys(ORGANISATION_ONLY, "only the organisation's own file may set this")


def read(text: bytes) -> RulesRead:
    """An organisation's (or a lone repository's) `usher.yml`, over the defaults."""
    return _read(DEFAULTS, text, {})


def merge(organisation: Rules, text: bytes) -> RulesRead:
    """A repository's `usher.yml` over its organisation's rules: lists replace, maps merge.

    `metrics`, `noise` and `teams` are the organisation's alone; here they are problems.
    """
    return _read(organisation, text, _NOT_HERE)


def _read(held: Rules, text: bytes, refused: Mapping[str, str]) -> RulesRead:
    reader = Reader()
    try:
        tree = marked_yaml.parse(text)
        rules = held if tree is None else reader.onto(held, tree, refused=refused)
    except marked_yaml.Unreadable as error:
        return RulesRead(held, (Problem(error.line, error.column, "", str(error), error.fix),))
    except Wrong as wrong:
        return RulesRead(held, (Problem(wrong.node.line, wrong.node.column, "", str(wrong), wrong.fix),))
    rules, dangling = _without_unknown_calendars(rules, reader.places)
    problems = (*reader.problems, *dangling)
    return RulesRead(rules, tuple(sorted(problems, key=lambda problem: (problem.line, problem.column))))


# --- Names of calendars -------------------------------------------------------------------------------


def _without_unknown_calendars(
    rules: Rules, places: Mapping[str, tuple[int, int]]
) -> tuple[Rules, list[Problem]]:
    """The rules without references to calendars that nobody described, each a problem where it stands."""
    problems: list[Problem] = []

    def is_known(name: str | None, path: str) -> bool:
        if name is None or name in rules.calendars:
            return True
        line, column = places.get(path, (1, 1))
        known = ", ".join(f"`{each}`" for each in rules.calendars)
        problems.append(Problem(line, column, path, f"no calendar is called `{name}`", f"Known: {known}."))
        return False

    def known_only(names: Mapping[str, str], path: str) -> dict[str, str]:
        return {who: name for who, name in names.items() if is_known(name, f"{path}.{who}")}

    areas = {
        name: area
        if is_known(area.calendar, f"reviews.areas.{name}.calendar")
        else replace(area, calendar=None)
        for name, area in rules.reviews.areas.items()
    }
    severities = {
        name: terms
        if is_known(terms.calendar, f"support.severities.{name}.calendar")
        else replace(terms, calendar="business")
        for name, terms in rules.support.severities.items()
    }
    of = rules.calendar_of
    calendar_of = CalendarOf(
        known_only(of.teams, "calendar_of.teams"), known_only(of.people, "calendar_of.people")
    )
    if not problems:
        return rules, problems
    return (
        replace(
            rules,
            reviews=replace(rules.reviews, areas=areas),
            support=replace(rules.support, severities=severities),
            calendar_of=calendar_of,
        ),
        problems,
    )
