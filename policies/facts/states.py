"""What the forge says now: repositories, people, changes, issues, reviews, files, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self


def same(name: str) -> str:
    """The form in which two spellings of one login, slug or repository name are equal."""
    return name.casefold()


# --- Where ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RepositoryRef:
    """A repository as a delivery names it: the forge's number never changes, the name may."""

    id: int
    name: str  # "owner/name" on GitHub, the full path on GitLab

    @property
    def owner(self) -> str:
        """The account or group that the repository lives in."""
        return self.name.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Subject:
    """Something Usher can look at again: one change, one issue, one repository, one account.

    The text form (`change:7:12`) is the key of its row, its lock and its log lines.
    """

    kind: Literal["change", "issue", "repository", "account"]
    repository_id: int = 0
    number: int = 0

    def __str__(self) -> str:
        match self.kind:
            case "change" | "issue":
                return f"{self.kind}:{self.repository_id}:{self.number}"
            case "repository":
                return f"repository:{self.repository_id}"
            case _:
                return "account"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The subject that `str()` wrote; ValueError for anything else."""
        kind, *numbers = text.split(":")
        shape = {"change": 2, "issue": 2, "repository": 1, "account": 0}
        if shape.get(kind) != len(numbers):
            raise ValueError(f"not a subject: {text!r}")
        return cls(kind, *(int(number) for number in numbers))  # type: ignore[arg-type]


# --- States -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a login. `bot` covers Apps, bots and other non-human accounts."""

    login: str
    bot: bool = False
    suspended: bool = False

    def __str__(self) -> str:
        return self.login


@dataclass(frozen=True, slots=True)
class Team:
    """A team or group and the people in it, children's members included where the forge does so.

    `secret` teams cannot be asked to review and own nothing on GitHub.
    """

    name: str  # "org/slug" or the group's full path
    members: tuple[Person, ...] = ()
    secret: bool = False
    parent: str = ""  # the team above it; empty: none


@dataclass(frozen=True, slots=True)
class Roster:
    """The teams of an organisation that everybody in it may see, and of how many people it consists."""

    teams: tuple[Team, ...] = ()
    people: int = 0


Access = Literal["none", "read", "triage", "write", "maintain", "admin"]
"""What a person may do in a repository; GitLab's Reporter is `triage`, Developer `write`."""


Membership = Literal["member", "outsider", "organisation", "nobody"]
"""How a name stands to an organisation: in it, a person outside it, itself an organisation, or not there."""


def can_write(access: Access) -> bool:
    """Whether somebody with this access may push, and so own code and approve."""
    return access in ("write", "maintain", "admin")


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository as the forge describes it now."""

    ref: RepositoryRef
    default_branch: str = "main"
    private: bool = False
    archived: bool = False
    fork: bool = False

    @property
    def subject(self) -> Subject:
        return Subject("repository", self.ref.id)


@dataclass(frozen=True, slots=True)
class BranchRules:
    """What a branch asks of a change before it may be merged.

    `checks` must succeed; `threads_resolved`: every thread of comments must be; `owners_approve`: the owners of
    the touched files must, by the forge's own reading of the owners file.
    """

    checks: tuple[str, ...] = ()
    threads_resolved: bool = False
    owners_approve: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A pull or merge request as the forge describes it now."""

    repository: RepositoryRef
    number: int
    title: str
    author: Person
    base: str  # branch
    base_sha: str  # tip of the base branch: rules and owners are read at this commit
    head_sha: str
    opened_at: datetime
    updated_at: datetime
    state: Literal["open", "closed", "merged"] = "open"
    draft: bool = False
    from_fork: bool = False
    labels: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()  # logins whose review is requested on the forge now
    asked_teams: tuple[str, ...] = ()  # "org/slug"
    touched_count: int | None = None
    commit_count: int | None = None  # None: the forge does not count them here
    mergeable: bool | None = None  # None: not known, which is never a conflict
    url: str = ""
    sign: Literal["#", "!"] = "#"  # before its number, where people name it
    body: str = ""  # what its author says of it
    standings: tuple[Review, ...] | None = None
    """How the reviewers who are not waited for stand, where the forge keeps only that (GitLab); else None."""
    approvers_told: bool = True  # everybody whose approval holds is among the standings

    @property
    def subject(self) -> Subject:
        return Subject("change", self.repository.id, self.number)


@dataclass(frozen=True, slots=True)
class TouchedFile:
    """One file that a change touches; `old_path` only where it was renamed."""

    path: str
    old_path: str | None = None
    status: Literal["added", "modified", "removed", "renamed"] = "modified"
    patch: str | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path whose owners this file concerns: a rename concerns both."""
        return (self.path,) if self.old_path is None else (self.path, self.old_path)


@dataclass(frozen=True, slots=True)
class Touched:
    """What a change touches. `complete` is False where the forge cut the list (GitHub: at 3,000)."""

    files: tuple[TouchedFile, ...] = ()
    complete: bool = True

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths, each once, in the forge's order."""
        return tuple(dict.fromkeys(path for file in self.files for path in file.paths))


ReviewState = Literal["approved", "changes_requested", "commented", "dismissed", "pending"]


@dataclass(frozen=True, slots=True)
class Review:
    """One review as the forge keeps it now; the log remembers the state it had before a dismissal.

    GitLab keeps no reviews, only how each reviewer stands: `id` is 0 then, and `at` None where it does not tell.
    """

    id: int
    by: Person
    state: ReviewState
    at: datetime | None
    commit: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment on a change or issue. `app_id` is set where an App wrote it.

    `edited`: its words may not be those of its author, because others may edit them too.
    """

    id: int
    by: Person
    body: str
    at: datetime
    app_id: int | None = None
    url: str = ""
    edited: bool = False


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of a change; `by` is empty where the forge knows nobody by its address."""

    sha: str
    message: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Thread:
    """A discussion on lines of a change, where the forge tells whether it is resolved (GitLab).

    `remarks` are its comments, the oldest first: whoever made the first began it. `resolved_at` is None where
    nobody resolved it.
    """

    id: str
    remarks: tuple[Remark, ...]
    resolved: bool = False
    resolved_by: str = ""
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue as the forge describes it now. `closed_by` is None while it is open, or where nobody is named."""

    number: int
    title: str
    body: str
    by: Person
    open: bool = True
    closed_at: datetime | None = None
    closed_by: Person | None = None
    app_id: int | None = None  # set where an App wrote it
    repository: RepositoryRef = RepositoryRef(0, "")
    opened_at: datetime | None = None
    updated_at: datetime | None = None
    labels: tuple[str, ...] = ()
    assigned: tuple[str, ...] = ()  # logins
    severity: str = ""  # the forge's own (GitLab), in lower case; empty: none
    url: str = ""

    @property
    def subject(self) -> Subject:
        return Subject("issue", self.repository.id, self.number)


@dataclass(frozen=True, slots=True)
class Blob:
    """One file of a tree: its path, the hash of its content, its size in bytes."""

    path: str
    sha: str
    size: int


@dataclass(frozen=True, slots=True)
class Tree:
    """Every file of a repository at a commit. `complete` is False where the forge cut the list."""

    paths: tuple[str, ...] = ()
    complete: bool = True
    blobs: tuple[Blob, ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """A file's content at a commit; `blob` identifies the bytes and is the cache's key."""

    path: str
    blob: str
    content: bytes
