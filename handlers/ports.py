"""What handlers need of a forge: small Protocols, frozen values in and out, no JSON.

Each forge has one adapter in `app/forges/` that is all of these for one tenant (a GitHub installation,
a GitLab hook). One contract suite in `tests/contract/` holds every adapter to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from policies.actions import Annotation
from policies.catalogue.entry import Described
from policies.facts import (
    Access,
    BranchRules,
    Change,
    ChecksChanged,
    Commit,
    Fact,
    File,
    Issue,
    Membership,
    Person,
    Remark,
    Repository,
    RepositoryRef,
    Review,
    Roster,
    Subject,
    Team,
    Thread,
    Touched,
    Tree,
)
from policies.owners import Problem

# --- What an adapter raises, and nothing else ---------------------------------------------------------


class ForgeError(Exception):
    """A call to the forge did not do what was asked. The message is for operators and holds no secret."""


class Locked(ForgeError):
    """401 after one fresh token: the credentials are not accepted, or the installation is suspended."""


class Suspended(Locked):
    """403: the account suspended us; only the account can end that."""


class Throttled(ForgeError):
    """A limit of the forge. `until` (real time, UTC) is when to call again."""

    def __init__(self, message: str, until: datetime) -> None:
        super().__init__(message)
        self.until = until


class Forbidden(ForgeError):
    """403 that is no limit. `permission` names what is missing where the forge says it."""

    def __init__(self, message: str, permission: str | None = None) -> None:
        super().__init__(message)
        self.permission = permission


class Gone(ForgeError):
    """404, 410, 451: not there, or hidden from us; both forges hide what we may not see as 404."""


class Conflict(ForgeError):
    """409, 412: somebody else was first; read again and decide again."""


class Refused(ForgeError):
    """400, 405, 422: the forge will never do this. `reason` is the forge's own sentence."""

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class Unavailable(ForgeError):
    """5xx, HTML, a broken answer or a time-out on a read: try later, nothing was changed."""


class Late(Unavailable):
    """A write did not start within five seconds of its turn, so it was not sent: take another turn."""


class Unsure(ForgeError):
    """The same on a write: it may or may not have happened."""


# --- Values that only the ports use -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook as it was stored: the header fields that name it, and the bytes."""

    event: str
    delivery_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Touch:
    """Look at this subject again; these dated facts come with it."""

    subject: Subject
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountChange:
    """The App was installed, removed or suspended, or repositories were given to or taken from it."""

    kind: Literal["joined", "left", "suspended", "resumed", "repositories"]
    added: tuple[RepositoryRef, ...] = ()
    removed: tuple[RepositoryRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a delivery says. `ignored` is the reason where there is nothing to do.

    `by_commit`: facts of a commit, where the delivery does not name the changes whose head it is.
    `remark`: the comment that was just made, by the person who sent it and no bot: commands are read from it.
    """

    installation: int | None = None
    account: str | None = None
    repository: RepositoryRef | None = None
    default_branch: str | None = None
    touches: tuple[Touch, ...] = ()
    by_commit: tuple[ChecksChanged, ...] = ()
    account_change: AccountChange | None = None
    remark: Remark | None = None
    ignored: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Who was asked after the call, by the forge's own answer, and who was refused with its reason.

    `unlisted` are those for whom the forge has no room beside another (GitLab Free keeps one reviewer).
    """

    asked: tuple[str, ...]
    refused: Mapping[str, str] = field(default_factory=dict)
    unlisted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check run or commit status shows. Verdicts with one `external_id` have the same annotations.

    `url` is where somebody reads more who sees no more than the title (GitLab); empty where that is nowhere.
    """

    name: str
    head: str
    conclusion: Literal["success", "neutral", "failure", "action_required"]
    title: str
    summary: str
    external_id: str
    annotations: tuple[Annotation, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change that Usher itself proposes: these files, whole, on a branch of its own, as a draft for people."""

    branch: str
    base: str
    title: str
    body: str
    message: str
    files: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of the forge to deliver a webhook, as its own list has it.

    `delivery_id` is the same for every attempt at one event, and is what the inbox knows it by. `answered`
    says whether we answered 2xx; an attempt that was, and whose event we do not have, is missed all the same.
    """

    id: int
    delivery_id: str
    event: str
    at: datetime
    answered: bool


# --- Ports --------------------------------------------------------------------------------------------


class Door(Protocol):
    """Reads deliveries. Pure."""

    def facts(self, delivery: Delivery) -> Reading:
        """What the delivery says; ValueError where its body is not a JSON object."""
        ...


class Changes(Protocol):
    """Reads changes. Every method raises `ForgeError`s only."""

    async def change(self, repository: RepositoryRef, number: int) -> Change: ...

    async def open_changes(self, repository: RepositoryRef) -> tuple[Change, ...]: ...

    async def touched(self, change: Change) -> Touched: ...

    async def commits(self, change: Change) -> tuple[Commit, ...]:
        """Its commits, the oldest first; the forge may cut the list (GitHub: at 250)."""
        ...

    async def reviews(self, change: Change) -> tuple[Review, ...]: ...

    async def threads(self, change: Change) -> tuple[Thread, ...]:
        """Its discussions on lines, where the forge's API tells whether they are resolved; else none."""
        ...

    async def remarks(self, change: Change | Issue, since: datetime | None = None) -> tuple[Remark, ...]: ...


class Branches(Protocol):
    """Reads what a branch demands, and how a commit meets it."""

    async def branch_rules(self, repository: RepositoryRef, branch: str) -> BranchRules | None:
        """What the branch asks before a merge; None where we may not read it."""
        ...

    async def checks(self, repository: RepositoryRef, commit: str) -> tuple[ChecksChanged, ...]:
        """The newest result of every check on a commit, with when it came."""
        ...


class Files(Protocol):
    """Reads files at a commit."""

    async def file(self, repository: RepositoryRef, path: str, at: str) -> File | None:
        """The file at a commit or branch; None where there is none."""
        ...

    async def owners_file(self, repository: RepositoryRef, at: str) -> File | None:
        """The CODEOWNERS file that the forge itself would use at this commit; None where there is none."""
        ...

    async def paths(self, repository: RepositoryRef, at: str) -> Tree:
        """Every file at a commit or branch."""
        ...

    async def tip(self, repository: RepositoryRef, branch: str) -> str | None:
        """The newest commit of a branch; None where there is no such branch."""
        ...

    async def touched_at(self, repository: RepositoryRef, path: str, at: str) -> datetime | None:
        """When the file was last touched by a commit of this branch; None where no commit is known."""
        ...

    async def commits_touching(
        self, repository: RepositoryRef, path: str, at: str, since: datetime
    ) -> tuple[str, ...]:
        """The commits of this branch since then that touched the file or directory, at most a hundred."""
        ...

    async def owner_errors(self, repository: RepositoryRef, at: str) -> tuple[Problem, ...]:
        """What the forge itself finds wrong with its CODEOWNERS file; empty where it does not say."""
        ...


class People(Protocol):
    """Reads people, teams and what they may do."""

    async def team(self, name: str) -> Team | None:
        """The team ("org/slug") with its members; None where it is missing or hidden from us."""
        ...

    async def roster(self, organisation: str) -> Roster:
        """The teams of the organisation with their members; nothing where it is no organisation.

        Secret teams are left out: what only some may see shall not show by what Usher says.
        """
        ...

    async def access(self, repository: RepositoryRef, who: str) -> Access: ...

    async def is_busy(self, who: str) -> bool:
        """Whether somebody set their status to busy; False where the forge does not tell."""
        ...

    async def having_role(self, repository: RepositoryRef, role: str) -> tuple[Person, ...]:
        """The direct members with exactly this role ("developer", "maintainer", "owner"); none on GitHub."""
        ...

    async def team_access(self, repository: RepositoryRef, team: str) -> Access:
        """What a team ("org/slug") was given in the repository."""
        ...

    async def membership(self, organisation: str, who: str) -> Membership:
        """How the account of this name stands to the organisation."""
        ...


class Repositories(Protocol):
    """Reads repositories."""

    async def repository(self, repository_id: int) -> Repository: ...

    async def described(self, repository: RepositoryRef) -> Described:
        """The repository with everything that the catalogue shows of it."""
        ...

    async def participation(self, repository: RepositoryRef) -> tuple[int, ...] | None:
        """Commits of each of the last 52 weeks, oldest first; None where the forge has not counted them yet."""
        ...

    async def named(self, name: str) -> Repository | None:
        """The repository of this full name; None where there is none, or it is hidden from us."""
        ...

    async def repositories(self) -> tuple[Repository, ...]:
        """Every repository that the tenant gave us."""
        ...


class Issues(Protocol):
    """Reads issues."""

    async def issue(self, repository: RepositoryRef, number: int) -> Issue: ...

    async def our_issues(self, repository: RepositoryRef) -> tuple[Issue, ...]:
        """Those that Usher itself opened, whether open or closed; the newest first."""
        ...

    async def is_us(self, person: Person) -> bool:
        """Whether this is Usher's own account."""
        ...


class Desk(Protocol):
    """Writes, called by `handlers/perform.py` alone. A write that may have happened raises `Unsure`."""

    async def ask(self, change: Change, people: tuple[str, ...]) -> Asked:
        """Request reviews. One invalid name never spoils the rest: the refused come back with reasons."""
        ...

    async def release(self, change: Change, people: tuple[str, ...], teams: tuple[str, ...]) -> None: ...

    async def turn(self, repository: RepositoryRef) -> None:
        """Wait until a write may go out here; the next one then goes out at once, or raises `Late`.

        So nothing is marked as being sent while it only stands in line.
        """
        ...

    async def say(self, change: Change | Issue, body: str) -> Remark: ...

    async def unsay(self, change: Change | Issue, remark_id: int) -> None:
        """Delete our own comment; `Gone` where somebody did."""
        ...

    async def amend(self, change: Change | Issue, remark_id: int, body: str) -> None:
        """Edit our own comment; `Gone` where somebody deleted it."""
        ...

    async def judge(self, repository: RepositoryRef, verdict: Verdict) -> int:
        """Set a check run on a commit, created or updated by its external id; returns the forge's number."""
        ...

    async def open_issue(self, repository: RepositoryRef, title: str, body: str) -> int:
        """Returns the number of the new issue."""
        ...

    async def edit_issue(self, repository: RepositoryRef, number: int, body: str, *, is_open: bool) -> None:
        """Let our own issue read so, and be open or closed; `Gone` where somebody deleted or moved it."""
        ...

    async def propose(self, repository: RepositoryRef, proposal: Proposal) -> int:
        """Open the proposal as a draft, or bring the open one of its branch up to date; returns its number.

        `Conflict` where a person has a commit on the branch, which is theirs then. `Forbidden` where Usher may
        not write files here.
        """
        ...

    async def label(self, change: Change | Issue, add: tuple[str, ...], remove: tuple[str, ...]) -> None: ...

    async def nod(
        self, change: Change | Issue, remark_id: int, reaction: str, *, on_line: bool = False
    ) -> None:
        """React to a comment on a change or issue, or to one on a line of a change: these are numbered apart."""
        ...

    def wrote(self, remark: Remark) -> bool:
        """Whether this comment is Usher's own."""
        ...


class Post(Protocol):
    """Reads what the forge tried to deliver, and asks for it again."""

    async def attempts(self, since: datetime) -> tuple[Attempt, ...]:
        """Every attempt since then that the forge still lists, whatever came of it; the newest first."""
        ...

    async def redeliver(self, attempt: Attempt) -> None:
        """Have the forge deliver the same event again, under the same `delivery_id`."""
        ...


class Forge(Changes, Branches, Files, People, Repositories, Issues, Desk, Protocol):
    """Everything a tenant's adapter can do."""

    @property
    def dialect(self) -> Literal["github", "gitlab"]: ...


class Clock(Protocol):
    """The clock of promises: `system`, fixed, or a file (`USHER_CLOCK`)."""

    def now(self) -> datetime:
        """The instant, UTC."""
        ...
