"""Which step of the reminders is due now, to whom, and when it may be said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

from policies import calendars
from policies.calendars import Calendar, Hours
from policies.clocks import Obligation, State
from policies.clocks.hours import measured
from policies.facts import same
from policies.rules import Ladder, Rules

Step = Literal["sticky", "digest", "mention", "backup", "reassign"]

QUIETLY: tuple[Step, ...] = ("sticky", "digest")
STEPS: dict[tuple[str, str], tuple[Step, ...]] = {
    ("first_response", "person"): ("sticky", "digest", "mention"),
    ("re_review", "person"): ("sticky", "digest", "mention"),
    ("first_response", "slot"): ("backup", "reassign"),
    ("re_review", "slot"): ("backup", "reassign"),
    ("response", "person"): ("sticky", "digest", "mention"),
    ("response", "slot"): ("mention", "backup", "reassign"),
    ("triage", "slot"): ("sticky", "digest", "mention"),
    ("decision", "slot"): ("sticky",),
    ("author", "item"): QUIETLY,
    ("merge", "item"): QUIETLY,
}
"""Which steps an obligation takes, by kind and ledger: a person is reminded by their own time, and others
are brought in by the slot's, which a change of people does not set back."""


SPOKEN: tuple[Step, ...] = ("mention", "reassign")
"""The steps that mention somebody in a new comment."""

RESTING = (1, 2, 3)
"""The rows of the table of turns in which no reviewer is awaited: done, a draft, paused."""


@dataclass(frozen=True, slots=True)
class Said:
    """A step that was carried out, or decided against, for an obligation."""

    obligation: str
    step: Step
    at: datetime


@dataclass(frozen=True, slots=True)
class Rung:
    """A step that is due now.

    `to` is a login, or "lead" where nobody is named as that; empty for steps that edit the sticky comment or ask
    a backup. `as_digest`: the mention has to go to the sticky comment and the digest, because a cap was reached.
    """

    obligation: str
    step: Step
    to: str
    slot: str
    as_digest: bool = False
    replace: tuple[str, ...] = ()  # at `reassign`: people whose own time is used up

    @property
    def key(self) -> str:
        """The key of the effect: once per obligation, whatever happens."""
        return f"{self.obligation}|{self.step}"


@dataclass(frozen=True, slots=True)
class Lead:
    """Who is told when nobody answers for a slot, and the hours in which they are at work."""

    login: str
    hours: Hours


@dataclass(frozen=True, slots=True)
class Heard:
    """What people were already told today, by their own date.

    `mentions` counts reminders per person, by login in lower case, on any subject; `comments` and
    `mentions_here` this subject's, `comments` without answers to questions and commands.
    """

    mentions: Mapping[str, int] = field(default_factory=dict)
    comments: int = 0
    mentions_here: int = 0


@dataclass(frozen=True, slots=True)
class Reminders:
    """What to say now, and the next instant to look again (None: only if something happens)."""

    rungs: tuple[Rung, ...] = ()
    look_again: datetime | None = None


def remind(
    state: State,
    rules: Rules,
    said: tuple[Said, ...],
    heard: Heard,
    now: datetime,
    *,
    leads: Mapping[str, Lead] = MappingProxyType({}),
    paused: bool = False,
) -> Reminders:
    """The steps that are due at `now`. After a pause of Usher only the highest of an obligation's is.

    A step waits until its recipient works, and while they have just done something here. `leads` are by slot.
    `paused`: Usher is silenced; nothing is due, and nothing is lost.
    """
    if paused:
        return Reminders()
    rungs: list[Rung] = []
    later: list[datetime] = []
    for each in _by_party(state):
        later += [at for at in each.steps.values() if at is not None and at > now]
        step = _due_step(each, rules.reviews.ladder, now)
        if step is None or _was_said(step, each, state, said, rules.reviews.ladder):
            continue
        lead = leads.get(each.slot) if each.ledger == "slot" else None
        at = _may_be_said(step, each, _hours_of(step, each, lead), state, rules, now)
        if at is not None and at <= now:
            rungs.append(_rung(step, each, state, lead))
        elif at is not None:
            later.append(at)
    return Reminders(tuple(_within_caps(rungs, rules, heard)), min(later, default=None))


# --- What is due ---------------------------------------------------------------------------------------


def _by_party(state: State) -> list[Obligation]:
    """The obligations that time runs for, one for each answer a person owes: those of one request are one.

    Where its areas have different times the first that is due counts, as everybody was told.
    While the change rests, as a draft or for a pause, no answer is awaited, even where the time of one that
    is overdue runs on.
    """
    rests = state.turn.row in RESTING
    found: dict[tuple[str, ...], Obligation] = {}
    for each in state.obligations:
        if each.open and each.accruing and not (rests and each.ledger != "item"):
            one = (*_answer(each), "" if each.ledger == "person" else each.key)
            found[one] = min(found.get(one, each), each, key=_deadline)
    return list(found.values())


def _deadline(each: Obligation) -> datetime:
    return each.due or datetime.max.replace(tzinfo=UTC)


def _answer(each: Obligation) -> tuple[str, ...]:
    return (each.kind, each.ledger, same(each.party), each.t0.isoformat())


def _due_step(each: Obligation, ladder: Ladder, now: datetime) -> Step | None:
    """The highest step that was reached."""
    due: Step | None = None
    for step in STEPS.get((each.kind, each.ledger), ()):
        at = each.steps.get(getattr(ladder, step))
        if at is not None and at <= now:
            due = step
    return due


def _was_said(step: Step, each: Obligation, state: State, said: tuple[Said, ...], ladder: Ladder) -> bool:
    """Whether this step or a higher one was said, for this answer or another that was asked with it."""
    together = {other.key for other in state.obligations if _answer(other) == _answer(each)}
    keys = together if each.ledger == "person" else {each.key}
    height: int = getattr(ladder, step)
    return any(getattr(ladder, one.step) >= height for one in said if one.obligation in keys)


def _rung(step: Step, each: Obligation, state: State, lead: Lead | None) -> Rung:
    to = "lead" if lead is None else lead.login
    if step == "reassign":
        return Rung(each.key, step, to, each.slot, replace=_used_up(state, each.slot))
    if each.ledger == "slot":
        return Rung(each.key, step, to if step == "mention" else "", each.slot)
    return Rung(each.key, step, each.party, each.slot)


def _used_up(state: State, slot: str) -> tuple[str, ...]:
    """The people who owe the slot an answer, and whose own time is gone with all that they promised besides."""
    return tuple(
        sorted(
            each.party
            for each in state.obligations
            if each.slot == slot
            and each.ledger == "person"
            and each.open
            and each.verdict in ("missed", "excused")
        )
    )


# --- When it may be said -----------------------------------------------------------------------------


def _hours_of(step: Step, each: Obligation, lead: Lead | None) -> Hours:
    """The hours of whoever a step is for.

    A severity that wants answers round the clock wakes its lead, too.
    """
    round_the_clock = each.kind == "response" and each.own_hours.day >= timedelta(days=1)
    if lead is None or step not in ("digest", "reassign") or round_the_clock:
        return each.own_hours
    return lead.hours


def _may_be_said(
    step: Step, each: Obligation, own: Hours, state: State, rules: Rules, now: datetime
) -> datetime | None:
    """From when on a step may be said to somebody with these hours; None where they never work."""
    if step == "sticky":
        return now
    busy_until = now if step == "backup" else _busy_until(each, state, rules, now)
    if step == "digest":
        reached = each.steps[rules.reviews.ladder.digest] or now
        start = reached if busy_until <= now else busy_until
        morning = _next_digest(rules.reviews.digest_at, own, start)
        if morning is None or morning >= now:
            return morning
        # That morning it was not their turn, or Usher slept: it can be said later, though not at night.
        return _not_quiet(rules.reviews.quiet_hours, own, now)
    return _not_quiet(rules.reviews.quiet_hours, own, max(now, busy_until))


def _busy_until(each: Obligation, state: State, rules: Rules, now: datetime) -> datetime:
    """Until when the party needs no reminder, because they did something here just before."""
    acted = _acted(state, each.party)
    if acted is None:
        return now
    run_in, wait = measured(rules.reviews.skip_if_acted, each.own_hours)
    return calendars.due(run_in, acted, wait) or now


def _acted(state: State, who: str) -> datetime | None:
    return next((at for login, at in state.acted.items() if same(login) == same(who)), None)


def _next_digest(digest_at: time, hours: Hours, start: datetime) -> datetime | None:
    """The first morning digest at or after an instant, on a day on which its reader works.

    Whoever does not work at that time of day gets it when they begin, later on that day if they do.
    """
    zone = ZoneInfo(hours.zone)
    on = start.astimezone(zone).date()
    for days in range(calendars.CLOSED_AFTER.days):
        midnight = datetime.combine(on + timedelta(days=days), time(), zone).astimezone(UTC)
        agreed = datetime.combine(on + timedelta(days=days), digest_at, zone).astimezone(UTC)
        end = calendars.last_moment(hours, on + timedelta(days=days))
        if end is not None:
            at = calendars.next_open(hours, agreed if agreed < end else midnight)
            if at is not None and at >= start:
                return at
    return None


def _not_quiet(quiet: str | tuple[calendars.Span, ...], hours: Hours, start: datetime) -> datetime | None:
    """The first instant from `start` on at which somebody may be disturbed."""
    if quiet == "none":
        return start
    if isinstance(quiet, str):
        return calendars.next_open(hours, start)
    nights = Calendar(hours.zone, (quiet,) * 7)
    night = next(nights.windows(start, start + calendars.CLOSED_AFTER), None)
    if night is None or night.start > start:
        return start
    return night.end if night.length < calendars.CLOSED_AFTER else None


# --- How much may be said ------------------------------------------------------------------------------


def _within_caps(rungs: Iterable[Rung], rules: Rules, heard: Heard) -> list[Rung]:
    """The rungs, with mentions beyond a cap turned into lines of the sticky comment and the digest.

    Mentions that are due together are one comment; the lead's is another.
    """
    told = {same(who): count for who, count in heard.mentions.items()}
    here, comments = heard.mentions_here, heard.comments
    kept = list(rungs)
    spoken = [place for place, rung in enumerate(kept) if rung.step in SPOKEN]
    mentioned = False
    for place in sorted(spoken, key=lambda place: kept[place].step != "mention"):
        rung = kept[place]
        together = mentioned and rung.step == "mention"
        full = (
            told.get(same(rung.to), 0) >= rules.reviews.per_person_day
            or here >= rules.noise.mentions_per_subject_day
            or (comments >= rules.noise.comments_per_subject_day and not together)
        )
        kept[place] = replace(rung, as_digest=full)
        if not full:
            mentioned = mentioned or rung.step == "mention"
            told[same(rung.to)] = told.get(same(rung.to), 0) + 1
            here += 1
            comments += not together
    return kept
