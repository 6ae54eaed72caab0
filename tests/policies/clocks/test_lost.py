"""Deliveries that come late, twice, or never: after one look at the forge the state is what it would have been."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.clocks import State, fold
from policies.facts import (
    Change,
    ChangeClosed,
    ChangeDrafted,
    ChangeOpened,
    ChangePushed,
    ChangeReadied,
    ChecksChanged,
    Fact,
    Person,
    Remark,
    RemarkMade,
    RepositoryRef,
    Review,
    ReviewAsked,
    ReviewDismissed,
    Reviewed,
    ReviewUnasked,
    SlotsChosen,
    in_order,
)
from policies.gaps import in_answers, in_change, in_checks
from tests.policies.clocks.telling import API, WEB, at, terms

START = at("11-23 09:00")
NOW = at("11-27 12:00")
UNDER = terms()


@dataclass
class Forge:
    """What a forge shows of one change, whatever it managed to deliver: its present state, reviews and comments."""

    asked: list[str] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    draft: bool = False
    state: str = "open"
    head: str = "h0"
    updated: datetime = START

    def hears(self, fact: Fact) -> bool:
        """Let it happen, if it can; whether it did."""
        match fact:
            case _ if self.state != "open":
                return False
            case ReviewAsked(who=who):
                if who in self.asked:
                    return False
                self.asked.append(who)
            case ReviewUnasked(who=who):
                if who not in self.asked:
                    return False
                self.asked.remove(who)
            case Reviewed(by=by, state=state, review_id=number):
                self.reviews.append(Review(number, Person(by), state, fact.at))
                self.asked = [who for who in self.asked if who != by]
            case RemarkMade(by=by, remark_id=number):
                self.remarks.append(Remark(number, Person(by), "Well.", fact.at))
                return True  # a comment is no update that changes what is shown of the change
            case ChangeDrafted() if self.draft:
                return False
            case ChangeReadied() if not self.draft:
                return False
            case ChangeDrafted() | ChangeReadied():
                self.draft = isinstance(fact, ChangeDrafted)
            case ChangePushed(after_sha=sha):
                self.head = sha
            case ChangeClosed():
                self.state = "closed"
        self.updated = fact.at
        return True

    def change(self) -> Change:
        return Change(
            RepositoryRef(7, "shop/api"), 12, "Refunds", Person("ana"), "main", "b0", self.head, START,
            self.updated, state=self.state, draft=self.draft, asked=tuple(self.asked),  # type: ignore[arg-type]
        )  # fmt: skip

    def swept(self, log: list[Fact]) -> list[Fact]:
        """The log after one look at the forge."""
        known = in_order(log)
        known = in_order([*known, *in_change(self.change(), known, NOW)])
        found = in_answers(self.change(), self.reviews, (), self.remarks, known, NOW, command="/usher")
        return list(in_order([*known, *found]))


who = st.sampled_from(["ben", "cyd", "dot", "eve"])
kinds = st.one_of(
    st.builds(lambda who: {"make": ReviewAsked, "by": "ana", "who": who}, who),
    st.builds(lambda who: {"make": ReviewUnasked, "by": "ana", "who": who}, who),
    st.builds(
        lambda who, state: {"make": Reviewed, "by": who, "state": state},
        who,
        st.sampled_from(["approved", "changes_requested", "commented"]),
    ),
    st.builds(lambda who: {"make": RemarkMade, "by": who}, who),
    st.just({"make": ChangeDrafted, "by": "ana"}),
    st.just({"make": ChangeReadied, "by": "ana"}),
    st.just({"make": ChangePushed, "by": "ana"}),
    st.just({"make": ChangeClosed, "by": "ana"}),
)


@st.composite
def happenings(draw: st.DrawFn) -> tuple[list[Fact], Forge]:
    """What happened, an hour or more apart, and what the forge shows in the end."""
    forge, told, when = Forge(), [], START
    for number, each in enumerate(draw(st.lists(kinds, max_size=10)), start=1):
        when += timedelta(minutes=draw(st.integers(20, 600)))
        make, rest = each["make"], {name: value for name, value in each.items() if name != "make"}
        numbered = {Reviewed: {"review_id": number}, RemarkMade: {"remark_id": number},
                    ChangePushed: {"after_sha": f"h{number}"}}.get(make, {})  # fmt: skip
        fact = make(at=when, **rest, **numbered)
        if when < NOW and forge.hears(fact):
            told.append(fact)
    return told, forge


def state(log: list[Fact]) -> State:
    begun = [
        ChangeOpened(at=START, by="ana", base="main", head="h0"),
        SlotsChosen(at=START, head="h0", slots=(API, WEB)),
    ]
    return fold([*begun, *log], UNDER, NOW)


def seen(found: State) -> tuple[object, ...]:
    """What people see: whose turn it is, who is asked in each area, and who answered."""
    return (
        (found.turn.row, found.turn.parties),
        tuple((slot.name, slot.asked, slot.approvals, slot.satisfied) for slot in found.slots),
    )


@given(happenings(), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_late_and_repeated_deliveries_end_in_the_same_state(
    story: tuple[list[Fact], Forge], random: object
) -> None:
    """They come in any order, some twice, some after a look at the forge that already saw what they tell."""
    told, forge = story
    begun: list[Fact] = [ChangeOpened(at=START, by="ana", base="main", head="h0")]
    late = [fact for fact in told if random.random() < 0.3]  # type: ignore[attr-defined]
    in_time = [fact for fact in told if fact not in late]
    arrived = [*in_time, *late, *random.sample(told, len(told) // 2)]  # type: ignore[attr-defined]
    random.shuffle(arrived)  # type: ignore[attr-defined]
    assert state(arrived) == state(told)
    assert forge.swept([*begun, *arrived]) == list(in_order([*begun, *told]))


@given(happenings(), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_what_was_never_delivered_is_found_by_one_look(
    story: tuple[list[Fact], Forge], random: object
) -> None:
    """Half of the reviews and comments, far more than the five in a hundred that must not matter, and the last event.

    Reviews and comments carry their own times; of the last event the forge's update tells when it was.
    """
    told, forge = story
    begun: list[Fact] = [ChangeOpened(at=START, by="ana", base="main", head="h0")]
    dated = [fact for fact in told[:-1] if isinstance(fact, Reviewed | RemarkMade)]
    lost = [*told[-1:], *(fact for fact in dated if random.random() < 0.5)]  # type: ignore[attr-defined]
    kept = [fact for fact in told if fact not in lost]
    swept = forge.swept([*begun, *kept])
    assert seen(state(swept)) == seen(state(told))
    assert {each.key: each.verdict for each in state(swept).obligations} == {
        each.key: each.verdict for each in state(told).obligations
    }


def test_who_reviewed_and_was_asked_again_is_waited_for_though_neither_was_delivered() -> None:
    forge = Forge()
    asked = ReviewAsked(at=at("11-23 09:20"), by="ana", who="ben")
    told: list[Fact] = [
        asked,
        Reviewed(at=at("11-23 09:40"), by="ben", state="changes_requested", review_id=1),
        ReviewAsked(at=at("11-23 10:00"), by="ana", who="ben"),
    ]
    assert all(forge.hears(fact) for fact in told)
    begun = ChangeOpened(at=START, by="ana", base="main", head="h0")
    assert seen(state(forge.swept([begun, asked]))) == seen(state(told))


def test_a_request_that_was_taken_back_is_not_waited_for_because_of_an_older_review() -> None:
    forge = Forge()
    told: list[Fact] = [
        Reviewed(at=at("11-23 09:20"), by="ben", state="changes_requested", review_id=1),
        ReviewAsked(at=at("11-23 09:40"), by="ana", who="ben"),
        ReviewUnasked(at=at("11-23 10:00"), by="ana", who="ben"),
    ]
    assert all(forge.hears(fact) for fact in told)
    begun = ChangeOpened(at=START, by="ana", base="main", head="h0")
    assert seen(state(forge.swept([begun, told[1]]))) == seen(state(told))


def test_an_approval_that_gitlab_shows_no_more_is_doubted_where_it_tells_all_of_them() -> None:
    forge = Forge()
    begun = ChangeOpened(at=START, by="ana", base="main", head="h0")
    given = Reviewed(at=at("11-23 09:40"), by="dot", state="approved", review_id=1)
    shown = replace(forge.change(), standings=())
    [fell] = in_change(shown, (begun, given), NOW)
    assert (type(fell), fell.who) == (ReviewDismissed, "dot")  # type: ignore[attr-defined]
    for change, seen_at in (
        (replace(shown, approvers_told=False), NOW),
        (replace(shown, standings=(Review(0, Person("Dot"), "approved", None),)), NOW),
        (shown, given.at + timedelta(seconds=59)),  # the list may be older than the approval
    ):
        assert in_change(change, (begun, given), seen_at) == ()


def test_what_the_forge_shows_of_a_check_goes_before_what_was_heard_of_another_run() -> None:
    """On GitLab each pipeline of a commit is heard of, and one of them counts."""
    begun = ChangeOpened(at=START, by="ana", base="main", head="h0")
    other = ChecksChanged(at=at("11-23 10:05"), commit="h0", name="pipeline", state="success")
    counts = ChecksChanged(at=at("11-23 10:03"), commit="h0", name="pipeline", state="failure")
    change = Forge().change()
    [shown] = in_checks([counts], ["pipeline"], change, (begun, other))
    log = in_order([begun, other, shown])
    assert log[-1] == shown
    assert shown.state == "failure"
    assert in_checks([counts], ["pipeline"], change, log) == ()
