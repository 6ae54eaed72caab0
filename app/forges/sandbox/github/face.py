"""The GitHub face: one HTTP request in, one answer out, as GitHub would give it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from app.forges.sandbox.clock import WallClock
from app.forges.sandbox.courier import Courier
from app.forges.sandbox.faults import Fault, Faults
from app.forges.sandbox.github import endpoints as _endpoints  # noqa: F401 - fills ROUTES
from app.forges.sandbox.github.answers import Answer, Problem, http_date, refusal
from app.forges.sandbox.github.limits import Allowance, Limits
from app.forges.sandbox.github.routing import ROUTES, Call, Route, authorise
from app.forges.sandbox.github.site import Site
from app.forges.sandbox.github.tokens import Caller, Desk, Nobody
from app.forges.sandbox.ledger import Exchange, Ledger
from app.forges.sandbox.rules import Refused
from app.forges.sandbox.world import World

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

HTML = b"<!DOCTYPE html><html><body><h1>We couldn't respond to your request in time.</h1></body></html>"


class Request:
    """What came in, read but not yet understood."""

    def __init__(self, scope: Scope, body: bytes) -> None:
        self.method: str = scope["method"]
        self.raw_path: str = scope["raw_path"].decode("ascii")
        self.query = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self.content = body

    @property
    def path(self) -> str:
        return unquote(self.raw_path)

    def json(self) -> Any:
        """The body as JSON, None where it is empty (REST: Troubleshooting, 400); a form as its fields."""
        if not self.content:
            return None
        if self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(self.content.decode(errors="replace")))
        try:
            return json.loads(self.content)
        except ValueError:
            raise Problem(400, "Problems parsing JSON") from None


class GitHub:
    """An ASGI application. `on_exchange` hooks are called with every exchange, before the answer leaves."""

    def __init__(
        self,
        site: Site,
        world: World,
        courier: Courier,
        ledger: Ledger,
        faults: Faults,
        wall: WallClock,
        seed: int,
    ) -> None:
        self.site = site
        self.world = world
        self.courier = courier
        self.ledger = ledger
        self.faults = faults
        self.wall = wall
        self.desk = Desk(site.registration, wall, seed)
        self.limits = Limits(Allowance(), faults, wall)
        self.on_exchange: list[Callable[[Exchange], None]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"not spoken here: {scope['type']}")
        request = Request(scope, await _read(receive))
        fault = self.faults.of(request.method, request.path) or Fault()
        if fault.delay:
            await asyncio.sleep(fault.delay)
        with self.courier.holding() as release:
            exchange, answer = self._exchange(request, fault)
        try:
            for hook in self.on_exchange:
                hook(exchange)
            if fault.cut:
                await scope["extensions"]["cut"]()
            else:
                await _reply(send, answer, exchange.headers)
        finally:
            release()

    # --- From request to answer ---------------------------------------------------------------------

    def _exchange(self, request: Request, fault: Fault) -> tuple[Exchange, Answer]:
        caller: Caller = Nobody()
        instead = fault.status is not None or fault.cut
        happens = not instead or fault.after_effect
        answer = Answer(
            fault.status or 502, raw=HTML if fault.html else None, body={"message": "Server Error"}
        )
        real = answer
        try:
            caller = self.desk.caller(request.headers, self.world, lag=self.faults.fresh_token_lag)
            if happens:
                real = self._answer(request, caller)
        except Problem as problem:
            real = problem.answer()
        except Refused as refused:
            real = refusal(refused).answer()
        shown = answer if instead else real
        body = _encoded(shown)
        shown = self._unchanged(request, caller, shown, body)
        headers = self._headers(caller, shown, fault)
        exchange = Exchange(
            request.method,
            request.raw_path,
            request.query,
            _quietly(request),
            real.status if happens else shown.status,
            real.body if happens else shown.body,
            headers,
            caller.scope,
            self.wall.now(),
            happened=happens,
            told=not instead,
        )
        self.ledger.keep(exchange)
        return exchange, Answer(shown.status, raw=b"" if shown.status in (204, 304) else body)

    def _answer(self, request: Request, caller: Caller) -> Answer:
        path = self._by_number(request.raw_path)
        found = ROUTES.find(request.method, path)
        if found is None:
            raise Problem(404, "Not Found")
        route, params = found
        write = request.method != "GET"
        self.limits.check(caller, content=route.content, write=write)
        call = Call(
            self.site,
            self._seen(route, write),
            self.desk,
            self.courier,
            caller,
            request.method,
            path,
            params,
            request.query,
            request.json(),
            request.headers.get("accept", ""),
        )
        if call.body is not None and not isinstance(call.body, dict) and not path.endswith("/labels"):
            raise Problem(400, "Body should be a JSON object")
        authorise(call, route)
        answer = route.handler(call)
        if write:
            self.faults.picture()
        return answer

    def _seen(self, route: Route, write: bool) -> World:
        return self.world if write else self.faults.seen(is_list=route.is_list)

    def _by_number(self, raw_path: str) -> str:
        """`/repositories/{id}/…` is `/repos/{owner}/{repo}/…`."""
        pieces = raw_path.split("/", 3)
        if len(pieces) < 3 or pieces[1] != "repositories" or not pieces[2].isdigit():
            return raw_path
        known = self.world.repositories.get(int(pieces[2]))
        if known is None:
            raise Problem(404, "Not Found")
        return "/".join(["", "repos", known.full_name, *pieces[3:]])

    # --- Headers ------------------------------------------------------------------------------------

    def _unchanged(self, request: Request, caller: Caller, answer: Answer, body: bytes) -> Answer:
        """304 where the caller has this already. An ETag holds for the token that earned it alone."""
        counted = True
        if request.method == "GET" and answer.status == 200 and answer.raw is None:
            credentials = request.headers.get("authorization", "")
            etag = f'W/"{hashlib.sha256(credentials.encode() + b"|" + body).hexdigest()}"'
            answer.headers["ETag"] = etag
            if self._has(request, etag, answer.headers.get("Last-Modified")):
                answer, counted = Answer(304, headers=answer.headers), False
        if counted:
            self.limits.count(caller, content=request.method != "GET" and answer.status in (200, 201))
        return answer

    def _has(self, request: Request, etag: str, modified: str | None) -> bool:
        known = request.headers.get("if-none-match")
        if known is not None:
            return etag in [each.strip() for each in known.split(",")]
        since = request.headers.get("if-modified-since")
        if since is None or modified is None:
            return False
        return parsedate_to_datetime(modified) <= parsedate_to_datetime(since)

    def _headers(self, caller: Caller, answer: Answer, fault: Fault) -> dict[str, str]:
        kind = "text/html" if answer.raw is not None else "application/json; charset=utf-8"
        return {
            "Server": "github.com",
            "X-GitHub-Request-Id": f"{len(self.ledger.exchanges) + 1:08X}",
            "Date": http_date(self.wall.now()),
            "Content-Type": kind,
            "X-GitHub-Media-Type": "github.v3; format=json",
            "x-github-api-version-selected": "2022-11-28",
            "Cache-Control": "private, max-age=60, s-maxage=60",
            "Vary": "Accept, Authorization, Cookie, X-GitHub-OTP",
            **self.limits.headers(caller),
            **answer.headers,
            **fault.headers,
        }


def _encoded(answer: Answer) -> bytes:
    if answer.raw is not None:
        return answer.raw
    if answer.body is None:
        return b""
    return json.dumps(answer.body, ensure_ascii=False, separators=(",", ":")).encode()


def _quietly(request: Request) -> Any:
    """The body for the ledger, where what is no JSON is kept as text."""
    try:
        return request.json()
    except Problem:
        return request.content.decode(errors="replace")


async def _read(receive: Receive) -> bytes:
    pieces: list[bytes] = []
    while True:
        message = await receive()
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(pieces)


async def _reply(send: Send, answer: Answer, headers: Mapping[str, str]) -> None:
    body = answer.raw or b""
    listed = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    if answer.status not in (204, 304):
        listed.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": listed})
    await send({"type": "http.response.body", "body": body})
