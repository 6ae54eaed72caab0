"""Who somebody is, by their forge's word, and what they may read there: OAuth with GitHub and GitLab.

Authlib writes and reads the protocol's messages (RFC 6749, RFC 7636); they travel over the same guarded
connections as everything else that goes to a forge.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from app.forges.http import Answer, Wire
from app.forges.json_values import text
from app.store.viewers import Identity, Level
from handlers.ports import Forbidden, Unavailable

MOST_PAGES = 200
"""Of a hundred repositories each: what one account may read in one organisation is read no further."""

Tenants = Mapping[int, tuple[int, str]]
"""Installation → (tenant, account)."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a forge gave for a sign-in: what opens, and what is taken once for the next such pair.

    `refresh` is None where `access` does not end by itself.
    """

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)


class SignIn(Protocol):
    """One forge at which people can sign in."""

    @property
    def forge(self) -> str: ...

    @property
    def host(self) -> str: ...

    def address(self, *, state: str, verifier: str, redirect: str, hint: str) -> str:
        """Where the browser is sent; `hint` is the login that it might want."""
        ...

    async def token(self, *, code: str, verifier: str, redirect: str) -> Tokens:
        """The person's token for the code that came back. `Forbidden` where the forge refuses it."""
        ...

    async def renewed(self, refresh: str, *, redirect: str) -> Tokens:
        """The next tokens; those before are worth nothing then. `Forbidden` where the person took them back."""
        ...

    async def who(self, token: str) -> Identity: ...

    async def reach(self, token: str, tenants: Tenants) -> dict[tuple[int, int], Level]:
        """(tenant, repository) → what the person may do there, over all tenants of this forge."""
        ...

    async def aclose(self) -> None: ...


class _Application:
    """An application that is known to a forge, at whose `token_url` it exchanges what proves somebody's yes.

    GitHub refuses with status 200 and a field `error`.
    """

    def __init__(self, site: Wire, token_url: str, client_id: str, client_secret: str) -> None:
        self._site, self._token_url = site, token_url
        self._client_id, self._client_secret = client_id, client_secret

    async def token(self, *, code: str, verifier: str, redirect: str) -> Tokens:
        return await self._given("authorization_code", redirect, code=code, code_verifier=verifier)

    async def renewed(self, refresh: str, *, redirect: str) -> Tokens:
        return await self._given("refresh_token", redirect, refresh_token=refresh)

    async def _given(self, kind: str, redirect: str, **proof: str) -> Tokens:
        secret = {"client_id": self._client_id, "client_secret": self._client_secret}
        body = prepare_token_request(kind, redirect_uri=redirect, **secret, **proof)
        headers = {
            "accept": "application/json",
            "content-type": "application/x-www-form-urlencoded",
            "user-agent": "usher",
        }
        sent = await self._site.exchange("POST", self._token_url, headers=headers, content=body.encode())
        answer = _checked(sent)
        token, refresh = text(answer, "access_token"), text(answer, "refresh_token")
        if not token:
            raise Forbidden(f"the forge did not accept the sign-in: {text(answer, 'error') or 'no token'}")
        return Tokens(token, refresh or None)


class GitHubSignIn(_Application):
    """Through the GitHub App: a user token reaches what both the person and the App reach.

    It ends after 8 hours, unless the App opted out ("Refreshing user access tokens").
    """

    forge = "github"

    def __init__(self, *, api_url: str, web_url: str, client_id: str, client_secret: str) -> None:
        super().__init__(Wire(web_url), f"{web_url}/login/oauth/access_token", client_id, client_secret)
        self.host = api_url
        self._web = web_url
        self._api = Wire(api_url)

    def address(self, *, state: str, verifier: str, redirect: str, hint: str) -> str:
        """GitHub's own page; it goes straight back where the person said yes before."""
        extra = {"login": hint} if hint else {}
        return _address(
            f"{self._web}/login/oauth/authorize", self._client_id, state, verifier, redirect, None, extra
        )

    async def who(self, token: str) -> Identity:
        """REST: Get the authenticated user; List teams, and email addresses, for the authenticated user."""
        about, teams, addresses = await asyncio.gather(
            self._read(token, "/user"),
            self._all(token, "/user/teams", ""),
            self._all(token, "/user/emails", ""),
            return_exceptions=True,
        )
        if isinstance(about, BaseException):
            raise about
        # Without the permission to read members there are no teams to know of.
        names = () if isinstance(teams, BaseException) else tuple(_team(each) for each in teams)
        return Identity(
            self.forge,
            self.host,
            int(about["id"]),
            str(about["login"]),
            str(about.get("name") or ""),
            names,
            _github_addresses(about, () if isinstance(addresses, BaseException) else addresses),
        )

    async def reach(self, token: str, tenants: Tenants) -> dict[tuple[int, int], Level]:
        """REST: List app installations, and repositories, accessible to the user access token."""
        seen = await self._all(token, "/user/installations", "installations")
        found: dict[tuple[int, int], Level] = {}
        for installation in (int(each["id"]) for each in seen):
            if installation not in tenants:
                continue
            tenant_id, _ = tenants[installation]
            path = f"/user/installations/{installation}/repositories"
            for each in await self._all(token, path, "repositories"):
                found[tenant_id, int(each["id"])] = _github_level(each.get("permissions") or {})
        return found

    async def aclose(self) -> None:
        await self._api.aclose()
        await self._site.aclose()

    async def _read(self, token: str, path: str) -> Any:
        return _checked(await self._get(token, f"{self.host}{path}"))

    async def _all(self, token: str, path: str, wrap: str) -> list[Any]:
        url: str | None = f"{self.host}{path}?per_page=100"
        found: list[Any] = []
        for _ in range(MOST_PAGES):
            if url is None:
                break
            answer = await self._get(token, url)
            page = _checked(answer)
            found += page[wrap] if wrap else page
            url = answer.next
        return found

    async def _get(self, token: str, url: str) -> Answer:
        headers = {
            "authorization": f"Bearer {token}",
            "accept": "application/vnd.github+json",
            "x-github-api-version": "2022-11-28",
            "user-agent": "usher",
        }
        return await self._api.exchange("GET", url, headers=headers)


class GitLabSignIn(_Application):
    """Through an OAuth application of GitLab, which needs the scope `read_api`.

    Its access tokens end after two hours ("OAuth 2.0 identity provider API", authorization code with PKCE).
    """

    forge = "gitlab"

    def __init__(self, *, url: str, client_id: str, client_secret: str) -> None:
        super().__init__(Wire(url), f"{url}/oauth/token", client_id, client_secret)
        self.host = url

    def address(self, *, state: str, verifier: str, redirect: str, hint: str) -> str:
        """GitLab's own page. It takes no hint, but passes it on to nobody either."""
        extra = {"login_hint": hint} if hint else {}
        page = f"{self.host}/oauth/authorize"
        return _address(page, self._client_id, state, verifier, redirect, "read_api", extra)

    async def who(self, token: str) -> Identity:
        """Users API: the current user; Groups API: those they are a member of stand for teams."""
        about = _checked(await self._get(token, f"{self.host}/api/v4/user"))
        groups = await self._all(token, "/groups", {"min_access_level": "10", "all_available": "false"})
        names = tuple(str(each["full_path"]) for each in groups)
        return Identity(
            self.forge,
            self.host,
            int(about["id"]),
            str(about["username"]),
            str(about.get("name") or ""),
            names,
            (str(about["email"]),) if about.get("email") and about.get("confirmed_at") else (),
        )

    async def reach(self, token: str, tenants: Tenants) -> dict[tuple[int, int], Level]:
        """Groups API: List projects, as this person sees them; once for all, once for what they maintain."""
        found: dict[tuple[int, int], Level] = {}
        for tenant_id, account in tenants.values():
            path = f"/groups/{quote(account, safe='')}/projects"
            steps: tuple[tuple[Level, str | None], ...] = (("read", None), ("write", "30"), ("admin", "40"))
            for level, least in steps:
                asked = {"include_subgroups": "true", "simple": "true"}
                if least is not None:
                    asked["min_access_level"] = least
                try:
                    projects = await self._all(token, path, asked)
                except Forbidden:
                    break  # a group that this person cannot see
                for each in projects:
                    found[tenant_id, int(each["id"])] = level
        return found

    async def aclose(self) -> None:
        await self._site.aclose()

    async def _all(self, token: str, path: str, asked: Mapping[str, str]) -> list[Any]:
        url: str | None = f"{self.host}/api/v4{path}?{urlencode({**asked, 'per_page': '100'})}"
        found: list[Any] = []
        for _ in range(MOST_PAGES):
            if url is None:
                break
            answer = await self._get(token, url)
            found += _checked(answer)
            url = answer.next
        return found

    async def _get(self, token: str, url: str) -> Answer:
        headers = {"authorization": f"Bearer {token}", "accept": "application/json", "user-agent": "usher"}
        return await self._site.exchange("GET", url, headers=headers)


# --- What both have in common ----------------------------------------------------------------------------------


def _address(
    page: str,
    client_id: str,
    state: str,
    verifier: str,
    redirect: str,
    scope: str | None,
    extra: Mapping[str, str],
) -> str:
    return str(
        prepare_grant_uri(
            page,
            client_id,
            "code",
            redirect_uri=redirect,
            scope=scope,
            state=state,
            code_challenge=create_s256_code_challenge(verifier),  # type: ignore[no-untyped-call]
            code_challenge_method="S256",
            **extra,
        )
    )


def _checked(answer: Answer) -> Any:
    """The values of an answer; ForgeError where it says no or is not JSON."""
    if answer.status >= 500 or answer.status in (408, 429):
        raise Unavailable(f"the forge answered {answer.status}")
    if answer.status >= 400:
        raise Forbidden(f"the forge answered {answer.status}")
    try:
        return answer.json()
    except ValueError as error:
        raise Unavailable(str(error)) from None


def _team(shape: Mapping[str, Any]) -> str:
    return f"{shape['organization']['login']}/{shape['slug']}"


def _github_addresses(about: Mapping[str, Any], listed: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The verified ones. Where the App may not read them only a public one is known, which GitHub has verified."""
    verified = [str(each["email"]) for each in listed if each.get("verified")]
    public = [str(about["email"])] if about.get("email") else []
    return tuple(dict.fromkeys([*verified, *public]))


def _github_level(permissions: Mapping[str, bool]) -> Level:
    if permissions.get("admin") or permissions.get("maintain"):
        return "admin"
    return "write" if permissions.get("push") else "read"
