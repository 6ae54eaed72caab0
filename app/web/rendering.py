"""How a page is made of a template: what a template may ask for, and what every page has in common."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup, escape

from app.store import change_pages
from policies.insights.privacy import OTHER
from policies.owners.answers import NAMES
from policies.reviewers import FALLBACK
from policies.words import why
from policies.words.areas import UNOWNED, plain_area
from policies.words.running import EFFECTS, ROUNDS
from policies.words.times import instant

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _moment(value: str | datetime | None, zone: str = "UTC") -> str:
    """An instant in the zone of the calendar that applies; a dash where there is none."""
    if value is None:
        return "–"
    return instant(datetime.fromisoformat(value) if isinstance(value, str) else value, zone)


def _has_passed(value: str | datetime | None, now: datetime) -> bool:
    """Whether an instant is over; there may be none."""
    return value is not None and (datetime.fromisoformat(value) if isinstance(value, str) else value) < now


_TEMPLATES.filters["moment"] = _moment
_TEMPLATES.tests["before"] = _has_passed
_TEMPLATES.filters["hours"] = lambda number: f"{number:.1f}".removesuffix(".0")
_TEMPLATES.filters["count"] = lambda number: f"{number:,}"
_TEMPLATES.filters["without_marker"] = lambda body: body.partition("<!--")[0].strip()


def _code(text: str) -> Markup:
    """A sentence of ours, with what stands between backticks as code."""
    pieces = [escape(piece) for piece in text.split("`")]
    return Markup("").join(Markup(f"<code>{each}</code>") if n % 2 else each for n, each in enumerate(pieces))  # noqa: S704


def _area(slot: str) -> Markup:
    return escape(UNOWNED) if slot == FALLBACK else Markup("<code>{}</code>").format(slot)


_TEMPLATES.filters["code"] = _code
_TEMPLATES.filters["area"] = _area
_TEMPLATES.filters["plain_area"] = plain_area

_TONES = {
    "done": "good",
    "ready to merge": "good",
    "review awaited": "wait",
    "second look awaited": "wait",
    "decision awaited": "wait",
    "to be sorted": "wait",
    "answer awaited": "wait",
    "reporter's turn": "warn",
    "author's turn": "warn",
    "author to fix": "warn",
    "nobody asked yet": "bad",
}
"""How each state of a change is tinted; its name says the same."""

_OWNER_SOURCES = {
    "rules": "as its usher.yml says",
    "catalog": "as its catalog-info.yaml says",
    "owners": "as its owners file says",
    "access": "the team that runs it",
    "group": "the group that it is in",
}


def _day(at: datetime) -> str:
    return f"{at.day} {at:%b %Y}"


def _turn(parties: list[str]) -> str:
    return ", ".join(change_pages.PARTIES.get(party, party) for party in parties)


def _reasons(because: list[str]) -> str:
    return "; ".join(why.BECAUSE.get(reason, reason) for reason in because) or "fitted best"


def _why_not(reason: str) -> str:
    """Whoever reads a page may be an outsider: they learn neither that somebody is away nor how busy they are."""
    return why.UNAVAILABLE if reason in ("away", "at_capacity") else why.WHY_NOT.get(reason, reason)


def round_said(name: str) -> str:
    """What the round of this name does; the name itself where an older Usher left it."""
    return ROUNDS.get(" ".join(name.split()[:2]), name)


_TEMPLATES.filters["tone"] = lambda state: _TONES.get(state, "")
_TEMPLATES.filters["forge"] = lambda forge: NAMES.get(forge, forge)
_TEMPLATES.filters["owner_source"] = lambda source: _OWNER_SOURCES.get(source, source)
_TEMPLATES.filters["day"] = _day
_TEMPLATES.filters["reference"] = change_pages.reference
_TEMPLATES.filters["shown_as"] = lambda team, names: "a small team" if names[team] == OTHER else team
_TEMPLATES.filters["turn"] = _turn
_TEMPLATES.filters["round_said"] = round_said
_TEMPLATES.filters["effect_said"] = lambda kind: EFFECTS.get(kind, kind)
_TEMPLATES.filters["reasons"] = _reasons
_TEMPLATES.filters["why_not"] = _why_not


def page(
    template: str, /, *, request: Request | None = None, status: int = 200, **values: Any
) -> HTMLResponse:
    """The template of this name, filled; every value is escaped.

    `request` tells who looks at it; without one the page is nobody's.
    """
    text = _TEMPLATES.get_template(template).render({**_known(request), **values})
    return HTMLResponse(text, status, headers={"cache-control": "no-store"})


def _known(request: Request | None) -> dict[str, Any]:
    """What the frame of every page shows: who is signed in, and where they are."""
    visitor = None if request is None else getattr(request.state, "visitor", None)
    if request is None or visitor is None:
        return {"visitor": None, "operates": False, "csrf": "", "stand_ins": (), "here": ""}
    visitors = request.app.state.visitors
    return {
        "visitor": visitor,
        "operates": visitors.operates(visitor),
        "csrf": visitors.csrf(visitor),
        "stand_ins": visitors.stand_ins,
        "here": request.url.path,
    }
