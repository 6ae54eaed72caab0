"""What to do: frozen values that a handler returns and only `handlers/perform.py` carries out.

Each action that people notice has a `key`, unique within its subject. It is the key of the effect's
row, so the same action decided twice is done once. A new key is a new effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from policies.text import Body


@dataclass(frozen=True, slots=True)
class RequestReview:
    """Ask these people to review, on the forge. `slots` names, per person, the areas they are asked for.

    `occasion` tells this request from an earlier one for the same people and commit.
    """

    people: tuple[str, ...]
    head: str
    slots: tuple[tuple[str, tuple[str, ...]], ...] = ()
    occasion: str = ""

    @property
    def key(self) -> str:
        people = ",".join(sorted(person.casefold() for person in self.people))
        return f"ask|{self.head}|{people}" + (f"|{self.occasion}" if self.occasion else "")


@dataclass(frozen=True, slots=True)
class ReleaseReview:
    """Take a request back from these people or teams. `occasion` as with `RequestReview`."""

    head: str
    people: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    occasion: str = ""

    @property
    def key(self) -> str:
        names = ",".join(sorted(name.casefold() for name in (*self.people, *self.teams)))
        return f"release|{self.head}|{names}" + (f"|{self.occasion}" if self.occasion else "")


@dataclass(frozen=True, slots=True)
class Say:
    """Post one new comment. It notifies people, so each has its own `step` and is said once.

    `to` is the person whom it reminds, empty where it reminds nobody. Somebody who got `most` reminders
    since the instant `day` (ISO 8601) gets no more, but `instead`, if that is given; 0: there is no such limit.
    `also` are further steps that the same comment takes, each with the person whom it reminds.
    """

    step: str
    body: Body
    to: str = ""
    most: int = 0
    day: str = ""
    also: tuple[tuple[str, str], ...] = ()
    instead: AddToDigest | None = None

    @property
    def key(self) -> str:
        return f"say|{self.step}"


@dataclass(frozen=True, slots=True)
class AddToDigest:
    """Put a line into somebody's digest, for a step of the reminders: on their page, and in the morning's message.

    `said` is plain text. The forge is not touched.
    """

    step: str
    to: str
    said: str

    @property
    def key(self) -> str:
        return f"digest|{self.step}"


@dataclass(frozen=True, slots=True)
class KeepSticky:
    """Let the change's one standing comment read so; posted once, edited in place ever after.

    `edit` names the last edit of it by somebody else, after which it is written again.
    """

    body: Body
    edit: str = ""

    @property
    def key(self) -> str:
        return "sticky"


@dataclass(frozen=True, slots=True)
class Annotation:
    """What a check says about one line of a file; `line` counts from 1."""

    path: str
    line: int
    level: Literal["notice", "warning", "failure"]
    title: str
    message: str


@dataclass(frozen=True, slots=True)
class SetCheck:
    """Set the check run (GitLab: commit status) of this name on this commit; kept true while it is decided."""

    name: str
    head: str
    conclusion: Literal["success", "neutral", "failure", "action_required"]
    title: str
    summary: str
    annotations: tuple[Annotation, ...] = ()

    @property
    def key(self) -> str:
        return f"check|{self.name}|{self.head}"


@dataclass(frozen=True, slots=True)
class Label:
    """Put labels on, take labels off."""

    head: str
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"label|{self.head}|+{','.join(sorted(self.add))}|-{','.join(sorted(self.remove))}"


@dataclass(frozen=True, slots=True)
class Nod:
    """Answer a command with a reaction on its comment."""

    remark_id: int
    reaction: Literal["+1", "-1", "eyes", "confused"] = "+1"
    on_line: bool = False  # the comment is on a line of the change

    @property
    def key(self) -> str:
        place = f"line.{self.remark_id}" if self.on_line else str(self.remark_id)
        return f"nod|{place}|{self.reaction}"


IssueAbout = Literal["health", "sharing", "wins"]
"""What keeps others from contributing; or whether a new repository shall be shared."""


@dataclass(frozen=True, slots=True)
class KeepIssue:
    """Let an issue of Usher's own read so, and be open or closed; posted once, edited in place ever after.

    `nth` counts the issues about this that the repository has had: a new number is a new issue. `since` (ISO 8601)
    is when it was last opened: what is new is told from then on.
    """

    nth: int
    title: str
    body: Body
    open: bool
    since: str = ""
    about: IssueAbout = "health"

    @property
    def key(self) -> str:
        return f"issue|{self.nth}" if self.about == "health" else f"issue|{self.about}.{self.nth}"


@dataclass(frozen=True, slots=True)
class Propose:
    """Propose these files, path and text, as a draft change on a branch of our own; `name` tells it from others.

    `in_words` is said instead where Usher may not write files, `taken` where a person's commit is on the branch.
    """

    name: str
    branch: str
    base: str
    title: str
    body: str
    message: str
    files: tuple[tuple[str, str], ...]
    in_words: Body
    taken: Body

    @property
    def key(self) -> str:
        return f"propose|{self.name}"

    def instead(self, failed: str) -> Say:
        """What is said where it could not be proposed: `forbidden` or `taken`."""
        return Say(f"command|draft|{self.name}", self.taken if failed == "taken" else self.in_words)


ForgeAction = (
    RequestReview
    | ReleaseReview
    | Say
    | AddToDigest
    | KeepSticky
    | SetCheck
    | Label
    | Nod
    | KeepIssue
    | Propose
)


@dataclass(frozen=True, slots=True)
class RecordDecision:
    """Keep why these people were asked, with everything needed to reproduce it offline."""

    record: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Note:
    """Add facts that Usher itself knows (the slots it read, an ask it made) to the subject's log."""

    facts: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class DeclareAway:
    """Remember that somebody is away in [`start`, `end`), on every change. `source` names the command that says so."""

    person: str
    start: datetime
    end: datetime
    declared: datetime
    source: str


@dataclass(frozen=True, slots=True)
class WithdrawAway:
    """Forget what a command said: its giver took it back."""

    person: str
    source: str


@dataclass(frozen=True, slots=True)
class DraftThanks:
    """Keep words of thanks for `author` until `expires`. Nothing of it is said unless one of `owners` wants it."""

    author: str
    owners: tuple[str, ...]
    body: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class DecideThanks:
    """Somebody wants the drafted thanks said, in other words if there are any, or does not want them at all."""

    by: str
    post: bool
    body: str = ""


@dataclass(frozen=True, slots=True)
class OfferHelp:
    """Remember that somebody offers to help others from `at` on, or does so no longer."""

    person: str
    on: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class SilenceRepository:
    """Say nothing new in this repository until then; None: for good. What was said last, by `at`, holds."""

    until: datetime | None
    by: str
    at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class TellRepository:
    """Hand what somebody asked about the repository as a whole over to it, and look at it again."""

    asked: tuple[Any, ...]


Action = (
    ForgeAction
    | DraftThanks
    | DecideThanks
    | OfferHelp
    | SilenceRepository
    | RecordDecision
    | Note
    | DeclareAway
    | WithdrawAway
    | TellRepository
)
