"""People say what should happen in a comment: each command is heard once, and answered by a reaction.

Words come back only where something went wrong, or was asked. Whether somebody may give a command is asked
of the forge at that moment.
"""

from __future__ import annotations

from collections.abc import Sequence

from handlers.assign import choose_people
from handlers.hearing import Thing, given, reaction, read_line, refused, said_in
from handlers.situation import Reads, Situation
from policies.actions import Action, Nod, Note, Say
from policies.calendars import elapsed
from policies.clocks import Obligation
from policies.clocks.hours import of_person
from policies.clocks.story import last_own, story
from policies.commands import OF_REPOSITORY, VERBS, Command, unanswered
from policies.facts import Access, CommandGiven, CommandRefused, CommandTyped, Fact, can_write, same
from policies.reviewers.telling import asked_in, is_reproduced, told
from policies.rights import may, roles, whose
from policies.text import checked
from policies.words import commands as words
from policies.words import reasons, why

ANSWERS = ("first_response", "re_review")
AFTER_THE_END = ("why", "away", "undo", "thanks", "help", "champion", "off", "on", *OF_REPOSITORY)
"""What can still be said once a change is closed."""


async def commands(situation: Situation, reads: Reads) -> Sequence[Action]:
    """Hear the commands that nobody has read yet; answer those that have no answer yet."""
    heard: list[Fact] = []
    for line in unanswered(situation.log):
        fact = await _hear(line, situation, reads)
        heard.append(fact)
        situation = situation.knowing((fact,))
    return (*((Note(tuple(heard)),) if heard else ()), *await _answers(situation, reads))


def are_waiting(situation: Situation) -> bool:
    """Whether there are commands that nobody has read yet."""
    return bool(unanswered(situation.log))


# --- Hearing one ------------------------------------------------------------------------------------


async def _hear(line: CommandTyped, situation: Situation, reads: Reads) -> CommandGiven | CommandRefused:
    command = read_line(line, situation, reads)
    if isinstance(command, CommandRefused):
        return command
    if problem := await _problem(command, line, situation, reads):
        return refused(line, problem)
    return given(line, command)


async def _problem(command: Command, line: CommandTyped, situation: Situation, reads: Reads) -> str:
    """What speaks against a command, to its giver; empty where nothing does."""
    if not situation.is_open and command.verb not in AFTER_THE_END:
        return words.CHANGE_IS_OVER
    if VERBS[command.verb].on == "issues":
        return words.ONLY_ON_ISSUES
    if VERBS[command.verb].on == "question":
        return words.ONLY_TO_A_QUESTION
    access = await reads.forge.access(situation.change.repository, line.by)
    if not may(command.verb, roles(line.by, situation.state, access)):
        return words.not_yours(command.verb, whose(command.verb))
    match command.verb:
        case "eta" | "ack":
            return _against_promise(line, situation)
        case "next":
            return _against_next(command, line, situation)
        case "assign":
            return await _against_asking(command.words[0].lstrip("@"), situation, reads)
        case "take" if _is_author(line.by, situation):
            return words.OWN_CHANGE
        case "ready" if not _is_author(line.by, situation) and not situation.state.tripped:
            return words.AUTHOR_READIES
        case "not-yet" if not _is_author(line.by, situation):
            return words.AUTHOR_READIES
        case "ready" if situation.change.draft:
            return words.STILL_A_DRAFT
        case "unblock" if not situation.state.held:
            return words.NOT_PAUSED
        case "thanks":
            return await _against_thanks(line, situation, reads)
        case "champion" | "help" if not situation.rulebook.rules.champions.enabled:
            return words.NO_CHAMPIONS
        case "undo" if last_own(story(situation.log, line.at), line.by, line.at) is None:
            return words.NOTHING_TO_UNDO
    return ""


async def _against_thanks(line: CommandTyped, situation: Situation, reads: Reads) -> str:
    """There must be a draft that was not decided about, and it must be theirs to say."""
    kept = await reads.records.thanks()
    waits = kept is not None and kept.state == "open" and line.at < kept.expires
    return "" if waits and kept and same(line.by) in kept.owners else words.NO_THANKS


def _is_author(person: str, situation: Situation) -> bool:
    return same(person) == same(situation.change.author.login)


def _against_promise(line: CommandTyped, situation: Situation) -> str:
    """A promise needs an answer that is awaited, and is made once for it."""
    owned = {slot.name for slot in situation.state.slots if same(line.by) in map(same, slot.owners)}

    def is_theirs(each: Obligation) -> bool:
        own = each.ledger == "person" and same(each.party) == same(line.by)
        return own or (each.ledger == "slot" and each.slot in owned)

    awaited = [
        each for each in situation.state.obligations if each.open and each.kind in ANSWERS and is_theirs(each)
    ]
    if not awaited:
        return words.NOTHING_OWED
    promised = [each.promised for each in awaited if each.promised is not None]
    if len(promised) == len(awaited):
        return words.already_promised(min(promised), of_person(situation.terms, line.by).zone)
    return ""


def _against_next(command: Command, line: CommandTyped, situation: Situation) -> str:
    """There must be somebody to replace; the author may ask for it once per area and working day."""
    owing = {same(name): name for slot in situation.state.slots for name in slot.asked}
    if command.words and same(command.words[0].lstrip("@")) not in owing:
        return words.not_asked(command.words[0].lstrip("@"))
    if not owing:
        return words.NOBODY_ASKED
    if not _is_author(line.by, situation):
        return ""
    hours = of_person(situation.terms, line.by)
    now_about = _areas_of(command.words, situation)
    for earlier in situation.facts(CommandGiven):
        recent = elapsed(hours, earlier.at, line.at) < hours.day
        own = earlier.verb == "next" and same(earlier.by) == same(line.by)
        if own and recent and now_about & _areas_left(earlier, situation):
            return words.ASKED_NEXT_ALREADY
    return ""


def _areas_of(named: tuple[str, ...], situation: Situation) -> set[str]:
    """The areas in which the named person owes an answer; in which anybody does, where nobody is named."""
    people = {same(word.lstrip("@")) for word in named}
    return {
        slot.name
        for slot in situation.state.slots
        if slot.asked and (not people or people & {same(name) for name in slot.asked})
    }


def _areas_left(given: CommandGiven, situation: Situation) -> set[str]:
    """The areas in which somebody was replaced by an earlier command."""
    return {
        each.slot
        for each in situation.state.obligations
        if each.ledger == "person" and each.ended == given.at
    }


async def _against_asking(person: str, situation: Situation, reads: Reads) -> str:
    if _is_author(person, situation):
        return words.OWN_CHANGE
    is_bot = person.endswith("[bot]") or same(person) in map(
        same, situation.rulebook.rules.reviews.bots.logins
    )
    if is_bot or await reads.forge.access(situation.change.repository, person) == "none":
        return words.cannot_review(person)
    return ""


# --- Answering --------------------------------------------------------------------------------------


async def _answers(situation: Situation, reads: Reads) -> list[Action]:
    """The reactions and words that are still to come."""
    settled = {effect.key for effect in situation.effects if effect.state in ("done", "skipped", "dead")}
    answers: list[Nod | Say] = []
    for thing in dict.fromkeys(map(said_in, situation.facts(CommandTyped))):
        answers += await _answer(thing, situation, reads, settled)
    return [each for each in answers if f"{situation.change.subject}|{each.key}" not in settled]


async def _answer(thing: Thing, situation: Situation, reads: Reads, settled: set[str]) -> list[Nod | Say]:
    """What to answer to one comment: a reaction for all of it, and words where they are needed."""
    actions = [*reaction(thing, situation)]
    asked = [fact for fact in situation.facts(CommandGiven) if said_in(fact) == thing]
    for question in (fact for fact in asked if fact.verb == "why"):
        step = f"{thing.step}.{question.line}"
        if f"{situation.change.subject}|say|{step}" not in settled:
            actions.append(Say(step, checked(await _why(question, situation, reads))))
    return actions


async def _why(question: CommandGiven, situation: Situation, reads: Reads) -> str:
    kept = records = await reads.records.decisions()
    if not kept and question.words and situation.is_open and not situation.change.draft:
        records = ((await choose_people(situation, reads)).record,)
    if not records:
        return why.NO_CHOICE
    people = tuple(word.lstrip("@") for word in question.words) or asked_in(records)
    full = await _may_know_all(question.by, situation, reads)
    slots = tuple(slot.name for slot in situation.areas.slots)
    said = []
    for person in people:
        owned = situation.areas.why(person, slots)
        said.append(told(records, person, reasons.why_owner(owned) if owned else "", full=full))
    if kept and all(is_reproduced(record) for record in kept):
        said.append(why.FROM_THE_RECORD)
    return "\n\n".join(said)


async def _may_know_all(person: str, situation: Situation, reads: Reads) -> bool:
    """Whether the answer may say who is away or busy: to people of the repository, where only such can read."""
    repository = situation.change.repository
    access: Access = await reads.forge.access(repository, person)
    return can_write(access) and (await reads.forge.repository(repository.id)).private
