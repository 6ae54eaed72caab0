"""What is worth sharing: who uses what of whom, what was written twice, and in which order to look at it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from policies.catalogue.manifests import Manifest

SKIPPED_FOLDERS = frozenset(
    {
        "vendor", "vendors", "third_party", "third-party", "node_modules", "bower_components",
        "test", "tests", "testing", "testdata", "spec", "specs", "fixture", "fixtures", "__fixtures__",
        "example", "examples", "sample", "samples", "demo", "demos",
        "template", "templates", "scaffold", "scaffolds", "cookiecutter", "skeleton",
    }
)  # fmt: skip
LEAST_COPY = 1_000
"""Bytes: smaller files are alike by chance."""


def counts(path: str, excluded: Sequence[str] = ()) -> bool:
    """Whether a manifest or file at this path says something about its repository.

    Folders of others' code, of tests, examples and templates do not, nor do hidden ones, but for workflows.
    """
    folders = path.split("/")[:-1]
    if folders[:2] == [".github", "workflows"]:
        folders = folders[2:]
    if any(each.startswith(".") or each.lower() in SKIPPED_FOLDERS for each in folders):
        return False
    return not any(fnmatchcase(path, pattern) for pattern in excluded)


def provided(manifests: Iterable[Manifest]) -> frozenset[str]:
    """What a repository provides: by its manifests at the root, and those in the workspaces that these declare."""
    known = [each for each in manifests if counts(each.path)]
    roots = [each for each in known if "/" not in each.path]
    spaces = {pattern.strip("./").rstrip("/") for each in roots for pattern in each.workspaces}
    inside = [
        each
        for each in known
        if "/" in each.path and any(fnmatchcase(each.path.rpartition("/")[0], space) for space in spaces)
    ]
    return frozenset(name for each in (*roots, *inside) for name in each.provides)


def required(manifests: Iterable[Manifest]) -> frozenset[str]:
    """What it requires, wherever in it."""
    return frozenset(name for each in manifests if counts(each.path) for name in each.requires)


@dataclass(frozen=True, slots=True)
class Source:
    """A repository as candidates see it. `scopes` are beginnings of names that it alone, or its kin, may use."""

    id: int
    name: str
    team: str | None
    provides: frozenset[str] = frozenset()
    requires: frozenset[str] = frozenset()
    archived: bool = False
    private: bool = False
    restricted: bool = False
    template: bool = False
    forked_from: int | None = None
    guest_work: int = 0  # guest issues, guest changes and diverged forks within 90 days
    sole_owner: bool = False
    guidelines: float = 0.0  # Q
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """`consumer` requires `package`, which `provider` alone provides."""

    consumer: int
    provider: int
    package: str


@dataclass(frozen=True, slots=True)
class Twice:
    """A package that several repositories provide: which one is meant, nobody can say."""

    package: str
    providers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    edges: tuple[Edge, ...] = ()
    twice: tuple[Twice, ...] = ()


def is_own(package: str, scopes: Sequence[str]) -> bool:
    """Whether a name can only be the organisation's: it has a scope of its own, or is confirmed to be.

    `npm:@shop/x`, `maven:com.shop:x`, `go:git.shop.example/x` and whole repositories have; plain `pypi:requests`
    in one repository's manifest says nothing about the package of that name in the world.
    """
    ecosystem, _, name = package.partition(":")
    if ecosystem == "repository":
        return True
    return any(name == scope or name.startswith(scope) or package.startswith(scope) for scope in scopes)


def graph(sources: Sequence[Source], scopes: Sequence[str]) -> Graph:
    """Who requires what only one other provides. Copies of a scaffold, and forks, provide nothing of their own."""
    providers: defaultdict[str, list[int]] = defaultdict(list)
    for each in sources:
        if each.template or each.forked_from is not None:
            continue
        for package in {*each.provides, f"repository:{each.name.lower()}"}:
            if is_own(package, (*scopes, *each.scopes)):
                providers[package].append(each.id)
    twice = tuple(
        Twice(package, tuple(sorted(ids))) for package, ids in sorted(providers.items()) if len(ids) > 1
    )
    edges = tuple(
        Edge(each.id, providers[package][0], package)
        for each in sources
        for package in sorted(each.requires)
        if len(providers.get(package, ())) == 1 and providers[package][0] != each.id
    )
    return Graph(edges, twice)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A repository that is worth sharing, with every part of its rank."""

    repository: int
    name: str
    team: str | None
    consumers: tuple[str, ...]  # teams besides the owner (D)
    guest_work: int  # P
    copies: int  # X
    guidelines: float  # Q
    sole_owner: bool
    private: bool
    edges: tuple[Edge, ...] = field(default=(), compare=False)

    @property
    def parts(self) -> tuple[tuple[str, str, float], ...]:
        """(what, how it is reckoned, what it adds)."""
        return (
            ("teams that use it", f"3·ln(1+{len(self.consumers)})", 3 * math.log1p(len(self.consumers))),
            ("work by guests", f"2·ln(1+{self.guest_work})", 2 * math.log1p(self.guest_work)),
            ("files that others copied", f"ln(1+{self.copies})", math.log1p(self.copies)),
            ("contribution guidelines", f"{self.guidelines:g}", self.guidelines),
            ("only one owner", "−1" if self.sole_owner else "0", -1.0 * self.sole_owner),
            ("private", "−½" if self.private else "0", -0.5 * self.private),
        )

    @property
    def rank(self) -> float:
        """3·ln(1+D) + 2·ln(1+P) + ln(1+X) + Q − [sole owner] − ½[private]."""
        return sum(points for _, _, points in self.parts)


def candidates(
    sources: Sequence[Source], edges: Iterable[Edge], copies: Mapping[int, int]
) -> tuple[Candidate, ...]:
    """Everything that another team uses, works on or copied, best first. Archived and restricted ones never are."""
    known = {each.id: each for each in sources}
    into: defaultdict[int, list[Edge]] = defaultdict(list)
    for edge in edges:
        into[edge.provider].append(edge)
    found = []
    for each in sources:
        if each.archived or each.restricted:
            continue
        using = {known[edge.consumer].team for edge in into[each.id] if edge.consumer in known}
        teams = tuple(sorted(team for team in using if team and team != each.team))
        made = Candidate(
            each.id, each.name, each.team, teams, each.guest_work, copies.get(each.id, 0), each.guidelines,
            each.sole_owner, each.private, tuple(into[each.id]),
        )  # fmt: skip
        if made.consumers or made.guest_work or made.copies:
            found.append(made)
    return tuple(sorted(found, key=lambda each: (-each.rank, each.name)))
