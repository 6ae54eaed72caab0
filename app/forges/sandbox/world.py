"""What the forge knows: people, teams, repositories, issues, changes. It keeps and finds; it decides nothing.

Acts (`acts/`) change it, after `rules.py` allowed them. Everything here is common to both kinds of forge;
how it is told over HTTP belongs to the faces. Names are found without regard to case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from app.forges.sandbox import git
from app.forges.sandbox.clock import StoryClock
from app.forges.sandbox.edition import Edition

Kind = Literal["github", "gitlab"]
# "guest" exists on GitLab alone: whoever has it sees issues, and the files of public projects only.
Permission = Literal["none", "guest", "read", "triage", "write", "maintain", "admin"]
Visibility = Literal["public", "internal", "private"]
ReviewState = Literal["approved", "changes_requested", "commented", "dismissed"]
# What a GitLab reviewer has done so far (Merge requests API, reviewers).
Stance = Literal["unreviewed", "review_started", "reviewed", "requested_changes", "approved", "unapproved"]

# First numbers, per kind. Real ones passed 2^31 long ago, so whoever stores them in 32 bits finds out here.
_FIRST_IDS = {
    "account": 9_000,
    "team": 600_000,
    "repository": 700_000_000,
    "installation": 80_000_000,
    "issue": 2_900_000_000,
    "comment": 3_100_000_000,
    "review": 3_200_000_000,
    "line": 2_300_000_000,
    "thread": 0,
    "check": 40_000_000_000,
    "label": 5_000_000_000,
    "reaction": 300_000_000,
    "event": 16_000_000_000,
    "merge_request": 400_000_000,
    "pipeline": 2_200_000_000,
}

# Of a commit's status: GitHub's four, and GitLab's.
State = Literal["error", "failure", "pending", "running", "success", "failed", "canceled", "skipped"]


@dataclass(eq=False, slots=True)
class Account:
    """Somebody, or an organisation, or an App's bot."""

    id: int
    login: str
    kind: Literal["person", "organisation", "bot"]
    created_at: datetime
    app_id: int | None = None  # of a bot
    busy: bool = False  # as they say of themselves on GitLab
    message: str = ""  # beside it
    blocked: bool = False
    address: str = ""  # e-mail, verified; empty: one of their own
    shows_address: bool = False  # on their profile

    def __str__(self) -> str:
        return self.login


@dataclass(eq=False, slots=True)
class Team:
    id: int
    organisation: Organisation
    name: str
    slug: str
    parent: Team | None = None
    members: dict[int, Account] = field(default_factory=dict)
    maintainers: set[int] = field(default_factory=set)
    secret: bool = False
    roles: dict[int, Permission] = field(default_factory=dict)  # on GitLab, where it is not "write"

    @property
    def full_name(self) -> str:
        return f"{self.organisation.login}/{self.slug}"


@dataclass(eq=False, slots=True)
class Organisation(Account):
    base_permission: Permission = "read"  # what every member may do in every repository
    members: dict[int, Account] = field(default_factory=dict)
    owners: set[int] = field(default_factory=set)
    teams: dict[str, Team] = field(default_factory=dict)  # by slug, case-folded
    roles: dict[int, Permission] = field(default_factory=dict)  # on GitLab, where it is not the base


@dataclass(eq=False, slots=True)
class Label:
    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass(eq=False, slots=True)
class Protection:
    """What a branch asks before a merge."""

    approvals: int = 0
    dismiss_stale: bool = False
    checks: tuple[str, ...] = ()
    resolve_threads: bool = False
    owners_approve: bool = False
    by_ruleset: bool = True  # else by the older protection of the branch, which other endpoints tell


@dataclass(eq=False, slots=True)
class Reaction:
    id: int
    by: Account
    content: str
    at: datetime


@dataclass(eq=False, slots=True)
class Comment:
    """A remark under an issue or change."""

    id: int
    by: Account
    body: str
    at: datetime
    edited_at: datetime
    subject: Issue
    reactions: list[Reaction] = field(default_factory=list)
    internal: bool = False  # GitLab: for members alone

    @property
    def author(self) -> str:
        """The login of who wrote it."""
        return self.by.login


@dataclass(eq=False, slots=True)
class Review:
    id: int
    by: Account
    state: ReviewState
    body: str
    at: datetime
    commit: str
    change: Change

    @property
    def author(self) -> str:
        """The login of who reviewed."""
        return self.by.login


@dataclass(eq=False, slots=True)
class LineRemark:
    """A remark on one line of a change."""

    id: int
    by: Account
    body: str
    at: datetime
    commit: str
    review: Review | None  # None on GitLab, where a single remark has no review around it
    thread: Thread
    edited_at: datetime | None = None
    reactions: list[Reaction] = field(default_factory=list)

    @property
    def author(self) -> str:
        return self.by.login


@dataclass(eq=False, slots=True)
class Thread:
    """What was said on one line, and whether it is settled."""

    id: int
    change: Change
    path: str
    line: int
    remarks: list[LineRemark] = field(default_factory=list)
    resolved: bool = False
    resolved_by: Account | None = None
    resolved_at: datetime | None = None


@dataclass(eq=False, slots=True)
class Event:
    """One line of an issue's history; `kind` in GitHub's words (`labeled`, `review_requested` …)."""

    id: int
    kind: str
    by: Account
    at: datetime
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Issue:
    id: int
    repository: Repository
    number: int
    title: str
    body: str | None
    by: Account
    opened_at: datetime
    updated_at: datetime
    open: bool = True
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: Account | None = None
    locked: bool = False
    labels: list[Label] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    history: list[Event] = field(default_factory=list)
    assignees: list[Account] = field(default_factory=list)
    confidential: bool = False  # GitLab
    sort: Literal["issue", "incident", "task"] = "issue"  # GitLab's type of work item
    severity: Literal["unknown", "low", "medium", "high", "critical"] = "unknown"  # of a GitLab incident

    @property
    def author(self) -> str:
        return self.by.login

    @property
    def remarks(self) -> list[Comment]:
        """What was said under it, oldest first."""
        return list(self.comments)

    @property
    def label_names(self) -> set[str]:
        return {label.name for label in self.labels}


@dataclass(eq=False, slots=True, kw_only=True)
class Change(Issue):
    """A pull or merge request."""

    base: str  # branch of `repository`
    head_branch: str
    head_repository: Repository | None  # None: the fork was deleted
    head: str  # commit
    merge_base: str
    draft: bool = False
    queued: bool = False  # in the merge queue
    requested: list[Account] = field(default_factory=list)
    requested_teams: list[Team] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    threads: list[Thread] = field(default_factory=list)
    merged_at: datetime | None = None
    merged_by: Account | None = None
    merge_commit: str | None = None
    merge_checked: str = ""  # the two tips for which somebody already asked whether it can be merged
    stances: dict[int, Stance] = field(default_factory=dict)  # GitLab: of those in `requested`, by account id
    approvals: dict[int, tuple[Account, datetime]] = field(default_factory=dict)  # GitLab, by account id
    objections: set[int] = field(default_factory=set)  # GitLab: account ids whose "request changes" stands

    @property
    def asked(self) -> set[str]:
        """Logins whose review is requested now."""
        return {account.login for account in self.requested}

    @property
    def asked_teams(self) -> set[str]:
        """Teams ("org/slug") whose review is requested now."""
        return {team.full_name for team in self.requested_teams}

    @property
    def merged(self) -> bool:
        return self.merged_at is not None

    @property
    def from_fork(self) -> bool:
        return self.head_repository is not self.repository

    @property
    def state(self) -> Literal["open", "closed", "merged"]:
        if self.merged:
            return "merged"
        return "open" if self.open else "closed"

    @property
    def files(self) -> list[git.Touched]:
        """What it changes since it left its base branch, sorted by path."""
        return self.repository.diff(self.merge_base, self.head)

    @property
    def paths(self) -> list[str]:
        return [file.path for file in self.files]


@dataclass(eq=False, slots=True)
class CheckRun:
    id: int
    name: str
    sha: str
    app_id: int
    suite_id: int
    status: str
    conclusion: str | None
    external_id: str
    details_url: str | None
    started_at: datetime
    completed_at: datetime | None
    output: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Status:
    id: int
    sha: str
    context: str
    state: State
    description: str | None
    by: Account
    at: datetime
    target_url: str | None = None
    pipeline: int | None = None  # GitLab


@dataclass(eq=False, slots=True)
class Pipeline:
    """GitLab's run of checks on one commit."""

    id: int
    sha: str
    ref: str
    status: Literal["pending", "running", "success", "failed", "canceled"]
    by: Account
    at: datetime
    changed_at: datetime
    source: Literal["external", "push", "merge_request_event"] = "external"


@dataclass(eq=False, slots=True)
class History:
    """Commits and file lists, shared by a repository and its forks as git shares objects."""

    commits: dict[str, git.Commit] = field(default_factory=dict)
    diffs: dict[tuple[str, str], list[git.Touched]] = field(default_factory=dict)

    def __deepcopy__(self, memo: dict[int, Any]) -> History:
        return self  # commits never change, so a picture of the world may share them


@dataclass(eq=False, slots=True)
class Repository:
    id: int
    owner: Account
    name: str
    created_at: datetime
    updated_at: datetime
    pushed_at: datetime
    default_branch: str = "main"
    description: str | None = None
    visibility: Visibility = "private"
    archived: bool = False
    topics: list[str] = field(default_factory=list)
    language: str | None = None
    has_issues: bool = True
    parent: Repository | None = None  # of a fork
    history: History = field(default_factory=History)
    branches: dict[str, str] = field(default_factory=dict)
    protections: dict[str, Protection] = field(default_factory=dict)
    collaborators: dict[int, tuple[Account, Permission]] = field(default_factory=dict)
    teams: dict[int, tuple[Team, Permission]] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)  # by name, case-folded
    issues: dict[int, Issue] = field(default_factory=dict)
    checks: dict[int, CheckRun] = field(default_factory=dict)
    statuses: list[Status] = field(default_factory=list)
    participation: list[int] | None = None  # commits a week, oldest first; None: not computed yet
    kind: Kind = "github"
    folder: Team | None = None  # the subgroup of a GitLab project
    merge_requests: dict[int, Change] = field(default_factory=dict)  # GitLab counts them by themselves
    pipelines: list[Pipeline] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        """On GitLab the path, with every group that the project is in."""
        place = self.owner.login if self.folder is None else path_of(self.folder)
        return f"{place}/{self.name}"

    @property
    def organisation(self) -> Organisation | None:
        return self.owner if isinstance(self.owner, Organisation) else None

    @property
    def changes(self) -> list[Change]:
        if self.kind == "gitlab":
            return list(self.merge_requests.values())
        return [issue for issue in self.issues.values() if isinstance(issue, Change)]

    @property
    def head(self) -> git.Commit:
        """The newest commit of the default branch."""
        return self.history.commits[self.branches[self.default_branch]]

    def at(self, ref: str) -> git.Commit | None:
        """The commit of a branch (also as `refs/heads/…`), a whole SHA, or None."""
        branch = ref.removeprefix("refs/heads/")
        sha = self.branches.get(branch, ref.lower())
        return self.history.commits.get(sha)

    def diff(self, base: str, head: str) -> list[git.Touched]:
        """What differs between two commits, computed once."""
        known = self.history.diffs
        if (base, head) not in known:
            commits = self.history.commits
            known[base, head] = git.diff(commits[base].tree, commits[head].tree)
        return known[base, head]


@dataclass(eq=False, slots=True)
class Installation:
    """An App's place in an account: which repositories it may see, and what it may do there."""

    id: int
    account: Account
    permissions: dict[str, str]
    created_at: datetime
    updated_at: datetime
    selected: set[int] | None = None  # repository ids; None: all
    suspended_at: datetime | None = None
    suspended_by: Account | None = None

    def covers(self, repository: Repository) -> bool:
        if repository.owner.id != self.account.id:
            return False
        return self.selected is None or repository.id in self.selected


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that an act did, told to the faces, which make webhooks of it.

    `kind` and `action` are GitHub's event and action; other faces translate. `more` holds what only
    this event carries (the label, the reviewer, what the title was before).
    """

    kind: str
    action: str | None
    by: Account
    repository: Repository | None = None
    organisation: Organisation | None = None
    subject: Any = None
    more: dict[str, Any] = field(default_factory=dict)


class World:
    """Everything there is. `listeners` hear every happening, in order, while the act is running."""

    def __init__(self, clock: StoryClock, kind: Kind = "github") -> None:
        self.clock = clock
        self.kind = kind
        self.edition = Edition()  # of a GitLab
        self.accounts: dict[str, Account] = {}
        self.repositories: dict[int, Repository] = {}
        self.renamed: dict[str, int] = {}  # old full name, case-folded → repository id
        self.installations: dict[int, Installation] = {}
        self.listeners: list[Callable[[Happening], None]] = []
        self._ids: dict[str, int] = {}

    def __getstate__(self) -> dict[str, Any]:
        """A picture of the world is taken without its clock and listeners: it only answers reads."""
        return {**self.__dict__, "listeners": [], "clock": StoryClock(self.clock.instant)}

    def next_id(self, kind: str) -> int:
        number = self._ids.get(kind, _FIRST_IDS.get(kind, 0)) + 1
        self._ids[kind] = number
        return number

    def now(self) -> datetime:
        return self.clock.now()

    def tell(self, happening: Happening) -> None:
        for listener in self.listeners:
            listener(happening)

    # --- Finding ------------------------------------------------------------------------------------

    def account(self, login: str) -> Account | None:
        return self.accounts.get(login.casefold())

    def account_by_id(self, number: int) -> Account | None:
        return next((each for each in self.accounts.values() if each.id == number), None)

    def organisation(self, login: str) -> Organisation | None:
        found = self.account(login)
        return found if isinstance(found, Organisation) else None

    def team(self, organisation: str, slug: str) -> Team | None:
        found = self.organisation(organisation)
        return found.teams.get(slug.casefold()) if found else None

    def repository(self, full_name: str) -> Repository | None:
        wanted = full_name.casefold()
        return next(
            (each for each in self.repositories.values() if each.full_name.casefold() == wanted), None
        )

    def owned_by(self, account: Account) -> list[Repository]:
        return [each for each in self.repositories.values() if each.owner is account]

    def comment(self, repository: Repository, number: int) -> Comment | None:
        subjects = [*repository.issues.values(), *repository.merge_requests.values()]
        comments = (comment for issue in subjects for comment in issue.comments)
        return next((comment for comment in comments if comment.id == number), None)

    def installation_on(self, account: Account) -> Installation | None:
        return next((each for each in self.installations.values() if each.account is account), None)


def team_members(team: Team) -> dict[int, Account]:
    """The people of a team and of the teams below it: both forges count children in."""
    found = dict(team.members)
    for child in team.organisation.teams.values():
        if child.parent is team:
            found |= team_members(child)
    return found


def path_of(team: Team) -> str:
    """A subgroup's whole path on GitLab, where groups lie within groups."""
    slugs = [each.slug for each in lineage(team)]
    return "/".join([team.organisation.login, *reversed(slugs)])


def lineage(team: Team) -> Iterator[Team]:
    """The team and those above it, whose access it inherits."""
    here: Team | None = team
    while here is not None:
        yield here
        here = here.parent
