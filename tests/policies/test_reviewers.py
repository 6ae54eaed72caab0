"""Who is asked to look at a change, who is not, and why."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from policies.facts import Access, Commit
from policies.reviewers import (
    FALLBACK,
    Candidate,
    Choice,
    Excluded,
    Occasion,
    OwnersMatch,
    Past,
    Pick,
    Slot,
    choose,
    replay,
    seed,
    slots,
    too_large,
    why,
    writers,
)
from policies.reviewers.familiarity import familiarity, level_of
from policies.reviewers.search import Entrant, best
from policies.rules import Reviewers, Reviews

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
CHANGE = Occasion("org/app", 7, author="ana", at=NOW)
RULES = Reviewers()


def slot(name: str, *people: str, need: int = 1, files: tuple[str, ...] = ()) -> Slot:
    return Slot(name, people, need, tuple(f"@{person}" for person in people), files or (f"{name}/x.py",))


def people(*names: str) -> tuple[Candidate, ...]:
    return tuple(Candidate(name) for name in names)


def asked(choice: Choice) -> set[str]:
    return {pick.person for pick in choice.picks}


# --- Slots -------------------------------------------------------------------------------------------


def test_files_with_one_owner_set_are_one_slot() -> None:
    """Rules with the same owners in another order are the same slot; files without owners fall back."""
    found = slots(
        (
            OwnersMatch("api/a.py", ("@ben", "@Api"), ("ben", "cyd")),
            OwnersMatch("web/b.ts", ("@api", "@ben"), ("ben", "cyd")),
            OwnersMatch("api/c.py", ("@Api", "@ben"), ("ben", "cyd")),
            OwnersMatch("LICENSE", (), ()),
        )
    )
    assert [(each.name, each.files, each.people, each.need) for each in found] == [
        ("@Api @ben", ("api/a.py", "api/c.py"), ("ben", "cyd"), 1),
        ("@api @ben", ("web/b.ts",), ("ben", "cyd"), 1),
        (FALLBACK, ("LICENSE",), (), 1),
    ]


def test_gitlab_sections_have_slots_of_their_own_and_may_need_several() -> None:
    found = slots(
        (
            OwnersMatch("a.py", ("@ben", "@cyd"), ("ben", "cyd"), section="Code", need=2),
            OwnersMatch("a.py", ("@dot",), ("dot",), section="Docs"),
            OwnersMatch("a.py", ("@eve",), ("eve",), section="Nice to have", need=0),
        )
    )
    assert [(each.name, each.need) for each in found] == [("[Code] @ben @cyd", 2), ("[Docs] @dot", 1)]


# --- Filters -----------------------------------------------------------------------------------------

BEN = Candidate("ben")


@pytest.mark.parametrize(
    ("candidate", "occasion", "rules", "reason"),
    [
        (Candidate("Ana"), CHANGE, RULES, "author"),
        (replace(BEN, bot=True), CHANGE, RULES, "bot"),
        (BEN, replace(CHANGE, committers=("Ben",)), RULES, "committer"),
        (BEN, replace(CHANGE, committers=("Ben",)), replace(RULES, allow_committers=True), None),
        (replace(BEN, left=True), CHANGE, RULES, "left"),
        (replace(BEN, access="none"), CHANGE, RULES, "no_access"),
        (replace(BEN, access="read"), CHANGE, RULES, None),
        (replace(BEN, access="triage"), replace(CHANGE, dialect="gitlab"), RULES, "no_access"),
        (replace(BEN, direct=False), replace(CHANGE, dialect="gitlab"), RULES, "no_access"),
        (replace(BEN, direct=False), CHANGE, RULES, None),
        (BEN, replace(CHANGE, declined=("BEN",)), RULES, "declined"),
        (BEN, CHANGE, replace(RULES, off_rotation=("ben",)), "off_rotation"),
        (replace(BEN, away=True), CHANGE, RULES, "away"),
        (replace(BEN, load=5), CHANGE, RULES, "at_capacity"),
        (replace(BEN, load=4), CHANGE, RULES, None),
        (replace(BEN, bot=True, left=True, away=True, load=9), CHANGE, RULES, "bot"),
    ],
)
def test_the_first_filter_that_fails_says_why_not(
    candidate: Candidate, occasion: Occasion, rules: Reviewers, reason: str | None
) -> None:
    owner = candidate.login.lower()
    choice = choose(occasion, (slot("api", owner, "cyd"),), (candidate, Candidate("cyd", load=4)), rules)
    found = why(choice, owner)
    if reason is None:
        assert owner not in {each.person for each in choice.excluded}
    else:
        assert found == Excluded(owner, reason)  # type: ignore[arg-type]
        assert asked(choice) == {"cyd"}


def test_an_owner_whom_nobody_knows_has_left() -> None:
    choice = choose(CHANGE, (slot("api", "gone", "ben"),), people("ben"), RULES)
    assert why(choice, "gone") == Excluded("gone", "left")


def test_where_all_are_at_capacity_the_least_loaded_is_asked() -> None:
    crowd = (Candidate("ben", load=9), Candidate("cyd", load=7), Candidate("dot", load=8))
    choice = choose(CHANGE, (slot("api", "ben", "cyd", "dot"),), crowd, RULES)
    assert choice.picks == (Pick("cyd", ("api",), 0, 7, ("owner", "at_capacity")),)
    assert {each.person for each in choice.excluded} == {"ben", "dot"}


@pytest.mark.parametrize(
    ("fallback", "lead", "expected", "role"),
    [
        (("eve",), "lea", "eve", "fallback"),
        ((), "lea", "lea", "lead"),
        (("away",), "lea", "lea", "lead"),
    ],
)
def test_where_no_owner_can_be_asked_the_fallback_is_then_the_lead(
    fallback: tuple[str, ...], lead: str, expected: str, role: str
) -> None:
    crowd = (*people("ana", "eve", "lea"), Candidate("away", away=True))
    occasion = replace(CHANGE, lead=lead)
    choice = choose(occasion, (slot("api", "ana"),), crowd, replace(RULES, fallback=fallback))
    assert [(pick.person, pick.because) for pick in choice.picks] == [(expected, (role,))]
    assert choice.excluded == (Excluded("ana", "author"),)


def test_an_areas_own_lead_goes_before_the_lead_of_all() -> None:
    wanted = replace(slot("api", "ana"), lead="eve")
    choice = choose(replace(CHANGE, lead="lea"), (wanted,), people("ana", "eve", "lea"), RULES)
    assert [(pick.person, pick.because) for pick in choice.picks] == [("eve", ("lead",))]


@pytest.mark.parametrize(
    ("commits", "expected"),
    [
        ((Commit("1", "Mend it", "ana"), Commit("2", "More", "Ben"), Commit("3", "", "ben")), ("ana", "Ben")),
        ((Commit("1", "Mend it"),), ()),
        (
            (Commit("1", "x\n\nCo-authored-by: C <7+cyd@users.noreply.github.com>\r\n", "ana"),),
            ("ana", "cyd"),
        ),
        ((Commit("1", "Co-Authored-By: Dee <dee@users.noreply.github.com>"),), ("dee",)),
        ((Commit("1", "Co-authored-by: Eve <eve@example.org>"),), ()),
        ((Commit("1", "not a Co-authored-by: x <fay@users.noreply.github.com> of it"),), ()),
    ],
)
def test_who_wrote_part_of_a_change(commits: tuple[Commit, ...], expected: tuple[str, ...]) -> None:
    assert writers(commits, "github") == expected


def test_gitlab_hides_addresses_in_another_form() -> None:
    hidden = "Co-authored-by: {} <{}@users.noreply.gitlab.example>"
    commits = (
        Commit("1", hidden.format("Cyd", "12-cyd.y_1"), "ana"),
        Commit("2", hidden.format("Dee", "dee")),  # GitHub's older form, which is nobody's here
    )
    assert writers(commits, "gitlab") == ("ana", "cyd.y_1")


def test_where_nobody_at_all_can_be_asked_nobody_is() -> None:
    choice = choose(CHANGE, (slot("api", "ana"),), people("ana"), RULES)
    assert (choice.picks, choice.queued) == ((), ())


# --- Who is engaged already ----------------------------------------------------------------------------


def test_whoever_reviews_already_covers_their_slots() -> None:
    occasion = replace(CHANGE, engaged=("Ben",))
    choice = choose(
        occasion, (slot("api", "ben", "cyd"), slot("web", "dot")), people("ben", "cyd", "dot"), RULES
    )
    assert asked(choice) == {"dot"}
    assert choice.covered == {"api": ("Ben",)}


def test_a_human_choice_counts_unless_the_rules_add_one_more() -> None:
    occasion = replace(CHANGE, engaged=("ben",), asked_by_people=("ben",))
    wanted = (slot("api", "ben", "cyd"),)
    assert asked(choose(occasion, wanted, people("ben", "cyd"), RULES)) == set()
    adds = replace(RULES, author_choice="adds")
    assert asked(choose(occasion, wanted, people("ben", "cyd"), adds)) == {"cyd"}


def test_a_human_choice_of_somebody_unavailable_stands_with_a_note() -> None:
    occasion = replace(CHANGE, engaged=("ben",), asked_by_people=("ben",))
    crowd = (Candidate("ben", away=True), Candidate("cyd"))
    choice = choose(occasion, (slot("api", "ben", "cyd"),), crowd, RULES)
    assert asked(choice) == set()
    assert choice.notes == (("ben", "away"),)


def test_an_author_who_comments_on_their_own_change_covers_nothing() -> None:
    occasion = replace(CHANGE, engaged=("ana",))
    assert asked(choose(occasion, (slot("api", "ana", "ben"),), people("ana", "ben"), RULES)) == {"ben"}


def test_somebody_asked_as_fallback_is_not_asked_again() -> None:
    occasion = replace(CHANGE, engaged=("eve",))
    rules = replace(RULES, fallback=("eve", "fay"))
    choice = choose(occasion, (Slot(FALLBACK, ()),), people("eve", "fay"), rules)
    assert asked(choice) == set()


def test_a_slot_that_needs_two_asks_two() -> None:
    choice = choose(CHANGE, (slot("api", "ben", "cyd", "dot", need=2),), people("ben", "cyd", "dot"), RULES)
    assert len(choice.picks) == 2


# --- The best few -------------------------------------------------------------------------------------


def test_one_person_who_owns_two_slots_is_better_than_two() -> None:
    wanted = (slot("api", "ben", "cyd"), slot("web", "ben", "dot"))
    choice = choose(CHANGE, wanted, people("ben", "cyd", "dot"), RULES)
    assert [(pick.person, pick.slots) for pick in choice.picks] == [("ben", ("api", "web"))]


def knows(path: str, days_ago: float = 0, kind: str = "review") -> Past:
    return Past(path, NOW - timedelta(days=days_ago), kind)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("past", "reviews_of_author", "score"),
    [
        ((), 0, 0.0),
        ((knows("api/a.py"),), 0, 1.0),
        ((knows("api/a.py", 90),), 0, 0.5),
        ((knows("api/other.py"),), 0, 0.5),
        ((knows("api/a.py", kind="commit"),), 0, 0.5),
        ((knows("api/other.py", 90, "commit"),), 0, 0.125),
        ((knows("web/a.py"),), 0, 0.0),
        ((knows("api/a.py", 181),), 0, 0.0),
        ((), 3, 0.5),
        ((knows("api/a.py"), knows("api/other.py")), 1, 1.75),
    ],
)
def test_familiarity_fades_and_adds_up(past: tuple[Past, ...], reviews_of_author: int, score: float) -> None:
    person = Candidate("ben", past=past, reviews_of_author=reviews_of_author)
    assert familiarity(person, ("api/a.py",), NOW, timedelta(days=180)) == pytest.approx(score)


@pytest.mark.parametrize(("score", "level"), [(0.0, 0), (0.49, 0), (0.5, 1), (2.99, 1), (3.0, 2)])
def test_familiarity_has_three_levels(score: float, level: int) -> None:
    assert level_of(score) == level


def test_who_knows_the_files_is_asked_before_who_has_time() -> None:
    crowd = (Candidate("ben", load=4, past=(knows("api/x.py"),)), Candidate("cyd", load=0))
    assert asked(choose(CHANGE, (slot("api", "ben", "cyd"),), crowd, RULES)) == {"ben"}


def test_between_people_of_one_level_the_less_loaded_is_asked() -> None:
    crowd = (
        Candidate("ben", load=2, past=(knows("api/x.py"),) * 2),
        Candidate("cyd", load=1, past=(knows("api/x.py"),)),
    )
    assert asked(choose(CHANGE, (slot("api", "ben", "cyd"),), crowd, RULES)) == {"cyd"}


def test_between_equals_chance_decides_the_same_way_for_ever() -> None:
    wanted = (slot("api", "ben", "cyd"),)
    firsts = {
        number: asked(choose(replace(CHANGE, number=number), wanted, people("ben", "cyd"), RULES))
        for number in range(40)
    }
    assert firsts[7] == {min(("ben", "cyd"), key=lambda name: seed("org/app", 7, name))}
    assert {"ben"} in firsts.values()
    assert {"cyd"} in firsts.values()


def test_no_more_than_the_most_are_asked_and_the_rest_is_queued() -> None:
    wanted = tuple(slot(name, f"owner-of-{name}") for name in "abcdef")
    crowd = people(*(f"owner-of-{name}" for name in "abcdef"))
    choice = choose(CHANGE, wanted, crowd, RULES)
    assert len(choice.picks) == 4
    assert len(choice.queued) == 2


def test_people_who_are_busy_with_the_change_take_room() -> None:
    """A queued slot is asked for only when somebody's turn has ended."""
    wanted = tuple(slot(name, f"owner-of-{name}") for name in "abcdef")
    crowd = people(*(f"owner-of-{name}" for name in "abcdef"))
    first = choose(CHANGE, wanted, crowd, RULES)
    engaged = replace(CHANGE, engaged=tuple(asked(first)))
    assert asked(choose(engaged, wanted, crowd, RULES)) == set()
    open_now = tuple(each for each in wanted if each.name != first.picks[0].slots[0])
    assert len(choose(engaged, open_now, crowd, RULES).picks) == 1


def test_a_guest_meets_a_trusted_committer() -> None:
    rules = replace(RULES, trusted_committers=("cyd",))
    guest = replace(CHANGE, guest=True)
    wanted = (slot("api", "ben", "cyd"),)
    crowd = (Candidate("ben", past=(knows("api/x.py"),) * 4), Candidate("cyd", load=4))
    assert asked(choose(CHANGE, wanted, crowd, rules)) == {"ben"}
    choice = choose(guest, wanted, crowd, rules)
    assert choice.picks == (Pick("cyd", ("api",), 0, 4, ("owner", "trusted_committer")),)
    assert asked(choose(replace(guest, engaged=("cyd",)), wanted, crowd, rules)) == set()


def test_a_trusted_committer_who_owns_nothing_here_comes_besides_the_owners() -> None:
    rules = replace(RULES, trusted_committers=("tim",))
    choice = choose(replace(CHANGE, guest=True), (slot("api", "ben"),), people("ben", "tim"), rules)
    assert {(pick.person, pick.slots) for pick in choice.picks} == {("ben", ("api",)), ("tim", ("api",))}


def test_knowledge_of_one_person_is_spread_to_a_learner() -> None:
    rules = replace(RULES, spread=True)
    wanted = (slot("api", "ben", "cyd", "dot"),)
    crowd = (
        Candidate("ben", past=(knows("api/x.py", 30),)),
        Candidate("cyd", load=1),
        Candidate("dot", load=3),
    )
    assert choose(CHANGE, wanted, crowd, rules).learner == "cyd"
    assert choose(CHANGE, wanted, crowd, RULES).learner is None
    two = (*crowd[:1], replace(crowd[1], past=(knows("api/x.py", 30),)), crowd[2])
    assert choose(CHANGE, wanted, two, rules).learner is None


@pytest.mark.parametrize(
    ("files", "wanted", "reason"),
    [
        (300, (), ""),
        (301, (), "it touches 301 files, more than 300"),
        (1, tuple(slot(str(n), f"owner-{n}") for n in range(15)), ""),
        (1, tuple(slot(str(n), f"owner-{n}") for n in range(16)), "it needs answers of 16 people, more than 15"),
        (1, tuple(slot(str(n), f"owner-{n}", "everywhere") for n in range(40)), ""),
        (1, (*(slot(str(n), f"owner-{n}") for n in range(15)), Slot(FALLBACK, ())),
         "it needs answers of 16 people, more than 15"),
        (1, tuple(slot(str(n), f"a-{n}", f"b-{n}", need=2) for n in range(8)),
         "it needs answers of 16 people, more than 15"),
        (1, (slot("one", "ben", need=30),), ""),
    ],
)  # fmt: skip
def test_a_change_may_be_too_large_to_wake_anybody(files: int, wanted: tuple[Slot, ...], reason: str) -> None:
    assert too_large(files, wanted, Reviews()) == reason


# --- Properties --------------------------------------------------------------------------------------

NAMES = ["ben", "cyd", "dot", "eve", "fay", "gil", "hal"]
some_candidates = st.lists(
    st.builds(
        Candidate,
        st.sampled_from(NAMES),
        access=st.sampled_from(["write", "write", "write", "none"]),
        away=st.sampled_from([False, False, False, True]),
        load=st.integers(0, 6),
        past=st.lists(
            st.builds(
                Past,
                st.sampled_from(["a/x.py", "b/x.py", "a/y.py"]),
                st.integers(0, 200).map(lambda days: NOW - timedelta(days=days)),
                st.sampled_from(["review", "commit"]),
            ),
            max_size=4,
        ).map(tuple),
    ),
    min_size=1,
    max_size=7,
    unique_by=lambda candidate: candidate.login,
).map(tuple)
some_slots = st.lists(
    st.builds(
        lambda name, owners, need: slot(name, *sorted(owners), need=need),
        st.sampled_from(["a", "b", "c", "d"]),
        st.sets(st.sampled_from(NAMES), min_size=1, max_size=5),
        st.integers(1, 2),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda each: each.name,
).map(tuple)
some_occasions = st.builds(
    lambda guest, engaged, declined, number: replace(
        CHANGE, guest=guest, engaged=tuple(sorted(engaged)), declined=tuple(sorted(declined)), number=number
    ),
    st.booleans(),
    st.sets(st.sampled_from(NAMES), max_size=1),
    st.sets(st.sampled_from(NAMES), max_size=1),
    st.integers(1, 50),
)
some_rules = st.builds(
    lambda most, trusted: replace(RULES, max_reviewers=most, trusted_committers=tuple(sorted(trusted))),
    st.integers(1, 4),
    st.sets(st.sampled_from(NAMES), max_size=2),
)

some_entrants = st.lists(
    st.builds(
        Entrant,
        st.integers(0, 10**9).map(str),
        st.frozensets(st.integers(0, 2)),
        st.booleans(),
        st.integers(0, 2),
        st.integers(0, 6),
        st.integers(0, 2**64 - 1),
        st.just(()),
    ),
    max_size=8,
    unique_by=lambda entrant: entrant.person,
).map(lambda found: tuple(sorted(found, key=lambda entrant: entrant.rank)))


def cost(
    chosen: Iterable[Entrant], needs: tuple[int, ...], guide: bool
) -> tuple[int, bool, int, tuple[int, ...]]:
    """What a choice is to have least of, in order."""
    group = list(chosen)
    left = [max(0, need - sum(index in each.slots for each in group)) for index, need in enumerate(needs)]
    ranks = tuple(sum(column) for column in zip(*(each.rank for each in group), strict=True)) or (0, 0, 0)
    return (sum(left), guide and not any(each.trusted for each in group), len(group), ranks)


@given(
    some_entrants,
    st.lists(st.integers(0, 2), min_size=3, max_size=3).map(tuple),
    st.integers(0, 4),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_the_choice_is_the_best_of_all_groups(
    entrants: tuple[Entrant, ...], needs: tuple[int, ...], room: int, guide: bool
) -> None:
    groups = [group for size in range(room + 1) for group in combinations(entrants, size)]
    chosen = best(entrants, needs, room, guide=guide)
    assert cost(chosen, needs, guide) == min(cost(group, needs, guide) for group in groups)


@given(some_occasions, some_slots, some_candidates, some_rules, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_the_order_in_which_people_and_slots_come_never_matters(
    occasion: Occasion,
    wanted: tuple[Slot, ...],
    candidates: tuple[Candidate, ...],
    rules: Reviewers,
    random: object,
) -> None:
    def shuffled(items: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(random.sample(items, len(items)))  # type: ignore[attr-defined]

    once = choose(occasion, wanted, candidates, rules)
    again = choose(
        occasion,
        tuple(replace(each, people=shuffled(each.people)) for each in shuffled(wanted)),  # type: ignore[type-var, arg-type]
        shuffled(candidates),  # type: ignore[arg-type]
        rules,
    )
    assert (once.picks, once.queued, once.covered) == (again.picks, again.queued, again.covered)


@given(
    some_occasions, some_slots, some_candidates, some_rules, st.sampled_from(["none", "away", "left", "bot"])
)
@settings(max_examples=150, deadline=None)
def test_somebody_who_cannot_be_asked_never_changes_who_is(
    occasion: Occasion,
    wanted: tuple[Slot, ...],
    candidates: tuple[Candidate, ...],
    rules: Reviewers,
    fault: str,
) -> None:
    access: Access = "none" if fault == "none" else "admin"
    zoe = Candidate(
        "zoe", access=access, away=fault == "away", left=fault == "left", bot=fault == "bot",
        past=(knows("a/x.py"),) * 5,
    )  # fmt: skip
    with_zoe = tuple(replace(each, people=(*each.people, "zoe")) for each in wanted)
    without = choose(occasion, wanted, candidates, rules)
    beside = choose(occasion, with_zoe, (*candidates, zoe), rules)
    assert (without.picks, without.queued) == (beside.picks, beside.queued)
    assert "zoe" in {each.person for each in beside.excluded}


@given(some_occasions, some_slots, some_candidates, some_rules)
@settings(max_examples=150, deadline=None)
def test_nobody_is_asked_against_a_filter_and_every_slot_is_accounted_for(
    occasion: Occasion, wanted: tuple[Slot, ...], candidates: tuple[Candidate, ...], rules: Reviewers
) -> None:
    choice = choose(occasion, wanted, candidates, rules)
    assert not asked(choice) & {each.person for each in choice.excluded}
    assert not asked(choice) & set(occasion.engaged)
    assert len(choice.picks) <= rules.max_reviewers
    for each in wanted:
        someone = any(each.name in pick.slots for pick in choice.picks)
        free = any(why(choice, name) is None or isinstance(why(choice, name), Pick) for name in each.people)
        assert someone or each.name in choice.covered or each.name in choice.queued or not free


@given(some_occasions, some_slots, some_candidates, some_rules)
@settings(max_examples=100, deadline=None)
def test_a_choice_is_made_again_from_its_record(
    occasion: Occasion, wanted: tuple[Slot, ...], candidates: tuple[Candidate, ...], rules: Reviewers
) -> None:
    choice = choose(occasion, wanted, candidates, rules)
    assert replay(json.loads(json.dumps(choice.record))) == choice


@given(st.integers(5, 9), st.integers(3, 12))
@settings(max_examples=20, deadline=None)
def test_with_very_many_slots_people_are_still_found_quickly(slot_count: int, person_count: int) -> None:
    """Beyond the exact search each pick is the one that leaves least open."""
    assume(3**slot_count * 5 > 4096)
    entrants = tuple(
        Entrant(str(n), frozenset({n % slot_count, (n + 1) % slot_count}), False, 0, 0, n, ())
        for n in range(person_count)
    )
    chosen = best(entrants, (2,) * slot_count, 4, guide=False)
    assert len(chosen) == min(4, person_count)
    assert len({each.person for each in chosen}) == len(chosen)
