"""What strangers wrote, on the terminal of somebody else."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.terminal import visible

CLEARS, TURNS = "\x1b[2J", "\u202e"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain, ärger, 中, 😀\tand\nmore", "plain, ärger, 中, 😀\tand\nmore"),
        (f"{CLEARS}{TURNS}gnp", "\\u001b[2J\\u202egnp"),
        ("\x9b\x7f\r\u2028\u2066", "\\u009b\\u007f\\u000d\\u2028\\u2066"),
        ("caf\udce9", "caf\udce9"),  # of a file name that is no UTF-8; it is written as it is
    ],
)
def test_what_would_steer_is_written_out_and_all_else_is_as_it_was(text: str, seen: str) -> None:
    assert visible(text) == seen


def test_commands_show_what_is_in_a_strangers_files_and_do_not_do_it(tmp_path: Path) -> None:
    (tmp_path / "usher.yml").write_text(f'"{TURNS}enabled": true\n', encoding="utf-8")
    (tmp_path / "CODEOWNERS").write_text(f"*{TURNS} @dora\n", encoding="utf-8")
    told = [
        CliRunner().invoke(cli, ["config", "check", str(tmp_path / "usher.yml")], color=True),
        CliRunner().invoke(cli, ["check", str(tmp_path)], color=True),
        CliRunner().invoke(
            cli,
            ["owners", f"a{CLEARS}", "--file", str(tmp_path / "CODEOWNERS"), "--dialect", "github"],
            color=True,
        ),
    ]
    for each in told:
        assert not {"\x1b", TURNS} & set(each.output), each.output
    assert "u001b[2J" in told[2].output
