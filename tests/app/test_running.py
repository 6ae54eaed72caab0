"""Whoever reads Operations learns what each round and each kind of effect is, not how the code calls it."""

from __future__ import annotations

import re
from pathlib import Path

from app.web.rendering import round_said
from policies.words.running import EFFECTS, ROUNDS

HOUSE = Path(__file__).parents[2]


def test_every_round_says_what_it_does() -> None:
    written = "".join(path.read_text() for path in sorted((HOUSE / "app").rglob("*.py")))
    made = {name.strip() for name in re.findall(r'\bRound\(f?"([a-z ]+)', written)}
    assert made == {name.split()[0] if name.startswith("missed") else name for name in ROUNDS}


def test_rounds_of_one_hook_say_what_those_of_its_forge_do() -> None:
    assert round_said("missed gitlab 7f3a") == ROUNDS["missed gitlab"]
    assert round_said("of an older Usher") == "of an older Usher"


def test_every_effect_has_a_name() -> None:
    keys = re.findall(r'return f?"([a-z]+)', (HOUSE / "policies" / "actions.py").read_text())
    assert set(keys) == set(EFFECTS)
