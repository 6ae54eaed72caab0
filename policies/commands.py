"""What somebody asks of Usher in a comment: `/usher eta fri 15:00` at the start of a line.

First `typed` finds the lines that may be commands, wherever a comment comes from; later `understood` reads
one of them by the rules that hold then. What is shown as code, quoted or hidden is no command.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from typing import Literal

from policies import instants
from policies.calendars import Hours
from policies.exceptions import LONGEST
from policies.facts import CommandGiven, CommandRefused, CommandTyped, Fact
from policies.words import commands as words

MOST_AT_ONCE = 5
AT_ONCE = timedelta(minutes=10)
"""So many commands are heard on one change within this time; the others are let pass in silence."""

_MOST_LINES = 20
_LONGEST_LINE = 300
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_QUOTE = re.compile(r"\s*(?:(?:[-+*]|\d{1,9}[.)])\s+)*>")  # also as an item of a list
_CANDIDATE = re.compile(r" {0,3}/[A-Za-z]")
_BACKTICKS = re.compile(r"`+")
_QUOTING_TAG = re.compile(r"<(/?)(?:pre|code|blockquote|script|style|textarea)\b", re.IGNORECASE)
_NUMBER = re.compile(r"[#!]\d{1,18}")
_PERSON = re.compile(r"@[A-Za-z0-9_.][A-Za-z0-9_.-]{0,99}")
_STOPS = ",.;:!?"


# --- What there is ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verb:
    """One command: how it is written, with words in capitals for what follows it, and what it does."""

    form: str
    does: str
    on: Literal["changes", "issues", "both", "question"] = "changes"
    short: bool = True  # also without the prefix: `/ack`


VERBS: Mapping[str, Verb] = {
    "why": Verb("why [@person]", "tells why somebody was asked, or was not"),
    "eta": Verb("eta WHEN", "promises your answer for then", "both"),
    "ack": Verb("ack", "promises your answer within one working day", "both"),
    "decline": Verb("decline", "says that it is not yours: somebody else is asked, and you are not again"),
    "next": Verb("next [@person]", "asks somebody else instead"),
    "assign": Verb("assign @person", "asks exactly this person"),
    "take": Verb("take", "asks you"),
    "ready": Verb("ready", "says that the reviewers may look again"),
    "not-yet": Verb("not-yet", "says that you are still at it"),
    "snooze": Verb("snooze WHEN", "lets every clock here rest until then", "both"),
    "block": Verb("block REASON", "lets every clock here rest until `unblock`"),
    "unblock": Verb("unblock", "ends `block` and `snooze`"),
    "away": Verb("away FROM TO", "says when you are away: nobody waits for you then", "both"),
    "undo": Verb("undo", "takes your last command here back, within a day", "both"),
    "warranty": Verb(
        "warranty #CHANGE", "says that a bug comes from that change: its team is asked too", "issues"
    ),
    "thanks": Verb(
        "thanks post [WORDS]", "says the drafted thanks to a guest, or yours; `thanks discard` drops them"
    ),
    "help": Verb("help", "names at most two people who offer to help", "both", short=False),
    "champion": Verb(
        "champion on", "offers your help to others; `champion off` ends it", "both", short=False
    ),
    "off": Verb("off", "ends all comments and new issues of Usher in this repository", "both", short=False),
    "on": Verb("on", "lets Usher speak in this repository again", "both", short=False),
    "ignore": Verb(
        "ignore ID until DATE because REASON",
        "accepts a finding for a time, at most 180 days",
        "both",
        short=False,
    ),
    "recheck": Verb(
        "recheck", "looks at the guides and owners of this repository again", "both", short=False
    ),
    "draft": Verb(
        "draft contributing", "drafts what the guideline lacks, for you to review", "both", short=False
    ),
    "fix": Verb("fix", "drafts that too, with what can be mended in links and owners", "both", short=False),
    "yes": Verb("yes", "lets other teams find a new repository: Usher says how", "question", short=False),
    "no": Verb("no", "ends that question for good", "question", short=False),
    "later": Verb("later", "has it asked once more in 90 days", "question", short=False),
}
OF_REPOSITORY = ("ignore", "recheck", "draft", "fix")
"""Commands about the repository as a whole."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command that was understood: a verb of `VERBS` and its words, fillers left out."""

    verb: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unclear:
    """A command that was not understood, and what to tell its giver."""

    problem: str


# --- Finding them in a comment ------------------------------------------------------------------------


def typed(body: str) -> tuple[tuple[int, str], ...]:
    """The lines that may be commands, each with its number from 1. They begin with `/` and a letter.

    Left out is what the forges show as code or as a quotation, and what they hide (HTML comments). Where it
    is unclear how far that reaches, it reaches to the end; and where a fence of code begins inside tags or
    a comment, what either of them may hold is left out. At most 20 lines, each cut at 300 characters.
    """
    lines = [
        line if line == other else ""
        for line, other in zip(_shown(body), _shown(body, fences_hold=True), strict=True)
    ]
    in_code = _in_code_spans(lines)
    found = [
        (number, line.strip()[:_LONGEST_LINE])
        for number, line in enumerate(lines, 1)
        if _CANDIDATE.match(line) and number not in in_code
    ]
    return tuple(found[:_MOST_LINES])


def _shown(body: str, *, fences_hold: bool = False) -> list[str]:
    """The lines of a comment, empty where they are in a block of code, a quotation or an HTML comment.

    `fences_hold`: a fence begins a block of code also between `<code>` or `<!--` and its end, where it depends on the
    lines before whether the forge sees a block of HTML.
    """
    shown = []
    fence, hidden, quoted, depth = "", False, False, 0
    for line in body.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        kept = ""
        marks = _FENCE.match(line)
        if fence:
            fence = "" if marks and _closes(marks, fence) else fence
        elif (fences_hold or not (hidden or depth)) and marks and not ("`" in marks[1] and "`" in marks[2]):
            fence = marks[1]
        else:
            began_hidden = hidden
            kept, hidden = _unhidden(line, hidden)
            kept = "" if began_hidden else kept
            begins = bool(_QUOTE.match(line) or _QUOTE.match(kept))
            quoted = begins or (quoted and bool(line.strip()))
            tags = [not closing for closing in _QUOTING_TAG.findall(kept)]
            kept = "" if quoted or depth or tags else kept
            for opens in tags:
                depth = depth + 1 if opens else max(0, depth - 1)
        shown.append(kept)
    return shown


def _closes(marks: re.Match[str], fence: str) -> bool:
    return marks[1][0] == fence[0] and len(marks[1]) >= len(fence) and not marks[2].strip()


def _unhidden(line: str, hidden: bool) -> tuple[str, bool]:
    """The line without HTML comments, and whether one goes on in the next."""
    kept = []
    while line:
        before, mark, line = line.partition("-->" if hidden else "<!--")
        if not hidden:
            kept.append(before)
        if not mark:
            break
        hidden = not hidden
        if hidden:
            kept.append(" ")
    return "".join(kept), hidden


def _in_code_spans(lines: list[str]) -> set[int]:
    """The numbers of the lines that begin inside a code span, which may go over several lines."""
    inside: set[int] = set()
    start = 0
    for number in range(len(lines) + 1):
        if number == len(lines) or not lines[number].strip():
            inside |= _in_paragraph(lines[start:number], start)
            start = number + 1
    return inside


def _in_paragraph(lines: list[str], before: int) -> set[int]:
    runs = [(number, len(run)) for number, line in enumerate(lines) for run in _BACKTICKS.findall(line)]
    last = {length: index for index, (_, length) in enumerate(runs)}
    inside: set[int] = set()
    index = 0
    while index < len(runs):
        opened_in, length = runs[index]
        index += 1
        if last[length] < index:
            continue  # nothing closes it: these are plain backticks
        while runs[index][1] != length:
            index += 1
        inside |= set(range(before + opened_in + 2, before + runs[index][0] + 2))
        index += 1
    return inside


# --- Reading one ------------------------------------------------------------------------------------


def is_ours(text: str, *, prefix: str, short: bool) -> bool:
    """Whether a line speaks to Usher. `short`: also `/VERB`, of our verbs; other bots have their own."""
    return _spoken(text, prefix, short) is not None


def understood(
    text: str, *, prefix: str, short: bool, at: datetime, hours: Hours
) -> Command | Unclear | None:
    """What the line asks for; None where it speaks to somebody else.

    `at` is when it was typed, `hours` are those of who typed it: "fri 15:00" is theirs.
    """
    spoken = _spoken(text, prefix, short)
    if spoken is None:
        return None
    if not spoken:
        return Unclear(words.which_command(prefix, tuple(VERBS)))
    verb, given = spoken[0].casefold(), spoken[1:]
    if verb not in VERBS:
        close = get_close_matches(verb[:40], VERBS, n=1, cutoff=0.6)
        return Unclear(words.unknown_command(prefix, verb, close[0] if close else "", tuple(VERBS)))
    read = _WORDS[verb](given, at, hours)
    return Unclear(f"{_form(prefix, verb)} {read}") if isinstance(read, str) else Command(verb, read)


def _spoken(text: str, prefix: str, short: bool) -> tuple[str, ...] | None:
    """The verb and what follows it; None where nobody speaks to Usher."""
    head, *rest = text.split() or [""]
    if head.casefold() == prefix.casefold():
        return tuple(rest)
    verb = VERBS.get(head[1:].casefold()) if short and head[:1] == "/" else None
    if verb is not None and verb.short:
        return (head[1:], *rest)
    return None


def _form(prefix: str, verb: str) -> str:
    return words.how_to_write(f"{prefix} {VERBS[verb].form}")


Words = tuple[str, ...]


def _alone(given: Words, at: datetime, hours: Hours) -> Words | str:
    return words.STANDS_ALONE if given else ()


def _with_reason(given: Words, at: datetime, hours: Hours) -> Words | str:
    """It stands alone; a reason is kind, and welcome."""
    return given


def _needs_reason(given: Words, at: datetime, hours: Hours) -> Words | str:
    return given or words.NEEDS_REASON


def _maybe_person(given: Words, at: datetime, hours: Hours) -> Words | str:
    named = given[1:] if len(given) == 2 and given[0].casefold() == "not" else given
    return _person(named, at, hours) if named else ()


def _change(given: Words, at: datetime, hours: Hours) -> Words | str:
    return given if len(given) == 1 and _NUMBER.fullmatch(given[0]) else words.NEEDS_CHANGE


def _on_or_off(given: Words, at: datetime, hours: Hours) -> Words | str:
    said = tuple(word.casefold() for word in given)
    return said if said in (("on",), ("off",)) else words.NEEDS_ON_OR_OFF


def _post_or_discard(given: Words, at: datetime, hours: Hours) -> Words | str:
    verb = given[0].casefold() if given else ""
    if verb == "post" or (verb == "discard" and len(given) == 1):
        return (verb, *given[1:])
    return words.NEEDS_POST_OR_DISCARD


def _person(given: Words, at: datetime, hours: Hours) -> Words | str:
    said = _bare(given)
    return said if len(said) == 1 and _PERSON.fullmatch(said[0]) else words.NEEDS_PERSON


def _bare(given: Words) -> Words:
    """The words without what ends a sentence or a part of it: `fri, 15:00.`"""
    return tuple(filter(None, (word.rstrip(_STOPS) for word in given)))


def _when(given: Words, at: datetime, hours: Hours) -> Words | str:
    said = _bare(given[1:] if given and given[0].casefold() in ("until", "by", "on") else given)
    instant = instants.parse(said, at, hours)
    if instant is None:
        return words.NEEDS_TIME
    return said if instant > at else words.IS_PAST


def _absence(given: Words, at: datetime, hours: Hours) -> Words | str:
    said = tuple(word for word in _bare(given) if word.casefold() not in ("from", "to", "until", "-"))
    span = instants.span(said, at, hours)
    if span is None:
        return words.NEEDS_DAYS
    return said if span[1] > at else words.IS_PAST


def _exception(given: Words, at: datetime, hours: Hours) -> Words | str:
    """`ID until DATE because REASON` as id, date and the words of the reason."""
    said = [word for word in given if word.casefold() not in ("until", "because", "of")] if given else []
    if len(given) < 4 or len(said) < 3 or not re.fullmatch(r"[\w:./@*-]{4,200}", said[0]):
        return words.NEEDS_EXCEPTION
    try:
        until = date.fromisoformat(said[1])
    except ValueError:
        return words.NEEDS_EXCEPTION
    if not at.date() < until <= at.date() + LONGEST:
        return words.NEEDS_NEARER_DATE
    return (said[0], until.isoformat(), *given[given.index(said[2]) :])


def _contributing(given: Words, at: datetime, hours: Hours) -> Words | str:
    return () if [word.casefold() for word in given] == ["contributing"] else words.NEEDS_CONTRIBUTING


_WORDS: Mapping[str, Callable[[Words, datetime, Hours], Words | str]] = {
    "why": _maybe_person,
    "eta": _when,
    "ack": _alone,
    "decline": _with_reason,
    "next": _maybe_person,
    "assign": _person,
    "take": _alone,
    "ready": _alone,
    "not-yet": _alone,
    "snooze": _when,
    "block": _needs_reason,
    "unblock": _alone,
    "away": _absence,
    "undo": _alone,
    "warranty": _change,
    "thanks": _post_or_discard,
    "help": _alone,
    "champion": _on_or_off,
    "off": _alone,
    "on": _alone,
    "ignore": _exception,
    "recheck": _alone,
    "draft": _contributing,
    "fix": _alone,
    "yes": _with_reason,
    "no": _with_reason,
    "later": _with_reason,
}


# --- How many ---------------------------------------------------------------------------------------


def is_too_much(line: CommandTyped, ours: Iterable[CommandTyped]) -> bool:
    """Whether more commands were given here within ten minutes than Usher hears. `ours`: all that were."""
    earlier = [each for each in ours if each.order < line.order and line.at - each.at < AT_ONCE]
    return len(earlier) >= MOST_AT_ONCE


def unanswered(log: Iterable[Fact]) -> tuple[CommandTyped, ...]:
    """The lines that nobody has read yet, in the order in which they were typed."""
    log = tuple(log)
    known = {place(each) for each in log if isinstance(each, CommandGiven | CommandRefused)}
    return tuple(each for each in log if isinstance(each, CommandTyped) and place(each) not in known)


def place(fact: CommandTyped | CommandGiven | CommandRefused) -> tuple[str, int, int]:
    """The comment and the line of it that a fact is about."""
    return (fact.where, fact.remark_id, fact.line)
