"""Calls to GitHub's REST API as one App: with the right token, at the right pace, each answer understood.

One client serves every installation of the App; `app/forges/github/adapter.py` makes it an adapter for one.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version as installed_version
from types import MappingProxyType
from typing import Self

import httpx2
from gidgethub.sansio import create_headers, format_url

from app.forges.calls import Call, Observer, refuse_odd
from app.forges.etags import EtagCache
from app.forges.github.answers import limit, rate_limit, refusal
from app.forges.github.memory import Memory
from app.forges.github.tokens import AppKey, Opens, Right, Token, Tokens
from app.forges.http import Answer, Wire
from app.forges.json_values import number, text
from app.forges.limits import Breaker, Gate, Gates, Limit, LocalGate, Pace, Sleep, Turn
from app.forges.server_clock import ServerClock
from app.forges.sharing import UnderWay
from handlers.ports import ForgeError, Gone, Locked, Suspended, Unavailable
from policies.facts import RepositoryRef

ACCEPT = "application/vnd.github+json"
API_VERSION = "2022-11-28"

_APP = Opens(0)  # the App's own calls: its signature opens no repository
_YOUNG = 10.0
_WAITS_WHILE_YOUNG = (1.0, 2.0, 4.0)
_MOST_PAGES = 1000

_MOVED = (301, 302, 307, 308)

Pieces = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class AppIdentity:
    """The App as GitHub knows it: its number and the slug in its comments' login, `<slug>[bot]`."""

    id: int
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class _Request:
    """One request before it has a token."""

    opens: Opens
    method: str
    operation: str
    url: str
    body: bytes | None = None
    accept: str = ACCEPT
    turn: Turn | None = None

    @property
    def key(self) -> tuple[int, str, str]:
        return (self.opens.installation, self.url, self.accept)


class GitHubClient:
    """GitHub's REST API for one App. Use it as an async context manager, or call `aclose`.

    `api_url`: `https://api.github.com`, or `https://HOST/api/v3` of an Enterprise Server. `private_key`:
    one PEM, or several while one is being replaced. `gates` gives each installation's gate where replicas
    share their budgets; else `pace` holds in this process. `observe` is told of every call and its
    seconds; `calls` counts them in any case.
    """

    def __init__(
        self,
        *,
        api_url: str = "https://api.github.com",
        app_id: int,
        private_key: str | Sequence[str],
        pace: Pace | None = None,
        gates: Gates | None = None,
        observe: Observer | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        sleep: Sleep = asyncio.sleep,
        local_clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.app_id = app_id
        self.calls: Counter[Call] = Counter()
        self.clock = ServerClock(local_clock)
        self.identity: AppIdentity | None = None
        self._wire = Wire(api_url, transport=transport)
        keys = [private_key] if isinstance(private_key, str) else list(private_key)
        self._key = AppKey(app_id, keys, self.clock)
        self.tokens = Tokens(self.clock, self._signed, monotonic=monotonic)
        self._agent = f"usher/{installed_version('usher')}"
        self._pace, self._shared_gates = pace or Pace(), gates
        self._observe = observe
        self.sleep, self._monotonic = sleep, monotonic
        self.memory = Memory()
        self._breaker = Breaker(monotonic=monotonic)
        self._gates: dict[int, Gate] = {}
        self._etags = EtagCache()
        self._under_way: UnderWay[Answer] = UnderWay()
        self._writes: Counter[int] = Counter()
        self._moved: dict[tuple[int, str], str] = {}

    @property
    def is_held_back(self) -> bool:
        """Whether calls wait because the forge has been failing."""
        return self._breaker.is_open

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections; reads that are under way end with them."""
        await self._under_way.aclose()
        await self._wire.aclose()

    # --- What adapters call -----------------------------------------------------------------------------

    async def on(
        self,
        installation: int,
        repository: RepositoryRef,
        method: str,
        template: str,
        body: Mapping[str, object] | None = None,
        pieces: Pieces = MappingProxyType({}),
        *,
        turn: Turn | None = None,
    ) -> Answer:
        """One call about a repository, whose `{owner}` and `{repo}` are filled in from its present name.

        A repository that moved is looked up by its number, and the call made once more. `turn`: this write
        had its turn already (see `turn`), and goes out within five seconds of it or not at all (`Late`).
        """
        opens = Opens(installation, repository.id, _right(method, template))
        known = self._moved.get((repository.id, repository.name), repository.name)
        try:
            return await self._on_name(known, opens, method, template, pieces, body, turn)
        except _Moved:
            name = await self.find_again(installation, repository)
            return await self._on_name(name, opens, method, template, pieces, body, turn)

    async def turn(self, installation: int, repository: RepositoryRef) -> Turn:
        """Wait until a write may go out to this repository, with a token at hand; give the result to `on`.

        Where the forge has been failing, this write is the one that tries whether it does still.
        """
        self._breaker.look(installation)
        opens = Opens(installation, repository.id, "write")
        gate = self._gate(installation)
        await self._token(opens, gate)
        await gate.turn(write=True)
        self._breaker.check(installation)
        return Turn(self._monotonic())

    async def lists(
        self, installation: int, template: str, *, accept: str = ACCEPT, **pieces: object
    ) -> Answer:
        """One GET that needs the whole installation: repositories, teams, members.

        `accept`: the media type, where an operation has several; always the same for one template.
        """
        request = self._request(Opens(installation), "GET", template, pieces)
        return await self._call(replace(request, accept=accept))

    async def pages_on(
        self, installation: int, repository: RepositoryRef, template: str, **pieces: object
    ) -> AsyncIterator[Answer]:
        """The pages of a list about a repository, a hundred items each."""
        first = await self.on(installation, repository, "GET", template, pieces={"per_page": 100, **pieces})
        async for page in self._follow(first, Opens(installation, repository.id), template):
            yield page

    async def pages_of_lists(
        self, installation: int, template: str, **pieces: object
    ) -> AsyncIterator[Answer]:
        """The pages of a list that needs the whole installation."""
        opens = Opens(installation)
        first = await self._call(self._request(opens, "GET", template, {"per_page": 100, **pieces}))
        async for page in self._follow(first, opens, template):
            yield page

    async def describe(self, installation: int, repository_id: int) -> Answer:
        """A repository by its number, which outlives every name."""
        opens = Opens(installation, repository_id)
        pieces = {"repository_id": repository_id}
        return await self._call(self._request(opens, "GET", "/repositories/{repository_id}", pieces))

    async def find_again(self, installation: int, repository: RepositoryRef) -> str:
        """The present name of a repository that was renamed or transferred; `Gone` where it is hidden."""
        said = (await self.describe(installation, repository.id)).json()
        name = text(said, "full_name")
        if number(said, "id") != repository.id or name.count("/") != 1:
            raise Unavailable("the forge describes another repository than it was asked for")
        self._moved[(repository.id, repository.name)] = name
        return name

    async def as_app(self, method: str, template: str, **pieces: object) -> Answer:
        """One call in the App's own name (its installations, its deliveries)."""
        return await self._as_app(self._request(_APP, method, template, pieces))

    async def pages_as_app(self, template: str, **pieces: object) -> AsyncIterator[Answer]:
        """The pages of a list that the App asks for in its own name."""
        request: _Request | None = self._request(_APP, "GET", template, {"per_page": 100, **pieces})
        while request is not None:
            page = await self._as_app(request)
            yield page
            request = replace(request, url=page.next) if page.next else None

    async def who_am_i(self) -> AppIdentity:
        """The App that the key belongs to, asked once."""
        if self.identity is None:
            said = (await self.as_app("GET", "/app")).json()
            self.identity = AppIdentity(number(said, "id") or 0, text(said, "slug"), text(said, "name"))
        return self.identity

    def budget(self, installation: int) -> float:
        """Which part of the installation's hourly requests is left, 1.0 where the forge told none."""
        return self._gate(installation).share_left()

    def forget(self, installation: int) -> None:
        """Drop the tokens of an installation that left or changed its permissions; its limits stay."""
        self.tokens.forget(installation)

    # --- One call -----------------------------------------------------------------------------------------

    async def _on_name(
        self,
        name: str,
        opens: Opens,
        method: str,
        template: str,
        pieces: Pieces,
        body: Mapping[str, object] | None,
        turn: Turn | None,
    ) -> Answer:
        owner, _, repo = name.partition("/")
        pieces = {"owner": owner, "repo": repo, **pieces}
        return await self._call(replace(self._request(opens, method, template, pieces, body), turn=turn))

    def _request(
        self,
        opens: Opens,
        method: str,
        template: str,
        pieces: Pieces,
        body: Mapping[str, object] | None = None,
    ) -> _Request:
        content = None if body is None else json.dumps(body).encode()
        return _Request(opens, method, template.partition("{?")[0], self._url(template, pieces), content)

    def _url(self, template: str, pieces: Pieces) -> str:
        for piece in pieces.values():
            refuse_odd(piece)
        return format_url(template, pieces, base_url=self._wire.base)  # type: ignore[arg-type]

    async def _follow(self, page: Answer, opens: Opens, operation: str) -> AsyncIterator[Answer]:
        yield page
        for _ in range(_MOST_PAGES):
            if page.next is None:
                return
            page = await self._call(_Request(opens, "GET", operation, page.next))
            yield page
        raise Unavailable(f"{operation} has no end")

    async def _call(self, request: _Request) -> Answer:
        if request.method != "GET":
            try:
                return await self._fetch(request)
            finally:
                self._writes[request.opens.installation] += 1
        return await self._share(request)

    async def _share(self, request: _Request) -> Answer:
        """Equal GETs that are under way share one answer, unless a write of ours came between them."""
        key = (*request.key, request.opens, self._writes[request.opens.installation])
        answer, shared = await self._under_way.share(key, lambda: self._fetch(request))
        if shared:
            self._count(request, answer.status, "shared", 0.0)
        return answer

    async def _fetch(self, request: _Request) -> Answer:
        """Send with a token; one fresh token after a 401, and patience with a token too young to be known."""
        waits = iter(_WAITS_WHILE_YOUNG)
        minted = False
        while True:
            try:
                return await self._send(request)
            except _NotAccepted as error:
                wait = next(waits, None) if self.tokens.age(error.token) < _YOUNG else None
                if wait is not None:
                    await self.sleep(wait)
                elif minted:
                    raise Locked(str(error)) from None
                else:
                    self.tokens.refused(request.opens, error.token)
                    minted = True

    async def _send(self, request: _Request) -> Answer:
        is_read = request.method == "GET"
        gate = self._gate(request.opens.installation)
        if request.turn is None:
            self._breaker.look(request.opens.installation)  # what is held back takes no turn
            await gate.turn(write=not is_read)
        token = await self._token(request.opens, gate)
        headers = self._headers(accept=request.accept, oauth_token=token.value)
        kept = self._etags.of(request.key, token.fingerprint) if is_read else None
        if kept is not None:
            headers["if-none-match"] = kept.etag
        if request.turn is not None:
            request.turn.check(self._monotonic())
        answer = await self._exchange(request, headers)
        if (told := rate_limit(answer)) is not None:
            gate.told(told.remaining, told.limit)
        if answer.status == 304 and kept is not None:
            await gate.passed()
            return replace(kept.answer)
        if answer.status == 401:
            raise _NotAccepted(f"{request.method} {request.operation} was answered 401", token)
        await self._raise_for(answer, request.method, request.operation, gate)
        if is_read:
            self._etags.keep(request.key, token.fingerprint, answer)
        return answer

    async def _token(self, opens: Opens, gate: Gate) -> Token:
        """A token; an installation that is suspended is then left alone for an hour."""
        try:
            return await self.tokens.get(opens)
        except Suspended:
            await gate.hit(Limit("suspended"))
            raise

    async def _as_app(self, request: _Request) -> Answer:
        answer = await self._key.signed(lambda signature: self._send_signed(request, signature))
        await self._raise_for(answer, request.method, request.operation, self._gate(_APP.installation))
        return answer

    async def _signed(
        self, method: str, template: str, pieces: Pieces, body: Mapping[str, object] | None
    ) -> Answer:
        request = self._request(_APP, method, template, pieces, body)
        return await self._key.signed(lambda signature: self._send_signed(request, signature))

    async def _send_signed(self, request: _Request, signature: str) -> Answer:
        gate = self._gate(_APP.installation)
        await gate.turn(write=False)
        answer = await self._exchange(request, self._headers(jwt=signature))
        named = limit(answer, self.clock)
        if named is not None:
            raise await gate.hit(named)
        return answer

    async def _exchange(self, request: _Request, headers: dict[str, str]) -> Answer:
        account = request.opens.installation
        if request.turn is None:  # else it was let through with its turn
            self._breaker.check(account)
        if request.body is not None:
            headers["content-type"] = "application/json"
        start, status, cache = time.perf_counter(), 0, "-" if request.method != "GET" else "miss"
        try:
            answer = await self._wire.exchange(
                request.method, request.url, headers=headers, content=request.body
            )
            status = answer.status
            cache = "hit" if status == 304 else cache
        except ForgeError:
            self._breaker.failed(account)
            raise
        finally:
            self._count(request, status, cache, time.perf_counter() - start)
        self.clock.learn(answer.headers)
        if answer.is_usable:
            self._breaker.worked(account)
        else:
            self._breaker.failed(account)
        return answer

    async def _raise_for(self, answer: Answer, method: str, operation: str, gate: Gate) -> None:
        named = limit(answer, self.clock)
        if named is not None:
            raise await gate.hit(named)
        if isinstance(error := refusal(answer, method, operation), Suspended):
            await gate.hit(Limit("suspended"))
            raise error
        await gate.passed()
        if answer.status in _MOVED:
            raise _Moved(f"{method} {operation} was answered {answer.status}")
        if error is not None:
            raise error

    def _headers(self, *, accept: str = ACCEPT, **credentials: str) -> dict[str, str]:
        headers = create_headers(self._agent, accept=accept, **credentials)
        return {**headers, "x-github-api-version": API_VERSION}

    def _gate(self, installation: int) -> Gate:
        if installation not in self._gates:
            self._gates[installation] = (
                self._shared_gates(installation)
                if self._shared_gates is not None and installation != _APP.installation
                else LocalGate(self._pace, monotonic=self._monotonic, sleep=self.sleep)
            )
        return self._gates[installation]

    def _count(self, request: _Request, status: int, cache: str, seconds: float) -> None:
        call = Call(request.method, request.operation, status, cache)
        self.calls[call] += 1
        if self._observe is not None:
            self._observe(call, seconds)


class _NotAccepted(Exception):
    """401: perhaps only this token."""

    def __init__(self, message: str, token: Token) -> None:
        super().__init__(message)
        self.token = token


class _Moved(Gone):
    """30x: perhaps only the name."""


def _right(method: str, template: str) -> Right:
    if method == "GET":
        return "read"
    return "files" if "/contents" in template or "/git/" in template else "write"
