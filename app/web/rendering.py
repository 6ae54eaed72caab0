"""How a page is made of a template: what a template may ask for, and what every page has in common."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse

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


_TEMPLATES.filters["moment"] = _moment
_TEMPLATES.filters["hours"] = lambda number: f"{number:.1f}".removesuffix(".0")
_TEMPLATES.filters["without_marker"] = lambda body: body.partition("<!--")[0].strip()


def page(name: str, *, request: Request | None = None, status: int = 200, **values: Any) -> HTMLResponse:
    """The template of this name, filled; every value is escaped.

    `request` tells who looks at it; without one the page is nobody's.
    """
    text = _TEMPLATES.get_template(name).render({**_known(request), **values})
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
