"""People say in a comment on an issue what should happen; whoever it waits for can promise an answer."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.hearing import given, reaction, read_line, refused, said_in
from handlers.issue_situation import IssueSituation
from handlers.silence import LONGEST
from handlers.situation import Reads
from handlers.warranty import against_warranty
from policies import instants
from policies.actions import Action, Note
from policies.clocks.hours import of_person
from policies.clocks.story import last_own, story
from policies.commands import OF_REPOSITORY, VERBS, Command, unanswered
from policies.facts import CommandGiven, CommandRefused, CommandTyped, Fact, can_write, same
from policies.new_repositories import ANSWERS
from policies.rights import whose
from policies.words import commands as words
from policies.words import support

ON_ISSUES = tuple(verb for verb, each in VERBS.items() if each.on in ("issues", "both"))
"""What can be said on an issue; everything else is about reviews."""

FOR_WRITERS = ("snooze", "off", "on", *OF_REPOSITORY, *ANSWERS)


async def issue_commands(situation: IssueSituation, reads: Reads) -> Sequence[Action]:
    """Hear the commands that nobody has read yet; answer those that have no answer yet."""
    heard: list[Fact] = []
    for line in unanswered(situation.log):
        fact = await _hear(line, situation, reads)
        heard.append(fact)
        situation = situation.knowing((fact,))
    settled = {effect.key for effect in situation.effects if effect.state in ("done", "skipped", "dead")}
    things = dict.fromkeys(map(said_in, situation.facts(CommandTyped)))
    answers = [each for thing in things for each in reaction(thing, situation)]
    new = [each for each in answers if f"{situation.subject}|{each.key}" not in settled]
    return (*((Note(tuple(heard)),) if heard else ()), *new)


async def _hear(line: CommandTyped, situation: IssueSituation, reads: Reads) -> CommandGiven | CommandRefused:
    command = read_line(line, situation, reads)
    if isinstance(command, CommandRefused):
        return command
    if problem := await _problem(command, line, situation, reads):
        return refused(line, problem)
    return given(line, command)


async def _problem(command: Command, line: CommandTyped, situation: IssueSituation, reads: Reads) -> str:
    if command.verb in ANSWERS:
        if not await reads.records.asks_to_share():
            return words.ONLY_TO_A_QUESTION
    elif command.verb not in ON_ISSUES:
        return support.only_on_changes(command.verb, ON_ISSUES)
    access = await reads.forge.access(situation.issue.repository, line.by)
    if access == "none" or (command.verb in FOR_WRITERS and not can_write(access)):
        return words.not_yours(command.verb, whose(command.verb if command.verb != "snooze" else "off"))
    match command.verb:
        case "eta" | "ack":
            return _against_promise(line, situation)
        case "snooze":
            until = instants.parse(command.words, line.at, of_person(situation.terms, line.by))
            return words.TOO_LONG_A_SILENCE if until is None or until > line.at + LONGEST else ""
        case "champion" | "help" if not situation.rulebook.rules.champions.enabled:
            return words.NO_CHAMPIONS
        case "warranty":
            return await against_warranty(command, situation, reads)
        case "undo" if last_own(story(situation.log, line.at), line.by, line.at) is None:
            return words.NOTHING_TO_UNDO
    return ""


def _against_promise(line: CommandTyped, situation: IssueSituation) -> str:
    """A promise needs an answer that is awaited of them, and is made once for it."""
    is_owner = same(line.by) in map(same, situation.terms.owners)
    awaited = [
        each
        for each in situation.state.obligations
        if each.open
        and each.kind == "response"
        and (is_owner if each.ledger == "slot" else same(each.party) == same(line.by))
    ]
    if not awaited:
        return words.NOTHING_OWED
    promised = [each.promised for each in awaited if each.promised is not None]
    if len(promised) == len(awaited):
        return words.already_promised(min(promised), of_person(situation.terms, line.by).zone)
    return ""
