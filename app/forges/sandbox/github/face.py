"""The GitHub face: one HTTP request in, one answer out, as GitHub would give it."""

from __future__ import annotations

from typing import Any

from app.forges.sandbox.clock import WallClock
from app.forges.sandbox.courier import Courier
from app.forges.sandbox.faults import Fault, Faults
from app.forges.sandbox.github import endpoints as _endpoints  # noqa: F401 - fills ROUTES
from app.forges.sandbox.github.answers import Problem, refusal
from app.forges.sandbox.github.caching import etag, has_already
from app.forges.sandbox.github.calls import Call
from app.forges.sandbox.github.doors import authorise
from app.forges.sandbox.github.limits import Allowance, Limits
from app.forges.sandbox.github.routing import ROUTES, Route
from app.forges.sandbox.github.site import Site
from app.forges.sandbox.github.tokens import Caller, Desk, Nobody
from app.forges.sandbox.http import Answer, Face, Request, http_date
from app.forges.sandbox.ledger import Exchange, Ledger
from app.forges.sandbox.rules import Refused
from app.forges.sandbox.world import World

HTML = b"<!DOCTYPE html><html><body><h1>We couldn't respond to your request in time.</h1></body></html>"


class GitHub(Face):
    """GitHub's REST API as an ASGI application."""

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
        super().__init__(world, courier, ledger, faults, wall)
        self.site = site
        self.desk = Desk(site.registration, wall, seed)
        self.limits = Limits(Allowance(), faults, wall)

    # --- From request to answer ---------------------------------------------------------------------

    def exchange(self, request: Request, fault: Fault) -> tuple[Exchange, Answer]:
        caller, real = self._happen(request, fault)
        shown = _failure(fault) if fault.hides else real
        content = shown.content
        if self._is_known(request, shown, content):
            shown, content = Answer(304, headers=shown.headers), b""
        else:
            self.limits.count(caller)
        exchange = Exchange(
            request.method,
            request.raw_path,
            request.query,
            request.quietly(),
            real.status if shown.status != 304 else 304,
            real.body,
            self._headers(caller, shown, fault),
            caller.scope,
            self.wall.now(),
            happened=fault.happens,
            told=not fault.hides,
        )
        return exchange, Answer(shown.status, raw=content)

    def _happen(self, request: Request, fault: Fault) -> tuple[Caller, Answer]:
        """Let the request have its effect, unless a fault comes before it."""
        caller: Caller = Nobody()
        try:
            caller = self.desk.caller(request.headers, self.world, lag=self.faults.fresh_token_lag)
            answer = self._answer(request, caller) if fault.happens else _failure(fault)
        except Problem as problem:
            answer = problem.answer()
        except Refused as refused:
            answer = refusal(refused).answer()
        return caller, answer

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
            _body(request),
            request.headers.get("accept", ""),
        )
        if call.body is not None and not isinstance(call.body, dict) and not path.endswith("/labels"):
            raise Problem(400, "Body should be a JSON object")
        authorise(call, route)
        answer = route.handler(call)
        if write:
            self.faults.picture()
        if route.content:
            self.limits.count_content(caller)
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

    def _is_known(self, request: Request, answer: Answer, content: bytes) -> bool:
        """Whether 304 is enough; marks the answer with its ETag."""
        if request.method != "GET" or answer.status != 200 or answer.raw is not None:
            return False
        mark = etag(request.headers.get("authorization", ""), content)
        answer.headers["ETag"] = mark
        return has_already(request.headers, mark, answer.headers.get("Last-Modified"))

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


def _failure(fault: Fault) -> Answer:
    """What the caller is shown instead of the truth."""
    return Answer(fault.status or 502, {"message": "Server Error"}, raw=HTML if fault.html else None)


def _body(request: Request) -> Any:
    """REST: Troubleshooting, 400."""
    try:
        return request.json()
    except ValueError:
        raise Problem(400, "Problems parsing JSON") from None
