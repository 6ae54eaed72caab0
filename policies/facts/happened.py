"""What happened to a subject: one class for each kind of fact, and the order in which they count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import ClassVar, Literal

from policies.facts.states import ReviewState, same


class Rank(IntEnum):
    """The order of facts that carry the same instant."""

    OPEN = 0
    PUSH = 1
    OWNERS = 2
    DRAFT = 3
    LABEL = 4
    UNASK = 5
    ASK = 6
    REVIEW = 7
    DISMISS = 8
    REMARK = 9
    COMMAND = 10
    THREAD = 11
    CHECK = 12
    CLOSE = 13
    MERGE = 14


def _snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened to a subject. Equal `key` means the same event, however often it is told.

    `at` is the forge's time of the object, never the time of arrival. `after` is set on facts found by
    polling: it happened in (`after`, `at`]. `by` is the login of who did it, empty where nobody is named.
    """

    rank: ClassVar[Rank]

    at: datetime
    by: str = ""
    by_bot: bool = False
    after: datetime | None = None

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError(f"{type(self).__name__}.at has no time zone")

    @property
    def key(self) -> str:
        """The natural key, unique within a subject."""
        return ":".join((_snake(type(self).__name__), *self._parts()))

    def _parts(self) -> tuple[str, ...]:
        """What tells two facts of this kind apart; the instant, where the forge gives no number."""
        return (self.at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ"),)

    @property
    def order(self) -> tuple[datetime, int, str]:
        """Facts sort by forge time, then kind, then key, whatever order they arrived in."""
        return (self.at, self.rank, self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOpened(Fact):
    rank: ClassVar[Rank] = Rank.OPEN
    draft: bool = False
    base: str = ""
    head: str = ""  # empty: not known

    def _parts(self) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeReopened(Fact):
    rank: ClassVar[Rank] = Rank.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePushed(Fact):
    """`content` is a hash of the changed lines; it tells a real push from a rebase. Empty: not known."""

    rank: ClassVar[Rank] = Rank.PUSH
    before: str = ""
    after_sha: str = ""
    content: str = ""

    def _parts(self) -> tuple[str, ...]:
        return (self.after_sha,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRetargeted(Fact):
    rank: ClassVar[Rank] = Rank.OWNERS
    base: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRetitled(Fact):
    rank: ClassVar[Rank] = Rank.LABEL
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotsChosen(Fact):
    """Usher's own reading of the owners at a commit: which areas need whose answer.

    `slots` is a tuple of (name, need, owners): the owners are logins, all of whom may answer. `files` gives
    the paths of each slot by name, `contents` a hash of their changed lines, where they are known. `guard`
    says in words why nobody may be asked for so large a change; empty where there is no such reason.
    `number` counts these readings: forges tell whole seconds, and of two in one the later one holds.
    """

    rank: ClassVar[Rank] = Rank.OWNERS
    head: str = ""
    slots: tuple[tuple[str, int, tuple[str, ...]], ...] = ()
    files: tuple[tuple[str, tuple[str, ...]], ...] = ()
    contents: tuple[tuple[str, str], ...] = ()
    guard: str = ""
    number: int = 0

    def _parts(self) -> tuple[str, ...]:
        return (f"{self.number:04}", self.head)


Origin = Literal["bot", "unknown", "own", "mixed", "guest"]
"""Where a change comes from, seen from the teams that own what it touches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorPlaced(Fact):
    """Usher's own reading of the teams that the author is in, the ones above them included, at the opening.

    It is made once: who joins or leaves a team later changes nothing here.
    """

    rank: ClassVar[Rank] = Rank.OWNERS
    teams: tuple[str, ...] = ()

    def _parts(self) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginSeen(Fact):
    """Usher's own reading of where a change comes from. `owners` are the teams that own what it touches.

    `guest_files` of `owned_files` belong to teams that the author is not in. `number` counts these readings.
    """

    rank: ClassVar[Rank] = Rank.OWNERS
    origin: Origin = "unknown"
    owners: tuple[str, ...] = ()
    guest_files: int = 0
    owned_files: int = 0
    number: int = 0

    def _parts(self) -> tuple[str, ...]:
        return (f"{self.number:04}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDrafted(Fact):
    rank: ClassVar[Rank] = Rank.DRAFT


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeReadied(Fact):
    rank: ClassVar[Rank] = Rank.DRAFT


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled(Fact):
    """A label was put on (`on`) or taken off."""

    rank: ClassVar[Rank] = Rank.LABEL
    label: str = ""
    on: bool = True

    def _parts(self) -> tuple[str, ...]:
        return (same(self.label), "on" if self.on else "off", *Fact._parts(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewUnasked(Fact):
    """A request for review was taken back. A team's has `team` set and `who` empty."""

    rank: ClassVar[Rank] = Rank.UNASK
    who: str = ""
    team: str = ""

    def _parts(self) -> tuple[str, ...]:
        return (same(self.who or self.team), *Fact._parts(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewAsked(Fact):
    """Somebody, or a team, was asked to review. `by_usher`: Usher did it, for the named slots."""

    rank: ClassVar[Rank] = Rank.ASK
    who: str = ""
    team: str = ""
    by_usher: bool = False
    slots: tuple[str, ...] = ()

    def _parts(self) -> tuple[str, ...]:
        return (same(self.who or self.team), *Fact._parts(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRefused(Fact):
    """The forge would not ask this person, for its own `reason`; nobody tries again on this change."""

    rank: ClassVar[Rank] = Rank.ASK
    who: str = ""
    reason: str = ""

    def _parts(self) -> tuple[str, ...]:
        return (same(self.who),)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskUnlisted(Fact):
    """The forge has room for one reviewer (GitLab Free): these people were asked by name in the comment alone."""

    rank: ClassVar[Rank] = Rank.ASK
    people: tuple[str, ...] = ()

    def _parts(self) -> tuple[str, ...]:
        return (*(same(who) for who in self.people), *Fact._parts(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed(Fact):
    """A review, or one inline comment (`state` `commented`, with a `remark_id`).

    `answers` is False where it only gives a command or shows an emoji.

    `thread` names the thread that an inline comment begins or continues. `pending`: a review was begun.
    """

    rank: ClassVar[Rank] = Rank.REVIEW
    review_id: int = 0
    state: ReviewState = "commented"
    commit: str = ""
    remark_id: int = 0
    thread: str = ""
    answers: bool = True

    def _parts(self) -> tuple[str, ...]:
        if self.remark_id:
            return ("inline", str(self.remark_id))
        return (str(self.review_id), self.state)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewDismissed(Fact):
    """An opinion holds no longer. `review_id` is 0 where the forge numbers no reviews: then `who` tells whose."""

    rank: ClassVar[Rank] = Rank.DISMISS
    review_id: int = 0
    who: str = ""  # whose review it was

    def _parts(self) -> tuple[str, ...]:
        return (str(self.review_id),) if self.review_id else (same(self.who), *Fact._parts(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class RemarkMade(Fact):
    """A top-level comment by anyone. `answers` is False where it is only a command or an emoji."""

    rank: ClassVar[Rank] = Rank.REMARK
    remark_id: int = 0
    answers: bool = True

    def _parts(self) -> tuple[str, ...]:
        return (str(self.remark_id),)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemarkEdited(Fact):
    """A top-level comment was changed; that answers nobody."""

    rank: ClassVar[Rank] = Rank.REMARK
    remark_id: int = 0

    def _parts(self) -> tuple[str, ...]:
        return (str(self.remark_id), *Fact._parts(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class RemarkRemoved(Fact):
    rank: ClassVar[Rank] = Rank.REMARK
    remark_id: int = 0

    def _parts(self) -> tuple[str, ...]:
        return (str(self.remark_id),)


CommandPlace = Literal["remark", "review", "line", "box"]
"""Where a command was given: in a comment, in a review, in a comment on a line, or by ticking a box."""


def _place_parts(where: CommandPlace, remark_id: int, line: int) -> tuple[str, ...]:
    """Comments, reviews and comments on lines are numbered apart; a box is told from the others by its command."""
    number = (str(remark_id), str(line))
    return number if where == "remark" else (where, *number)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandTyped(Fact):
    """A line of a new comment that may be a command, as it was typed; nobody has read it yet.

    Each is answered by one `CommandGiven` or `CommandRefused` of the same place and line. A box that was
    ticked in the change's one comment is typed too: `text` is its command, and `line` the second it happened.
    """

    rank: ClassVar[Rank] = Rank.COMMAND
    where: CommandPlace = "remark"
    remark_id: int = 0
    line: int = 0  # of the comment, from 1
    text: str = ""

    def _parts(self) -> tuple[str, ...]:
        return _place_parts(self.where, self.remark_id, self.line)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRefused(Fact):
    """A command that was not understood, or not allowed. `problem` says why, to its giver.

    It is empty where nobody is told: the line was meant for somebody else, or there were too many.
    """

    rank: ClassVar[Rank] = Rank.COMMAND
    where: CommandPlace = "remark"
    remark_id: int = 0
    line: int = 0
    problem: str = ""

    def _parts(self) -> tuple[str, ...]:
        return _place_parts(self.where, self.remark_id, self.line)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandGiven(Fact):
    """A command that was understood and allowed: `verb` and its words, as they were typed."""

    rank: ClassVar[Rank] = Rank.COMMAND
    where: CommandPlace = "remark"
    remark_id: int = 0
    line: int = 0
    verb: str = ""
    words: tuple[str, ...] = ()

    def _parts(self) -> tuple[str, ...]:
        return _place_parts(self.where, self.remark_id, self.line)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadChanged(Fact):
    """A review thread was resolved or opened again. `who` began it."""

    rank: ClassVar[Rank] = Rank.THREAD
    thread: str = ""
    who: str = ""
    resolved: bool = False

    def _parts(self) -> tuple[str, ...]:
        return (self.thread, "resolved" if self.resolved else "open", *Fact._parts(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecksChanged(Fact):
    rank: ClassVar[Rank] = Rank.CHECK
    commit: str = ""
    name: str = ""
    state: Literal["pending", "success", "failure", "neutral", "cancelled"] = "pending"

    def _parts(self) -> tuple[str, ...]:
        return (self.commit, self.name, self.state, *Fact._parts(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeQueued(Fact):
    """The change entered (`on`) or left the merge queue."""

    rank: ClassVar[Rank] = Rank.CHECK
    on: bool = True

    def _parts(self) -> tuple[str, ...]:
        return ("on" if self.on else "off", *Fact._parts(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictChanged(Fact):
    """The change came to conflict (`on`) with its base, or does so no longer."""

    rank: ClassVar[Rank] = Rank.CHECK
    on: bool = True

    def _parts(self) -> tuple[str, ...]:
        return ("on" if self.on else "off", *Fact._parts(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyChanged(Fact):
    """Something that the change waits for (`#7`, `group/project!7`) is open, or is no longer.

    `number` counts these facts about one reference, where they are found by looking: the later one holds.
    """

    rank: ClassVar[Rank] = Rank.CHECK
    ref: str = ""
    open: bool = True
    number: int = 0

    def _parts(self) -> tuple[str, ...]:
        return (same(self.ref), f"{self.number:04}", "open" if self.open else "closed", *Fact._parts(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeClosed(Fact):
    rank: ClassVar[Rank] = Rank.CLOSE


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeMerged(Fact):
    rank: ClassVar[Rank] = Rank.MERGE

    def _parts(self) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryAsked(Fact):
    """Somebody asked something about the repository as a whole, by a command on one of its changes or issues.

    `source` names the comment and its line. For `ignore`, `words` are a finding's id, a date and a reason; `yes`,
    `no` and `later` answer whether a new repository shall be shared; `undone` takes back what its `source` names.
    """

    rank: ClassVar[Rank] = Rank.COMMAND
    source: str
    verb: str
    words: tuple[str, ...] = ()

    def _parts(self) -> tuple[str, ...]:
        return (self.source,)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesPushed(Fact):
    """The default branch moved. `settings`: the owners or rules file may have changed with it.

    `shown`: so may what the catalogue shows of the repository.
    """

    rank: ClassVar[Rank] = Rank.PUSH
    branch: str = ""
    before: str = ""
    after_sha: str = ""
    settings: bool = False
    shown: bool = False

    def _parts(self) -> tuple[str, ...]:
        return (self.branch, self.after_sha)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleChanged(Fact):
    """A team, or what somebody may do, changed. `team` and `who` are empty where they are not named."""

    rank: ClassVar[Rank] = Rank.OWNERS
    team: str = ""
    who: str = ""

    def _parts(self) -> tuple[str, ...]:
        return (same(self.team), same(self.who), *Fact._parts(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueOpened(Fact):
    rank: ClassVar[Rank] = Rank.OPEN

    def _parts(self) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueReopened(Fact):
    rank: ClassVar[Rank] = Rank.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueClosed(Fact):
    rank: ClassVar[Rank] = Rank.CLOSE


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueMoved(Fact):
    """The issue went to another repository, and goes on there under another number."""

    rank: ClassVar[Rank] = Rank.CLOSE


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueAssigned(Fact):
    """Somebody was made responsible for an issue (`on`), or is no longer."""

    rank: ClassVar[Rank] = Rank.ASK
    who: str = ""
    on: bool = True

    def _parts(self) -> tuple[str, ...]:
        return (same(self.who), "on" if self.on else "off", *Fact._parts(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class SeveritySet(Fact):
    """The forge's own severity of an issue (GitLab), by its name in lower case; empty: unknown again."""

    rank: ClassVar[Rank] = Rank.LABEL
    severity: str = ""

    def _parts(self) -> tuple[str, ...]:
        return (self.severity, *Fact._parts(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenExpiring(Fact):
    """An access token of this name ends on the day `expires` (ISO 8601)."""

    rank: ClassVar[Rank] = Rank.CHECK
    name: str = ""
    expires: str = ""

    def _parts(self) -> tuple[str, ...]:
        return (self.name, self.expires)
