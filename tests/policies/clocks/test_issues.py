"""Until when an issue is sorted and answered."""

from __future__ import annotations

import random

import pytest

from policies.clocks import Obligation, State, Terms, fold_issue
from policies.facts import (
    Fact,
    IssueAssigned,
    IssueClosed,
    IssueMoved,
    IssueOpened,
    IssueReopened,
    SeveritySet,
)
from tests.policies.clocks.telling import BERLIN, at, command, commented, labelled, terms, utc

BEN_AND_CYD = ("ben", "cyd")


def reported(when: str, by: str = "ana", *, bot: bool = False) -> Fact:
    return IssueOpened(at=at(when), by=by, by_bot=bot)


def assigned(when: str, who: str, *, on: bool = True, by: str = "ben") -> Fact:
    return IssueAssigned(at=at(when), by=by, who=who, on=on)


def closed(when: str, by: str = "ben") -> Fact:
    return IssueClosed(at=at(when), by=by)


def reopened(when: str, by: str = "ana") -> Fact:
    return IssueReopened(at=at(when), by=by)


def moved(when: str) -> Fact:
    return IssueMoved(at=at(when), by="ben")


def severity(when: str, name: str) -> Fact:
    return SeveritySet(at=at(when), by="ben", severity=name)


def look(story: list[Fact], now: str, text: str = "", owners: tuple[str, ...] = BEN_AND_CYD) -> State:
    under: Terms = terms(text, owners=owners, calendars={"business": BERLIN})
    return fold_issue(story, under, at(now))


def owed(
    found: State, kind: str, ledger: str = "slot", cycle: int = 1, party: str | None = None
) -> Obligation:
    (one,) = [
        each
        for each in found.obligations
        if (each.kind, each.ledger, each.cycle) == (kind, ledger, cycle) and party in (None, each.party)
    ]
    return one


REPORTED = [reported("11-23 09:00")]


def test_a_critical_issue_is_answered_by_night_too() -> None:
    """27: reported on Friday at 16:00, critical since Saturday at 02:00."""
    story = [reported("11-20 16:00"), labelled("11-21 02:00", "severity/critical", by="ben")]
    assert owed(look(story[:1], "11-20 17:00"), "response").due == utc("2026-11-24T15:00")
    found = owed(look(story, "11-21 03:00"), "response")
    assert (found.due, found.hours.zone, found.budget.total_seconds()) == (
        utc("2026-11-21T05:00"),
        "UTC",
        4 * 3600,
    )


UNTOUCHED = (None, None, "TRIAGE", ("owners",))


@pytest.mark.parametrize(
    ("story", "triage", "response", "turn", "parties"),
    [
        pytest.param([], *UNTOUCHED, id="reported"),
        pytest.param([labelled("11-23 10:00", "area/api", by="ben")], "met", None, "RESPOND", ("owners",), id="sorted"),
        pytest.param([labelled("11-23 10:00", "area/api", by="zoe")], *UNTOUCHED, id="by no owner"),
        pytest.param([labelled("11-23 10:00", "area/api", by="ben", bot=True)], *UNTOUCHED, id="by a bot"),
        pytest.param([labelled("11-23 10:00", "good first issue", by="ben")], *UNTOUCHED, id="by another label"),
        pytest.param([assigned("11-23 10:00", "cyd")], "met", None, "RESPOND", ("cyd",), id="assigned"),
        pytest.param([assigned("11-23 10:00", "cyd", by="zoe")], None, None, "TRIAGE", ("cyd",), id="by another"),
        pytest.param([commented("11-23 10:00", "Cyd")], "met", "met", "REPORTER", ("ana",), id="answered"),
        pytest.param([commented("11-23 10:00", "cyd", answers=False)], *UNTOUCHED, id="an emoji"),
        pytest.param([commented("11-23 10:00", "zoe")], *UNTOUCHED, id="by a third party"),
        pytest.param([commented("11-23 10:00", "ben", bot=True)], *UNTOUCHED, id="by a bot's comment"),
        pytest.param([commented("11-23 10:00", "ana")], *UNTOUCHED, id="by its reporter"),
        pytest.param([labelled("11-23 10:00", "needs-info", by="ben")], None, None, "REPORTER", ("ana",), id="unclear"),
        pytest.param([closed("11-23 10:00")], "met", "met", "DONE", (), id="closed by an owner"),
        pytest.param([closed("11-23 10:00", by="ana")], "cancelled", "cancelled", "DONE", (), id="taken back"),
        pytest.param([moved("11-23 10:00")], "cancelled", "cancelled", "DONE", (), id="moved away"),
    ],
)  # fmt: skip
def test_what_becomes_of_an_issue(
    story: list[Fact], triage: str | None, response: str | None, turn: str, parties: tuple[str, ...]
) -> None:
    found = look([*REPORTED, *story], "11-23 12:00")
    assert (owed(found, "triage").verdict, owed(found, "response").verdict) == (triage, response)
    assert (found.turn.state, found.turn.parties) == (turn, parties)


@pytest.mark.parametrize(
    ("text", "triage", "response"),
    [
        ("", "11-24 17:00", "11-24 17:00"),
        ("issues: {triage: 4bh}", "11-23 13:00", "11-24 17:00"),
        ("support: {severities: {normal: {respond: 1bh}}}", "11-24 17:00", "11-23 10:00"),
    ],
)
def test_both_are_promised_from_the_start(text: str, triage: str, response: str) -> None:
    found = look(REPORTED, "11-23 09:30", text)
    assert (owed(found, "triage").due, owed(found, "response").due) == (at(triage), at(response))


@pytest.mark.parametrize(
    ("changes", "due"),
    [
        pytest.param([labelled("11-23 13:00", "severity/high", by="ben")], "11-24 13:00", id="raised: from then"),
        pytest.param([labelled("11-24 13:00", "severity/high", by="ben")], "11-24 17:00", id="raised: never later"),
        pytest.param([severity("11-23 13:00", "critical")], "11-23 17:00", id="by the forge itself"),
        pytest.param(
            [labelled("11-23 09:30", "severity/high", by="ben"),
             labelled("11-23 10:00", "severity/high", on=False, by="ben")], "11-24 17:00",
            id="lowered: as if it had been so from the start",
        ),
        pytest.param([labelled("11-23 13:00", "severity/high", by="x", bot=True)], "11-24 17:00", id="no bot's label"),
    ],
)  # fmt: skip
def test_a_change_of_severity_moves_the_deadline(changes: list[Fact], due: str) -> None:
    assert owed(look([*REPORTED, *changes], "11-24 14:00"), "response").due == at(due)


def test_what_was_missed_stays_missed_when_it_becomes_less_severe() -> None:
    story = [
        *REPORTED,
        labelled("11-23 09:30", "severity/critical", by="ben"),
        labelled("11-23 14:00", "severity/critical", on=False, by="ben"),
    ]
    found = owed(look(story, "11-23 15:00"), "response")
    assert (found.verdict, found.verdict_at) == ("missed", at("11-23 13:30"))


def test_the_reporters_word_gives_the_turn_back_with_a_fresh_budget() -> None:
    story = [*REPORTED, commented("11-23 10:00", "ben"), commented("11-23 12:00", "ana")]
    found = look(story, "11-23 13:00")
    assert (found.turn.state, found.turn.since) == ("RESPOND", at("11-23 12:00"))
    assert owed(found, "response", cycle=2).due == at("11-25 12:00")
    assert (
        owed(look([*story, commented("11-23 14:00", "cyd")], "11-23 15:00"), "response", cycle=2).verdict
        == "met"
    )


def test_more_words_of_the_reporter_start_nothing_anew() -> None:
    story = [
        *REPORTED,
        commented("11-23 10:00", "ben"),
        commented("11-23 12:00", "ana"),
        commented("11-23 13:00", "ana"),
    ]
    assert owed(look(story, "11-23 14:00"), "response", cycle=2).t0 == at("11-23 12:00")


def test_an_issue_that_needs_information_is_paused() -> None:
    story = [*REPORTED, labelled("11-23 10:00", "needs-info", by="ben")]
    assert owed(look(story, "11-24 12:00"), "response").due is None
    back = [*story, labelled("11-24 10:00", "needs-info", on=False, by="ana")]
    assert owed(look(back, "11-24 12:00"), "response").due == at("11-25 17:00")


def test_rerouting_restarts_the_persons_time_alone() -> None:
    story = [*REPORTED, assigned("11-23 10:00", "ben"), assigned("11-24 10:00", "ben", on=False),
             assigned("11-24 10:00", "cyd")]  # fmt: skip
    found = look(story, "11-24 12:00")
    assert owed(found, "response", "person", party="ben").verdict == "released"
    assert owed(found, "response", "person", party="cyd").due == at("11-26 10:00")
    assert owed(found, "response", "slot").due == at("11-24 17:00")


def test_whoever_it_was_given_to_answers_though_they_own_nothing() -> None:
    story = [*REPORTED, assigned("11-23 10:00", "fay"), commented("11-23 11:00", "fay")]
    found = look(story, "11-23 12:00")
    assert owed(found, "response", "person").verdict == owed(found, "response").verdict == "met"
    assert found.turn.state == "REPORTER"


def test_a_reporter_who_takes_it_owes_nobody_an_answer() -> None:
    found = look([*REPORTED, assigned("11-23 10:00", "ana", by="ana")], "11-23 12:00")
    assert [each.party for each in found.obligations if each.ledger == "person"] == []


def test_owners_report_to_themselves_without_a_promise() -> None:
    assert look([reported("11-23 09:00", "Ben")], "11-23 12:00").obligations == ()
    assert look([reported("11-23 09:00", bot=True)], "11-23 12:00").obligations == ()


def test_where_the_owners_are_unknown_everybody_gets_the_promise() -> None:
    assert owed(look(REPORTED, "11-23 12:00", owners=()), "response").due == at("11-24 17:00")


def test_a_promise_may_be_given_here_too() -> None:
    story = [*REPORTED, command("11-23 10:00", "ben", "eta thu"), commented("11-25 10:00", "ben")]
    assert owed(look(story, "11-25 12:00"), "response").verdict == "acknowledged"


def test_a_solution_may_be_promised() -> None:
    text = "issues: {resolve: 5bd}"
    story = [*REPORTED, commented("11-23 10:00", "ben")]
    assert owed(look(story, "11-23 12:00", text), "resolve").due == at("11-27 17:00")
    assert owed(look([*story, closed("11-26 10:00")], "11-26 12:00", text), "resolve").verdict == "met"


@pytest.mark.parametrize(
    ("story", "cycle", "turn"),
    [
        ([closed("11-23 10:00", by="ana"), reopened("11-23 12:00")], 2, "RESPOND"),
        ([closed("11-23 10:00"), reopened("11-23 12:00")], 2, "RESPOND"),
        ([closed("11-23 10:00"), reopened("11-23 12:00", by="cyd")], 1, "REPORTER"),
    ],
)
def test_an_issue_that_is_opened_again_waits_for_an_answer(story: list[Fact], cycle: int, turn: str) -> None:
    found = look([*REPORTED, *story], "11-23 13:00")
    assert max(each.cycle for each in found.obligations) == cycle
    assert found.turn.state == turn


def test_a_missed_answer_is_missed_from_its_deadline_on() -> None:
    found = owed(look(REPORTED, "11-25 12:00"), "response")
    assert (found.verdict, found.verdict_at) == ("missed", at("11-24 17:00"))


def test_the_order_of_telling_does_not_matter() -> None:
    story = [*REPORTED, labelled("11-23 09:30", "severity/high", by="ben"), assigned("11-23 10:00", "ben"),
             commented("11-23 11:00", "ben"), commented("11-23 12:00", "ana"), closed("11-24 10:00"),
             reopened("11-24 12:00")]  # fmt: skip
    usual = look(story, "11-24 13:00")
    for chance in range(20):
        told = story * 2
        random.Random(chance).shuffle(told)
        assert look(told, "11-24 13:00") == usual


def test_no_fact_that_opens_the_issue_is_an_error() -> None:
    with pytest.raises(ValueError, match="opened"):
        look([commented("11-23 09:00", "ben")], "11-23 10:00")


# --- Feature requests -------------------------------------------------------------------------------------


REQUEST = [*REPORTED, labelled("11-23 09:01", "enhancement", by="ana")]


def test_a_request_is_to_be_sorted_within_its_own_time_and_nothing_else_is_promised() -> None:
    found = look(REQUEST, "11-23 12:00")
    assert owed(found, "triage").due == at("11-27 17:00")
    assert owed(found, "response").verdict == "cancelled"


def test_a_request_with_a_severity_is_answered_as_any_other() -> None:
    story = [*REQUEST, labelled("11-23 10:00", "severity/high", by="ben")]
    assert owed(look(story, "11-23 12:00"), "response", cycle=2).due == at("11-24 10:00")


@pytest.mark.parametrize(
    ("story", "triage", "reason"),
    [
        ([], None, "nobody has said yet where it belongs"),
        ([labelled("11-23 10:00", "accepted", by="ben")], "met", "it is accepted"),
        ([labelled("11-23 10:00", "contribution-welcome", by="ben")], "met", "it is contribution-welcome"),
        ([labelled("11-23 10:00", "accepted", by="zoe")], None, "nobody has said yet where it belongs"),
        ([labelled("11-23 10:00", "declined", by="ben")], None, "nobody has said yet where it belongs"),
        (
            [labelled("11-23 10:00", "declined", by="ben"), commented("11-23 10:05", "ben")],
            "met",
            "an owner answered",
        ),
    ],
)
def test_what_becomes_of_a_request(story: list[Fact], triage: str | None, reason: str) -> None:
    found = look([*REQUEST, *story], "11-23 12:00")
    assert (owed(found, "triage").verdict, found.turn.reason) == (triage, reason)


def test_what_turns_out_to_be_no_request_is_answered_after_all() -> None:
    story = [*REQUEST, labelled("11-23 11:00", "enhancement", by="ben", on=False)]
    found = look(story, "11-23 12:00")
    assert owed(found, "response", cycle=2).due == at("11-25 11:00")
    assert owed(found, "triage").due == at("11-27 17:00")  # what was given once is not taken back
