"""Who is calling: an App by its JWT, an installation by a token, or a person by theirs; narrowed as asked for."""

from __future__ import annotations

import random
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import jwt

from app.forges.sandbox.clock import WallClock
from app.forges.sandbox.github.answers import Problem
from app.forges.sandbox.github.site import Registration
from app.forges.sandbox.ledger import Scope
from app.forges.sandbox.rules import access, at_least
from app.forges.sandbox.sign_in import Grants
from app.forges.sandbox.world import Account, Installation, Repository, World

LIFETIME = timedelta(hours=1)  # Generating an installation access token
USER_LIFETIME = timedelta(hours=8)  # Generating a user access token for a GitHub App
REFRESH_LIFETIME = timedelta(days=184)  # Refreshing user access tokens: 15,897,600 seconds
JWT_LIFETIME = timedelta(minutes=10)  # Generating a JSON Web Token for a GitHub App: exp
_LENGTH = 516  # opaque; the format that came in 2026 is longer than 500 characters
_LEVELS = {"read": 1, "write": 2, "admin": 3}

BAD_CREDENTIALS = partial(Problem, 401, "Bad credentials")
NOT_A_JWT = partial(Problem, 401, "A JSON web token could not be decoded")
BAD_EXP = partial(
    Problem,
    401,
    "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the "
    "assertion expires",
)
FAR_EXP = partial(Problem, 401, "'Expiration time' claim ('exp') is too far in the future")
BAD_IAT = partial(
    Problem,
    401,
    "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
)
UNKNOWN_APP = partial(Problem, 404, "Integration not found")
SUSPENDED = partial(Problem, 403, "This installation has been suspended")


@dataclass(eq=False, slots=True)
class Token:
    """An installation access token. `repositories` None: all that the installation covers."""

    value: str
    installation: Installation
    repositories: frozenset[int] | None
    permissions: dict[str, str]
    issued_at: datetime
    expires_at: datetime
    revoked: bool = False

    def covers(self, repository: Repository) -> bool:
        inside = self.repositories is None or repository.id in self.repositories
        return inside and self.installation.covers(repository)

    def may(self, permission: str, level: str) -> bool:
        """Both narrowings count: the token's own, and what the installation has by now."""
        granted = [self.permissions.get(permission), self.installation.permissions.get(permission)]
        return all(_LEVELS.get(have or "", 0) >= _LEVELS[level] for have in granted)

    @property
    def scope(self) -> Scope:
        return Scope("installation", self.installation.id, self.repositories, dict(self.permissions))


@dataclass(eq=False, slots=True)
class UserToken:
    """A person's access token, got by signing in through the App: what both of them may do."""

    value: str
    account: Account
    expires_at: datetime
    refresh: str
    refresh_until: datetime
    revoked: bool = False

    def covers(self, repository: Repository) -> bool:
        return at_least(access(repository, self.account), "read")

    @property
    def scope(self) -> Scope:
        return Scope("user")


@dataclass(frozen=True, slots=True)
class Manifest:
    """An App that somebody confirmed in the browser, and whose keys nobody has fetched yet."""

    content: Mapping[str, Any]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AppCaller:
    """The App itself, by a JWT."""

    @property
    def scope(self) -> Scope:
        return Scope("app")


@dataclass(frozen=True, slots=True)
class Nobody:
    """A call without credentials."""

    @property
    def scope(self) -> Scope:
        return Scope("nobody")


Caller = Token | UserToken | AppCaller | Nobody


class Desk:
    """Issues tokens and knows the ones it issued. All by real time."""

    def __init__(self, registration: Registration, wall: WallClock, seed: int) -> None:
        self._registration = registration
        self._wall = wall
        self._random = random.Random(seed)  # noqa: S311 - the tokens of a sandbox guard nothing
        self.tokens: dict[str, Token] = {}
        self.user_tokens: dict[str, UserToken] = {}
        self.grants = Grants(wall, seed)
        self.manifests: dict[str, Manifest] = {}  # by their code, until they are exchanged

    def caller(self, headers: Mapping[str, str], world: World, *, lag: float = 0.0) -> Caller:
        """Who this is; `Problem` 401 where the credentials are not good.

        `lag`: seconds for which a fresh token is not yet known everywhere.
        """
        given = headers.get("authorization")
        if given is None:
            return Nobody()
        scheme, _, value = given.partition(" ")
        if scheme.lower() not in ("bearer", "token") or not value:
            raise BAD_CREDENTIALS()
        if value.count(".") == 2 and scheme.lower() == "bearer":
            self._check_jwt(value)
            return AppCaller()
        if value.startswith("ghu_"):
            return self._known_user(value)
        return self._known(value, world, lag)

    def _known_user(self, value: str) -> UserToken:
        token = self.user_tokens.get(value)
        if token is None or token.revoked or token.expires_at <= self._wall.now():
            raise BAD_CREDENTIALS()
        return token

    def _known(self, value: str, world: World, lag: float) -> Token:
        token, now = self.tokens.get(value), self._wall.now()
        if token is None or token.revoked or token.expires_at <= now:
            raise BAD_CREDENTIALS()
        if token.installation.id not in world.installations:
            raise BAD_CREDENTIALS()
        if token.issued_at + timedelta(seconds=lag) > now:
            raise BAD_CREDENTIALS()
        if token.installation.suspended_at is not None:
            raise SUSPENDED()
        return token

    def _check_jwt(self, value: str) -> None:
        """Signed by the App's key, from this App, issued in the past, ending within ten minutes."""
        known = self._registration
        try:
            claims = jwt.decode(
                value,
                known.public_key,
                algorithms=["RS256"],
                options={"verify_exp": False, "verify_iat": False, "verify_iss": False, "verify_aud": False},
            )
        except jwt.InvalidTokenError:
            raise NOT_A_JWT() from None
        if str(claims.get("iss")) not in (str(known.id), known.client_id):
            raise UNKNOWN_APP()
        now = self._wall.now().timestamp()
        expires, issued = claims.get("exp"), claims.get("iat")
        if not isinstance(expires, (int, float)) or expires <= now:
            raise BAD_EXP()
        if expires > now + JWT_LIFETIME.total_seconds():
            raise FAR_EXP()
        if not isinstance(issued, (int, float)) or issued > now:
            raise BAD_IAT()

    def issue(self, installation: Installation, world: World, asked: Mapping[str, Any]) -> Token:
        """A token for an installation, narrowed to repositories and permissions; 422 beyond its own."""
        if installation.suspended_at is not None:
            raise SUSPENDED()
        chosen = self._chosen(installation, world, asked)
        permissions = dict(asked.get("permissions") or installation.permissions)
        for name, level in permissions.items():
            have = installation.permissions.get(name)
            if _LEVELS.get(have or "", 0) < _LEVELS.get(level, 9):
                raise Problem(422, "The permissions requested are not granted to this installation.")
        permissions.setdefault("metadata", "read")
        alphabet = string.ascii_letters + string.digits
        value = "ghs_" + "".join(self._random.choices(alphabet, k=_LENGTH))
        now = self._wall.now()
        expires = (now + LIFETIME).replace(microsecond=0)
        token = Token(value, installation, chosen, permissions, now, expires)
        self.tokens[value] = token
        return token

    def _chosen(
        self, installation: Installation, world: World, asked: Mapping[str, Any]
    ) -> frozenset[int] | None:
        if "repository_ids" not in asked and "repositories" not in asked:
            return None
        mine = [each for each in world.owned_by(installation.account) if installation.covers(each)]
        by_name = {each.name.casefold(): each.id for each in mine}
        wanted = set(asked.get("repository_ids") or [])
        wanted |= {by_name.get(name.casefold(), 0) for name in asked.get("repositories") or []}
        if not wanted <= {each.id for each in mine}:
            raise Problem(
                422,
                "There is at least one repository that does not exist or is not accessible to the parent "
                "installation.",
            )
        return frozenset(wanted)

    def secret(self) -> str:
        """Forty characters that nobody guesses by accident."""
        return f"{self._random.getrandbits(160):040x}"

    def keep_manifest(self, content: Mapping[str, Any]) -> str:
        """The code for which the App's keys can be fetched once, within an hour."""
        code = self.secret()
        self.manifests[code] = Manifest(content, self._wall.now() + LIFETIME)
        return code

    def take_manifest(self, code: str) -> Mapping[str, Any] | None:
        """What the code stands for; None where it is unknown, used or too old."""
        kept = self.manifests.pop(code, None)
        return kept.content if kept is not None and kept.expires_at > self._wall.now() else None

    def issue_to(self, account: Account) -> UserToken:
        """A token with which the App acts for this person."""
        alphabet = string.ascii_letters + string.digits
        value, refresh = (
            begins + "".join(self._random.choices(alphabet, k=length))
            for begins, length in (("ghu_", 36), ("ghr_", 76))
        )
        now = self._wall.now().replace(microsecond=0)
        token = UserToken(value, account, now + USER_LIFETIME, refresh, now + REFRESH_LIFETIME)
        self.user_tokens[value] = token
        return token

    def refreshed(self, refresh: str) -> UserToken | None:
        """The next token, where this is taken; the two before "will no longer work"."""
        before = next((each for each in self.user_tokens.values() if each.refresh == refresh), None)
        if before is None or before.revoked or before.refresh_until <= self._wall.now():
            return None
        before.revoked = True
        return self.issue_to(before.account)

    def revoke(self, token: Token) -> None:
        token.revoked = True
