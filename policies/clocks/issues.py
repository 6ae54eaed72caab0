"""Until when an issue is sorted and answered, and whose turn it is.

Answers are promised to reporters from outside the owning team. Owners are awaited until one of them
answers, then the reporter until they do; third parties and bots move nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Literal

from policies import instants
from policies.calendars import Hours
from policies.clocks import hours
from policies.clocks.meter import Meter
from policies.clocks.state import Obligation, State, StateName, Turn
from policies.clocks.story import story
from policies.clocks.terms import Terms
from policies.clocks.verdicts import promised, steps_of, verdict_of
from policies.clocks.world import Ledger
from policies.durations import Duration
from policies.facts import (
    CommandGiven,
    Fact,
    IssueAssigned,
    IssueClosed,
    IssueMoved,
    IssueOpened,
    IssueReopened,
    Labelled,
    RemarkMade,
    SeveritySet,
    same,
)
from policies.rules import SeverityTerms

DECLINED = "declined"
"""The state of a request that its reporter is to hear the reason of."""

SLOT = "issue"
"""An issue has one slot: everybody who owns the repository."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A budget that applies from an instant on; a change of severity puts another beside the first.

    The earlier deadline holds where the issue became more severe, the later where less.
    """

    how: Literal["first", "raised", "lowered"]
    since: datetime  # the change
    start: datetime  # from when it counts
    hours: Hours
    own: Hours
    budget: timedelta


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of time, and whether the owners' time counted."""

    start: datetime
    end: datetime
    counts: bool
    turn: StateName


@dataclass(slots=True)
class Issue:
    """What is true of an issue at an instant of its story."""

    reporter: str
    opened: datetime
    owners: frozenset[str]
    closed: bool = False
    labels: set[str] = field(default_factory=set)
    severity: str = ""  # the forge's own
    assigned: set[str] = field(default_factory=set)
    answered: bool = False  # an owner ever did
    cycle: int = 0
    triage: Ledger | None = None
    response: Ledger | None = None
    resolve: Ledger | None = None
    people: dict[str, Ledger] = field(default_factory=dict)
    scales: dict[str, list[Scale]] = field(default_factory=dict)  # by the ledger's key
    ledgers: list[Ledger] = field(default_factory=list)
    acted: dict[str, datetime] = field(default_factory=dict)
    spelling: dict[str, str] = field(default_factory=dict)


def fold_issue(facts: Iterable[Fact], terms: Terms, now: datetime) -> State:
    """The state of an issue at `now`; facts from after `now` are left out.

    `terms.owners` are the people of the owning team; where they are not known everybody is a guest.
    ValueError where no fact says that the issue was opened.
    """
    told = story(facts, now)
    opened = next((fact for fact in told if isinstance(fact, IssueOpened)), None)
    if opened is None:
        raise ValueError("no fact says that the issue was opened")
    issue = Issue(same(opened.by), opened.at, frozenset(same(owner) for owner in terms.owners))
    pieces: list[Piece] = []
    at = opened.at
    for fact in told:
        if fact.at > at:
            pieces.append(Piece(at, fact.at, _counts(issue, terms), _turn_name(issue, terms)))
            at = fact.at
        _apply(issue, terms, fact)
    if now > at:
        pieces.append(Piece(at, now, _counts(issue, terms), _turn_name(issue, terms)))
    pieces.append(Piece(now, now, _counts(issue, terms), _turn_name(issue, terms)))
    return _state(issue, pieces, terms, opened, now)


# --- What happens --------------------------------------------------------------------------------------


def _apply(issue: Issue, terms: Terms, fact: Fact) -> None:
    who = same(fact.by)
    if fact.by:
        issue.spelling.setdefault(who, fact.by)
        if not fact.by_bot:
            issue.acted[who] = fact.at
    match fact:
        case IssueOpened():
            issue.triage = _open(issue, terms, "triage", fact.at)
            _await_owners(issue, terms, fact.at)
        case Labelled():
            before, was_request = _severity(issue, terms), _is_request(issue, terms)
            (issue.labels.add if fact.on else issue.labels.discard)(same(fact.label))
            _reweigh(issue, terms, before, fact.at)
            if _is_request(issue, terms) != was_request:
                _retriage(issue, terms, fact.at)
            if who in issue.owners and fact.on and _routes(terms, fact.label):
                _triaged(issue, fact)
        case SeveritySet():
            before = _severity(issue, terms)
            issue.severity = fact.severity
            _reweigh(issue, terms, before, fact.at)
        case IssueAssigned():
            _assigned(issue, terms, fact)
        case RemarkMade(answers=True) if not fact.by_bot:
            _remarked(issue, terms, who, fact)
        case CommandGiven(verb="eta" | "ack"):
            _promise(issue, terms, who, fact)
        case IssueClosed() | IssueMoved():
            _close(issue, who, fact)
        case IssueReopened() if issue.closed:
            issue.closed = False
            if who == issue.reporter or not issue.answered:
                _await_owners(issue, terms, fact.at)


def _open(issue: Issue, terms: Terms, kind: Literal["triage", "response", "resolve"], at: datetime) -> Ledger:
    ledger = Ledger(kind, "slot", SLOT, SLOT, max(issue.cycle, 1), at, frozenset())
    issue.ledgers.append(ledger)
    scale = _scale(terms, kind, _severity(issue, terms), "first", at, at)
    issue.scales[ledger.key] = [scale] if scale else []
    return ledger


def _await_owners(issue: Issue, terms: Terms, at: datetime) -> None:
    """The owners owe an answer from now on, with a fresh budget, if the issue's severity promises one."""
    if issue.response is not None and issue.response.ended is None:
        return
    if _severity(issue, terms) is None:
        return
    issue.cycle += 1
    issue.response = _open(issue, terms, "response", at)
    if issue.resolve is None:
        issue.resolve = _open(issue, terms, "resolve", at)
    for who in issue.assigned - {issue.reporter}:
        _await_person(issue, terms, who, at)


def _await_person(issue: Issue, terms: Terms, who: str, at: datetime) -> None:
    number = 1 + sum(each.party == who and each.cycle == issue.cycle for each in issue.ledgers)
    ledger = Ledger("response", "person", SLOT, who, issue.cycle, at, frozenset(), nth=number)
    issue.ledgers.append(ledger)
    issue.people[who] = ledger
    scale = _scale(terms, "response", _severity(issue, terms), "first", at, at, who)
    issue.scales[ledger.key] = [scale] if scale else []


def _remarked(issue: Issue, terms: Terms, who: str, fact: Fact) -> None:
    if who in issue.owners | issue.people.keys() and who != issue.reporter:
        _triaged(issue, fact)
        _answered(issue, who, fact)
    elif who == issue.reporter and not issue.closed and issue.answered:
        _await_owners(issue, terms, fact.at)


def _answered(issue: Issue, who: str, fact: Fact) -> None:
    issue.answered = True
    if issue.response is not None:
        issue.response.answer(fact)
    for person, ledger in issue.people.items():
        if person == who:
            ledger.answer(fact)
        else:
            ledger.end(fact.at, "released")
    issue.people.clear()


def _triaged(issue: Issue, fact: Fact) -> None:
    if issue.triage is not None:
        issue.triage.answer(fact)


def _assigned(issue: Issue, terms: Terms, fact: IssueAssigned) -> None:
    who = same(fact.who)
    issue.spelling.setdefault(who, fact.who)
    if not fact.on:
        issue.assigned.discard(who)
        if who in issue.people:
            issue.people.pop(who).end(fact.at, "released")
        return
    issue.assigned.add(who)
    if same(fact.by) in issue.owners and not fact.by_bot:
        _triaged(issue, fact)
    waits = issue.response is not None and issue.response.ended is None
    if waits and not issue.closed and who not in issue.people and who != issue.reporter:
        _await_person(issue, terms, who, fact.at)


def _close(issue: Issue, who: str, fact: Fact) -> None:
    """An owner who closes an issue answered it; otherwise nothing is owed any more."""
    issue.closed = True
    moved = isinstance(fact, IssueMoved)
    if who in issue.owners and not fact.by_bot and not moved:
        _triaged(issue, fact)
        _answered(issue, who, fact)
    if issue.resolve is not None and not moved:
        issue.resolve.answer(fact)
    for ledger in issue.ledgers:
        ledger.end(fact.at, "cancelled")
    issue.people.clear()


def _promise(issue: Issue, terms: Terms, who: str, fact: CommandGiven) -> None:
    words = ("+1bd",) if fact.verb == "ack" else fact.words
    until = instants.parse(words, fact.at, hours.of_person(terms, who))
    own = issue.people.get(who)
    if until is None or (own is None and who not in issue.owners):
        return
    for ledger in (own, issue.response):
        if ledger is not None and ledger.ended is None and ledger.promise is None:
            ledger.promise = (fact.at, until)


# --- Severity ------------------------------------------------------------------------------------------


def _severity(issue: Issue, terms: Terms) -> tuple[int, SeverityTerms] | None:
    """The most severe that applies, with its place among them; one without a label holds for all others."""
    for place, (name, severity) in enumerate(terms.rules.support.severities.items()):
        if severity.label is None and _is_request(issue, terms):
            continue
        if severity.label is None or same(severity.label) in issue.labels or name == issue.severity:
            return place, severity
    return None


def _routes(terms: Terms, label: str) -> bool:
    """Whether a label says where an issue belongs, or what becomes of a request; a no needs words besides."""
    decided = [state for state in terms.rules.support.requests.states if same(state) != DECLINED]
    return any(fnmatchcase(same(label), same(pattern)) for pattern in (*terms.rules.issues.triaged, *decided))


def _is_request(issue: Issue, terms: Terms) -> bool:
    """Whether it asks for something new; only sorting it is promised then, unless it has a severity."""
    patterns = [same(pattern) for pattern in terms.rules.support.requests.labels]
    return any(fnmatchcase(label, pattern) for label in issue.labels for pattern in patterns)


def _retriage(issue: Issue, terms: Terms, at: datetime) -> None:
    """It turned out to be a request, or to be none: what was promised for the other is not awaited any more."""
    if _severity(issue, terms) is None and issue.response is not None:
        for ledger in (issue.response, *issue.people.values(), *filter(None, (issue.resolve,))):
            ledger.end(at, "cancelled")
        issue.people.clear()
    if issue.triage is not None and issue.triage.ended is None:
        scale = _scale(
            terms, "triage", None, "lowered", at, issue.triage.t0, request=_is_request(issue, terms)
        )
        issue.scales[issue.triage.key] += [scale] if scale else []


def _decision(issue: Issue, terms: Terms) -> str:
    """What was decided about a request, by its label; empty while nothing was."""
    states = terms.rules.support.requests.states
    return next((state for state in states if same(state) in issue.labels), "")


def _reweigh(issue: Issue, terms: Terms, before: tuple[int, SeverityTerms] | None, at: datetime) -> None:
    """A change of severity: sooner if it was raised, later if it was lowered."""
    after = _severity(issue, terms)
    if after is None or after == before:
        return
    if before is None:
        if not issue.answered:
            _await_owners(issue, terms, at)
        return
    raised = after[0] < before[0]
    for ledger in issue.ledgers:
        if ledger.kind in ("response", "resolve") and ledger.ended is None:
            party = ledger.party if ledger.ledger == "person" else None
            start = at if raised else ledger.t0
            scale = _scale(terms, ledger.kind, after, "raised" if raised else "lowered", at, start, party)
            if scale is not None:
                issue.scales[ledger.key].append(scale)


def _scale(
    terms: Terms,
    kind: str,
    severity: tuple[int, SeverityTerms] | None,
    how: Literal["first", "raised", "lowered"],
    since: datetime,
    start: datetime,
    party: str | None = None,
    *,
    request: bool = False,
) -> Scale | None:
    """The budget of a kind of answer; None: no such clock."""
    rules = hours.rules_at(terms, start)
    issues = rules.issues
    duration: Duration | None = rules.support.requests.triage if request else issues.triage
    own: Hours = hours.calendar(terms, "business")
    if severity is not None and kind != "triage":
        duration = severity[1].respond if kind == "response" else severity[1].resolve or issues.resolve
        own = hours.calendar(terms, severity[1].calendar)
    if party is not None and (severity is None or severity[1].calendar == "business"):
        own = hours.present(terms, party)
    if duration is None:
        return None
    run_in, budget = hours.measured(duration, own)
    return Scale(how, since, start, run_in, own, budget)


# --- What follows --------------------------------------------------------------------------------------


def _counts(issue: Issue, terms: Terms) -> bool:
    return not issue.closed and not _needs_info(issue, terms)


def _needs_info(issue: Issue, terms: Terms) -> bool:
    return bool(issue.labels & {same(label) for label in terms.rules.issues.needs_info})


def _turn_name(issue: Issue, terms: Terms) -> StateName:
    if issue.closed:
        return "DONE"
    if _needs_info(issue, terms):
        return "REPORTER"
    if issue.triage is not None and issue.triage.ended is None:
        return "TRIAGE"
    waits = issue.response is not None and issue.response.ended is None
    is_decided = _is_request(issue, terms) and _decision(issue, terms) != ""
    return "RESPOND" if waits or not (issue.answered or is_decided) else "REPORTER"


def _turn(issue: Issue, terms: Terms, pieces: list[Piece]) -> Turn:
    name = pieces[-1].turn
    since = pieces[-1].start
    for piece in reversed(pieces):
        if piece.turn != name:
            break
        since = piece.start
    reporter = (issue.spelling.get(issue.reporter, issue.reporter),)
    given_to = sorted(issue.assigned - {issue.reporter})
    owners = tuple(issue.spelling.get(who, who) for who in given_to) or ("owners",)
    if name == "REPORTER" and not issue.answered and (decision := _decision(issue, terms)):
        return Turn(0, name, ("nobody",), f"it is {decision}", since)
    if name == "REPORTER":
        reason = "more information is needed" if _needs_info(issue, terms) else "an owner answered"
        return Turn(0, name, reporter, reason, since)
    reasons = {
        "DONE": "it was closed",
        "TRIAGE": "nobody has said yet where it belongs",
        "RESPOND": "it waits for an answer",
    }
    return Turn(0, name, () if name == "DONE" else owners, reasons[name], since)


def _state(issue: Issue, pieces: list[Piece], terms: Terms, opened: Fact, now: datetime) -> State:
    has_clock = not opened.by_bot and issue.reporter not in issue.owners
    found = [_obligation(issue, ledger, pieces, terms, now) for ledger in issue.ledgers] if has_clock else []
    owed = (each for each in found if each and terms.rules.enabled)
    obligations = tuple(sorted(owed, key=lambda each: (each.t0, each.key)))
    wakes = [at for each in obligations if each.open for at in (each.due, *each.steps.values())]
    return State(
        turn=_turn(issue, terms, pieces),
        obligations=obligations,
        next_wake=min((at for at in wakes if at is not None and at > now), default=None),
        author=opened.by,
        author_hours=hours.of_person(terms, opened.by),
        acted={issue.spelling.get(who, who): at for who, at in issue.acted.items()},
    )


def _obligation(
    issue: Issue, ledger: Ledger, pieces: list[Piece], terms: Terms, now: datetime
) -> Obligation | None:
    """What a ledger says at `now`, by the scale whose deadline holds; None where there is no clock."""
    governing: tuple[Scale, Meter, datetime | None] | None = None
    for scale in issue.scales[ledger.key]:
        meter = _metered(scale, ledger, pieces)
        offer = (scale, meter, meter.reaches(scale.budget))
        governing = offer if governing is None else _holding(governing, offer)
    if governing is None:
        return None
    scale, meter, due = governing
    promise = promised(ledger, terms, meter, scale.own, due)
    verdict, verdict_at = verdict_of(ledger, terms, due, promise.limit, timedelta(), now)
    party = issue.spelling.get(ledger.party, ledger.party)
    return Obligation(
        key=ledger.key,
        slot=SLOT,
        kind=ledger.kind,
        ledger=ledger.ledger,
        party=party,
        cycle=ledger.cycle,
        hours=scale.hours,
        budget=scale.budget,
        t0=ledger.t0,
        accrued=meter.accrued,
        due=promise.limit,
        verdict=verdict,
        verdict_at=verdict_at,
        ended=ledger.ended,
        promised=promise.until,
        accruing=meter.running and ledger.ended is None,
        own_hours=scale.own,
        steps=steps_of(ledger, terms, meter, promise),
    )


def _metered(scale: Scale, ledger: Ledger, pieces: list[Piece]) -> Meter:
    meter = Meter(scale.hours, scale.budget)
    for piece in pieces:
        start = max(piece.start, scale.start)
        end = piece.end if ledger.ended is None else min(piece.end, ledger.ended)
        if start < end or (start == end == piece.start and ledger.ended is None):
            if piece.counts:
                meter.run(start, end)
            else:
                meter.rest(end, None)
    return meter


def _holding(
    held: tuple[Scale, Meter, datetime | None], offer: tuple[Scale, Meter, datetime | None]
) -> tuple[Scale, Meter, datetime | None]:
    """Which of two scales holds: what was missed before the change stays missed."""
    scale, old, new = offer[0], held[2], offer[2]
    if old is not None and old <= scale.since:
        return held
    if scale.how == "raised":
        return offer if old is None or (new is not None and new < old) else held
    return held if old is None or (new is not None and new <= old) else offer
