"""Which of the things that happened are worth a line where people read the history of a change. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from policies.facts import CommandGiven, CommandRefused, CommandTyped, Fact, RemarkMade


def worth_telling(facts: Iterable[Fact]) -> list[Fact]:
    """One line for one act: of a command, what was understood and not also that it was typed, in a comment."""
    told = list(facts)
    read = {
        (fact.where, fact.remark_id, fact.line)
        for fact in told
        if isinstance(fact, CommandGiven | CommandRefused)
    }
    commands = {remark for where, remark, _ in read if where == "remark"}

    def is_told(fact: Fact) -> bool:
        match fact:
            case CommandTyped():
                return (fact.where, fact.remark_id, fact.line) not in read
            case RemarkMade(answers=False):
                return fact.remark_id not in commands
            case _:
                return True

    return [fact for fact in told if is_told(fact)]
