"""Who operates an Usher: whom the settings name, and no namesake of theirs on another forge."""

from __future__ import annotations

from typing import Any, cast

import pytest

from app.keys import Seal
from app.store.pseudonyms import Pseudonyms
from app.store.viewers import Viewer, Visitor
from app.web.visitors import Visitors


@pytest.mark.parametrize(
    ("operators", "forges", "who", "operates"),
    [
        ("dora", "github", "github:Dora", True),
        ("dora", "github gitlab", "github:dora", False),
        ("dora", "github gitlab", "gitlab:dora", False),
        ("github:Dora", "github gitlab", "github:dora", True),
        ("github:dora", "github gitlab", "gitlab:dora", False),
        ("shop/platform", "gitlab", "gitlab:erin", True),
        ("gitlab:shop/platform", "github gitlab", "gitlab:erin", True),
        ("shop/platform", "github gitlab", "gitlab:erin", False),
        ("", "github", "github:dora", False),
    ],
)
def test_only_who_is_named_operates(operators: str, forges: str, who: str, operates: bool) -> None:
    doors = cast("dict[str, Any]", dict.fromkeys(forges.split(), None))
    named = tuple(operators.split())
    visitors = Visitors(
        cast("Any", None), doors, Seal((b"x" * 32,)), b"csrf", b"addresses", Pseudonyms(b"p"), named
    )
    forge, _, login = who.partition(":")
    teams = ("shop/platform",) if login == "erin" else ()
    viewer = Viewer(1, forge, "https://forge.example", login, "", teams, False, b"")
    assert visitors.operates(Visitor((viewer,))) is operates
