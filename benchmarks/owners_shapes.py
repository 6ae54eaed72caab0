"""Three seeded owners files with their trees, shaped like well-known real ones. Run it to see their make-up."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

SYLLABLES = ["ba", "ce", "di", "fo", "gu", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "wo", "xu", "zan"]
SYLLABLES += ["mel", "tor", "pin", "dak", "rif", "sol", "ven", "gra", "cho"]
OWNERS = 4_000


@dataclass(frozen=True)
class Shape:
    """An owners file and every path of its repository."""

    name: str
    likeness: str
    dialect: Literal["github", "gitlab"]
    lines: list[str]
    tree: list[str]

    @property
    def content(self) -> bytes:
        return ("\n".join(self.lines) + "\n").encode()

    @property
    def rules(self) -> list[str]:
        """The lines that hold a pattern."""
        return [line for line in self.lines if line and not line.startswith(("#", "[", "^["))]

    def changed(self, count: int) -> list[str]:
        """So many paths as a change could touch: whole directories at a time."""
        start = random.Random(count).randrange(len(self.tree) - count) if count < len(self.tree) else 0
        return self.tree[start : start + count]


def word(chance: random.Random, syllables: int) -> str:
    return "".join(chance.choice(SYLLABLES) for _ in range(syllables))


def owners(chance: random.Random, count: int) -> str:
    return " ".join(f"@{word(random.Random(chance.randrange(OWNERS)), 4)}" for _ in range(count))


# --- A: one package, one line ---------------------------------------------------------------------------


def packages() -> Shape:
    """8,857 lines `/types/x/`, no glob; 59,417 files."""
    chance = random.Random("A")
    names = sorted({word(chance, 3) + "-" + word(chance, chance.randint(1, 3)) for _ in range(8_600)})
    directories = [f"types/{name}" for name in names]
    while len(directories) < 13_260:
        directories.append(
            f"{chance.choice(directories[: len(names)])}/{chance.choice(('v', 'ts', 'lib'))}{len(directories)}"
        )
    rules = [*directories[:8_500], *directories[len(names) : len(names) + 357]]
    lines = [f"/{rule + '/':<52}{owners(chance, _few(chance))}" for rule in sorted(rules)]
    usual = ["index.d.ts", "tsconfig.json", "package.json", ".eslintrc.json"]
    return Shape(
        "A", "definitelytyped", "github", lines, _filled(chance, directories, 59_417, usual, "{}-tests.ts")
    )


def _few(chance: random.Random) -> int:
    """How many owners a package has: mostly one, sometimes many; 1.8 on average."""
    return 43 if chance.random() < 0.0005 else min(12, 1 + int(chance.expovariate(0.93)))


# --- B: sections ----------------------------------------------------------------------------------------


def sections() -> Shape:
    """2,023 patterns under 85 headers, 120 globs, 101 floating names, 13 exclusions; 93,657 files."""
    chance = random.Random("B")
    directories = _nested(chance, 18_378, 5, 10, 4)
    usual = ["index.js", "constants.js", "README.md", "queries.rb"]
    tree = _filled(chance, directories, 93_657, usual, "{}_spec.rb")
    names = sorted({path.rpartition("/")[2] for path in tree})
    makers: list[tuple[int, Callable[[], str]]] = [
        (13, lambda: "!/" + chance.choice(directories) + "/"),
        (101, lambda: chance.choice(names)),
        (40, lambda: f"*.{chance.choice(('rb', 'js', 'md', 'vue', 'yml'))}{chance.randint(1, 30)}"),
        (40, lambda: f"/{chance.choice(directories)}/*{word(chance, 1)}*.rb"),
        (40, lambda: f"/{chance.choice(directories)}/**/{word(chance, 2)}*"),
        (670, lambda: "/" + _parent(chance, directories) + "/"),
    ]
    patterns = [make() for count, make in makers for _ in range(count)]
    patterns += ["/" + chance.choice(tree) for _ in range(2_023 - len(patterns))]
    chance.shuffle(patterns)
    lines = []
    for number, pattern in enumerate(patterns):
        if number % 24 == 10:
            lines.append(_header(chance, number))
        own = (
            ""
            if pattern.startswith("!") or chance.random() < 0.65
            else owners(chance, chance.choice((1, 1, 2)))
        )
        lines.append(f"{pattern} {own}".rstrip())
    return Shape("B", "gitlab", "gitlab", ["* @everybody", *lines], tree)


def _header(chance: random.Random, number: int) -> str:
    optional = "^" if chance.random() < 0.2 else ""
    needed = f"[{chance.randint(1, 3)}]" if not optional and chance.random() < 0.2 else ""
    return f"{optional}[{word(chance, 2)} {number}]{needed} {owners(chance, chance.randint(1, 3))}"


def _parent(chance: random.Random, directories: list[str]) -> str:
    parts = chance.choice(directories).split("/")
    return "/".join(parts[: chance.randint(3, 6)])


# --- C: globs -------------------------------------------------------------------------------------------


def globs() -> Shape:
    """314 lines of which 121 are globs; 11,620 files with long paths."""
    chance = random.Random("C")
    directories = _nested(chance, 3_795, 9, 16, 5)
    names = sorted({part for path in directories for part in path.split("/")})
    tree = _filled(chance, directories, 11_620, [], "{}Instrumentation.java")
    stems = [word(chance, 2).title() for _ in range(40)]
    makers: list[tuple[int, Callable[[], str]]] = [
        (36, lambda: f"**/{chance.choice(names)}/"),
        (30, lambda: f"/{_parent(chance, directories)}/{chance.choice(names)[:3]}*/"),
        (12, lambda: f"/{_parent(chance, directories)}/**/{chance.choice(names)}/"),
        (33, lambda: f"*{chance.choice(stems)}*.{chance.choice(('java', 'groovy'))}"),
        (10, lambda: f"/{_parent(chance, directories)}/*.{chance.choice(('java', 'gradle'))}"),
        (128, lambda: f"/{_parent(chance, directories)}/"),
        (64, lambda: "/" + chance.choice(tree)),
    ]
    patterns = [make() for count, make in makers for _ in range(count)]
    chance.shuffle(patterns)
    lines = ["* @everybody", *(f"{pattern}  {owners(chance, 1)}" for pattern in patterns)]
    return Shape("C", "dd-trace-java", "github", lines, tree)


# --- Trees ----------------------------------------------------------------------------------------------


def _nested(chance: random.Random, count: int, shallow: int, deep: int, syllables: int) -> list[str]:
    """So many directories below each other, with the directories above them."""
    known: dict[str, None] = {}
    vocabulary = [word(chance, chance.randint(2, syllables)) for _ in range(count // 6)]
    tops = [word(chance, 3) for _ in range(12)]
    while len(known) < count:
        above = chance.choice(list(known)[-40:]) if known and chance.random() < 0.8 else chance.choice(tops)
        parts = above.split("/")[: chance.randint(shallow - 2, deep)]
        parts += [
            chance.choice(vocabulary) for _ in range(max(1, chance.randint(shallow, deep) - len(parts)))
        ]
        for depth in range(1, len(parts) + 1):
            known.setdefault("/".join(parts[:depth]))
    return list(known)[:count]


def _filled(
    chance: random.Random, directories: list[str], count: int, usual: list[str], pattern: str
) -> list[str]:
    """So many files in these directories, each directory having at least one."""

    def files() -> Iterator[str]:
        yield "README.md"
        for directory in directories:
            yield f"{directory}/{chance.choice(usual) if usual else pattern.format(word(chance, 3).title())}"
        while True:
            directory = chance.choice(directories)
            common = usual and chance.random() < 0.5
            yield f"{directory}/{chance.choice(usual) if common else pattern.format(word(chance, 3).title())}"

    found: set[str] = set()
    for path in files():
        found.add(path)
        if len(found) == count:
            return sorted(found)
    return []


SHAPES: dict[str, Callable[[], Shape]] = {"A": packages, "B": sections, "C": globs}


def main() -> None:
    for make in SHAPES.values():
        shape = make()
        directories = {path.rpartition("/")[0] for path in shape.tree}
        rules = shape.rules
        print(
            f"{shape.name} like {shape.likeness}: {len(rules):,} rules, {len(shape.content) / 1000:,.0f} KB, "
            f"{sum('*' in rule.split()[0] for rule in rules)} globs, "
            f"{sum(rule.split()[0].endswith('/') for rule in rules):,} end in /; "
            f"{len(shape.tree):,} files, {len(directories):,} directories, "
            f"mean path {sum(map(len, shape.tree)) / len(shape.tree):.0f} characters"
        )


if __name__ == "__main__":
    main()
