"""Keys to GitHub: the App's own signature, and short-lived tokens that open one repository each.

"Generating a JSON Web Token (JWT) for a GitHub App", "Generating an installation access token for a GitHub
App". A token is minted for one repository and for reading or writing, so that a mistake in one place
cannot touch another; only lists of repositories, teams and members need the whole installation. Tokens
live in memory, are never logged, and their form means nothing to us.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import jwt

from app.forges.github.answers import reason, refusal
from app.forges.http import Answer
from app.forges.json_values import dig, text
from app.forges.json_values import time as instant
from app.forges.server_clock import ServerClock
from handlers.ports import Forbidden, Gone, Locked, Unavailable

AppCall = Callable[[str, str, Mapping[str, object], Mapping[str, object] | None], Awaitable[Answer]]
"""Sends one request in the App's own name: method, URL template, its pieces, JSON body."""

_FORM = re.compile(r"[\x21-\x7e]{1,1024}")
_BACKDATED, _VALID = 60, 540  # seconds; GitHub takes ten minutes at most
_SKEW = 5.0
_RENEWED_AFTER = 5 / 6  # of a token's life: 50 minutes of an hour

Right = Literal["read", "write", "files"]

READ = {
    "metadata": "read",
    "contents": "read",
    "pull_requests": "read",
    "issues": "read",
    "checks": "read",
    "statuses": "read",
}
WRITE = {"metadata": "read", "pull_requests": "write", "issues": "write", "checks": "write"}
FILES = {"metadata": "read", "contents": "write"}
LISTS = {"metadata": "read", "members": "read"}


@dataclass(frozen=True, slots=True)
class Opens:
    """What a token opens: one repository for reading, for writing, or for writing files; or the lists.

    The lists have `repository` None. Only what Usher proposes itself needs to write files.
    """

    installation: int
    repository: int | None = None
    right: Right = "read"

    @property
    def permissions(self) -> Mapping[str, str]:
        if self.repository is None:
            return LISTS
        return {"read": READ, "write": WRITE, "files": FILES}[self.right]


@dataclass(frozen=True, slots=True)
class Token:
    """A minted token. `minted` and `renew` are on the monotonic clock."""

    value: str = field(repr=False)
    minted: float
    renew: float

    @property
    def fingerprint(self) -> str:
        """What tells tokens apart without showing them."""
        return hashlib.sha256(self.value.encode()).hexdigest()


class AppKey:
    """The App's name and private keys. A key being replaced stays valid beside the new one."""

    def __init__(self, app_id: int, private_keys: Sequence[str], clock: ServerClock) -> None:
        if not private_keys:
            raise ValueError("a GitHub App needs a private key")
        self.app_id = app_id
        self._keys = [key.replace("\\n", "\n") for key in private_keys]
        self._clock = clock
        self._current = 0

    def sign(self) -> str:
        """A JSON Web Token that says "we are this App" for nine minutes, by the forge's clock."""
        now = int(self._clock.now())
        claims = {"iss": str(self.app_id), "iat": now - _BACKDATED, "exp": now + _VALID}
        return jwt.encode(claims, self._keys[self._current % len(self._keys)], algorithm="RS256")

    async def signed(self, send: Callable[[str], Awaitable[Answer]]) -> Answer:
        """What `send` answers to our signature, made with another key where this one is no longer taken.

        The answer to a signature that is too old or too new tells the forge's time. So after a 401 that
        moved the clock the same key is tried once more.
        """
        offset = self._clock.offset
        answer = await send(self.sign())
        for _ in self._keys:
            if answer.status != 401:
                break
            if abs(self._clock.offset - offset) < _SKEW:
                self._current += 1
            offset = self._clock.offset
            answer = await send(self.sign())
        return answer


class Tokens:
    """Mints tokens when they are needed, once for all who wait, and renews them in time."""

    def __init__(
        self,
        clock: ServerClock,
        call: AppCall,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._call = call
        self._monotonic = monotonic
        self._tokens: dict[Opens, Token] = {}
        self._locks: dict[Opens, asyncio.Lock] = {}
        self.mints = 0

    async def get(self, opens: Opens) -> Token:
        """A token that opens this. `Locked`, `Forbidden`, `Gone` or `Unavailable` where none is given."""
        async with self._locks.setdefault(opens, asyncio.Lock()):
            token = self._tokens.get(opens)
            if token is None or self._monotonic() >= token.renew:
                token = await self._mint(opens)
                self._tokens[opens] = token
            return token

    def refused(self, opens: Opens, token: Token) -> None:
        """The forge did not take this token: the next `get` mints a fresh one, once for all."""
        if self._tokens.get(opens) == token:
            del self._tokens[opens]

    def forget(self, installation: int) -> None:
        """Drop every token of an installation that left or changed its permissions."""
        for opens in [each for each in self._tokens if each.installation == installation]:
            del self._tokens[opens]

    def age(self, token: Token) -> float:
        """Seconds since the token was minted."""
        return self._monotonic() - token.minted

    async def _mint(self, opens: Opens) -> Token:
        answer = await self._ask_for(opens, opens.permissions)
        if answer.status == 422 and "permission" in reason(answer).lower():
            answer = await self._ask_for(opens, await self._granted(opens))
        self._raise_unless_minted(answer, opens)
        value = text(answer.json(), "token")
        if not _FORM.fullmatch(value):
            raise Unavailable("the forge minted something that is no token")
        self.mints += 1
        now = self._monotonic()
        return Token(value, now, now + self._life(answer) * _RENEWED_AFTER)

    async def _ask_for(self, opens: Opens, permissions: Mapping[str, str]) -> Answer:
        body: dict[str, object] = {"permissions": dict(permissions)}
        if opens.repository is not None:
            body["repository_ids"] = [opens.repository]
        return await self._call(
            "POST",
            "/app/installations/{installation_id}/access_tokens",
            {"installation_id": opens.installation},
            body,
        )

    async def _granted(self, opens: Opens) -> dict[str, str]:
        """Of what we would like, what this installation was given."""
        answer = await self._call(
            "GET", "/app/installations/{installation_id}", {"installation_id": opens.installation}, None
        )
        self._raise_unless_minted(answer, opens)
        has = dig(answer.json(), "permissions")
        has = has if isinstance(has, Mapping) else {}
        wanted = opens.permissions.items()
        return {name: level if has[name] != "read" else "read" for name, level in wanted if name in has}

    def _raise_unless_minted(self, answer: Answer, opens: Opens) -> None:
        error = refusal(answer, "GET", "access token")  # minting anew is always safe, so nothing is unsure
        if error is None:
            return
        if answer.status == 422:
            kind = Forbidden if "permission" in reason(answer).lower() else Gone
            raise kind(f"no token for repository {opens.repository}: {reason(answer)}")
        if answer.status == 401:
            raise Locked(f"the App's signature is not accepted: {reason(answer)}")
        raise error

    def _life(self, answer: Answer) -> float:
        expires = instant(answer.json(), "expires_at")
        if expires is None:
            return 3600.0
        return min(max(expires.timestamp() - self._clock.now(), 0.0), 3600.0)
