"""`usher due` says until when an answer is promised."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from app.commands.due import due

cli = typer.Typer()
cli.command()(due)


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, words)
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--from", "2026-11-20T16:30", "--budget", "8bh", "--zone", "Europe/Berlin"], "2026-11-23T15:30:00Z"),
        (["--from", "2026-11-20T15:30Z", "--budget", "8bh", "--zone", "Europe/Berlin"], "2026-11-23T15:30:00Z"),
        (["--from", "2026-11-20T16:30", "--budget", "1bd", "--zone", "Europe/Berlin"], "2026-11-23T15:30:00Z"),
        (["--from", "2026-11-20T16:30", "--budget", "4h", "--zone", "Europe/Berlin"], "2026-11-20T19:30:00Z"),
        (["--from", "2026-11-20T09:00", "--budget", "1500bd", "--holidays", "DE"], "2032-10-22T17:00:00Z"),
        (["--from", "2026-12-31T12:00", "--budget", "16bh", "--zone", "Europe/Berlin", "--holidays", "DE/BE"],
         "2027-01-05T11:00:00Z"),
        (["--from", "2026-11-25T16:00", "--budget", "8bh", "--zone", "America/New_York", "--holidays", "US"],
         "2026-11-27T21:00:00Z"),
        (["--from", "2026-11-20T13:30", "--budget", "2bh", "--zone", "Europe/Madrid",
          "--hours", "09:00-14:00, 15:00-18:00"], "2026-11-20T15:30:00Z"),
        (["--from", "2026-11-26T16:00", "--budget", "8bh", "--zone", "Asia/Riyadh", "--days", "sun-thu"],
         "2026-11-29T13:00:00Z"),
        (["--from", "2026-11-23T09:00", "--budget", "1bd", "--day", "4h"], "2026-11-23T13:00:00Z"),
    ],
)  # fmt: skip
def test_the_deadline_is_told(words: list[str], expected: str) -> None:
    code, output = run(*words, "--json")
    assert (code, json.loads(output)["due"]) == (0, expected)


def test_people_read_weekday_date_and_zone_and_how_it_came_about() -> None:
    code, output = run("--from", "2026-11-20T16:30", "--budget", "8bh", "--zone", "Europe/Berlin")
    assert code == 0
    assert output.splitlines() == [
        "due Mon 23 Nov 2026 16:30 CET (2026-11-23T15:30:00Z)",
        "    0:30 h  Fri 20 Nov 2026 16:30 CET – 17:00",
        "    7:30 h  Mon 23 Nov 2026 09:00 CET – 16:30",
    ]


def test_a_long_way_is_told_in_part() -> None:
    _, output = run("--from", "2026-11-20T16:30", "--budget", "30bd")
    assert output.splitlines()[-1] == "  and 21 more"


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--from", "yesterday", "no instant"),
        ("--from", "0001-01-01", "not between the years 1900 and 9000"),
        ("--from", "9999-12-31T23:59Z", "not between the years 1900 and 9000"),
        ("--budget", "soon", "no duration"),
        ("--zone", "Mars", "no time zone"),
        ("--hours", "9-5", "no span"),
        ("--days", "someday", "no day of the week"),
        ("--day", "1bd", "no length of a working day"),
        ("--holidays", "ATLANTIS", "no public holidays are known for ATLANTIS"),
        ("--holidays", "/BE", "no public holidays are known for /BE"),
    ],
)
def test_what_cannot_be_read_is_said_in_words(option: str, value: str, message: str) -> None:
    words = {"--from": "2026-11-20T16:30", "--budget": "8bh", option: value}
    code, output = run(*(part for pair in words.items() for part in pair))
    assert code == 2
    assert message in output
