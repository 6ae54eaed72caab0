"""The change's one comment: who was asked and why, whose turn it is, and when an answer is due."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.clock import first_due
from handlers.guests import comes_at, welcome
from handlers.situation import Reads, Situation
from policies import instants
from policies.actions import Action, KeepSticky
from policies.asked import ANSWERED, everybody
from policies.clocks import State
from policies.clocks.hours import is_away, of_person
from policies.clocks.story import story
from policies.clocks.world import BLOCKED, SNOOZED
from policies.facts import ChangeDrafted, CommandGiven, RemarkEdited, ReviewAsked, SlotsChosen, same
from policies.lacking import lacking
from policies.reviewers import FALLBACK
from policies.rights import may_tick
from policies.text import checked
from policies.words import guests as guest_words
from policies.words import reasons
from policies.words import sticky as words


async def say_switched_off(situation: Situation, _reads: Reads) -> Sequence[Action]:
    """A comment that promises an answer must not stand where Usher does nothing any more."""
    if not any(effect.kind == "sticky" for effect in situation.effects):
        return ()
    return (KeepSticky(checked(words.switched_off(situation.rulebook.rules_path)), _last_edit(situation)),)


async def sticky(situation: Situation, reads: Reads) -> Sequence[Action]:
    """Post the comment once there is something to say, and keep it true from then on.

    A guest's comes a little later, so that they get one and it is whole.
    """
    said_before = any(effect.kind == "sticky" for effect in situation.effects)
    in_review = situation.is_open and not situation.change.draft
    checks = _checks(situation) if situation.is_open and reads.forge.dialect == "gitlab" else ()
    speaks = situation.rulebook.rules.reviews.enabled or comes_at(situation) is not None
    begins = (in_review and speaks) or any(check.is_bad for check in checks)
    if not said_before and (not begins or _waits_for_guest(situation)):
        return ()
    asked = _asked_lines(situation) if in_review and situation.rulebook.rules.reviews.enabled else ()
    waiting = tuple(line.login for line in asked if line.standing == "awaited")
    headline = _headline(situation, asked, waiting)
    asks = bool(waiting) and situation.state.turn.state not in ("MERGE", "PAUSED")
    ready = in_review and situation.state.turn.state == "AUTHOR"
    spoken_to = (*(waiting if asks else ()), *((situation.change.author.login,) if ready else ()))
    guest = await welcome(situation, reads, waiting) if in_review else None
    if guest is not None and _is_first_wait(situation, waiting):
        headline = guest_words.headline(guest)
    said = words.Sticky(
        headline=headline,
        guest=guest is not None,
        welcome=guest_words.welcome(guest) if guest is not None else "",
        asked=asked,
        notes=(
            *(_lacking(situation) if asked else ()),
            *(_unavailable(situation, waiting) if asks else ()),
            *_notes(situation),
        ),
        ask=asks,
        boxes=await _can_tick(spoken_to, situation, reads),
        ready=ready,
        presumed=situation.state.ask_author,
        command=situation.rulebook.rules.commands.prefix,
        owners_path=situation.rulebook.owners_path if in_review else "",
        checks=checks,
    )
    return (KeepSticky(checked(words.sticky(said)), _last_edit(situation)),)


async def _can_tick(people: tuple[str, ...], situation: Situation, reads: Reads) -> bool:
    """Whether all of them can: a box that does not give way to a click would only annoy."""
    place = situation.change.repository
    return all([may_tick(await reads.people.access(place, person), reads.forge.dialect) for person in people])


def _last_edit(situation: Situation) -> str:
    """The last edit of our comment by somebody else: it ticked a box, or it is undone."""
    ours = {effect.remote_id for effect in situation.effects if effect.kind == "sticky"}
    edits = [fact for fact in situation.facts(RemarkEdited) if fact.remark_id in ours and not fact.by_bot]
    return edits[-1].key if edits else ""


def _checks(situation: Situation) -> tuple[words.Checked, ...]:
    """What the checks on the newest commit found, for a forge that shows a title of them and no more."""
    head = situation.change.head_sha
    return tuple(
        words.Checked(
            each.payload["name"],
            each.payload["title"],
            each.payload["summary"],
            is_bad=each.payload["conclusion"] != "success",
        )
        for each in situation.effects
        if each.kind == "check" and each.payload["head"] == head and each.state in ("done", "skipped")
    )


def _waits_for_guest(situation: Situation) -> bool:
    comes = comes_at(situation)
    return comes is not None and situation.now < comes


def _is_first_wait(situation: Situation, waiting: tuple[str, ...]) -> bool:
    """Whether the first answer is awaited, and in time: what else is to be said comes before a welcome."""
    owed = first_due(situation)
    in_time = owed is None or owed.due is None or owed.due > situation.now
    return situation.state.turn.state == "REVIEW" and bool(waiting) and in_time


def _headline(situation: Situation, asked: tuple[words.AskedLine, ...], waiting: tuple[str, ...]) -> str:
    change, state, areas = situation.change, situation.state, situation.areas
    if change.state == "merged":
        return words.MERGED
    if change.state == "closed":
        return words.CLOSED
    if change.draft:
        return words.BACK_TO_DRAFT if situation.facts(ChangeDrafted) else words.DRAFT
    if not situation.rulebook.rules.reviews.enabled:
        return words.NOBODY_IS_ASKED
    if state.tripped:
        return words.nobody_asked(state.tripped)
    if state.turn.state in ("AUTHOR", "FIX"):
        return words.authors_turn(change.author.login, state.turn.reason)
    if state.gated_until and not waiting:
        return words.waits_for_checks(state.gated_until, state.author_hours.zone)
    if state.turn.state == "PAUSED":
        return words.paused(_pause(situation))
    if state.turn.state == "MERGE" and (approving := _approving(state)):
        return words.approved(approving, change.author.login, may_merge=situation.terms.author_may_merge)
    if waiting:
        owed = first_due(situation)
        if owed is None or owed.due is None:
            return words.your_turn(waiting, None, "UTC")
        zone, again = state.author_hours.zone, owed.kind == "re_review"
        if owed.due <= situation.now:
            new = owed.promised if owed.promised and owed.promised > situation.now else None
            return words.overdue(waiting, owed.due, zone, again=again, new=new)
        return words.your_turn(waiting, owed.due, zone, again=again)
    if state.turn.state == "DECIDE":
        return words.undecided(state.turn.parties)
    if answered := tuple(line.login for line in asked if line.standing in ANSWERED):
        return words.answered(answered, enough=state.turn.state != "UNASSIGNED")
    if areas.is_optional:
        return words.ALL_OPTIONAL
    owners = any(slot.people for slot in areas.slots)
    return words.NOBODY_FREE if owners else words.NOBODY_OWNS


def _approving(state: State) -> tuple[str, ...]:
    found = {same(person): person for slot in state.slots for person in slot.approvals}
    return tuple(found[key] for key in sorted(found))


def _pause(situation: Situation) -> str:
    """Why nobody is waited for, with the words of whoever said so by a command."""
    reason, prefix = situation.state.turn.reason, situation.rulebook.rules.commands.prefix
    for given in reversed(story(situation.log, situation.now)):
        match given:
            case CommandGiven(verb="snooze") if reason == SNOOZED:
                hours = of_person(situation.terms, given.by)
                until = instants.parse(given.words, given.at, hours)
                return words.snoozed(until, hours.zone, prefix) if until is not None else reason
            case CommandGiven(verb="block") if reason == BLOCKED:
                return words.blocked(given.by, " ".join(given.words), prefix)
    return reason


def _asked_lines(situation: Situation) -> tuple[words.AskedLine, ...]:
    """Everybody who is asked or answered here, in the order in which they were asked."""
    return tuple(
        words.AskedLine(each.ask.who, _why(situation, each.ask), each.standing)
        for each in everybody(situation.log, situation.state)
    )


def _why(situation: Situation, ask: ReviewAsked) -> str:
    if ask.by_usher and ask.slots == (FALLBACK,):
        return reasons.WHY_FALLBACK
    among = ask.slots or tuple(slot.name for slot in situation.areas.slots)
    if owned := situation.areas.why(ask.who, among):
        return reasons.why_owner(owned)
    if ask.by_usher:
        return reasons.WHY_LEAD if not _once_owned(situation, ask) else "owned files that this change touched"
    return reasons.why_asked_by(ask.by)


def _once_owned(situation: Situation, ask: ReviewAsked) -> bool:
    return any(
        same(ask.who) in {same(person) for person in people}
        for fact in situation.facts(SlotsChosen)
        for _, _, people in fact.slots
    )


def _lacking(situation: Situation) -> tuple[str, ...]:
    """Which areas lack people, below the headline of those whom others answer for."""
    rulebook, state = situation.rulebook, situation.state
    if state.turn.row <= 4 or state.gated_until:
        return ()
    return tuple(
        words.lacking(each.slot, each.need, each.people, rulebook.owners_path)
        for each in lacking(state, rulebook.rules.reviewers.max_reviewers)
    )


def _unavailable(situation: Situation, waiting: tuple[str, ...]) -> tuple[str, ...]:
    """Whom a person asked although they cannot be expected to answer; outsiders are not told why."""
    off = {same(name.lstrip("@")) for name in situation.rulebook.rules.reviewers.off_rotation}
    by_people = {same(fact.who) for fact in situation.facts(ReviewAsked) if not fact.by_bot}
    return tuple(
        words.unavailable(person)
        for person in waiting
        if same(person) in by_people
        and (same(person) in off or is_away(situation.terms, person, situation.now))
    )


def _notes(situation: Situation) -> tuple[str, ...]:
    book = situation.rulebook
    notes = []
    if not situation.touched.complete:
        notes.append(words.cut_list(len(situation.touched.files)))
    notes += [
        words.rules_problem(book.rules_path, each.line, each.message.rstrip("."), each.fix)
        for each in book.problems[:3]
    ]
    broken = [each for each in (book.owners.problems if book.owners else ()) if each.severity == "error"]
    if broken:
        notes.append(words.owners_problem(book.owners_path, len(broken)))
    return tuple(notes)
