"""Who uses what of whom, the traps on the way, and a rank that shows its parts."""

from __future__ import annotations

import pytest

from policies.candidates import (
    Candidate,
    Edge,
    Source,
    candidates,
    counts,
    graph,
    provided,
    required,
)
from policies.catalogue.manifests import Manifest


@pytest.mark.parametrize(
    ("path", "says_something"),
    [
        ("package.json", True),
        ("packages/a/package.json", True),
        ("vendor/x/go.mod", False),
        ("src/Vendor/x/go.mod", False),
        ("tests/fixtures/46/package.json", False),
        ("examples/a/package.json", False),
        (".venv/x/setup.cfg", False),
        (".github/workflows/ci.yml", True),
        ("legacy/old/pom.xml", False),
    ],
)
def test_only_the_repositorys_own_manifests_count(path: str, says_something: bool) -> None:
    assert counts(path, excluded=("legacy/*",)) is says_something


def test_forty_six_examples_in_one_folder_are_no_consumers() -> None:
    examples = [
        Manifest(f"examples/{n}/package.json", requires=frozenset({"npm:@shop/x"})) for n in range(46)
    ]
    assert required(examples) == frozenset()


def test_only_root_and_declared_workspaces_provide() -> None:
    manifests = [
        Manifest("package.json", frozenset({"npm:@shop/all"}), workspaces=("packages/*",)),
        Manifest("packages/a/package.json", frozenset({"npm:@shop/a"})),
        Manifest("tools/b/package.json", frozenset({"npm:@shop/b"}), frozenset({"npm:@shop/c"})),
    ]
    assert provided(manifests) == {"npm:@shop/all", "npm:@shop/a"}
    assert required(manifests) == {"npm:@shop/c"}


def shop(number: int, team: str, provides: str = "", requires: str = "", **more: object) -> Source:
    return Source(
        number, f"shop/r{number}", team, frozenset(provides.split()), frozenset(requires.split()), **more
    )  # type: ignore[arg-type]


def test_an_edge_leads_to_the_one_that_provides_it() -> None:
    sources = [shop(1, "a", "npm:@shop/retry"), shop(2, "b", requires="npm:@shop/retry npm:left-pad")]
    assert graph(sources, ["@shop/"]).edges == (Edge(2, 1, "npm:@shop/retry"),)


def test_plain_names_need_a_scope_or_confirmation() -> None:
    sources = [shop(1, "a", "pypi:retry"), shop(2, "b", requires="pypi:retry")]
    assert graph(sources, ["@shop/"]).edges == ()
    assert graph(sources, ["pypi:retry"]).edges == (Edge(2, 1, "pypi:retry"),)


def test_what_two_provide_is_reported_and_leads_nowhere() -> None:
    sources = [shop(1, "a", "npm:@shop/x"), shop(2, "b", "npm:@shop/x"), shop(3, "c", requires="npm:@shop/x")]
    seen = graph(sources, ["@shop/"])
    assert seen.edges == ()
    assert [each.providers for each in seen.twice] == [(1, 2)]


def test_forks_and_scaffolds_provide_nothing_of_their_own() -> None:
    sources = [
        shop(1, "a", "npm:@shop/x"),
        shop(2, "b", "npm:@shop/x", forked_from=1),
        shop(3, "c", "npm:@shop/x", template=True),
        shop(4, "d", requires="npm:@shop/x"),
    ]
    assert graph(sources, ["@shop/"]).edges == (Edge(4, 1, "npm:@shop/x"),)


@pytest.mark.parametrize(
    ("consumers", "guests", "copies", "guidelines", "sole", "rank"),
    [(4, 3, 2, 0.5, True, 8.200), (1, 0, 0, 1.0, False, 3.079)],
)
def test_the_rank(
    consumers: int, guests: int, copies: int, guidelines: float, sole: bool, rank: float
) -> None:
    teams = tuple(f"t{number}" for number in range(consumers))
    made = Candidate(1, "shop/x", "a", teams, guests, copies, guidelines, sole, private=False)
    assert made.rank == pytest.approx(rank, abs=5e-4)
    assert made.rank == pytest.approx(sum(points for _, _, points in made.parts))


def test_a_library_of_many_teams_stands_above_an_app_of_one() -> None:
    sources = [
        shop(1, "a", "npm:@shop/lib"),
        shop(2, "b", "npm:@shop/app", "npm:@shop/lib"),
        shop(3, "c", "", "npm:@shop/lib npm:@shop/app"),
        shop(4, "a", "", "npm:@shop/lib"),  # the owner's own use does not count
        shop(5, "z", archived=True, guest_work=9),
        shop(6, "z", restricted=True, guest_work=9),
    ]
    found = candidates(sources, graph(sources, ["@shop/"]).edges, {})
    assert [each.name for each in found] == ["shop/r1", "shop/r2"]
    assert found[0].consumers == ("b", "c")
