"""The calendars that rules agree on, with their public holidays, ready for the clocks."""

from __future__ import annotations

from functools import lru_cache

from app.settling.holidays_source import UnknownPlace, dates_for
from policies.calendars import Calendar
from policies.rules import Rules
from policies.typed_yaml import Problem

# Counting a country's holidays takes milliseconds, and every change of a repository asks for the same.
_dates = lru_cache(maxsize=256)(dates_for)


def calendars_of(rules: Rules, year: int) -> tuple[dict[str, Calendar], tuple[Problem, ...]]:
    """Each calendar of the rules by name, holidays included for the years around `year`.

    A country that nobody knows the holidays of is a problem, and its calendar goes without them.
    """
    calendars, problems = {}, []
    for name, terms in rules.calendars.items():
        try:
            dates = _dates(terms.holidays, year)
        except UnknownPlace as error:
            dates = frozenset()
            problems.append(
                Problem(1, 1, f"calendars.{name}.holidays", str(error), "Write an ISO 3166 code such as DE.")
            )
        calendars[name] = terms.calendar(dates)
    return calendars, tuple(problems)
