"""Who is calling: somebody by a personal, group or project access token, with its scopes."""

from __future__ import annotations

import random
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.forges.sandbox.clock import WallClock
from app.forges.sandbox.gitlab.answers import Problem, unauthorised
from app.forges.sandbox.ledger import Scope
from app.forges.sandbox.sign_in import Grants
from app.forges.sandbox.world import Account

SCOPES = ("api", "read_api", "read_user", "self_rotate", "read_repository", "write_repository")
LONGEST = timedelta(days=365)  # Personal access tokens: expires_at
SIGN_IN_LIFETIME = timedelta(hours=2)  # OAuth 2.0 identity provider API: expires_in
ROTATED_FOR = timedelta(days=7)  # Rotate a personal access token: a week unless told


@dataclass(eq=False, slots=True)
class Token:
    """An access token. `family`: all that came of one by rotation share it."""

    id: int
    value: str
    name: str
    account: Account
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: date | None
    family: int
    revoked: bool = False
    last_used_at: datetime | None = None
    ends_at: datetime | None = None  # of a sign-in
    refresh: str = ""

    def may(self, *scopes: str) -> bool:
        """Whether one of these is among its scopes."""
        return any(each in self.scopes for each in scopes)

    @property
    def scope(self) -> Scope:
        return Scope("token", permissions=dict.fromkeys(self.scopes, "yes"))


@dataclass(frozen=True, slots=True)
class Nobody:
    """A call without credentials."""

    @property
    def scope(self) -> Scope:
        return Scope("nobody")


Caller = Token | Nobody


class Desk:
    """Issues tokens and knows the ones it issued. All by real time."""

    def __init__(self, wall: WallClock, seed: int) -> None:
        self.grants = Grants(wall, seed)
        self._wall = wall
        self._random = random.Random(seed)  # noqa: S311 - the tokens of a sandbox guard nothing
        self.tokens: dict[str, Token] = {}

    def issue(
        self,
        account: Account,
        *,
        scopes: Iterable[str] = ("api",),
        expires_at: date | None = None,
        name: str = "usher",
        family: int | None = None,
    ) -> Token:
        number = len(self.tokens) + 1
        alphabet = string.ascii_letters + string.digits
        value = "glpat-" + "".join(self._random.choices(alphabet, k=20))
        until = expires_at or (self._wall.now() + LONGEST).date()
        made = Token(number, value, name, account, tuple(scopes), self._wall.now(), until, family or number)
        self.tokens[value] = made
        return made

    def sign_in(self, account: Account, scopes: Iterable[str]) -> Token:
        """The token of somebody who signed in with an application, and what it takes for the next one."""
        made = self.issue(account, scopes=scopes, name="sign-in")
        made.ends_at = made.created_at + SIGN_IN_LIFETIME
        made.refresh = f"{self._random.getrandbits(256):064x}"
        return made

    def signed_in_again(self, refresh: str) -> Token | None:
        """The next token, where this is taken; "Invalidates the existing access token and refresh token"."""
        before = next((each for each in self.tokens.values() if refresh and each.refresh == refresh), None)
        if before is None or before.revoked:
            return None
        before.revoked = True
        return self.sign_in(before.account, before.scopes)

    def caller(self, headers: Mapping[str, str], query: Mapping[str, str], *, lag: float = 0.0) -> Caller:
        """Who this is; `Problem` 401 where the credentials are not good."""
        given = headers.get("private-token") or query.get("private_token")
        if given is None:
            scheme, _, value = headers.get("authorization", "").partition(" ")
            given = value if scheme.lower() == "bearer" else None
        if given is None:
            return Nobody()
        token = self.tokens.get(given)
        if token is None or token.created_at + timedelta(seconds=lag) > self._wall.now():
            raise unauthorised()
        self.check(token)
        token.last_used_at = self._wall.now()
        return token

    def check(self, token: Token) -> None:
        """`Problem` 401 where it is revoked, expired, or its owner is blocked (`Gitlab::Auth`, errors)."""
        if token.revoked:
            raise _invalid("Token was revoked. You have to re-authorize from the user.")
        over = token.ends_at is not None and token.ends_at <= self._wall.now()
        if over or (token.expires_at is not None and token.expires_at <= self._wall.now().date()):
            raise _invalid("Token is expired. You can either do re-authorization or token refresh.")
        if token.account.blocked:
            raise Problem(403, "403 Forbidden - Your account has been blocked.")

    def rotated(self, value: str) -> Token | None:
        """A token that was given up for a new one already: whoever still has it may have stolen it."""
        token = self.tokens.get(value)
        if token is None or not token.revoked:
            return None
        later = any(each.family == token.family and each.id > token.id for each in self.tokens.values())
        return token if later else None

    def revoke_family(self, token: Token) -> None:
        """Automatic reuse detection (Personal access tokens API)."""
        for each in self.tokens.values():
            if each.family == token.family:
                each.revoked = True

    def rotate(self, token: Token, expires_at: date | None) -> Token:
        """A new token in its place; the old one is dead at once."""
        until = expires_at or (self._wall.now() + ROTATED_FOR).date()
        if until > (self._wall.now() + LONGEST).date() or until <= self._wall.now().date():
            raise Problem(400, {"expires_at": ["must be before a year from now, and in the future"]})
        token.revoked = True
        return self.issue(
            token.account, scopes=token.scopes, expires_at=until, name=token.name, family=token.family
        )


def _invalid(why: str) -> Problem:
    return Problem(401, error="invalid_token", more={"error_description": why})
