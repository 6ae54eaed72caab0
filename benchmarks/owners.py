"""How fast and how right owner lookup is, beside its peers. One command; a few minutes at most.

Answers are compared before anything is timed. Each figure is the median of five runs with a fresh index; one with
a star is extrapolated from fewer paths. The exit code is 1 if an answer differs from the automaton's.
"""

from __future__ import annotations

import gc
import multiprocessing
import re
import sys
import tempfile
import time
import tomllib
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import owners_peers
from owners_peers import NODE_PACKAGES, NodePeers, Peer
from owners_shapes import SHAPES, Shape

from policies.owners import Dialect, parse

ROOT = Path(__file__).parents[1]
RUNS = 5
PATIENCE = 1.5  # seconds for one figure of a peer; what would take longer is extrapolated
PROBE = 25


@dataclass
class Figures:
    """Seconds by what was measured; those in `guessed` are extrapolated."""

    name: str
    seconds: dict[str, float] = field(default_factory=dict)
    guessed: set[str] = field(default_factory=set)


def clock(action: Callable[[], object]) -> float:
    """Seconds of processor time, which others on the machine disturb least; nothing is left over from before."""
    gc.collect()
    re.purge()
    start = time.process_time()
    action()
    return time.process_time() - start


# --- Speed ----------------------------------------------------------------------------------------------


def columns(shape: Shape) -> dict[str, list[str]]:
    return {
        "1": shape.changed(1),
        "300": shape.changed(300),
        "3,000": shape.changed(3_000),
        "tree": shape.tree,
    }


def measure(peer: Peer, shape: Shape) -> Figures:
    figures = Figures(peer.name)
    figures.seconds["parse"] = median(clock(lambda: peer.load(shape.content)) for _ in range(RUNS))
    for column, paths in columns(shape).items():
        probe = paths[:PROBE]
        lookup = peer.load(shape.content)
        each = clock(lambda lookup=lookup, probe=probe: lookup(probe)) / len(probe)
        if each * len(paths) * RUNS > PATIENCE and peer.name != "usher" and "Set" not in peer.name:
            sample = paths[:: max(1, len(paths) // max(PROBE, int(PATIENCE / each)))]
            figures.guessed.add(column)
            took = clock(lambda lookup=lookup, sample=sample: lookup(sample))
            figures.seconds[column] = took / len(sample) * len(paths)
            continue
        figures.seconds[column] = median(_fresh(peer, shape, paths) for _ in range(RUNS))
    return figures


def _fresh(peer: Peer, shape: Shape, paths: Sequence[str]) -> float:
    lookup = peer.load(shape.content)
    return clock(lambda: lookup(paths))


def measure_node(node: NodePeers, package: str, shape: Shape) -> Figures:
    """Node's peers take so long that a few paths say all; the one path is measured as it is."""
    name, version = package.rsplit("@", 1)
    one, few = shape.changed(1), shape.changed(3_000)[:: 3_000 // PROBE]
    told_one = node.ask(name, [(shape.content, one, RUNS)])
    told = node.ask(name, [(shape.content, few, RUNS)])
    each = median(told["lookups"]) / len(few)
    figures = Figures(f"npm {name} {version}")
    figures.seconds = {"parse": median(told["parse"]), "1": median(told_one["lookups"])}
    for column, paths in columns(shape).items():
        if column != "1":
            figures.seconds[column] = each * len(paths)
            figures.guessed.add(column)
    return figures


def show(shape: Shape, table: list[Figures]) -> None:
    print(f"\n{shape.name}, like {shape.likeness}: {len(shape.rules):,} rules, {len(shape.tree):,} files")
    heads = ["parse", "1", "300", "3,000", "tree"]
    print(f"  {'':<44}" + "".join(f"{head:>12}" for head in heads) + "     times usher's: parse, 3,000, tree")
    ours = table[0].seconds
    for figures in table:
        cells = "".join(
            f"{duration(figures.seconds[head]) + ('*' if head in figures.guessed else ''):>12}"
            for head in heads
        )
        ratios = "  ".join(
            f"{figures.seconds[head] / ours[head]:9,.1f}" for head in ("parse", "3,000", "tree")
        )
        print(f"  {figures.name:<44}{cells}     {ratios}")


def duration(seconds: float) -> str:
    for unit, scale in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return (
                f"{seconds / scale:,.3g} {unit}"
                if seconds < 1000 * scale
                else f"{seconds / scale:,.0f} {unit}"
            )
    return f"{seconds / 1e-9:.0f} ns"


# --- Goals ----------------------------------------------------------------------------------------------


def goals(shape: Shape, table: list[Figures]) -> Iterator[tuple[str, float, float]]:
    """What was aimed at: (in words, how many times faster Usher is, how many times it should be)."""
    ours = table[0].seconds
    for figures in table[1:]:
        theirs = figures.seconds

        def times(*heads: str, theirs: dict[str, float] = theirs) -> float:
            return sum(theirs[head] for head in heads) / sum(ours[head] for head in heads)

        aims: list[tuple[str, tuple[str, ...], float]] = []
        if figures.name.startswith("npm") and shape.name == "A":
            aims = [("3,000", ("3,000",), 1_000)]
        for start, letter, column, heads, goal in GOALS:
            if figures.name.startswith(start) and letter == shape.name:
                aims.append((column, heads, goal))
        for column, heads, goal in aims:
            yield f"{shape.name} {column} against {figures.name}", times(*heads), goal


GOALS = [
    ("codeowners", "A", "3,000", ("3,000",), 200),
    ("codeowners", "A", "300", ("300",), 150),
    ("codeowners", "A", "parse", ("parse",), 10),
    ("google-re2", "A", "tree", ("tree",), 1),
    ("google-re2", "A", "parse and 3,000", ("parse", "3,000"), 3),
    ("google-re2", "B", "tree", ("tree",), 1),
    ("fnmatch", "B", "3,000", ("3,000",), 30),
    ("codeowners", "C", "3,000", ("3,000",), 3),
    ("codeowners", "C", "tree", ("tree",), 5),
    ("codeowners", "C", "parse", ("parse",), 2),
    ("google-re2", "C", "tree", ("tree",), 0.6),
]


# --- Answers --------------------------------------------------------------------------------------------


def compare(shape: Shape, peers: list[Peer], node: NodePeers | str) -> int:
    """Print on how many paths each peer differs, and drop those that cannot read the file.

    Returns on how many paths the automaton differs.
    """
    paths = shape.tree[:: max(1, len(shape.tree) // 2_000)]
    ours = owners_peers.named(owners_peers.usher(shape.dialect).load(shape.content)(paths))
    print(f"\n{shape.name}: paths with another answer than usher's")
    wrong = 0
    for peer in list(peers[1:]):
        try:
            lookup = peer.load(shape.content)
        except ValueError as error:
            print(f"  {peer.name:<44} cannot read the file: {error}")
            peers.remove(peer)
            continue
        sample = paths if "Set" in peer.name or "pathspec" in peer.name else paths[::20]
        expected = ours if sample is paths else ours[::20]
        found = owners_peers.named(lookup(sample))
        different = sum(a != b for a, b in zip(found, expected, strict=True))
        wrong += different if "Set" in peer.name else 0
        print(f"  {peer.name:<44} {different:,} of {len(sample):,}")
    if isinstance(node, NodePeers) and shape.dialect == "github":
        for package in NODE_PACKAGES:
            told = node.ask(package.rsplit("@", 1)[0], [(shape.content, paths[::100], 1)])["answers"][0] or []
            different = sum(frozenset(a) != b for a, b in zip(told, ours[::100], strict=True))
            print(f"  npm {package:<40} {different:,} of {len(told):,}")
    return wrong


def rules_table(dialect: Dialect) -> list[tuple[str, bytes, str, frozenset[str]]]:
    """The cases of the documented rules: (rule, file, path, owners)."""
    stated = tomllib.loads((ROOT / f"tests/policies/owners/{dialect}.toml").read_text())
    cases = []
    for rule, told in stated.items():
        if rule != "decided":
            for file, path, answer in told["cases"]:
                texts = answer.values() if isinstance(answer, dict) else [answer]
                owners = frozenset(owner for text in texts for owner in text.split() if owner != "-")
                cases.append((rule, file.replace("⏎", "\n").encode(), path, owners))
    return cases


def correctness(node: NodePeers | str) -> None:
    """Print the documented rules that each peer does not follow."""
    peers: dict[Dialect, list[Peer]] = {
        "github": [
            owners_peers.usher("github"),
            owners_peers.codeowners_package(),
            owners_peers.pathspec_package(),
        ],
        "gitlab": [owners_peers.usher("gitlab"), owners_peers.codeowners_package()],
    }
    for dialect, those in peers.items():
        cases = rules_table(dialect)
        print(f"\nWrong answers on {len(cases)} cases of {dialect}'s documented rules")
        for peer in those:
            report_wrong(peer.name, [rule for rule, *case in cases if _wrong(peer, *case)])
        if dialect == "github" and isinstance(node, NodePeers):
            for package in NODE_PACKAGES:
                jobs = [(content, [path], 1) for _, content, path, _ in cases]
                told = node.ask(package.rsplit("@", 1)[0], jobs)["answers"]
                wrong = [
                    rule
                    for (rule, _, _, owners), answer in zip(cases, told, strict=True)
                    if answer is None or frozenset(answer[0]) != owners
                ]
                report_wrong(f"npm {package}", wrong)


def _wrong(peer: Peer, content: bytes, path: str, owners: frozenset[str]) -> bool:
    try:
        return owners_peers.named(peer.load(content)([path]))[0] != owners
    except Exception:
        return True


def report_wrong(name: str, rules: list[str]) -> None:
    print(f"  {name:<44} {len(rules):>4}  {' '.join(dict.fromkeys(rules))}")


# --- Hostile lines and memory ---------------------------------------------------------------------------

HOSTILE: dict[str, tuple[bytes, str]] = {
    "one line of 26 characters": (b"/" + b"*a" * 11 + b"*b @x", "a" * 60),
    "2,000 lines *a*a*…b": (b"".join(b"*a" * 20 + b"b%d @x\n" % n for n in range(2_000)), "a" * 250),
    "2,000 lines **/*a*/**/…": (
        b"".join(b"**/*a*/" * 20 + b"b%d @x\n" % n for n in range(2_000)),
        "a/" * 100 + "a",
    ),
    "20,000 globs in one directory": (
        b"".join(b"/d/*x%d* @x\n" % n for n in range(20_000)),
        "d/" + "x" * 200,
    ),
    "one line of 3 MB": (b"a" * 3_000_000, "a" * 1_000),
    "1 MB of blanks": (b"[S]" + b" " * 1_000_000 + b"@a", "a"),
    "path of depth 500": (b"/**/a/**/b @x", "a/" * 500 + "a"),
}


def hostile() -> None:
    print("\nHostile lines, parsed and one path looked up" + " " * 14 + "github      gitlab      codeowners")
    for name, (content, path) in HOSTILE.items():
        cells = []
        for dialect in ("github", "gitlab"):
            refused = parse(content, dialect).match(path).refused
            took = clock(
                lambda dialect=dialect, content=content, path=path: parse(content, dialect).match(path)
            )
            cells.append(f"{duration(took)}{' given up' if refused else ''}")
        cells.append(patiently(content, path))
        print(f"  {name:<40}" + "".join(f"{cell:>20}" for cell in cells))


def patiently(content: bytes, path: str, seconds: float = 5) -> str:
    """How long the codeowners package takes, in a process that is ended after a while."""
    process = multiprocessing.get_context("spawn").Process(target=_ask_codeowners, args=(content, path))
    start = time.perf_counter()
    process.start()
    process.join(seconds)
    if process.is_alive():
        process.kill()
        process.join()
        return f"over {seconds:.0f} s"
    took = time.perf_counter() - start
    return f"under {took:.1f} s" if process.exitcode == 0 else "an exception"


def _ask_codeowners(content: bytes, path: str) -> None:
    sys.stderr = None  # type: ignore[assignment]
    owners_peers.codeowners_package().load(content)([path])


def memory() -> None:
    print("\nMemory: bytes kept for each byte of the file")
    for make in SHAPES.values():
        shape = make()
        half = "\n".join(shape.lines[: len(shape.lines) // 2]).encode()
        kept = [_kept(content, shape) for content in (half, shape.content)]
        print(
            f"  {shape.name}: half the file {kept[0][0]:.1f}, whole {kept[1][0]:.1f}; "
            f"with every directory of the tree looked up {kept[1][1]:.1f}"
        )


def _kept(content: bytes, shape: Shape) -> tuple[float, float]:
    gc.collect()
    tracemalloc.start()
    file = parse(content, shape.dialect)
    parsed = tracemalloc.get_traced_memory()[0]
    file.match_all(shape.tree, steps=1_000_000_000)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return parsed / len(content), after / len(content)


# --- All of it ------------------------------------------------------------------------------------------


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="usher-bench-") as folder:
        node = NodePeers.install(Path(folder))
        if isinstance(node, str):
            print(f"No packages for Node: {node}.")
        wrong = 0
        reached: list[tuple[str, float, float]] = []
        for letter, make in SHAPES.items():
            shape = make()
            peers = PEERS[letter]()
            wrong += compare(shape, peers, node)
            table = [measure(peer, shape) for peer in peers]
            if isinstance(node, NodePeers) and letter == "A":
                table += [measure_node(node, package, shape) for package in NODE_PACKAGES]
            show(shape, table)
            reached += goals(shape, table)
        print("\nGoals: how many times faster than the peer, and how many times it should be")
        for words, times, goal in reached:
            print(
                f"  {words:<62} {times:>10,.2f}  goal {goal:>7,g}  {'reached' if times >= goal else 'MISSED'}"
            )
        correctness(node)
        hostile()
        memory()
    return 1 if wrong else 0


PEERS: dict[str, Callable[[], list[Peer]]] = {
    "A": lambda: [
        owners_peers.usher("github"),
        owners_peers.codeowners_package(),
        owners_peers.re2_set(),
        owners_peers.pathspec_package(),
    ],
    "B": lambda: [
        owners_peers.usher("gitlab"),
        owners_peers.re2_set_by_section(),
        owners_peers.fnmatch_by_section(),
        owners_peers.codeowners_package(),
    ],
    "C": lambda: [
        owners_peers.usher("github"),
        owners_peers.codeowners_package(),
        owners_peers.re2_set(),
        owners_peers.pathspec_package(),
    ],
}

if __name__ == "__main__":
    sys.exit(main())
