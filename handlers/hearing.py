"""What every command has in common, wherever it is typed: it is read once, and answered by a reaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from handlers.situation import Reads, Scene
from policies.actions import Nod, Say
from policies.clocks.hours import of_person
from policies.commands import Command, Unclear, is_ours, is_too_much, understood
from policies.facts import CommandGiven, CommandPlace, CommandRefused, CommandTyped, same
from policies.text import checked
from policies.words import commands as words


@dataclass(frozen=True, slots=True)
class Thing:
    """What was said at once and is answered at once: a comment, a review, or a box in a certain second."""

    where: CommandPlace
    remark_id: int
    second: int = 0

    @property
    def step(self) -> str:
        """Names its answer, as an effect."""
        if self.where == "remark":
            return f"command|{self.remark_id}"
        second = f".{self.second}" if self.second else ""
        return f"command|{self.where}.{self.remark_id}{second}"


def said_in(fact: CommandTyped | CommandGiven | CommandRefused) -> Thing:
    return Thing(fact.where, fact.remark_id, fact.line if fact.where == "box" else 0)


def read_line(line: CommandTyped, scene: Scene, reads: Reads) -> Command | CommandRefused:
    """The command that a line gives, if it is one, is meant for Usher, and can be understood."""
    rules = scene.rulebook.rules
    if line.where == "box":
        return _read_box(line, scene)
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


def _read_box(line: CommandTyped, scene: Scene) -> Command | CommandRefused:
    """A ticked box says the same as its command; those in comments of others are not ours."""
    is_ours = any(each.kind == "sticky" and each.remote_id == line.remark_id for each in scene.effects)
    if not is_ours or is_too_much(line, scene.facts(CommandTyped)):
        return refused(line)
    return Command(line.text)


def refused(line: CommandTyped, problem: str = "") -> CommandRefused:
    return CommandRefused(
        at=line.at, by=line.by, where=line.where, remark_id=line.remark_id, line=line.line, problem=problem
    )


def given(line: CommandTyped, command: Command) -> CommandGiven:
    return CommandGiven(
        at=line.at,
        by=line.by,
        where=line.where,
        remark_id=line.remark_id,
        line=line.line,
        verb=command.verb,
        words=command.words,
    )


def reaction(thing: Thing, scene: Scene) -> tuple[Nod | Say, ...]:
    """What one comment gets for all its commands: a nod, or a sentence where one could not be followed.

    GitHub takes no reaction to a review, and one to our own comment would be nobody's: what became of these
    is seen in the change's comment.
    """
    refusals = [fact for fact in scene.facts(CommandRefused) if said_in(fact) == thing and fact.problem]
    heard = refusals or any(said_in(fact) == thing for fact in scene.facts(CommandGiven))
    actions: list[Nod | Say] = []
    if heard and thing.where in ("remark", "line"):
        nod: Literal["confused", "+1"] = "confused" if refusals else "+1"
        actions.append(Nod(thing.remark_id, nod, on_line=thing.where == "line"))
    if refusals:
        problems = tuple(dict.fromkeys(fact.problem for fact in refusals))
        actions.append(Say(thing.step, checked(words.refused(refusals[0].by, problems))))
    return tuple(actions)
