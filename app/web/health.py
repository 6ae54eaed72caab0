"""Whether Usher lives, is ready, and how it is doing in detail."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.types import Receive, Scope, Send

from app.receiving.intake import Intake
from app.stock import Stock
from app.store import schema
from app.store.database import Database
from app.store.operations import Operations
from app.web.visitors import NotSignedIn, Visitors

PATIENCE = 2.0
"""Seconds; a database that does not answer by then is away."""

READY = "/readyz"
"""Where balancers ask whether to send anything here."""

_PROXIED = ("x-forwarded-for", "forwarded", "x-real-ip")


@dataclass(frozen=True, slots=True)
class Health:
    """What health needs to know. `token` opens the details to machines; `forges` says which are connected."""

    database: Database
    intake: Intake
    stock: Stock
    visitors: Visitors
    token: str | None
    forges: Callable[[], Mapping[str, Any]]

    async def why_not_ready(self) -> str | None:
        """Why a delivery that comes now could not be kept; None where it could.

        While the database is away the spool keeps them, on a schema that fitted when this process started.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                await schema.require(self.database)
        except schema.SchemaError as error:
            away, said = error.is_away, str(error)
        except Exception as error:  # whatever keeps the database away, the spool is asked
            away, said = True, repr(error)
        else:
            return None
        if not away:
            return said
        return None if self.intake.spool.has_room else "The database is away, and the spool has no room."

    async def details(self) -> dict[str, Any]:
        """Everything, with a sentence for each thing that needs somebody."""
        answers = await self.stock.refresh()
        reason = await self.why_not_ready()
        found = self.stock.operations
        spool = self.intake.spool
        problems = [] if reason is None else [reason]
        if not answers:
            problems.append("The database does not answer; deliveries go to the spool.")
        if spool.damaged:
            problems.append(
                f"{spool.damaged} files of the spool could not be read and are set aside as `*.damaged`; see the log."
            )
        if found is not None:
            problems += _problems(found)
        return {
            "status": "ok" if not problems else "degraded",
            "ready": reason is None,
            "problems": problems,
            "database": {"answers": answers, "schema": schema.newest()},
            "spool": {
                "files": spool.files,
                "bytes": spool.bytes,
                "has_room": spool.has_room,
                "damaged": spool.damaged,
            },
            "forges": dict(self.forges()),
            **({} if found is None else _shown(found)),
        }

    async def must_operate(self, request: Request) -> None:
        """401 unless the request carries the operator's token or the session of an operator."""
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        if (
            kind.lower() == "bearer"
            and self.token
            and hmac.compare_digest(secret.encode(), self.token.encode())
        ):
            return
        if not secret:
            try:
                if self.visitors.operates(await self.visitors.must(request)):
                    return
            except NotSignedIn:
                pass
        raise HTTPException(
            401,
            "For operators: sign in as one, or send USHER_OPERATOR_TOKEN as a bearer token.",
            headers={"www-authenticate": "Bearer"},
        )


def make_health(health: Health) -> APIRouter:
    """`/livez`, `/readyz`, `/healthz` and `/metrics`."""
    router = APIRouter()

    @router.api_route("/livez", methods=["GET", "HEAD"])
    async def livez() -> PlainTextResponse:
        """Whether the process turns."""
        return PlainTextResponse("alive\n")

    @router.api_route(READY, methods=["GET", "HEAD"])
    async def readyz() -> PlainTextResponse:
        """Whether deliveries can be kept now, in a database with our schema or on disk."""
        reason = await health.why_not_ready()
        return PlainTextResponse("ready\n") if reason is None else PlainTextResponse(f"{reason}\n", 503)

    @router.get("/healthz")
    async def healthz(request: Request) -> JSONResponse:
        """How Usher is doing, for operators."""
        await health.must_operate(request)
        details = await health.details()
        return JSONResponse(details, 200 if details["ready"] else 503)

    @router.get("/metrics")
    async def show_metrics(request: Request) -> Response:
        """Counters for Prometheus: for this machine, and for operators. No tenant is named in them."""
        if not _is_from_here(request):
            await health.must_operate(request)
        return Response(await health.stock.metrics(), media_type=CONTENT_TYPE_LATEST)

    return router


def make_metrics_page(stock: Stock) -> Callable[[Scope, Receive, Send], Any]:
    """`/metrics` alone, for a listener that only collectors reach."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        found = scope["type"] == "http" and scope["path"] == "/metrics"
        response = (
            Response(await stock.metrics(), media_type=CONTENT_TYPE_LATEST)
            if found
            else PlainTextResponse("There is only /metrics here.\n", 404)
        )
        await response(scope, receive, send)

    return answer


def _is_from_here(request: Request) -> bool:
    """Whether somebody on this machine asks, and no proxy for somebody else."""
    if request.client is None or any(name in request.headers for name in _PROXIED):
        return False
    return ipaddress.ip_address(request.client.host).is_loopback


def _problems(found: Operations) -> list[str]:
    problems = []
    if number := sum(found.dead.values()):
        problems.append(f"{number} dead letters wait for somebody: `usher dead list`.")
    if found.oldest_unread > 60:
        problems.append(
            f"Deliveries have not been read for {found.oldest_unread:.0f} seconds. Does a worker run?"
        )
    if found.due_oldest > 300:
        problems.append(f"A subject has waited for {found.due_oldest:.0f} seconds. Does a worker run?")
    problems += [
        f"The round `{each.name}` {'failed: ' + each.error if each.error else 'is overdue'}."
        for each in found.overdue()
    ]
    return problems


def _shown(found: Operations) -> dict[str, Any]:
    return {
        "inbox": {"unread": found.unread, "oldest_seconds": round(found.oldest_unread, 1)},
        "due": {"waiting": found.due_waiting, "oldest_seconds": round(found.due_oldest, 1)},
        "effects": {"uncertain": found.uncertain},
        "dead": [
            {"table": table, "reason": reason, "number": number}
            for (table, reason), number in sorted(found.dead.items())
        ],
        "rounds": [
            {
                "name": each.name,
                "succeeded_at": each.succeeded_at.isoformat() if each.succeeded_at else None,
                "next_at": each.next_at.isoformat(),
                "error": each.error,
                **{name: value for name, value in each.note.items() if name != "asked"},
            }
            for each in found.rounds
        ],
        "tenants": dict(found.tenants),
    }
