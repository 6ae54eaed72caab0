"""When an answer is promised, as people write it: every row of the table, and much besides."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from policies.guidelines import markdown, promises
from policies.words.guidelines import as_promise

VAGUE = "vague"


def hours(sentence: str) -> float | str | None:
    found = promises.in_sentence(sentence)
    if found is None:
        return None
    return VAGUE if found.hours is None else round(float(found.hours), 2)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("We answer within two business days.", 16),
        ("Expect a first review in 2-3 working days.", 24),
        ("You will hear from us within 48 hours.", 11.43),
        ("We will respond as soon as possible.", VAGUE),
        ("If you do not respond within 14 days we close.", None),
        ("Do not merge within 24 hours, so that reviewers can look.", None),
        # Numbers, ranges and units
        ("We reply no later than 3 business days after you open it.", 24),
        ("Maintainers respond within one (1) business day.", 8),
        ("We try to triage new issues within 1–2 weeks.", 80),
        ("We review in two to three weeks.", 120),
        ("We'll take a look within a couple of days.", 11.43),
        ("We answer on the next working day.", 8),
        ("I am the only maintainer and answer on the same day.", 5.71),
        ("We aim to review pull requests within a week.", 40),
        ("The core team reviews every change within a fortnight.", 80),
        ("Our team gets back to you in 24h.", 5.71),
        ("We respond within 12 hours.", 12),
        ("We respond within 30 minutes.", 0.5),
        ("You can expect an answer within 4 business hours.", 4),
        ("We respond in a month.", 168),
        ("We answer within 1.5 days.", 8.57),
        ("We answer within 48 business hours.", 48),
        ("**We answer within `two` business days.**", 16),
        ("Wir antworten innerhalb von zwei Tagen.", None),
        ("Once you open a pull request, we review it within 3 days.", 17.14),
        ("If you open an issue we reply within a week.", 40),
        # Who speaks
        ("Pull requests are reviewed within five working days.", 40),
        ("Security reports are acknowledged within 2 business days.", 16),
        ("Somebody will get back to you within three days.", 17.14),
        ("You should hear back from a maintainer in under 2 weeks.", 80),
        ("One of the owners looks at it within 2 days.", 11.43),
        # Lines that open with it
        ("Response time: 2 business days", 16),
        ("First response: next business day", 8),
        ("Response | 48 hours", 11.43),
        ("Review takes 2 weeks.", 80),
        ("Turnaround: one month", 168),
        ("SLA: 4 business hours", 4),
        # Nothing is promised
        ("Please respond to review comments within 5 days.", None),
        ("Authors must respond within 3 days.", None),
        ("Issues without a response for 30 days are closed.", None),
        ("Stale pull requests are closed by our bot after 60 days.", None),
        ("We do not promise a response within 2 days.", None),
        ("We cannot guarantee an answer within a week.", None),
        ("If there is no reply from you for two weeks, we will close the issue.", None),
        ("If you don't hear from us within 3 days, ping us.", None),
        ("If you need an answer within 2 days, call us.", None),
        ("If you are silent for a week we take it over and review it ourselves.", None),
        ("Nobody answers within 2 days.", None),
        ("This project is 2 days old, and we review it.", None),
        ("We release every 2 weeks.", None),
        ("The review of version 2 was done by our team.", None),
        ("We review everything.", None),
        ("The build takes 20 minutes.", None),
        ("Two approvals are needed.", None),
        # Vague
        ("We answer when we can.", VAGUE),
        ("Expect feedback in a few days.", VAGUE),
        ("Maintainers review on a best-effort basis.", VAGUE),
        ("We will get back to you promptly.", VAGUE),
        ("We do not hesitate to answer within 2 days.", 11.43),
    ],
)
def test_a_sentence_promises(sentence: str, expected: float | str | None) -> None:
    assert hours(sentence) == expected


def test_a_promise_is_found_where_it_stands() -> None:
    document = markdown.read(
        b"# Hello\n\nSome words first.\nWe are\nnice. We answer within\ntwo business days, always.\n"
    )
    found = promises.promise(document)
    assert found is not None
    assert (found.line, found.text) == (5, "We answer within two business days, always.")


def test_a_number_goes_before_something_vague() -> None:
    document = markdown.read(b"We answer as soon as possible.\n\nWe review within 3 business days.\n")
    found = promises.promise(document)
    assert found is not None
    assert found.hours == 24


def test_a_long_sentence_is_cut() -> None:
    found = promises.in_sentence("We answer within two days, " + "and more " * 40)
    assert found is not None
    assert len(found.text) == 120


def test_what_is_shown_as_code_or_hidden_promises_nothing() -> None:
    text = b"<!-- We answer within two days. -->\n\n```\nWe answer within two days.\n```\n"
    assert promises.promise(markdown.read(text)) is None


@given(st.text(max_size=300))
@example("We answer within 99999999999999 days")
@example("٣ days, we answer")
@example("Response: ½ day")
def test_any_text_is_read_without_harm(text: str) -> None:
    found = promises.in_sentence(text)
    assert found is None or found.hours is None or found.hours > 0


@given(st.integers(1, 400).map(lambda n: Fraction(n, 2)))
def test_a_proposed_promise_holds_at_least_what_was_measured(measured: Fraction) -> None:
    """What the bot proposes reads back as a promise that is not tighter than what was measured."""
    found = promises.in_sentence(f"We answer within {as_promise(measured)}.")
    assert found is not None
    assert found.hours is not None
    assert found.hours >= measured
