"""What holds of every story, however it goes and however it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.calendars import elapsed
from policies.clocks import Away, State, fold
from policies.facts import (
    ChangeClosed,
    ChangeDrafted,
    ChangeMerged,
    ChangeOpened,
    ChangePushed,
    ChangeReadied,
    ChangeReopened,
    ChecksChanged,
    CommandGiven,
    Fact,
    Labelled,
    RemarkMade,
    ReviewAsked,
    ReviewDismissed,
    Reviewed,
    ReviewUnasked,
    SlotsChosen,
    ThreadChanged,
    in_order,
)
from tests.policies.clocks.telling import (
    API,
    WEB,
    asked,
    at,
    commented,
    drafted,
    opened,
    pushed,
    readied,
    reviewed,
    slots,
    terms,
)

PEOPLE = ["ana", "ben", "cyd", "dot", "eve", "zoe"]
START = at("11-20 09:00")
TWO = ("@api", 2, ("ben", "cyd", "fay"))
UNDER = terms(
    """
    reviews:
      budgets: {first_response: 4bh, re_review: 1bd, decision: 3bd, author: 2bd, merge: 1bd}
      freeze: [{from: 2026-11-25, to: 2026-11-25}]
    """,
    required_checks=("ci",),
    writers=("zoe", "ben"),
    away={"ben": (Away(at("11-24 00:00"), at("11-26 00:00"), at("11-23 10:00")),)},
)

minutes = st.integers(0, 12 * 24 * 60)
who = st.sampled_from(PEOPLE)
numbers = st.integers(1, 6)


def _happens(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def _fact(make: Callable[..., Fact], **drawn: st.SearchStrategy[object]) -> st.SearchStrategy[Fact]:
    return st.builds(lambda minute, **values: make(at=_happens(minute), **values), minutes, **drawn)


some_fact: st.SearchStrategy[Fact] = st.one_of(
    _fact(ReviewAsked, by=who, who=who),
    _fact(ReviewAsked, by=st.just("usher[bot]"), by_bot=st.just(True), who=who, by_usher=st.just(True),
          slots=st.sampled_from([("@api",), ("@web",), ("@api", "@web")])),
    _fact(ReviewUnasked, by=who, who=who),
    _fact(Reviewed, by=who, review_id=numbers,
          state=st.sampled_from(["approved", "changes_requested", "commented", "pending"])),
    _fact(Reviewed, by=who, remark_id=st.integers(100, 140), thread=st.sampled_from(["t1", "t2"])),
    _fact(ThreadChanged, by=who, who=st.just("ben"), thread=st.sampled_from(["t1", "t2"]), resolved=st.booleans()),
    _fact(ReviewDismissed, by=who, review_id=numbers, who=who),
    _fact(RemarkMade, by=who, remark_id=st.integers(200, 240), answers=st.booleans()),
    _fact(ChangePushed, by=who, after_sha=numbers.map(str), content=st.sampled_from(["", "c1", "c2"])),
    _fact(SlotsChosen, head=numbers.map(str), slots=st.sampled_from([(API,), (API, WEB), (WEB,), (TWO, WEB)])),
    _fact(ChangeDrafted, by=who), _fact(ChangeReadied, by=who),
    _fact(ChangeClosed, by=who), _fact(ChangeReopened, by=who),
    _fact(Labelled, by=who, label=st.just("blocked"), on=st.booleans()),
    _fact(ChecksChanged, name=st.just("ci"), state=st.sampled_from(["success", "failure", "pending"])),
    _fact(CommandGiven, by=who, remark_id=st.integers(300, 330), verb=st.just("eta"),
          words=st.sampled_from([("fri",), ("+2bd",), ("tue", "15:00")])),
    _fact(CommandGiven, by=who, remark_id=st.integers(400, 430), words=st.just(("+3h",)),
          verb=st.sampled_from(["decline", "ready", "not-yet", "snooze", "unblock", "ack", "undo"])),
)  # fmt: skip


@st.composite
def stories(draw: st.DrawFn) -> list[Fact]:
    facts = draw(st.lists(some_fact, max_size=14))
    begun: list[Fact] = [
        ChangeOpened(at=START, by="ana", draft=draw(st.booleans())),
        SlotsChosen(at=START, head="0", slots=(API, WEB)),
    ]
    if draw(st.integers(0, 9)) == 0:
        facts.append(ChangeMerged(at=_happens(draw(minutes)), by=draw(who)))
    # A forge never gives one number to two objects.
    return list({(fact.at, fact.key): fact for fact in (*begun, *facts)}.values())


nows = st.integers(1, 13 * 24 * 60).map(_happens)


def verdicts(state: State) -> dict[str, tuple[object, ...]]:
    return {each.key: (each.verdict, each.verdict_at, each.ended) for each in state.obligations}


@given(stories(), nows, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_a_story_told_in_another_order_and_twice_is_the_same_story(
    facts: list[Fact], now: datetime, random: object
) -> None:
    told = [*facts, *random.sample(facts, len(facts) // 2)]  # type: ignore[attr-defined]
    random.shuffle(told)  # type: ignore[attr-defined]
    assert fold(told, UNDER, now) == fold(facts, UNDER, now)


def test_eight_facts_in_each_of_their_orders_are_one_story() -> None:
    """All 40,320 orders, of facts that meet in the same instants."""
    facts = [
        opened("11-23 09:00"), slots("11-23 09:00"), asked("11-23 09:00", "ben"), drafted("11-23 10:00"),
        readied("11-23 10:00"), reviewed("11-23 11:00", "ben", "changes_requested"),
        commented("11-23 11:00", "ben"), pushed("11-23 12:00"),
    ]  # fmt: skip
    now = at("11-24 12:00")
    orders = list(permutations(facts))
    assert {in_order(order) for order in orders} == {in_order(facts)}
    assert len(orders) == 40_320
    usual = fold(facts, UNDER, now)
    assert all(fold(order, UNDER, now) == usual for order in orders[::997])


@given(stories(), nows)
@settings(max_examples=200, deadline=None)
def test_books_are_sound(facts: list[Fact], now: datetime) -> None:
    """Nothing accrues faster than its calendar, no two books have one key, and each has begun."""
    state = fold(facts, UNDER, now)
    assert len({each.key for each in state.obligations}) == len(state.obligations)
    for each in state.obligations:
        until = each.ended or now
        assert each.t0 <= until <= now
        assert timedelta() <= each.accrued <= elapsed(each.hours, each.t0, until) <= until - each.t0
        assert (each.verdict is None) <= each.open
        assert each.verdict_at is None or each.verdict_at <= now


@given(stories(), nows)
@settings(max_examples=200, deadline=None)
def test_at_most_one_side_of_a_slot_owes_time(facts: list[Fact], now: datetime) -> None:
    """While a slot is the author's turn its reviewers' time stands, and while it is theirs the author's does.

    Pauses are left out: what is overdue runs on in the author's, and the owners' own last so long only.
    """
    state = fold(facts, UNDER, now)
    running = [each for each in state.obligations if each.accruing]
    for slot in state.slots:
        row = slot.turn.row if slot.turn else 0
        kinds = {each.kind for each in running if each.slot == slot.name and each.ledger != "item"}
        assert not (kinds and row in (0, 1, 4, 5, 8))
    if any(each.kind == "author" for each in running):
        assert state.turn.row in (2, 4, 5, 8)


@given(stories(), nows, st.floats(0.01, 0.99))
@settings(max_examples=300, deadline=None)
def test_nothing_changes_by_itself_before_the_next_wake(
    facts: list[Fact], now: datetime, part: float
) -> None:
    state = fold(facts, UNDER, now)
    quiet = [fact for fact in facts if fact.at <= now]
    horizon = state.next_wake or now + timedelta(days=30)
    between = now + (horizon - now) * part
    later = fold(quiet, UNDER, between)
    assert later.turn == state.turn
    assert later.slots == state.slots
    assert verdicts(later) == verdicts(state)
    assert (later.ask_author, later.reask) == (state.ask_author, state.reask)
    steps = {each.key: (each.due, each.steps) for each in state.obligations}
    assert {each.key: (each.due, each.steps) for each in later.obligations} == steps


@given(stories(), nows, minutes, st.sampled_from(["comment", "inline", "label", "review", "push"]))
@settings(max_examples=150, deadline=None)
def test_no_bot_moves_a_clock(facts: list[Fact], now: datetime, minute: int, kind: str) -> None:
    when = _happens(minute)
    noise: dict[str, Fact] = {
        "comment": RemarkMade(at=when, by="ci[bot]", by_bot=True, remark_id=999),
        "inline": Reviewed(at=when, by="ci[bot]", by_bot=True, remark_id=998, thread="t9"),
        "review": Reviewed(at=when, by="ci[bot]", by_bot=True, review_id=997, state="changes_requested"),
        "label": Labelled(at=when, by="ci[bot]", by_bot=True, label="blocked"),
        "push": ChangePushed(at=when, by="ci[bot]", by_bot=True, after_sha="same-head", content="c1"),
    }
    under = replace(UNDER, required_checks=None)
    dismissals = [fact for fact in facts if not isinstance(fact, ChangePushed | ReviewDismissed)]
    assert fold([*dismissals, noise[kind]], under, now) == fold(dismissals, under, now)


@given(
    st.lists(
        st.one_of(
            _fact(ReviewUnasked, by=who, who=who),
            _fact(ReviewAsked, by=who, who=who),
            _fact(CommandGiven, by=who, remark_id=st.integers(1, 50), verb=st.just("decline")),
            _fact(CommandGiven, by=who, remark_id=st.integers(60, 90), verb=st.just("next")),
        ),
        max_size=8,
    ),
    nows,
)
@settings(max_examples=150, deadline=None)
def test_changing_people_never_lowers_what_a_slot_has_used(changes: list[Fact], now: datetime) -> None:
    story: list[Fact] = [
        ChangeOpened(at=START, by="ana"),
        SlotsChosen(at=START, head="0", slots=(API, WEB)),
        ReviewAsked(at=START, by="ana", who="ben"),
        ReviewAsked(at=START, by="ana", who="dot"),
    ]
    slot_books = [each for each in fold(story, UNDER, now).obligations if each.kind == "first_response"]
    usual = {each.key: each.accrued for each in slot_books if each.ledger == "slot"}
    changed = {each.key: each.accrued for each in fold([*story, *changes], UNDER, now).obligations}
    assert all(changed[key] >= accrued for key, accrued in usual.items())


@given(stories(), nows, nows)
@settings(max_examples=100, deadline=None)
def test_what_was_settled_stays_settled_as_time_goes_on(
    facts: list[Fact], one: datetime, other: datetime
) -> None:
    """Without new facts a verdict is never taken back."""
    first, second = sorted((one, other))
    known = [fact for fact in facts if fact.at <= first]
    earlier, later = verdicts(fold(known, UNDER, first)), verdicts(fold(known, UNDER, second))
    settled = {key: found[:2] for key, found in earlier.items() if found[0] is not None}
    assert {key: later[key][:2] for key in settled} == settled
