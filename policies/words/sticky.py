"""What a change's one comment says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from policies.asked import Standing
from policies.boxes import box
from policies.reviewers.values import FALLBACK
from policies.text import Said, code, counted, in_cell, listed, sentence
from policies.words.times import instant


@dataclass(frozen=True, slots=True)
class AskedLine:
    """One row of the comment's table."""

    login: str
    why: Said
    standing: Standing = "awaited"


_STANDS: Mapping[Standing, Said] = {
    "awaited": "",
    "approved": " · approved",
    "changes_requested": " · asked for changes",
    "commented": " · commented",
    "freed": " · others answered",
    "asked": "",
}
"""Where somebody who was asked stands, after their name; whoever is waited for is named above."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found. `is_bad`: its author should read it."""

    name: str
    title: Said
    summary: Said  # Markdown
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Sticky:
    """What the change's comment has to say. `due` and `zone` belong to the headline's deadline."""

    headline: Said
    guest: bool = False  # its author comes from another team
    welcome: Said = ""  # what a guest is told
    asked: tuple[AskedLine, ...] = ()
    notes: tuple[Said, ...] = ()
    ask: bool = False  # somebody's answer is awaited, so say how to give it or say no
    boxes: bool = True  # whoever is spoken to can tick one
    ready: bool = False  # the author may say that others may look again
    presumed: bool = False  # and did something about it, so that it is presumed before long
    command: str = "/usher"
    owners_path: str = ""
    checks: tuple[Checked, ...] = ()  # where the forge does not show what they found


def your_turn(people: tuple[str, ...], due: datetime | None, zone: str, *, again: bool = False) -> str:
    """Whose answer is awaited, and by when; `again`: a second look."""
    who = listed([code(person) for person in people])
    if due is None:
        return f"**It is {who}'s turn.**" if len(people) == 1 else f"**It is the turn of {who}.**"
    if again:
        return f"**Please look again, {who}.** A second look is promised by **{instant(due, zone)}**."
    return f"**Please look at this, {who}.** A first answer is promised by **{instant(due, zone)}**."


def overdue(
    people: tuple[str, ...], due: datetime, zone: str, *, again: bool = False, new: datetime | None = None
) -> str:
    """The promise has passed and nobody answered yet; `new`: until when somebody said since that they will."""
    who = listed([code(person) for person in people])
    what = "A second look" if again else "A first answer"
    then = f", and is announced for **{instant(new, zone)}** now" if new is not None else ""
    return f"**Still waiting for {who}.** {what} was promised by {instant(due, zone)}{then}."


def authors_turn(author: str, reason: Said) -> str:
    """The author is to act."""
    return f"**It is your turn, {code(author)}**: {reason}."


def answered(people: tuple[str, ...], *, enough: bool = True) -> str:
    """Everybody who was asked answered; it is not `enough` where more would have to be."""
    who = listed([code(person) for person in people])
    return f"**Answered** by {who}." if enough else f"**Answered** by {who}; an approval is still missing."


def undecided(people: tuple[str, ...]) -> str:
    """They answered, and neither approved nor asked for changes."""
    return f"**Answered** by {listed([code(person) for person in people])}, without a decision yet."


def approved(people: tuple[str, ...], author: str, *, may_merge: bool) -> str:
    """Everybody whose approval is needed gave it."""
    who = listed([code(person) for person in people])
    then = f"{code(author)}, you can merge it." if may_merge else "Whoever may merge can do so now."
    return f"**Approved** by {who}. {then}"


NOBODY_OWNS = (
    "**Nobody is named as owner of these files, so nobody was asked.** "
    "Please ask somebody yourself, or add an owner to the CODEOWNERS file."
)
NOBODY_FREE = (
    "**Nobody who owns these files can be asked right now.** Please ask somebody yourself under *Reviewers*."
)
ALL_OPTIONAL = (
    "**Nobody has to approve these files, so nobody was asked:** the CODEOWNERS file names only optional owners. If "
    "you want one of them to look, please ask them yourself under *Reviewers*."
)
NOBODY_IS_ASKED = (
    "**Reviews are left to people here** (`reviews.enabled`): Usher asks nobody, and promises no answer. Please ask "
    "somebody under *Reviewers* if you have not."
)
MERGED = "**Merged.** Nothing is awaited here."
CLOSED = "**Closed.** Nothing is awaited here."
DRAFT = "**A draft.** Nobody is asked until it is ready."
BACK_TO_DRAFT = "**Back to draft.** Nobody is waited for until it is ready again."


def switched_off(rules_path: str) -> str:
    """Usher does nothing in this repository any more."""
    return (
        f"**Usher is switched off here**, by {code('enabled: false')} in {code(rules_path)}. It asks, reminds and "
        "promises nothing any more; whoever was asked still may review."
    )


def how_to_answer(command: str, *, boxes: bool) -> str:
    """What whoever is asked can do. `command` is the prefix of commands; `boxes`: they can tick one."""
    if not boxes:
        return (
            f"A review or a comment of yours is an answer. Later? Comment {code(f'{command} ack')} for one working "
            f"day, or {code(f'{command} eta fri 15:00')}. Not you? Comment {code(f'{command} decline')}, or take "
            "yourself off *Reviewers*: somebody else is asked, and you are not asked here again."
        )
    return (
        f"A review or a comment of yours is an answer. Later? Tick a box, or comment "
        f"{code(f'{command} eta fri 15:00')}. Not you? Tick the other, comment {code(f'{command} decline')}, or "
        "take yourself off *Reviewers*: somebody else is asked, and you are not asked here again.\n\n"
        f"{box('ack')}\n{box('decline')}"
    )


def how_to_give_back(command: str, *, presumed: bool, boxes: bool) -> str:
    """What the author can do when they are done; `boxes`: they can tick one."""
    ready = code(f"{command} ready")
    if not boxes and not presumed:
        return f"When you are done, ask again under *Reviewers*, or comment {ready}."
    seen = (
        "You did something about it. Is that all? Then reviewers look again. It is taken to be so before long, "
        f"unless you comment {code(f'{command} not-yet')}."
        if presumed
        else "When you are done, ask again under *Reviewers*, or tick this box."
    )
    if not boxes:
        return f"{seen} A comment {ready} says at once that it is."
    return f"{seen} A comment {ready} says the same as the box.\n\n{box('ready')}"


def waits_for_checks(until: datetime, zone: str) -> str:
    """Nobody is asked yet, because the required checks have not succeeded."""
    return (
        "**Waiting for the required checks.** Reviewers are asked as soon as these succeed, and by "
        f"{instant(until, zone)} at the latest."
    )


def paused(reason: Said) -> str:
    """Nobody is waited for now, and why."""
    return f"**Paused:** {reason}. Nobody is waited for meanwhile."


def snoozed(until: datetime, zone: str, command: str) -> str:
    """It was snoozed by a command, which another ends."""
    return f"it is snoozed until {instant(until, zone)}. To go on before then, comment {code(f'{command} unblock')}"


def blocked(by: str, why: str, command: str) -> str:
    """It was blocked by a command, which another ends; the reason is quoted."""
    return f"{code(by)} says that it must wait: {code(why)}. To go on, comment {code(f'{command} unblock')}"


def nobody_asked(why: Said) -> str:
    """A change about which nobody should be woken, by its size or its base."""
    return (
        f"**Nobody was asked, because {why}.** If it is meant so, please ask the right people yourself under "
        "*Reviewers*."
    )


def lacking(slot: str, need: int, people: tuple[str, ...], owners_path: str) -> str:
    """An area wants more answers than anybody can give; `people` are all who can."""
    if slot == FALLBACK:
        return "Some of these files have no owner, so nobody was asked for them."
    if need == 1:
        return f"Nobody can be asked for {code(slot)} now. Please ask somebody yourself under *Reviewers*."
    whom = f"nobody but {listed([code(person) for person in people])}" if people else "nobody"
    return (
        f"{code(slot)} needs {need} approvals, and {whom} can give one now. Please have another owner named in "
        f"{code(owners_path)}, or the number lowered there."
    )


def unavailable(person: str) -> str:
    """Somebody was asked by a person, and is away or leaves reviews to others."""
    return f"{code(person)} may not be available for a while. The request stands; if it is urgent, ask others, too."


def cut_list(seen: int) -> str:
    """The forge did not tell all files."""
    return f"The forge lists only {seen:,} of the files, so owners of others may be missing here."


def rules_problem(path: str, line: int, message: str, fix: str) -> str:
    """Something in `usher.yml` could not be used."""
    mend = f" {sentence(fix)}" if fix else ""
    return f"{code(path)} line {line}: {sentence(message)}.{mend} Until then the default holds."


def owners_problem(path: str, number: int) -> str:
    """Lines of the owners file could not be used."""
    so = "it names nobody" if number == 1 else "they name nobody"
    return f"{code(path)} has {counted(number, 'line')} that cannot be read; {so}."


MOST_SHOWN = 25_000
"""Characters of what a check found that have room beside the rest of a comment."""


def check(said: Checked) -> str:
    """What a check found."""
    found = said.summary if len(said.summary) <= MOST_SHOWN else "This is too long to be shown here."
    return f"**Check {code(said.name)}: {said.title}**\n\n{found}"


def sticky(said: Sticky) -> str:
    """The change's comment, as Markdown."""
    parts = [said.headline]
    if said.asked:
        rows = [
            f"| {in_cell(code(each.login))}{_STANDS[each.standing]} | {in_cell(each.why)} |"
            for each in said.asked
        ]
        parts.append("\n".join(("| Asked | Why |", "| :-- | :-- |", *rows)))
    if said.welcome:
        parts.append(said.welcome)
    if said.ask:
        whom = "*Whoever is asked:* " if said.guest else ""
        parts.append(f"{whom}{how_to_answer(said.command, boxes=said.boxes)}")
    if said.ready:
        parts.append(how_to_give_back(said.command, presumed=said.presumed, boxes=said.boxes))
    parts += said.notes
    parts += [check(verdict) for verdict in said.checks]
    source = f" · owners from {code(said.owners_path)}" if said.owners_path else ""
    parts.append(f"<sub>Usher keeps this comment up to date{source}</sub>")
    return "\n\n".join(parts)
