"""What a change still lacks by the repository's own papers."""

from __future__ import annotations

import pytest

from policies.facts import Commit
from policies.missing import Missing, Paper, asks_issue, asks_sign_off, missing

TEMPLATE = Paper(
    "t.md", "Thanks!\n\n## What changes\n<!-- briefly -->\n## Tests\n- [ ] unit tests\n## Notes (optional)\n"
)
FIELDS = {
    "What changes": Missing("field", "What changes", "t.md", 3),
    "Tests": Missing("field", "Tests", "t.md", 5),
}


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("", ["What changes", "Tests"]),
        (TEMPLATE.text, ["What changes", "Tests"]),
        ("## What changes\nRefunds.\n## Tests\n- [ ] unit tests\n", ["Tests"]),
        ("## What changes\nRefunds.\n## Tests\n- [x] unit tests, and by hand\n", []),
        ("### what changes:\nRefunds.\n# TESTS\nBy hand.", []),
        ("## What changes\n<!-- Refunds. -->\n## Tests\nBy hand.", ["What changes"]),
        ("A text without headings.", ["What changes", "Tests"]),
    ],
)
def test_fields_without_a_word_are_missing(body: str, names: list[str]) -> None:
    assert missing("", body, template=TEMPLATE) == tuple(FIELDS[name] for name in names)


@pytest.mark.parametrize(
    ("sentence", "asks"),
    [
        ("Please link an issue in the description.", True),
        ("Every change must reference its issue.", True),
        ("Small changes need no issue first.", False),
        ("You need not name an issue.", False),
        ("Report an issue where you find one.", False),
    ],
)
def test_a_guide_asks_for_an_issue_or_does_not(sentence: str, asks: bool) -> None:
    assert bool(asks_issue(Paper("g.md", f"# Guide\n\n{sentence}\n"))) is asks


@pytest.mark.parametrize(
    ("sentence", "asks"),
    [
        ("All commits carry a `Signed-off-by` line.", True),
        ("Use git commit --signoff.", True),
        ("We do not ask for a sign-off.", False),
        ("Sign up for our newsletter.", False),
    ],
)
def test_a_guide_asks_for_a_sign_off_or_does_not(sentence: str, asks: bool) -> None:
    assert bool(asks_sign_off(Paper("g.md", sentence))) is asks


@pytest.mark.parametrize(
    ("said", "named"),
    [("Fixes #12", True), ("shop/api#3", True), ("see PAY-77", True), ("issue", False), ("#hashtag", False)],
)
def test_an_issue_is_named_in_title_or_description(said: str, named: bool) -> None:
    guide = Paper("g.md", "Please link an issue.")
    for title, body in ((said, ""), ("", said)):
        assert (missing(title, body, guide=guide) == ()) is named


def test_every_commit_wants_its_sign_off() -> None:
    guide = Paper("g.md", "First line.\nSign-off your commits.")
    signed = Commit("1", "Refund\n\nSigned-off-by: Ana <ana@example.org>")
    plain = Commit("2", "Refund more")
    assert missing("", "", guide=guide, commits=[signed]) == ()
    assert missing("", "", guide=guide, commits=[signed, plain]) == (
        Missing("sign_off", path="g.md", line=2),
    )


def test_failed_checks_come_last_each_once() -> None:
    found = missing("", "", template=TEMPLATE, failed=["lint", "build", "lint"])
    assert [each.name for each in found] == ["What changes", "Tests", "build", "lint"]
