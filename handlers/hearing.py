"""What every command has in common, wherever it is typed: it is read once, and answered by a reaction."""

from __future__ import annotations

from handlers.situation import Reads, Scene
from policies.actions import Nod, Say
from policies.clocks.hours import of_person
from policies.commands import Command, Unclear, is_ours, is_too_much, understood
from policies.facts import CommandGiven, CommandRefused, CommandTyped, same
from policies.text import checked
from policies.words import commands as words


def read_line(line: CommandTyped, scene: Scene, reads: Reads) -> Command | CommandRefused:
    """The command that a line gives, if it is one, is meant for Usher, and can be understood."""
    rules = scene.rulebook.rules
    short = rules.commands.short and reads.forge.dialect == "github"

    def ours(each: CommandTyped) -> bool:
        return is_ours(each.text, prefix=rules.commands.prefix, short=short)

    if not ours(line) or same(line.by) in map(same, rules.reviews.bots.logins):
        return refused(line)
    if is_too_much(line, [each for each in scene.facts(CommandTyped) if ours(each)]):
        return refused(line)
    command = understood(
        line.text,
        prefix=rules.commands.prefix,
        short=short,
        at=line.at,
        hours=of_person(scene.terms, line.by),
    )
    if isinstance(command, Command):
        return command
    return refused(line, command.problem if isinstance(command, Unclear) else "")


def refused(line: CommandTyped, problem: str = "") -> CommandRefused:
    return CommandRefused(at=line.at, by=line.by, remark_id=line.remark_id, line=line.line, problem=problem)


def given(line: CommandTyped, command: Command) -> CommandGiven:
    return CommandGiven(
        at=line.at,
        by=line.by,
        remark_id=line.remark_id,
        line=line.line,
        verb=command.verb,
        words=command.words,
    )


def reaction(remark_id: int, scene: Scene) -> tuple[Nod | Say, ...]:
    """What one comment gets for all its commands: a nod, or a sentence where one could not be followed."""
    refusals = [fact for fact in scene.facts(CommandRefused) if fact.remark_id == remark_id and fact.problem]
    if refusals:
        problems = tuple(dict.fromkeys(fact.problem for fact in refusals))
        said = checked(words.refused(refusals[0].by, problems))
        return (Nod(remark_id, "confused"), Say(f"command|{remark_id}", said))
    if any(fact.remark_id == remark_id for fact in scene.facts(CommandGiven)):
        return (Nod(remark_id, "+1"),)
    return ()
