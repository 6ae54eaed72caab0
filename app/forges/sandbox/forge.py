"""A whole forge in memory: start it, let people act on it, look at what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from types import TracebackType
from typing import Literal, Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.forges.sandbox.acts import checks, people
from app.forges.sandbox.acts import files as acts
from app.forges.sandbox.acts.files import Edits
from app.forges.sandbox.clock import START, StoryClock, WallClock
from app.forges.sandbox.courier import Courier, Sent
from app.forges.sandbox.faults import Faults
from app.forges.sandbox.github import webhooks
from app.forges.sandbox.github.face import GitHub
from app.forges.sandbox.github.site import Registration, Site
from app.forges.sandbox.ledger import Exchange, Ledger
from app.forges.sandbox.server import Server
from app.forges.sandbox.story import Person
from app.forges.sandbox.world import (
    Account,
    Change,
    Happening,
    Installation,
    Organisation,
    Permission,
    Protection,
    Repository,
    Team,
    Visibility,
    World,
)

APP_ID = 4_242
SLUG = "usher"


@cache
def _key() -> tuple[str, str]:
    """A private and a public key as PEM; made once for each process, since making one takes a while."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


class Sandbox:
    """`async with Sandbox(…) as forge:` serves it on a loopback port until the block ends.

    `start` is where the forge's clock stands at first (it moves by `later` alone); tokens, JWTs, limits
    and the `Date` header live by real time. `webhook_url` may also be set later, before anybody acts.
    """

    def __init__(
        self,
        webhook_url: str | None = None,
        webhook_secret: str = "the-sandbox-webhook-secret",  # noqa: S107 - of a sandbox
        *,
        seed: int = 1,
        start: datetime = START,
    ) -> None:
        self.clock = StoryClock(start)
        self.wall = WallClock()
        self.world = World(self.clock)
        self.courier = Courier(self.wall, self._seal, seed)
        self.courier.url = webhook_url
        self._ledger = Ledger()
        self.faults = Faults(seed, self.world)
        self.private_key, public_key = _key()
        owner = people.person(self.world, "octo-admin")
        bot = Account(self.world.next_id("account"), f"{SLUG}[bot]", "bot", self.clock.now(), APP_ID)
        self.world.accounts[bot.login] = bot
        self.registration = Registration(
            APP_ID,
            SLUG,
            owner,
            bot,
            self.private_key,
            public_key,
            self.clock.now(),
            webhook_secret=webhook_secret,
        )
        self.site = Site("http://127.0.0.1", self.registration)
        self.github = GitHub(self.site, self.world, self.courier, self._ledger, self.faults, self.wall, seed)
        self._server: Server | None = None
        self._people: dict[str, Person] = {}
        self.world.listeners.append(self._tell)

    async def __aenter__(self) -> Self:
        self._server = Server(self.github)
        self.site.url = self._server.url
        await self._server.start()
        await self.courier.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.courier.stop()
        if self._server is not None:
            await self._server.stop()

    def _seal(self, guid: str, body: bytes) -> dict[str, str]:
        return webhooks.seal(self.webhook_secret, guid, body)

    def _tell(self, happening: Happening) -> None:
        letter = webhooks.letter(self.site, self.world, happening)
        if letter is not None:
            self.courier.post(letter)
        self.faults.picture()

    # --- What Usher is configured with ------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Base address of the REST face (`USHER_GITHUB_API_URL`)."""
        return self.site.url

    @property
    def app_id(self) -> int:
        return self.registration.id

    @property
    def webhook_secret(self) -> str:
        return self.registration.webhook_secret

    @webhook_secret.setter
    def webhook_secret(self, secret: str) -> None:
        self.registration.webhook_secret = secret

    @property
    def webhook_url(self) -> str | None:
        return self.courier.url

    @webhook_url.setter
    def webhook_url(self, url: str | None) -> None:
        self.courier.url = url

    # --- What there is ------------------------------------------------------------------------------------

    def organisation(
        self,
        login: str,
        *,
        base_permission: Permission = "read",
        installed: bool = True,
        permissions: Mapping[str, str] | None = None,
    ) -> Organisation:
        """An organisation, and the App's installation on it unless told otherwise."""
        made = people.organisation(self.world, login, self.registration.owner, base_permission)
        if installed:
            self.install(made, permissions=permissions)
        return made

    def install(
        self,
        account: Account | str,
        *,
        only: Iterable[Repository] | None = None,
        permissions: Mapping[str, str] | None = None,
    ) -> Installation:
        """Install the App on an account, for all its repositories or only these."""
        selected = None if only is None else {repository.id for repository in only}
        granted = dict(permissions or self.registration.permissions)
        return people.install(
            self.world, self._account(account), granted, self.registration.owner, selected=selected
        )

    def installation(self, account: Account | str) -> Installation:
        """The App's installation there; LookupError without one."""
        found = self.world.installation_on(self._account(account))
        if found is None:
            raise LookupError(f"the App is not installed on {account}")
        return found

    def uninstall(self, account: Account | str) -> None:
        people.uninstall(self.world, self.installation(account), self.registration.owner)

    def suspend(self, account: Account | str, *, on: bool = True) -> None:
        people.suspend(self.world, self.installation(account), self.registration.owner, on=on)

    def select(self, account: Account | str, repositories: Iterable[Repository] | None) -> None:
        """Give the App these repositories and no others; None gives all."""
        chosen = None if repositories is None else {each.id for each in repositories}
        people.select(self.world, self.installation(account), chosen, self.registration.owner)

    def permit(self, account: Account | str, permissions: Mapping[str, str]) -> None:
        """An owner accepts other permissions for the App."""
        people.permit(self.world, self.installation(account), dict(permissions), self.registration.owner)

    def person(self, login: str, *, member_of: str | Iterable[str] = (), owner: bool = False) -> Person:
        """A person, made at the first mention; a member (or owner) of these organisations."""
        known = self._people.get(login.casefold())
        if known is None:
            known = Person(self.world, people.person(self.world, login))
            self._people[login.casefold()] = known
        for name in [member_of] if isinstance(member_of, str) else member_of:
            organisation = self._organisation(name)
            people.join_organisation(self.world, organisation, known.account, self.registration.owner)
            if owner:
                organisation.owners.add(known.account.id)
        return known

    def team(
        self,
        name: str,
        *,
        members: Iterable[Person | str] = (),
        parent: Team | None = None,
        secret: bool = False,
    ) -> Team:
        """A team, named "org/slug", with its members."""
        organisation, _, slug = name.partition("/")
        by = self.registration.owner
        made = people.team(
            self.world, self._organisation(organisation), slug, by, parent=parent, secret=secret
        )
        for member in members:
            who = self.person(member) if isinstance(member, str) else member
            people.join_team(self.world, made, who.account, by)
        return made

    def repository(
        self,
        name: str,
        *,
        files: Edits | None = None,
        teams: Mapping[str, Permission] | None = None,
        collaborators: Mapping[str, Permission] | None = None,
        visibility: Visibility = "private",
        default_branch: str = "main",
        protect: Protection | None = None,
    ) -> Repository:
        """A repository "owner/name" with one commit of these files, and who may use it.

        `teams`: "org/slug" → permission; `collaborators`: login → permission.
        """
        owner, _, short = name.partition("/")
        by = self.registration.owner
        made = acts.create_repository(
            self.world,
            self._account(owner),
            short,
            files or {"README.md": "Hello.\n"},
            by=by,
            visibility=visibility,
            default_branch=default_branch,
        )
        for team, permission in (teams or {}).items():
            organisation, _, slug = team.partition("/")
            known = self.world.team(organisation, slug)
            if known is None:
                raise LookupError(f"no team {team}")
            people.give(self.world, made, known, permission, by)
        for login, permission in (collaborators or {}).items():
            people.collaborate(self.world, made, self.person(login).account, permission, by)
        if protect is not None:
            made.protections[default_branch] = protect
        return made

    # --- Time and what goes on ------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The forge's clock, by which promises are kept."""
        return self.clock.now()

    def later(self, length: str | timedelta) -> datetime:
        """Let time pass on the forge: "90s", "20m", "4h", "2d", "1w"."""
        return self.clock.later(length)

    def checks_finish(
        self, change: Change, conclusion: Literal["success", "failure", "neutral"] = "success"
    ) -> None:
        """Another App's checks of the newest commit are done."""
        checks.finish_suite(self.world, change.repository, change.head, conclusion, self.registration.owner)

    async def idle(self) -> None:
        """All webhooks were sent and answered."""
        await self.courier.idle()

    @property
    def deliveries(self) -> list[Sent]:
        """Every webhook that was sent, oldest first."""
        return self.courier.sent

    @property
    def ledger(self) -> Ledger:
        """Every call that was made."""
        return self._ledger

    @property
    def on_exchange(self) -> list[Callable[[Exchange], None]]:
        """Called with every exchange over HTTP; tests hang the contract here."""
        return self.github.on_exchange

    # --- Finding ------------------------------------------------------------------------------------------------

    def _account(self, named: Account | str) -> Account:
        found = self.world.account(named) if isinstance(named, str) else named
        if found is None:
            raise LookupError(f"no account {named}")
        return found

    def _organisation(self, login: str) -> Organisation:
        found = self.world.organisation(login)
        if found is None:
            raise LookupError(f"no organisation {login}")
        return found
