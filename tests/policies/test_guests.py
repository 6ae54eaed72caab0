"""Who comes from outside the owning team."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from policies import guests
from policies.facts import AuthorPlaced, OriginSeen, Person, Roster, Team
from policies.guests import Coming, Owned, coming
from policies.owners import parse
from policies.repository_owner import Claims, RepositoryOwner, granted_owner, home, named_owner
from policies.rules import Teams
from policies.team_tree import TeamTree, fixed, grow

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def team(name: str, *people: str, parent: str = "") -> Team:
    return Team(
        f"shop/{name}", tuple(Person(each) for each in people), parent=f"shop/{parent}" if parent else ""
    )


# As a forge lists them: the people of a team are also in the teams above it.
TEAMS = (
    team("payments", "ben", "carla"),
    team("platform", "dora", "erin"),
    team("core", "erin", parent="platform"),
    team("edge", "fay", parent="platform"),
    team("search", "Ana", "gus"),
    team("everybody", *(f"p{number}" for number in range(8)), "ana", "ben"),
)
ROSTER = Roster(TEAMS, people=20)
TREE = grow(ROSTER, Teams())


def test_a_team_of_more_than_a_third_of_all_people_says_nothing() -> None:
    assert "shop/everybody" not in TREE.teams
    assert "shop/everybody" in grow(ROSTER, Teams(max_share=0.5)).teams


@pytest.mark.parametrize(
    ("rules", "names"),
    [
        (Teams(include=("pay*",)), {"shop/payments"}),
        (Teams(include=("shop/core", "@shop/search")), {"shop/core", "shop/search"}),
        (Teams(exclude=("p*", "core", "EDGE")), {"shop/search"}),
        (Teams(include=("p*",), exclude=("platform",)), {"shop/payments"}),
    ],
)
def test_the_rules_say_which_teams_count(rules: Teams, names: set[str]) -> None:
    assert set(grow(ROSTER, rules).teams) == names


def test_who_is_in_a_team_is_in_those_above_it() -> None:
    assert TREE.teams_of("fay") == ("shop/edge", "shop/platform")
    assert TREE.closest_teams("erin") == ("shop/core",)
    assert TREE.closest_teams("dora") == ("shop/platform",)
    assert TREE.members("SHOP/platform") == ("dora", "erin", "fay")
    assert TREE.teams_of("nobody") == ()
    assert (TREE.sizes()["shop/core"], TREE.sizes()["shop/platform"]) == (1, 3)


def test_a_team_is_as_large_as_all_below_it_together() -> None:
    """GitLab lists in a group only those who are in no group below it."""
    below = [team(f"squad{number}", f"a{number}", f"b{number}", parent="platform") for number in range(4)]
    roster = Roster((team("platform"), *below), people=20)
    assert "shop/platform" not in grow(roster, Teams()).teams
    assert "shop/squad0" in grow(roster, Teams()).teams


def test_teams_in_a_circle_end_the_walk() -> None:
    tree = TeamTree({"shop/a": team("a", "x", parent="b"), "shop/b": team("b", "y", parent="a")})
    assert tree.teams_of("x") == ("shop/a", "shop/b")


def test_teams_can_be_written_out() -> None:
    tree = grow(fixed({"pay": ("@ben", "carla"), "other/x": ("dan",)}, "shop"), Teams(max_share=1))
    assert tree.teams_of("BEN") == ("shop/pay",)
    assert tree.teams_of("dan") == ("other/x",)


# --- Where a change comes from ----------------------------------------------------------------------------

PAY = Owned(("@shop/payments",), matched=True)
PLATFORM = Owned(("@shop/platform",), matched=True)
CORE = Owned(("@shop/core",), matched=True)
BEN = Owned(("@ben",), matched=True)
DORA = Owned(("@dora",), matched=True)
ANA_TOO = Owned(("@shop/payments", "@ana"), matched=True)
NOBODYS = Owned((), matched=True)
MAIL = Owned(("ben@example.org",), matched=True)
NO_LINE = Owned()


@pytest.mark.parametrize(
    ("author", "paths", "expected"),
    [
        pytest.param("ana", (PAY,), ("guest", 1, 1), id="another team"),
        pytest.param("ben", (PAY,), ("own", 0, 1), id="the owning team"),
        pytest.param("fay", (PLATFORM,), ("own", 0, 1), id="a team within the owning team"),
        pytest.param("dora", (CORE,), ("guest", 1, 1), id="the team above the owning team"),
        pytest.param("fay", (CORE,), ("guest", 1, 1), id="a neighbour under the same team"),
        pytest.param("ana", (BEN,), ("guest", 1, 1), id="an owner stands for his teams"),
        pytest.param("carla", (BEN,), ("own", 0, 1), id="a colleague of the owner"),
        pytest.param("fay", (DORA,), ("own", 0, 1), id="the owner is in the team above"),
        pytest.param("ben", (PAY, PLATFORM), ("mixed", 1, 2), id="own and other files"),
        pytest.param("ana", (PAY, NOBODYS), ("guest", 1, 1), id="files that nobody owns do not count"),
        pytest.param("ana", (NOBODYS,), ("unknown", 0, 0), id="nothing is owned"),
        pytest.param("ana", (MAIL,), ("unknown", 0, 0), id="an address is nobody's team"),
        pytest.param("zoe", (PAY,), ("unknown", 0, 1), id="an author without a team"),
        pytest.param("p1", (PAY,), ("unknown", 0, 1), id="an author whose only team is too large"),
        pytest.param("ana", (ANA_TOO, ANA_TOO), ("own", 0, 2), id="a named owner of every path"),
        pytest.param("ana", (ANA_TOO, PAY), ("mixed", 1, 2), id="a named owner of some"),
        pytest.param("zoe", (Owned(("@zoe",), matched=True),), ("own", 0, 1), id="an owner without a team"),
        pytest.param("ana", (NO_LINE,), ("guest", 1, 1), id="no line: the repository's owner"),
        pytest.param("dora", (NO_LINE,), ("own", 0, 1), id="no line: at home in the repository"),
    ],
)
def test_where_a_change_comes_from(
    author: str, paths: tuple[Owned, ...], expected: tuple[str, int, int]
) -> None:
    found = coming(
        Person(author),
        TREE.teams_of(author),
        {str(number): owned for number, owned in enumerate(paths)},
        TREE,
        "shop/platform",
    )
    assert (found.origin, found.guest_files, found.owned_files) == expected


def test_without_an_owner_of_the_repository_nothing_is_guessed() -> None:
    assert coming(Person("ana"), TREE.teams_of("ana"), {"x": NO_LINE}, TREE, None).origin == "unknown"


def test_a_bot_is_a_bot() -> None:
    assert coming(Person("renovate[bot]", bot=True), (), {"x": PAY}, TREE, None) == Coming("bot")


@pytest.mark.parametrize(
    ("origin", "files", "welcomed"),
    [("guest", (1, 1), True), ("mixed", (1, 2), True), ("mixed", (1, 3), False), ("unknown", (0, 1), False)],
)
def test_from_a_half_on_a_guest_is_welcomed(origin: str, files: tuple[int, int], welcomed: bool) -> None:
    seen = OriginSeen(at=NOW, origin=origin, guest_files=files[0], owned_files=files[1])  # type: ignore[arg-type]
    assert guests.is_welcomed(seen) is welcomed


def test_a_reading_is_noted_once_and_the_first_that_is_known_holds_for_promises() -> None:
    log: tuple[OriginSeen | AuthorPlaced, ...] = ()
    readings = [Coming("unknown"), Coming("guest", ("shop/pay",), 1, 1), Coming("mixed", ("shop/pay",), 1, 2)]
    for reading in readings:
        fact = guests.noted(reading, log, NOW)
        assert fact is not None
        log = (*log, fact)
        assert guests.noted(reading, log, NOW) is None
    assert [fact.key < later.key for fact, later in pairwise(log)] == [True, True]
    latest = guests.latest(log)
    assert latest is not None
    assert latest.origin == "mixed"
    assert guests.is_guest(log)
    assert not guests.is_guest(log[:1])


# --- Whose a repository is ----------------------------------------------------------------------------------


def claims(**said: object) -> Claims:
    return Claims("shop", **said)  # type: ignore[arg-type]


FILE = parse(b"* @dora @shop/search\npay/ @shop/payments\n", "github")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"declared": "@shop/payments", "catalog": "core"}, RepositoryOwner("shop/payments", "rules")),
        ({"declared": "payments"}, RepositoryOwner("shop/payments", "rules")),
        ({"declared": "gone", "catalog": "group:default/core"}, RepositoryOwner("shop/core", "catalog")),
        ({"catalog": "group:core", "owners": FILE}, RepositoryOwner("shop/core", "catalog")),
        ({"owners": FILE}, RepositoryOwner("shop/search", "owners")),
        ({"owners": parse(b"* @dora\n", "github")}, None),
        ({"owners": parse(b"pay/ @shop/payments\n", "github")}, None),
        ({}, None),
    ],
)
def test_the_first_that_names_a_team_says_whose_it_is(
    said: dict[str, object], expected: RepositoryOwner | None
) -> None:
    assert named_owner(claims(**said), TREE) == expected


@pytest.mark.parametrize(
    ("access", "expected"),
    [
        ({"shop/payments": "admin", "shop/search": "maintain"}, "shop/payments"),
        ({"shop/payments": "write", "shop/search": "maintain"}, "shop/search"),
        ({"shop/payments": "admin", "shop/search": "admin"}, None),
        ({"shop/platform": "admin", "shop/core": "admin", "shop/edge": "admin"}, "shop/platform"),
        ({"shop/payments": "write"}, None),
        ({"shop/everybody": "admin", "shop/core": "maintain"}, "shop/core"),
        ({}, None),
    ],
)
def test_the_one_team_that_administers_it_owns_it(access: dict[str, str], expected: str | None) -> None:
    found = granted_owner(claims(access=access), TREE)
    assert (found.team if found else None) == expected


@pytest.mark.parametrize(
    ("organisation", "group"),
    [("shop/Tools", "shop/tools"), ("shop/tools/cli", "shop/tools"), ("shop/other", None), ("shop", None)],
)
def test_on_gitlab_it_is_the_closest_group_around_it(organisation: str, group: str | None) -> None:
    tree = TeamTree({"shop/tools": Team("shop/tools", (Person("ana"),))})
    expected = RepositoryOwner(group, "group") if group else None
    assert home(Claims(organisation, "gitlab"), tree) == expected
    assert home(Claims(organisation, "github"), tree) is None
