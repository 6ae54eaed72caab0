"""No sentence takes somebody's text as it came: it is encoded first, or declared to be a sentence already."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.sentences import Room

POLICIES = Path(__file__).parents[1] / "policies"
WORDS = {path: ast.parse(path.read_text()) for path in sorted((POLICIES / "words").glob("*.py"))}
OTHERS = [ast.parse(path.read_text()) for path in sorted(POLICIES.rglob("*.py")) if path not in WORDS]
BOXES = ast.parse((POLICIES / "boxes.py").read_text())
ROOM = Room.of([*WORDS.values(), BOXES], OTHERS)


@pytest.mark.parametrize("path", WORDS, ids=lambda path: path.stem)
def test_every_sentence_encodes_what_others_wrote(path: Path) -> None:
    assert list(ROOM.found(WORDS[path])) == []


def test_handlers_make_no_sentences() -> None:
    """What is posted comes out of the words whole: nothing is put together on the way to `checked`."""
    for path in sorted((POLICIES.parent / "handlers").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "checked":
                assert not isinstance(node.args[0], ast.JoinedStr | ast.BinOp), f"{path.name}:{node.lineno}"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('return f"Thanks, {code(login)}."', []),
        ('return f"Thanks, {login}."', ["login"]),
        ('return "Thanks, " + login', ["login"]),
        ('return f"{files:,} files, {why}, by {at:%Y}"', []),
        ('return f"{login:s}"', ["login"]),
        ('return f"{listed([code(each) for each in people])}"', []),
        ('return ", ".join(people)', ["people"]),
        ('return ", ".join(f"`{each}`" for each in people)', ["each"]),
        ('lines = [code(login)]\n    lines.append(login)\n    return "".join(lines)', ["login"]),
        ('said = login if files else "nobody"\n    return f"{said} did it"', ["login"]),
        ('return f"{row.path}: {row.message}, line {row.line}"', ["row.path"]),
        ('return sub(login)', []),
        ('return sub(login, login)', ["login"]),
        ('return sub(login, why=login)', ["login"]),
        ('return unknown(login)', ["unknown"]),
        ('return link(code(login), login)', []),
        ('return NAMES.get(login, login)', ["login"]),
        ('return login.strip()', ["login"]),
    ],
)  # fmt: skip
def test_a_text_that_is_not_encoded_is_found(source: str, found: list[str]) -> None:
    module = ast.parse(
        f"""
class Row:
    path: str
    message: Said
    line: int

def sub(login: str, why: Said = "") -> str:
    return f"{{code(login)}} {{why}}"

def sentence(login: str, people: tuple[str, ...], why: Said, files: int, at: datetime, row: Row) -> str:
    {source}
"""
    )
    room = Room.of([module])
    assert [each.rpartition(": ")[2] for each in room.found(module)] == found
