"""What handlers need of the store: the log, the effects, the standing of a subject; small Protocols.

Each value of these is bound to one tenant and one subject by the one who makes it (`app/`), so a handler
cannot reach another tenant's rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from policies.actions import (
    DecideThanks,
    DeclareAway,
    DraftThanks,
    OfferHelp,
    SilenceRepository,
    WithdrawAway,
)
from policies.calendars import Hours
from policies.clocks import Away, Outage, State
from policies.facts import Access, BranchRules, Fact, Membership, Person, RepositoryRef, Roster, Team
from policies.findings import Finding
from policies.insights.measures import Group, Outcome
from policies.owner_health import Asked
from policies.owners import OwnersFile
from policies.reviewers import Past
from policies.rules import Exempt, Rules
from policies.successors import Reviewed
from policies.typed_yaml import Problem

DRY_RUN = "preview"
"""The note on an effect that a dry run left undone."""


class NotYet(Exception):
    """The subject must be settled again after `seconds`; nobody failed."""

    def __init__(self, seconds: float, why: str) -> None:
        super().__init__(why)
        self.seconds = seconds


class Held(Exception):
    """Usher may not write this now: a switch is off, or people had enough of it for a while.

    `until`, by the clock of promises, is when to look again; None: somebody has to say so.
    """

    def __init__(self, why: str, until: datetime | None = None) -> None:
        super().__init__(why)
        self.until = until


class Overtaken(Exception):
    """Another run holds the subject now; this one may write nothing more."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that Usher did, does or would do, once. `key` is unique within the tenant."""

    key: str
    kind: str
    state: Literal["planned", "sending", "uncertain", "done", "skipped", "dead"]
    payload: Mapping[str, Any]
    marker: str | None = None
    remote_id: int | None = None
    sent_seconds_ago: float | None = None
    attempts: int = 0
    to_heal: bool = False  # it was in doubt once, and is to be looked for again now
    note: str = ""  # why it is as it is, where it is not done


class Effects(Protocol):
    """The subject's effects. Each method is one transaction; the row is always ahead of the forge."""

    async def every(self) -> tuple[Effect, ...]:
        """All effects of the subject, oldest first."""
        ...

    async def plan(self, key: str, kind: str, payload: Mapping[str, Any]) -> Effect:
        """The effect with this key; written down as `planned` where there is none yet."""
        ...

    async def reminders_before(self, effect: Effect, day: datetime) -> int:
        """How many reminders the same person was given since that instant, on any subject, before this one."""
        ...

    async def sending(self, effect: Effect, feature: str) -> None:
        """The write is about to go out. `Overtaken` where this run no longer holds the subject; `Held`."""
        ...

    async def permit(self, effect: Effect, feature: str) -> None:
        """What was done may be written anew; raises as `sending` does, and changes nothing."""
        ...

    async def hold(self, effect: Effect, held: Held) -> None:
        """It waits until it may be written."""
        ...

    async def done(
        self,
        effect: Effect,
        remote_id: int | None = None,
        payload: Mapping[str, Any] | None = None,
        *,
        in_doubt: bool = False,
    ) -> None:
        """It happened. What was `in_doubt`, or tried more than once, is looked for again later."""
        ...

    async def healed(self, effect: Effect, remote_id: int | None, twins: int) -> None:
        """It was looked for again; so many younger ones were taken back, and this one is left."""
        ...

    async def unsure(self, effect: Effect, error: str) -> None:
        """Nobody knows whether it happened."""
        ...

    async def again(self, effect: Effect, error: str) -> None:
        """It did not happen; it may be tried again."""
        ...

    async def skipped(self, effect: Effect, reason: str) -> None:
        """It shall not happen, or not in a dry run (`DRY_RUN`), or somebody took back what we did."""
        ...

    async def refused(self, effect: Effect, error: str) -> None:
        """The forge will never do it."""
        ...


class Log(Protocol):
    """The subject's facts."""

    async def read(self) -> tuple[Fact, ...]: ...

    async def add(self, facts: Iterable[Fact], source: Literal["poll", "usher"]) -> None: ...


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What holds on one branch: the rules with their calendars, the owners, and what was wrong with the files.

    `owners_path` is empty where the branch has no owners file. `rules_path` is where the rules would be.
    `for_all`: this repository's rules are those of the whole organisation. `catalog_owner` is what its
    `catalog-info.yaml` says to whom it belongs; empty where it says nothing, or components differ.
    `earlier` are rules that were replaced, each with until when it held, the oldest first.
    """

    rules: Rules = field(default_factory=Rules)
    calendars: Mapping[str, Hours] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    rules_path: str = ""
    owners: OwnersFile | None = None
    owners_path: str = ""
    for_all: bool = False
    catalog_owner: str = ""
    earlier: tuple[tuple[datetime, Rules], ...] = ()


class Rulebooks(Protocol):
    async def on(self, repository: RepositoryRef, branch: str, sha: str) -> Rulebook:
        """What holds on this branch of the repository, whose tip is `sha`."""
        ...

    async def reading(self, repository: RepositoryRef, content: bytes) -> Rulebook:
        """What would hold in the repository if this were its rules file; nothing is said of owners."""
        ...


class Directory(Protocol):
    """People as last read at the forge; read again when an event says they changed, or after an hour."""

    async def team(self, name: str) -> Team | None: ...

    async def roster(self, organisation: str) -> Roster: ...

    async def access(self, repository: RepositoryRef, who: str) -> Access: ...

    async def team_access(self, repository: RepositoryRef, team: str) -> Access: ...

    async def branch_rules(self, repository: RepositoryRef, branch: str) -> BranchRules | None: ...

    async def is_busy(self, who: str) -> bool: ...

    async def having_role(self, repository: RepositoryRef, role: str) -> tuple[Person, ...]: ...

    async def membership(self, organisation: str, who: str) -> Membership: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """How a change stands, for the pages and for whoever asks: its state and what people want to see of it."""

    state: State
    projection: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Experience:
    """What somebody reviewed before: which files, and how many changes of one author."""

    past: tuple[Past, ...] = ()
    of_author: int = 0


@dataclass(frozen=True, slots=True)
class Visits:
    """How many changes somebody brought to a repository as a guest, and how many of them were merged."""

    opened: int = 0
    merged: int = 0


@dataclass(frozen=True, slots=True)
class Thanks:
    """Words of thanks that wait for somebody to want them said; `state` as they stand."""

    author: str
    owners: tuple[str, ...]  # in lower case
    body: str
    state: Literal["open", "post", "discarded"]
    decided_by: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class Silence:
    """What was last said about silence in a repository; `until` None: for good."""

    until: datetime | None
    at: datetime
    source: str

    def holds(self, now: datetime) -> bool:
        return self.until is None or now < self.until


class Records(Protocol):
    """What is kept about the subject besides its facts and effects."""

    async def keep_clock(self, standing: Standing, now: datetime) -> None:
        """Store the state, its obligations, and every verdict that changed."""
        ...

    async def keep_outcome(self, outcome: Outcome, title: str) -> None:
        """Store what became of the change so far, for the measures."""
        ...

    async def keep_decision(self, record: Mapping[str, Any], now: datetime) -> None: ...

    async def tell_repository(self, asked: Iterable[Fact]) -> None:
        """Add this to the log of the subject's repository; what is new there has it looked at again, afresh."""
        ...

    async def declare_away(self, away: DeclareAway) -> None:
        """Remember the absence, once for each `source`; look again at all that waits for this person."""
        ...

    async def withdraw_away(self, away: WithdrawAway) -> None: ...

    async def absences(self, since: datetime) -> Mapping[str, tuple[Away, ...]]:
        """Who is or was away since then, by login in lower case."""
        ...

    async def outages(self, since: datetime) -> tuple[Outage, ...]:
        """When Usher was down, since then."""
        ...

    async def decisions(self) -> tuple[Mapping[str, Any], ...]:
        """The records of every choice that was made here, the newest first."""
        ...

    async def experience(
        self, people: Iterable[str], *, author: str, near: Iterable[str], since: datetime
    ) -> Mapping[str, Experience]:
        """What each of these people reviewed in this repository since then, in the directories of `near`."""
        ...

    async def visits(self, author: str, before: datetime) -> Visits:
        """How often the author came to this repository as a guest before that instant, besides this time."""
        ...

    async def asks_to_share(self) -> bool:
        """Whether the subject is an issue in which Usher asks whether to share its repository."""
        ...

    async def guests_waiting(self) -> int:
        """How many changes of guests are open in this repository, as they were last looked at."""
        ...

    async def guests_answered(self, who: str, since: datetime) -> int:
        """How many changes of guests here, opened since then and besides this one, somebody reviewed."""
        ...

    async def users(self) -> int:
        """How many other repositories use what this one provides."""
        ...

    async def reminded(self, people: Iterable[str], since: datetime) -> Mapping[str, int]:
        """How many reminders each of these people was given since then, on any subject; by login in lower case."""
        ...

    async def change_story(self, number: int) -> tuple[Fact, ...]:
        """What happened to a change of this repository; nothing where there is none that Usher saw."""
        ...

    async def draft_thanks(self, draft: DraftThanks, now: datetime) -> None:
        """Keep the draft, once for each change; drafts that expired are forgotten."""
        ...

    async def decide_thanks(self, decision: DecideThanks, now: datetime) -> None:
        """Note what somebody wants to happen with a draft that is still open."""
        ...

    async def thanks(self) -> Thanks | None: ...

    async def offer_help(self, offer: OfferHelp) -> None: ...

    async def helpers(self, now: datetime, besides: Iterable[str]) -> tuple[str, ...]:
        """At most two people who offer to help; they take turns, so asking moves them to the end."""
        ...

    async def be_silent(self, silence: SilenceRepository) -> None: ...

    async def silence(self) -> Silence | None: ...

    async def load(self, people: Iterable[str]) -> Mapping[str, int]:
        """How many answers each of these people owes now, on other subjects; by login in lower case."""
        ...


class Findings(Protocol):
    """What is kept about the health of one repository."""

    async def keep(self, findings: Iterable[Finding], now: datetime) -> Mapping[str, datetime]:
        """These are all findings on the default branch now; those that are not among them are cleared.

        Returns since when each is known, by its fingerprint; one that comes back is known from now on.
        """
        ...

    async def reviewed(self, since: datetime) -> Sequence[Reviewed]:
        """What everybody reviewed here since then."""
        ...

    async def exceptions(self) -> Sequence[Exempt]:
        """The findings that people accepted by commands, newest last."""
        ...

    async def outcomes(self, since: datetime) -> Sequence[Group]:
        """What became of the changes here that were opened or merged since then."""
        ...

    async def links(self, addresses: Iterable[str]) -> None:
        """These are the links to other sites, of the default branch, that shall be asked about."""
        ...

    async def unreachable(self) -> frozenset[str]:
        """Those of them that failed to answer twice, at least a day apart."""
        ...

    async def asked(self, people: Iterable[str], since: datetime) -> Mapping[str, Asked]:
        """How often each was asked on changes here since then, and answered; by login in lower case."""
        ...

    async def issues_lately(self) -> int:
        """How many issues Usher opened within an hour, in all repositories of the tenant."""
        ...
