"""Calls to GitLab's REST API with one token: at the right pace, each answer understood.

One client serves every hook; `app/forges/gitlab/adapter.py` makes it an adapter for one. Projects and groups are
named by their numbers, which outlive every name.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import version as installed_version
from typing import Any, Self

import httpx2
from uritemplate import URITemplate, expand

from app.forges.calls import Call, Observer, items, refuse_odd
from app.forges.gitlab.answers import limit, refusal, whole
from app.forges.http import Answer, Wire
from app.forges.json_values import dig, number, objects, text, texts
from app.forges.json_values import time as time_of
from app.forges.limits import Breaker, Gate, LocalGate, Pace, Sleep, Turn
from app.forges.remembered import Remembered
from app.forges.server_clock import ServerClock
from app.forges.sharing import UnderWay
from handlers.ports import ForgeError, Gone, Unavailable, Unsure
from policies.facts import File, same

PER_PAGE = 100
REMEMBER_PEOPLE = 3600.0
"""Seconds; a username may pass to somebody else, though never within an hour of being given up."""

_MOST_PAGES = 1000


@dataclass(frozen=True, slots=True)
class Identity:
    """Usher's own account."""

    id: int
    username: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class TokenState:
    """What the token may do, and until when. `expires` is None where it never ends, or is no access token."""

    scopes: tuple[str, ...]
    expires: date | None
    name: str = ""


PACE = Pace(pause=1.0, writes_per_hour=3_000, reads_per_minute=1_200)
"""GitLab.com takes 2,000 requests and 60 comments a minute ("Rate limits on GitLab.com"), of which others want some."""


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    operation: str
    url: str
    body: bytes | None = None


class GitLabClient:
    """GitLab's REST API for one token. Use it as an async context manager, or call `aclose`.

    `url`: GitLab's own address, with its path where it is served below one. `gate` paces the calls where
    replicas share their budget; else `pace` holds in this process. `observe` is told of every call and its
    seconds; `calls` counts them in any case.
    """

    def __init__(
        self,
        *,
        url: str = "https://gitlab.com",
        token: str,
        pace: Pace = PACE,
        gate: Gate | None = None,
        observe: Observer | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        sleep: Sleep = asyncio.sleep,
        local_clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url = url.rstrip("/")
        self.calls: Counter[Call] = Counter()
        self.clock = ServerClock(local_clock)
        self.identity: Identity | None = None
        self.sleep, self._monotonic = sleep, monotonic
        self._wire = Wire(f"{self.url}/api", transport=transport)
        self._token = token
        self._agent = f"usher/{installed_version('usher')}"
        self._gate = gate or LocalGate(pace, monotonic=monotonic, sleep=sleep)
        self._observe = observe
        self._breaker = Breaker(monotonic=monotonic)
        self._under_way: UnderWay[Answer] = UnderWay()
        self._writes = 0
        self._people: Remembered[str, tuple[float, int | None]] = Remembered(10_000)
        self.owners: Remembered[tuple[int, str], File] = Remembered(256)
        """Owners files at a commit, which never change."""
        self.one_reviewer: set[int] = set()
        """Projects that were seen to keep one reviewer of several (the Free tier)."""

    @property
    def is_held_back(self) -> bool:
        """Whether calls wait because the forge has been failing."""
        return self._breaker.is_open

    @property
    def budget(self) -> float:
        """Which part of the requests that GitLab allows is left, 1.0 where it told nothing."""
        return self._gate.share_left()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections; reads that are under way end with them."""
        await self._under_way.aclose()
        await self._wire.aclose()

    # --- What adapters call -----------------------------------------------------------------------------

    async def get(self, template: str, **pieces: object) -> Any:
        """The JSON of one GET; `template` is below `/api/v4/`, pieces that it does not name are the query."""
        return (await self._call(self._request("GET", template, pieces))).json()

    async def turn(self) -> Turn:
        """Wait until a write may go out; give the result to `write`.

        Where the forge has been failing, this write is the one that tries whether it does still.
        """
        self._breaker.look()
        await self._gate.turn(write=True)
        self._breaker.check()
        return Turn(self._monotonic())

    async def write(
        self,
        method: str,
        template: str,
        body: Mapping[str, object] | None = None,
        *,
        turn: Turn | None = None,
        **pieces: object,
    ) -> Any:
        """The JSON of one call that changes something. `turn`: it had its turn, and goes out soon or not at all."""
        content = None if body is None else json.dumps(body).encode()
        request = replace(self._request(method, template, pieces), body=content)
        try:
            return (await self._fetch(request, turn=turn)).json()
        finally:
            self._writes += 1

    async def pages(self, template: str, **pieces: object) -> AsyncIterator[Answer]:
        """The pages of a list, a hundred items each, by `Link`, else by `X-Next-Page`.

        Totals are never looked at: GitLab leaves them out of long lists.
        """
        request = self._request("GET", template, {"per_page": PER_PAGE, **pieces})
        seen = {request.url}
        while len(seen) <= _MOST_PAGES:
            page = await self._call(request)
            yield page
            url = page.next or self._numbered(request.url, whole(page, "x-next-page"))
            if url is None:
                return
            if url in seen:
                break
            seen.add(url)
            request = replace(request, url=url)
        raise Unavailable(f"{template} has no end")

    async def list(self, template: str, **pieces: object) -> tuple[Mapping[str, Any], ...]:
        """Every item of a list."""
        return tuple([each async for page in self.pages(template, **pieces) for each in items(page)])

    async def ask_graph(self, query: str, variables: Mapping[str, object]) -> Any:
        """The `data` of one GraphQL query that reads; `Unavailable` where GitLab gives errors instead."""
        content = json.dumps({"query": query, "variables": dict(variables)}).encode()
        request = _Request("POST", "graphql", f"{self._wire.base}/graphql", content)
        try:
            said = (await self._fetch(request, write=False)).json()
        except Unsure as error:
            raise Unavailable(str(error)) from error  # it only reads
        if dig(said, "errors"):
            raise Unavailable("GitLab could not answer a GraphQL query")
        return dig(said, "data")

    async def who_am_i(self) -> Identity:
        """The account that the token belongs to, asked once."""
        if self.identity is None:
            said = await self.get("user")
            self.identity = Identity(number(said, "id") or 0, text(said, "username"), text(said, "name"))
        return self.identity

    @property
    def us(self) -> str:
        """Usher's own username; empty while it is not known."""
        return self.identity.username if self.identity else ""

    async def token_state(self) -> TokenState | None:
        """What the token may do and until when; None where it is no personal, group or project token."""
        try:
            said = await self.get("personal_access_tokens/self")
        except Gone:
            return None
        ends = time_of(said, "expires_at")
        return TokenState(texts(said, "scopes"), ends.date() if ends else None, text(said, "name"))

    async def version(self) -> tuple[int, int]:
        """GitLab's version, as (major, minor)."""
        major, _, rest = text(await self.get("version"), "version").partition(".")
        minor = rest.partition(".")[0]
        return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else (0, 0)

    async def user_id(self, username: str) -> int | None:
        """The number of somebody by username; None where there is nobody of that name."""
        key = same(username)
        known = self._people.get(key)
        if known is not None and self._monotonic() - known[0] < REMEMBER_PEOPLE:
            return known[1]
        found = await self.get("users", username=username)
        matching = (each for each in objects(found) if same(text(each, "username")) == key)
        user_id = next((number(each, "id") for each in matching), None)
        self._people.put(key, (self._monotonic(), user_id))
        return user_id

    # --- One call -----------------------------------------------------------------------------------------

    def _request(self, method: str, template: str, pieces: Mapping[str, object]) -> _Request:
        for piece in pieces.values():
            refuse_odd(piece)
        query = ",".join(name for name in pieces if name not in URITemplate(template).variable_names)
        whole_template = f"{self._wire.base}/v4/{template}" + (f"{{?{query}}}" if query else "")
        url = expand(whole_template, {name: _plain(each) for name, each in pieces.items()})  # type: ignore[misc]
        return _Request(method, template, url)

    def _numbered(self, url: str, page: int | None) -> str | None:
        return None if page is None else str(httpx2.URL(url).copy_set_param("page", page))

    async def _call(self, request: _Request) -> Answer:
        """Equal GETs that are under way share one answer, unless a write of ours came between them."""
        answer, shared = await self._under_way.share(
            (request.url, self._writes), lambda: self._fetch(request)
        )
        if shared:
            self._count(request, answer.status, "shared", 0.0)
        return answer

    async def _fetch(
        self, request: _Request, *, write: bool | None = None, turn: Turn | None = None
    ) -> Answer:
        if turn is None:
            self._breaker.look()  # what is held back takes no turn
            await self._gate.turn(write=request.method != "GET" if write is None else write)
            self._breaker.check()
        else:  # let through with its turn
            turn.check(self._monotonic())
        answer = await self._exchange(request)
        left, of = whole(answer, "ratelimit-remaining"), whole(answer, "ratelimit-limit")
        if left is not None and of:
            self._gate.told(left, of)
        named = limit(answer, self.clock)
        if named is not None:
            raise await self._gate.hit(named)
        await self._gate.passed()
        error = refusal(answer, request.method, request.operation)
        if error is not None:
            raise error
        return answer

    async def _exchange(self, request: _Request) -> Answer:
        headers = {"accept": "application/json", "user-agent": self._agent, "private-token": self._token}
        if request.body is not None:
            headers["content-type"] = "application/json"
        start, status = time.perf_counter(), 0
        try:
            answer = await self._wire.exchange(
                request.method, request.url, headers=headers, content=request.body
            )
            status = answer.status
        except ForgeError:
            self._breaker.failed()
            raise
        finally:
            cache = "miss" if request.method == "GET" else "-"
            self._count(request, status, cache, time.perf_counter() - start)
        self.clock.learn(answer.headers)
        (self._breaker.worked if answer.is_usable else self._breaker.failed)()
        return answer

    def _count(self, request: _Request, status: int, cache: str, seconds: float) -> None:
        call = Call(request.method, request.operation, status, cache)
        self.calls[call] += 1
        if self._observe is not None:
            self._observe(call, seconds)


def _plain(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
