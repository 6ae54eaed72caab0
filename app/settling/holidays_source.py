"""Public holidays, from the `holidays` library, as frozen sets that the policies can read."""

from __future__ import annotations

from datetime import date

import holidays

from policies.rules import Holidays


class UnknownPlace(ValueError):
    """No holidays are known for this country, subdivision or category; the message is for its writer."""


def holidays_of(
    country: str, subdivision: str | None, categories: tuple[str, ...], year: int
) -> frozenset[date]:
    """The holidays of a place from the year before until the second year after `year`.

    Countries and subdivisions are ISO 3166 codes: "DE", "BE". Raises `UnknownPlace`.
    """
    try:
        calendar = holidays.country_holidays(
            country, subdiv=subdivision, categories=categories, years=range(year - 1, year + 3)
        )
    except (NotImplementedError, ValueError) as problem:
        place = f"{country}/{subdivision}" if subdivision else country
        raise UnknownPlace(f"no {', '.join(categories)} holidays are known for {place}") from problem
    return frozenset(calendar)


def dates_for(terms: Holidays, year: int) -> frozenset[date]:
    """The dates that agreed holidays fall on around `year`, without what `add` and `remove` say."""
    if terms.country is None:
        return frozenset()
    return holidays_of(terms.country, terms.subdivision, terms.categories, year)
