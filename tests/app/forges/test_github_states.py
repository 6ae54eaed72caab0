"""What GitHub says in JSON, in the words that handlers know."""

from __future__ import annotations

import pytest

from app.forges.github.states import owner_error


@pytest.mark.parametrize(
    ("suggestion", "message", "said"),
    [
        (
            "make sure @x exists",
            "Unknown owner on line 2: make sure @x exists\n\n  * @x\n    ^",
            "make sure @x exists",
        ),
        (None, "Invalid owner on line 2: \n\n  * x\n    ^", "Invalid owner on line 2"),
        (None, "Invalid owner on line 2", "Invalid owner on line 2"),
        (None, None, ""),
    ],
)
def test_an_error_of_the_owners_file_is_said_in_one_line(suggestion, message, said):
    """Without the picture of the line that follows it."""
    error = owner_error(
        {"line": 2, "column": 3, "kind": "Invalid owner", "suggestion": suggestion, "message": message}
    )
    assert (error.line, error.column, error.kind, error.message) == (2, 3, "Invalid owner", said)
    assert error.source == "forge"
