"""What is a command, what it means, and who may give it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import instants
from policies.calendars import Calendar
from policies.commands import (
    OF_REPOSITORY,
    VERBS,
    Command,
    Unclear,
    is_ours,
    is_too_much,
    typed,
    unanswered,
    understood,
)
from policies.facts import CommandGiven, CommandRefused, CommandTyped
from policies.new_repositories import ANSWERS
from policies.rights import MAY, may, roles, whose
from tests.policies.clocks.telling import asked, opened, slots, state

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)  # a Monday, ten in Berlin
BERLIN = Calendar("Europe/Berlin")


def read(text: str) -> Command | Unclear | None:
    return understood(text, prefix="/usher", short=True, at=NOW, hours=BERLIN)


# --- Where commands stand ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("/usher ack", [(1, "/usher ack")]),
        ("Thanks!\r\n\r\n  /usher eta fri 15:00  \r\nBye", [(3, "/usher eta fri 15:00")]),
        ("/usher ack\n/take", [(1, "/usher ack"), (2, "/take")]),
        ("> quoted\n\n/usher ack", [(3, "/usher ack")]),
        ("1. > quoted\n/usher ack", []),
        ("see <!--\n> quoted -->\n/usher ack", []),
        ("- >  quoted\n/usher ack\n\n/take", [(4, "/take")]),
        ("`code` before\n/usher ack", [(2, "/usher ack")]),
        ("one ` alone\n/usher ack", [(2, "/usher ack")]),
        ("``` `\n/usher ack", [(2, "/usher ack")]),
        ("<!-- note -->\n/usher ack <!-- why -->", [(2, "/usher ack")]),
        ("```\nx\n```\n/usher ack", [(4, "/usher ack")]),
        ("<pre>\nx\n</pre>\n/usher ack", [(4, "/usher ack")]),
        ("see <code>\n~~~ </code>\n\n/usher ack", []),
        ("<pre>\n```\n</pre>\n/usher ack", []),
        ("see <!--\n~~~\n-->\n/usher ack", []),
        ("see <!-- x\n    --> /usher ack", []),
        ("- /usher ack", []),
        ("/ usher ack", []),
        ("//usher ack", []),
        ("/1", []),
        ("Please /usher ack", []),
        ("> /usher ack", []),
        (">> /usher ack", []),
        ("> quoted\n/usher ack", []),
        ("    /usher ack", []),
        ("\t/usher ack", []),
        ("```\n/usher ack\n```", []),
        ("```\n/usher ack", []),
        ("~~~~\n/usher ack\n~~~\n/usher ack", []),
        ("```\n/usher ack\n~~~\n/usher ack", []),
        ("``x\n/usher ack\n``", []),
        ("<!--\n/usher ack\n-->", []),
        ("<!-- /usher ack", []),
        ("text <!--\n/usher ack", []),
        ("<pre>\n/usher ack\n</pre>", []),
        ("<details><blockquote>\n/usher ack\n</blockquote></details>", []),
        ("", []),
    ],
)
def test_a_command_begins_a_line_that_is_neither_code_nor_quoted_nor_hidden(
    body: str, found: list[tuple[int, str]]
) -> None:
    assert list(typed(body)) == found


def test_a_flood_is_cut() -> None:
    assert len(typed("/usher ack\n" * 1000)) == 20
    assert len(typed("/usher " + "x" * 10_000)[0][1]) == 300


@given(st.text())
def test_no_text_upsets_the_reading(body: str) -> None:
    for _, text in typed(body):
        assert text.startswith("/")
        read(text)


@given(st.text(alphabet="`~<>!-/ \nusheracktypb", max_size=60))
def test_a_command_that_is_found_is_a_line_of_the_comment(body: str) -> None:
    lines = body.split("\n")
    for number, text in typed(body):
        assert text.split()[0] in lines[number - 1]


@given(st.sampled_from(sorted(VERBS)), st.lists(st.text(max_size=12), max_size=4))
def test_no_words_after_a_verb_upset_the_reading(verb: str, words: list[str]) -> None:
    found = read(f"/usher {verb} {' '.join(words)}")
    assert isinstance(found, Command | Unclear)


@pytest.mark.parametrize("piece", ["`", "<!--", "```\n", "> \n", "<pre>", "`\n/a", "/a\n", "``x`"])
def test_hostile_comments_are_read_in_a_moment(piece: str) -> None:
    body = piece * (65_536 // len(piece))
    began = perf_counter()
    typed(body)
    assert perf_counter() - began < 1.0


# --- What they mean -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/usher ack", Command("ack")),
        ("/USHER Ack", Command("ack")),
        ("/ack", Command("ack")),
        ("/not-yet", Command("not-yet")),
        ("/usher why", Command("why")),
        ("/usher why @ben", Command("why", ("@ben",))),
        ("/usher why not @ben", Command("why", ("@ben",))),
        ("/usher eta fri 15:00", Command("eta", ("fri", "15:00"))),
        ("/usher eta by friday", Command("eta", ("friday",))),
        ("/usher eta Fri, 15:00.", Command("eta", ("Fri", "15:00"))),
        ("/usher eta +2bd", Command("eta", ("+2bd",))),
        ("/usher eta 2026-11-27", Command("eta", ("2026-11-27",))),
        ("/usher decline", Command("decline")),
        ("/usher decline on leave", Command("decline", ("on", "leave"))),
        ("/usher next", Command("next")),
        ("/usher next @ben", Command("next", ("@ben",))),
        ("/usher assign @ben", Command("assign", ("@ben",))),
        ("/usher assign @_ben.b,", Command("assign", ("@_ben.b",))),
        ("/usher snooze until tomorrow", Command("snooze", ("tomorrow",))),
        ("/usher block waits for #7", Command("block", ("waits", "for", "#7"))),
        ("/usher away 2026-12-24 2027-01-01", Command("away", ("2026-12-24", "2027-01-01"))),
        ("/usher away from wed to fri", Command("away", ("wed", "fri"))),
        ("/usher away wed, fri!", Command("away", ("wed", "fri"))),
        ("/usher undo", Command("undo")),
        ("/lgtm", None),
        ("/approve", None),
        ("/usherette ack", None),
        ("/path/to/file", None),
    ],
)
def test_a_command_is_understood(text: str, command: Command | None) -> None:
    assert read(text) == command


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/usher", "After `/usher` I know `why`, `eta`"),
        ("/usher asign @ben", "I do not know `/usher asign`. Did you mean `assign`?"),
        ("/usher dance", "I do not know `/usher dance`. I know `why`"),
        ("/usher `rm` @all", "I do not know"),
        ("/usher eta", "Please write `/usher eta WHEN`. I understand `fri 15:00`"),
        ("/usher eta soon", "I understand `fri 15:00`"),
        ("/usher eta 2026-11-20", "already past"),
        ("/usher eta today 08:00", "already past"),
        ("/usher ack please", "It stands alone"),
        ("/usher assign", "name one person"),
        ("/usher assign ben", "name one person"),
        ("/usher assign @shop/payments", "name one person"),
        ("/usher assign @ben @carla", "name one person"),
        ("/usher next me", "name one person"),
        ("/usher block", "what it waits for"),
        ("/usher away", "I understand days"),
        ("/usher away tomorrow", "I understand days"),
        ("/usher away 2026-11-02 2026-11-03", "already past"),
    ],
)
def test_what_is_unclear_is_answered_with_how_to_write_it(text: str, words: str) -> None:
    found = read(text)
    assert isinstance(found, Unclear)
    assert words in found.problem


def test_the_short_form_can_be_switched_off() -> None:
    assert is_ours("/ack", prefix="/usher", short=True)
    assert not is_ours("/ack", prefix="/usher", short=False)
    assert is_ours("/usher ack", prefix="/usher", short=False)


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        ("wed fri", "11-24T23:00", "11-27T23:00"),
        ("fri mon", "11-26T23:00", "11-30T23:00"),
        ("today today", "11-22T23:00", "11-23T23:00"),
        ("mon mon", "11-22T23:00", "11-23T23:00"),
        ("tomorrow fri", "11-23T23:00", "11-27T23:00"),
        ("2026-12-24 2026-12-26", "12-23T23:00", "12-26T23:00"),
        ("today 14:00 tomorrow 12:00", "11-23T13:00", "11-24T11:00"),
        ("fri thu", "11-26T23:00", "12-03T23:00"),
        ("2026-12-24 2026-12-23", None, None),
        ("wed", None, None),
        ("soon later", None, None),
        ("wed 12:00 fri", None, None),
        ("2026-12-24 12:00 2026-12-24 11:00", None, None),
    ],
)
def test_an_absence_is_whole_days_unless_it_says_times(
    words: str, start: str | None, end: str | None
) -> None:
    found = instants.span(tuple(words.split()), NOW, BERLIN)
    if start is None or end is None:
        assert found is None
    else:
        year = [datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC) for text in (start, end)]
        assert found == tuple(year)


@given(st.lists(st.text(max_size=10), max_size=5))
def test_no_words_upset_the_reading_of_an_absence(words: list[str]) -> None:
    found = instants.span(tuple(words), NOW, BERLIN)
    assert found is None or found[0] < found[1]


# --- How many, and which are new ----------------------------------------------------------------------


def line(number: int, when: datetime = NOW) -> CommandTyped:
    return CommandTyped(at=when, by="ben", remark_id=number, line=1, text="/usher ack")


def test_five_within_ten_minutes_are_enough() -> None:
    lines = [line(number, NOW + timedelta(minutes=number)) for number in range(7)]
    assert [is_too_much(each, lines) for each in lines] == [False] * 5 + [True] * 2
    later = line(9, NOW + timedelta(minutes=11))
    assert is_too_much(later, lines)
    assert not is_too_much(line(9, NOW + timedelta(minutes=13)), lines)


def test_a_line_is_read_once() -> None:
    known = [CommandGiven(at=NOW, remark_id=1, line=1), CommandRefused(at=NOW, remark_id=2, line=1)]
    assert unanswered([line(1), line(2), line(3), *known]) == (line(3),)


# --- Who may ------------------------------------------------------------------------------------------

CHANGE = [opened("11-23 09:00"), slots("11-23 09:00"), asked("11-23 09:10", "ben", usher=("@api",))]
"""By ana; ben and cyd own it, ben is asked."""
PAUSES = "ready not-yet snooze block unblock"
ALL = "away undo warranty"
HELP = "help champion"
OFF = f"{HELP} off on"


@pytest.mark.parametrize(
    ("person", "access", "allowed"),
    [
        ("ben", "write", f"why eta ack decline next assign take {PAUSES} {ALL} thanks {OFF}"),
        ("cyd", "write", f"why eta ack decline next assign take {PAUSES} {ALL} thanks {OFF}"),
        ("ANA", "write", f"why next take {PAUSES} {ALL} {OFF}"),
        ("ana", "read", f"why next {PAUSES} {ALL} {HELP}"),
        ("max", "maintain", f"why assign take {ALL} {OFF}"),
        ("wim", "write", f"why take {ALL} {OFF}"),
        ("otto", "read", f"why {ALL} {HELP}"),
        ("ben", "none", ""),
    ],
)
def test_who_may_give_which_command(person: str, access: str, allowed: str) -> None:
    held = roles(person, state(CHANGE, "11-23 10:00"), access)  # type: ignore[arg-type]
    of_repository = [*OF_REPOSITORY, *ANSWERS] if access in ("write", "maintain") else []
    assert [verb for verb in MAY if may(verb, held)] == allowed.split() + of_repository


def test_every_verb_has_its_rights_and_says_whose_they_are() -> None:
    assert set(MAY) == set(VERBS)
    assert whose("next") == "people who are asked here, owners of the touched files and the author"
    assert whose("why") == "people who can read this repository"


# --- On paper -----------------------------------------------------------------------------------------


def test_every_command_is_documented_with_its_form_and_effect() -> None:
    page = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `/usher ([^`]+)` \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    assert [(form, does) for form, does, _ in rows] == [(verb.form, verb.does) for verb in VERBS.values()]
    for (_, _, people), verb in zip(rows, VERBS, strict=True):
        assert people == whose(verb), verb


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "ignore 1f0c9a2e until 2026-12-24 because the tests move",
            ("1f0c9a2e", "2026-12-24", "the", "tests", "move"),
        ),
        (
            "ignore section_missing:test until 2026-12-24 because of it",
            ("section_missing:test", "2026-12-24", "it"),
        ),
        ("ignore marker until 2026-12-24", None),
        ("ignore marker until soon because of it", None),
        ("ignore marker until 2026-11-23 because of it", None),
        ("ignore marker until 2027-05-23 because of it", None),
        ("ignore until 2026-12-24 because of it", None),
        ("draft contributing", ()),
        ("draft", None),
        ("recheck", ()),
        ("fix it", None),
    ],
)
def test_commands_about_the_repository(text: str, words: tuple[str, ...] | None) -> None:
    found = read(f"/usher {text}")
    assert (found.words if isinstance(found, Command) else None) == words


def test_commands_about_the_repository_are_never_short() -> None:
    assert not is_ours("/fix", prefix="/usher", short=True)
    assert is_ours("/usher fix", prefix="/usher", short=True)
