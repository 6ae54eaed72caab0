"""Who sends this request, and whether they really mean it: sessions, roles, and forged requests.

A page never trusts an address that it is given: every row it shows is filtered by what its visitor may read on
the forge, and what they may not read is as missing as what does not exist.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from fastapi import HTTPException, Request

from app import logs
from app.forges.identity import SignIn, Tokens
from app.keys import KeyLost, Seal
from app.store import linked_people, viewers
from app.store.database import Database
from app.store.pseudonyms import Pseudonyms
from app.store.viewers import Scope, Sealed, Viewer, Visitor
from app.web.forms import small_form
from handlers.ports import Forbidden, ForgeError

log = logs.get(__name__)


class NotSignedIn(Exception):
    """The page needs a visitor; the browser is sent to sign in and comes back to `back`.

    `ended`: the forge that just let us ask for this visitor no longer; empty where they had not signed in.
    """

    def __init__(self, back: str, ended: str = "") -> None:
        super().__init__(back)
        self.back, self.ended = back, ended


@dataclass(frozen=True, slots=True)
class Visitors:
    """Knows visitors by their cookies and tokens.

    `csrf_key` makes each session's word against forged requests, `address_key` the digests of verified addresses;
    `pseudonyms` are what people are called who want to be forgotten; `operators` are logins and teams as in the
    settings; `stand_ins` are the story's people whom the demo offers to be.
    """

    database: Database
    doors: Mapping[str, SignIn]
    seal: Seal
    csrf_key: bytes
    address_key: bytes
    pseudonyms: Pseudonyms
    operators: Sequence[str] = ()
    public_url: str | None = None
    stand_ins: Sequence[str] = ()

    # --- Who --------------------------------------------------------------------------------------------------

    async def known(self, request: Request) -> Visitor | None:
        """The visitor of a page, or None; what they may read is at most ten minutes old."""
        held = request.cookies.get(cookie_name(self.origin(request)))
        if not held or len(held) > 128:
            return None
        async with self.database.begin() as connection:
            visitor = await viewers.open_session(connection, held)
        if visitor is None or not any(each.stale for each in visitor.viewers):
            return visitor
        return await self._looked_up_again(visitor, request)

    async def must(self, request: Request) -> Visitor:
        """The visitor; NotSignedIn where there is none."""
        visitor = await self.known(request)
        if visitor is None:
            here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            raise NotSignedIn(here if request.method == "GET" else "/", ended_at(request))
        request.state.visitor = visitor
        return visitor

    async def reader(self, request: Request, scope: Scope) -> Visitor:
        """A visitor, or a machine whose token has this scope; 401 for neither."""
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        if not secret:
            visitor = await self.known(request)
        elif kind.lower() == "bearer" and secret.startswith("ush_") and len(secret) < 128:
            async with self.database.begin() as connection:
                visitor = await viewers.machine(connection, secret)
            if visitor is not None and visitor.scope != scope:
                raise HTTPException(403, f"This token is for {visitor.scope}, not for {scope}.")
        else:
            visitor = None
        if visitor is None:
            raise HTTPException(
                401, "Sign in, or send a token made on /me.", headers={"www-authenticate": "Bearer"}
            )
        return visitor

    async def _looked_up_again(self, visitor: Visitor, request: Request) -> Visitor | None:
        """Read anew what each account may read. Who the forge no longer knows, or we cannot ask for, is signed out."""
        for each in visitor.viewers:
            if not each.stale:
                continue
            door = self.doors.get(each.forge)
            try:
                if door is None:
                    raise Forbidden("nobody can sign in with this forge any more")
                await self._look_up_held(door, visitor, each, callback(self.origin(request), each.forge))
            except (Forbidden, KeyLost):
                async with self.database.begin() as connection:
                    await viewers.end_all_sessions(connection, each.id)
                request.state.ended = each.forge
                return None
            except ForgeError as error:
                log.warning("what a visitor may read cannot be checked", forge=each.forge, reason=str(error))
                raise HTTPException(
                    503, "Your forge does not answer, so we cannot tell what you may see. Try again soon."
                ) from None
        async with self.database.begin() as connection:
            return await viewers.open_session(connection, visitor.secret)

    async def _look_up_held(self, door: SignIn, visitor: Visitor, held: Viewer, redirect: str) -> None:
        """Look up with the token that the session holds; where the forge takes it no more, with the next one."""
        try:
            await self.look_up(door, self.seal.open(held.tokens.token))
        except Forbidden:
            if held.tokens.refresh is None:
                raise
            await self.look_up(door, await self._renewed(door, visitor, held, redirect))

    async def _renewed(self, door: SignIn, visitor: Visitor, held: Viewer, redirect: str) -> str:
        """The session's next token. The forge gives it once, so whoever comes second takes what the first got."""
        async with self.database.begin() as connection:
            now = await viewers.hold_tokens(connection, visitor.secret, held.id)
            if now is None or now.refresh is None:
                raise Forbidden("the session ended meanwhile")
            if now.token != held.tokens.token:
                return self.seal.open(now.token)
            fresh = await door.renewed(self.seal.open(now.refresh), redirect=redirect)
            await viewers.keep_tokens(connection, visitor.secret, held.id, self.sealed(fresh))
            return fresh.access

    def sealed(self, tokens: Tokens) -> Sealed:
        """As they are kept."""
        refresh = None if tokens.refresh is None else self.seal.close(tokens.refresh)
        return Sealed(self.seal.close(tokens.access), refresh)

    async def look_up(self, door: SignIn, token: str) -> int:
        """Remember who holds this token, and what they may read; returns our number of the account."""
        identity = await door.who(token)
        async with self.database.begin() as connection:
            tenants = await viewers.tenants_of(connection, door.forge, door.host)
        reach = await door.reach(token, tenants)
        async with self.database.begin() as connection:
            number = await viewers.keep_viewer(connection, identity)
            await viewers.keep_reach(connection, number, reach)
            digests = [linked_people.digest(self.address_key, each) for each in identity.addresses]
            await linked_people.by_addresses(connection, number, digests)
        return number

    # --- What they may do -------------------------------------------------------------------------------------

    def operates(self, visitor: Visitor) -> bool:
        """Whether the settings name this visitor, or a team of theirs, as an operator.

        Where people sign in at two forges, a login without its forge is two people's, and so nobody's.
        """
        wanted = {each.lower() for each in self.operators}
        is_one_forge = len(self.doors) < 2
        for viewer in visitor.viewers:
            for name in (viewer.login, *viewer.teams):
                said = {f"{viewer.forge}:{name}".lower(), *([name.lower()] if is_one_forge else [])}
                if said & wanted:
                    return True
        return False

    async def must_operate(self, request: Request) -> Visitor:
        """An operator; 404 for everybody else, who need not know that there is such a page."""
        visitor = await self.must(request)
        if not self.operates(visitor):
            raise HTTPException(404, "There is no such page for you.")
        return visitor

    # --- Forged requests --------------------------------------------------------------------------------------

    def origin(self, request: Request) -> str:
        """Where people reach us: as the settings say, else as this request did."""
        if self.public_url:
            parts = urlsplit(self.public_url)
            return f"{parts.scheme}://{parts.netloc}"
        return f"{request.url.scheme}://{request.url.netloc}"

    def csrf(self, visitor: Visitor) -> str:
        """The word that every form of this session carries."""
        return hmac.new(self.csrf_key, visitor.secret.encode(), sha256).hexdigest()

    async def meant(self, request: Request) -> tuple[Visitor, Mapping[str, str]]:
        """The visitor and form of a POST that came from our own page; 403 for any other."""
        visitor = await self.must(request)
        origin = request.headers.get("origin")
        same_site = request.headers.get("sec-fetch-site")
        if origin is not None and origin != self.origin(request):
            raise HTTPException(403, "This request came from another site.")
        if origin is None and same_site != "same-origin":
            raise HTTPException(403, "This request does not say where it came from.")
        form = await small_form(request)
        said = request.headers.get("x-csrf-token") or form.get("csrf", "")
        if not hmac.compare_digest(said.encode(), self.csrf(visitor).encode()):
            raise HTTPException(403, "This page is too old. Go back, load it again, and try once more.")
        return visitor, form


def ended_at(request: Request) -> str:
    """The forge that just let us ask for this visitor no longer, empty: none."""
    return str(getattr(request.state, "ended", ""))


def callback(origin: str, forge: str) -> str:
    """Where the forge sends the browser back to."""
    return f"{origin}/login/{forge}/callback"


def is_secure(origin: str) -> bool:
    return origin.startswith("https://")


def cookie_name(origin: str) -> str:
    """`__Host-` binds the cookie to this host over https; plain http, on this machine alone, cannot have it."""
    return "__Host-usher" if is_secure(origin) else "usher"
