"""A whole forge in memory: start it, let people act on it, look at what became of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Literal, Self

from app.forges.sandbox.acts import checks, people
from app.forges.sandbox.acts import files as acts
from app.forges.sandbox.acts.files import Edits
from app.forges.sandbox.clock import StoryClock, WallClock
from app.forges.sandbox.courier import Courier, Letter, Sent
from app.forges.sandbox.faults import Faults
from app.forges.sandbox.http import Face
from app.forges.sandbox.ledger import Exchange, Ledger
from app.forges.sandbox.server import Server
from app.forges.sandbox.story import Person
from app.forges.sandbox.world import (
    Account,
    Change,
    Happening,
    Kind,
    Organisation,
    Permission,
    Protection,
    Repository,
    Team,
    Visibility,
    World,
)


class Forge(ABC):
    """What both kinds of forge have. `async with` serves it on a loopback port until the block ends.

    `start` is where the forge's clock stands at first (it moves by `later` alone); tokens, JWTs, limits
    and the `Date` header live by real time. `webhook_url` may also be set later, before anybody acts.
    """

    kind: Kind
    face: Face
    person_of: type[Person] = Person

    def __init__(self, webhook_url: str | None, *, seed: int, start: datetime, owner: str) -> None:
        self.clock = StoryClock(start)
        self.wall = WallClock()
        self.world = World(self.clock, self.kind)
        self.courier = Courier(self.wall, self._seal, seed)
        self.courier.url = webhook_url
        self._ledger = Ledger()
        self.faults = Faults(seed, self.world)
        self.owner = people.person(self.world, owner)
        self._server: Server | None = None
        self._people: dict[str, Person] = {}
        self.world.listeners.append(self._tell)

    async def __aenter__(self) -> Self:
        self._server = Server(self.face)
        self._placed(self._server.url)
        await self._server.start()
        await self.courier.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.courier.stop()
        if self._server is not None:
            await self._server.stop()

    @abstractmethod
    def _placed(self, url: str) -> None:
        """The forge is reached under this address from now on."""

    @abstractmethod
    def _seal(self, letter: Letter, body: bytes) -> dict[str, str]:
        """The headers that prove where a letter comes from."""

    @abstractmethod
    def _letters(self, happening: Happening) -> Iterable[Letter]:
        """What the forge tells of a happening, and to whom."""

    def _tell(self, happening: Happening) -> None:
        for letter in self._letters(happening):
            self.courier.post(letter)
        self.faults.picture()

    # --- What Usher is configured with ------------------------------------------------------------------

    @property
    @abstractmethod
    def url(self) -> str:
        """What Usher is told of where the forge is."""

    @property
    def webhook_url(self) -> str | None:
        return self.courier.url

    @webhook_url.setter
    def webhook_url(self, url: str | None) -> None:
        self.courier.url = url

    @property
    @abstractmethod
    def bot(self) -> Account:
        """As whom Usher acts here."""

    # --- What there is ------------------------------------------------------------------------------------

    def organisation(self, login: str, *, base_permission: Permission = "read") -> Organisation:
        """An organisation, or a group that is in no other."""
        return people.organisation(self.world, login, self.owner, base_permission)

    def person(self, login: str, *, member_of: str | Iterable[str] = (), owner: bool = False) -> Person:
        """A person, made at the first mention; a member (or owner) of these organisations."""
        known = self._people.get(login.casefold())
        if known is None:
            known = self.person_of(self.world, people.person(self.world, login))
            self._people[login.casefold()] = known
        for name in [member_of] if isinstance(member_of, str) else member_of:
            organisation = self._organisation(name)
            people.join_organisation(self.world, organisation, known.account, self.owner)
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
        by = self.owner
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
        place, _, short = name.rpartition("/")
        owner, _, subgroup = place.partition("/")
        by = self.owner
        made = acts.create_repository(
            self.world,
            self._account(owner),
            short,
            files or {"README.md": "Hello.\n"},
            by=by,
            visibility=visibility,
            default_branch=default_branch,
            folder=self._folder(owner, subgroup),
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
        checks.finish_suite(self.world, change.repository, change.head, conclusion, self.owner)

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
        return self.face.on_exchange

    @abstractmethod
    def revoke_tokens(self, who: Person) -> None:
        """In their settings, this person takes back every token that they gave away."""

    # --- Finding ------------------------------------------------------------------------------------------------

    def _account(self, named: Account | str) -> Account:
        found = self.world.account(named) if isinstance(named, str) else named
        if found is None:
            raise LookupError(f"no account {named}")
        return found

    def _folder(self, organisation: str, subgroup: str) -> Team | None:
        """The subgroup that a project of this name lies in."""
        if not subgroup:
            return None
        found = self.world.team(organisation, subgroup.rpartition("/")[2])
        if found is None:
            raise LookupError(f"no group {organisation}/{subgroup}")
        return found

    def _organisation(self, login: str) -> Organisation:
        found = self.world.organisation(login)
        if found is None:
            raise LookupError(f"no organisation {login}")
        return found
