"""The GitLab face: one HTTP request in, one answer out, as GitLab would give it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from app.forges.sandbox.clock import WallClock
from app.forges.sandbox.courier import Courier
from app.forges.sandbox.faults import Fault, Faults
from app.forges.sandbox.gitlab import endpoints as _endpoints  # noqa: F401 - fills ROUTES
from app.forges.sandbox.gitlab import oauth
from app.forges.sandbox.gitlab.answers import Problem, refusal, unauthorised
from app.forges.sandbox.gitlab.calls import Call
from app.forges.sandbox.gitlab.graphql import answer_query
from app.forges.sandbox.gitlab.hooks import Hooks
from app.forges.sandbox.gitlab.limits import Allowance, Limits
from app.forges.sandbox.gitlab.routing import ROUTES, Route
from app.forges.sandbox.gitlab.site import Site
from app.forges.sandbox.gitlab.tokens import Caller, Desk, Nobody, Token
from app.forges.sandbox.http import Answer, Face, Request, http_date
from app.forges.sandbox.ledger import Exchange, Ledger
from app.forges.sandbox.rules import Refused
from app.forges.sandbox.world import World

HTML = b"<!DOCTYPE html><html><body><h1>502</h1><p>Whoops, GitLab is taking too much time to respond.</p></body></html>"
REST, GRAPHQL = "/api/v4", "/api/graphql"


class GitLab(Face):
    """GitLab's REST API, and the little of GraphQL that has no REST, as an ASGI application."""

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
        self.desk = Desk(wall, seed)
        self.limits = Limits(Allowance(), faults, wall)
        self.hooks = Hooks(world, wall, courier)

    # --- From request to answer ---------------------------------------------------------------------

    def exchange(self, request: Request, fault: Fault) -> tuple[Exchange, Answer]:
        caller, real = self._happen(request, fault)
        shown = _failure(fault) if fault.hides else real
        content = b"" if request.method == "HEAD" else shown.content
        if request.method == "GET" and shown.status == 200:
            mark = f'W/"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
            shown.headers["ETag"] = mark
            if request.headers.get("if-none-match") == mark:
                shown, content = Answer(304, headers=shown.headers), b""
        exchange = Exchange(
            request.method,
            request.raw_path.removeprefix(self.site.prefix),
            request.query,
            request.quietly(),
            304 if shown.status == 304 else real.status,
            real.body,
            self._headers(caller, shown, fault),
            caller.scope,
            self.wall.now(),
            happened=fault.happens,
            told=not fault.hides,
        )
        answer = Answer(shown.status, raw=content)
        if not fault.hides:
            answer.letter, answer.conclude = real.letter, real.conclude
        return exchange, answer

    def _happen(self, request: Request, fault: Fault) -> tuple[Caller, Answer]:
        """Let the request have its effect, unless a fault comes before it."""
        caller: Caller = Nobody()
        self.site.recursion = request.headers.get("x-gitlab-event-uuid")
        try:
            lag = self.faults.fresh_token_lag
            path = self._below_prefix(request.raw_path)
            if not path.endswith("/self/rotate"):  # where a token that was given up is noticed
                caller = self.desk.caller(request.headers, request.query, lag=lag)
            answer = self._answer(request, path, caller) if fault.happens else _failure(fault)
        except Problem as problem:
            answer = problem.answer()
        except Refused as refused:
            answer = refusal(refused).answer()
        finally:
            self.site.recursion = None
        return caller, answer

    def _below_prefix(self, raw_path: str) -> str:
        known = tuple(self.site.prefix + each for each in ("/api/", "/oauth/"))
        if not raw_path.startswith(known):
            raise Problem(404, error="404 Not Found")
        return raw_path.removeprefix(self.site.prefix)

    def _answer(self, request: Request, path: str, caller: Caller) -> Answer:
        write = request.method not in ("GET", "HEAD")
        self.limits.check(caller, write=write)
        body = _body(request)
        if path == "/oauth/authorize" and request.method == "GET":
            return oauth.authorize(self.site, self.desk, request.query)
        if path == "/oauth/token" and request.method == "POST":
            return oauth.exchange(self.site, self.desk, body)
        if path == GRAPHQL and request.method == "POST":
            return answer_query(self.world, caller, body)
        found = ROUTES.find(request.method, path.removeprefix(REST)) if path.startswith(REST + "/") else None
        if found is None:
            raise Problem(404, error="404 Not Found")
        route, params = found
        _admit(caller, route, request.method)
        call = Call(
            self.site,
            self.world if write else self.faults.seen(is_list=route.is_list),
            self.desk,
            self.courier,
            self.hooks,
            self.limits,
            caller,
            request.method,
            path.removeprefix(REST),
            params,
            request.query,
            request.pairs,
            body,
            self.wall.now().date(),
            request.headers,
        )
        answer = route.handler(call)
        if write:
            self.faults.picture()
        return answer

    # --- Headers ------------------------------------------------------------------------------------

    def _headers(self, caller: Caller, answer: Answer, fault: Fault) -> dict[str, str]:
        html = answer.raw is HTML
        return {
            "Server": "nginx",
            "X-Request-Id": f"{len(self.ledger.exchanges) + 1:026X}",
            "Date": http_date(self.wall.now()),
            "Content-Type": "text/html" if html else "application/json",
            "Cache-Control": "max-age=0, private, must-revalidate",
            "Vary": "Origin",
            **self.limits.headers(caller),
            **answer.headers,
            **fault.headers,
        }


def _admit(caller: Caller, route: Route, method: str) -> None:
    """The caller is known where that is needed, and the token's scope is enough."""
    if isinstance(caller, Nobody):
        if not route.anonymous:
            raise unauthorised()
        return
    usual = ("api", "read_api") if method in ("GET", "HEAD") else ("api",)
    wanted = route.scopes or usual
    if isinstance(caller, Token) and not caller.may(*wanted):
        raise Problem(
            403,
            error="insufficient_scope",
            more={
                "error_description": "The request requires higher privileges than provided by the access token.",
                "scope": " ".join(wanted),
            },
        )


def _failure(fault: Fault) -> Answer:
    """What the caller is shown instead of the truth."""
    return Answer(
        fault.status or 502, {"message": "500 Internal Server Error"}, raw=HTML if fault.html else None
    )


def _body(request: Request) -> Mapping[str, Any]:
    """The fields of a body, JSON or form; none is the same as empty."""
    try:
        body = request.json()
    except ValueError:
        raise Problem(400, error="The request body is not valid JSON") from None
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise Problem(400, error="The request body is not an object")
    return body
