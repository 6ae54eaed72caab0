"""Every page that people look at. Each module is about one question that they come with."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter

from app.settings import PromiseClock
from app.store.database import Database
from app.web.pages import catalogue, gains, me, modes, operations, turns
from app.web.visitors import Visitors


def make_pages(
    database: Database, visitors: Visitors, clock: PromiseClock, *, ready_to_read: Callable[[], bool]
) -> APIRouter:
    """All pages. What the visitor may not read on the forge is 404, as it is there."""
    router = APIRouter()
    router.include_router(turns.make(database, visitors, clock, ready_to_read=ready_to_read))
    router.include_router(catalogue.make(database, visitors, clock))
    router.include_router(gains.make(database, visitors, clock))
    router.include_router(operations.make(database, visitors))
    router.include_router(modes.make(database, visitors))
    router.include_router(me.make(database, visitors))
    return router
