"""Why somebody is asked is said in the words of the owners file."""

from __future__ import annotations

import pytest

from handlers.owning import Owning
from policies.owners import Dialect, parse
from policies.reviewers import Slot
from policies.words.reasons import Owned


@pytest.mark.parametrize(
    ("dialect", "line", "pattern"),
    [
        ("github", "/my\\ docs/ @ben", "/my\\ docs/"),
        ("github", "*.md\t@ben # ask first", "*.md"),
        ("gitlab", "my\\ docs/ @ben", "my\\ docs/"),
    ],
)
def test_a_pattern_is_quoted_whole(dialect: Dialect, line: str, pattern: str) -> None:
    path = "my docs/a.md"
    file = parse(f"{line}\n".encode(), dialect)
    owning = Owning((Slot("@ben", ("ben",), files=(path,)),), {path: file.match(path)}, {})
    assert owning.why("Ben", ("@ben",)) == (Owned(pattern, 1, 1),)
