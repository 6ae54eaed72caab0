"""Who else looks up owners: Python packages, regular expressions in one automaton, and packages for Node.

Every peer parses a file once and then says, for each path, which owners the deciding line names. Run by itself,
this lists the peers.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import codeowners
import pathspec
import re2

from policies.owners import parse
from policies.owners.explain import meaning
from policies.owners.patterns import ANYWHERE, Glob, Pattern, Reach

Owners = frozenset[str]
Lookup = Callable[[Sequence[str]], list[Owners]]


@dataclass(frozen=True)
class Peer:
    """A name with its version, and a way from a file's bytes to a lookup."""

    name: str
    load: Callable[[bytes], Lookup]


# --- Usher ----------------------------------------------------------------------------------------------


def usher(dialect: str) -> Peer:
    def load(content: bytes) -> Lookup:
        file = parse(content, dialect)
        return lambda paths: file.match_all(paths, steps=1_000_000_000)

    return Peer("usher", load)


def named(answers: Iterable[Any]) -> list[Owners]:
    """Usher's answers as sets of owners, outside of what is timed."""
    return [frozenset(getattr(answer, "owners", answer)) for answer in answers]


# --- Python packages ------------------------------------------------------------------------------------


def codeowners_package() -> Peer:
    def load(content: bytes) -> Lookup:
        file = codeowners.CodeOwners(content.decode())
        return lambda paths: [frozenset(owner for _, owner in file.of(path)) for path in paths]

    return Peer(f"codeowners {importlib.metadata.version('codeowners')}", load)


def pathspec_package() -> Peer:
    """gitignore's rules, by the package that most programs use; the last pattern that matches decides."""

    def load(content: bytes) -> Lookup:
        rules = [line.split() for line in content.decode().splitlines() if line.strip() and line[0] != "#"]
        spec = pathspec.PathSpec.from_lines("gitignore", [rule[0] for rule in rules])
        owners = [frozenset(rule[1:]) for rule in rules]

        def lookup(paths: Sequence[str]) -> list[Owners]:
            found = (spec.check_file(path).index for path in paths)
            return [owners[index] if index is not None else frozenset() for index in found]

        return lookup

    return Peer(f"pathspec {importlib.metadata.version('pathspec')}", load)


# --- One automaton --------------------------------------------------------------------------------------


def re2_set() -> Peer:
    """All patterns in one google-re2 Set, from Usher's own reading of the file; the greatest number decides."""

    def load(content: bytes) -> Lookup:
        rules = parse(content, "github").rules
        automaton = _set(meaning(rule.pattern, "github") for rule in rules)
        owners = [frozenset(rule.owners) for rule in rules]

        def lookup(paths: Sequence[str]) -> list[Owners]:
            found = (automaton.Match(path) for path in paths)
            return [owners[max(numbers)] if numbers else frozenset() for numbers in found]

        return lookup

    return Peer(f"google-re2 {importlib.metadata.version('google-re2')} Set", load)


def re2_set_by_section() -> Peer:
    """The same for GitLab, reduced to the last rule of each section and its exclusions."""

    def load(content: bytes) -> Lookup:
        rules = parse(content, "gitlab").rules
        automaton = _set(meaning(rule.pattern, "gitlab") for rule in rules)
        return lambda paths: [_by_section(rules, automaton.Match(path) or []) for path in paths]

    return Peer(f"google-re2 {importlib.metadata.version('google-re2')} Set by section", load)


def fnmatch_by_section() -> Peer:
    """What GitLab itself does, in Python: every pattern of every section, one regular expression each."""

    def load(content: bytes) -> Lookup:
        rules = parse(content, "gitlab").rules
        regexes = [re.compile(regex(meaning(rule.pattern, "gitlab"))) for rule in rules]

        def lookup(paths: Sequence[str]) -> list[Owners]:
            return [
                _by_section(rules, [number for number, each in enumerate(regexes) if each.search(path)])
                for path in paths
            ]

        return lookup

    return Peer("fnmatch by section", load)


def _by_section(rules: Sequence[Any], numbers: Iterable[int]) -> Owners:
    last: dict[str, int] = {}
    excluded = set()
    for number in sorted(numbers):
        last[rules[number].section] = number
        if rules[number].excludes:
            excluded.add(rules[number].section)
    return frozenset(
        owner for section, number in last.items() if section not in excluded for owner in rules[number].owners
    )


def _set(patterns: Iterable[Pattern | None]) -> Any:
    options = re2.Options()
    options.max_mem = 1 << 30
    automaton = re2.Set.SearchSet(options)
    for pattern in patterns:
        automaton.Add(regex(pattern))
    automaton.Compile()
    return automaton


def regex(pattern: Pattern | None) -> str:
    """A regular expression, to be searched for, for what a pattern covers."""
    if pattern is None:
        return r"^\b\B"
    text = "^"
    for place, part in enumerate(pattern.body):
        if part is ANYWHERE:
            text += "(?:[^/]+/)*"
        else:
            text += _segment(part) + ("/" if place < len(pattern.body) - 1 else "")
    slash = "/" if pattern.body else ""
    endings = {
        Reach.FILE: "$",
        Reach.TREE: "(?:/|$)",
        Reach.INSIDE: slash,
        Reach.DIRECT: f"{slash}[^/]+$",
    }
    return text + endings[pattern.reach]


def _segment(part: str | Glob) -> str:
    if isinstance(part, str):
        return re.escape(part)
    return "".join({"*": "[^/]*", "?": "[^/]"}.get(sign, re.escape(sign)) for sign in part.text)


# --- Node -----------------------------------------------------------------------------------------------

NODE_PACKAGES = ("codeowners@5.1.1", "@snyk/github-codeowners@1.1.0", "codeowners-utils@1.0.2")
DRIVER = r"""
const fs = require("fs"), path = require("path");
const request = JSON.parse(fs.readFileSync(0, "utf8"));
const loaders = {
  "codeowners": folder => {
    const file = new (require("codeowners"))(folder);
    return name => file.getOwner(name);
  },
  "@snyk/github-codeowners": folder => {
    const { OwnershipEngine } = require("@snyk/github-codeowners/dist/lib/ownership/OwnershipEngine.js");
    const file = OwnershipEngine.FromCodeownersFile(path.join(folder, "CODEOWNERS"));
    return name => file.calcFileOwnership(name);
  },
  "codeowners-utils": folder => {
    const package_ = require("codeowners-utils");
    const file = package_.parse(fs.readFileSync(path.join(folder, "CODEOWNERS"), "utf8"));
    return name => (package_.matchFile(name, file) || { owners: [] }).owners;
  },
};
const load = loaders[request.package];
const seconds = (since) => Number(process.hrtime.bigint() - since) / 1e9;
const answers = [], parse = [], lookups = [];
for (const { folder, paths, repeat } of request.jobs) {
  try {
    let lookup, found;
    for (let run = 0; run < repeat; run++) {
      const parsing = process.hrtime.bigint();
      lookup = load(folder);
      parse.push(seconds(parsing));
      const looking = process.hrtime.bigint();
      found = paths.map(lookup);
      lookups.push(seconds(looking));
      if (lookups.reduce((sum, each) => sum + each, 0) > 10) break;
    }
    answers.push(found);
  } catch (error) {
    answers.push(null);
  }
}
console.log(JSON.stringify({ answers, parse, lookups }));
"""


@dataclass(frozen=True)
class NodePeers:
    """The packages for Node, installed into a folder that is thrown away afterwards.

    They are timed by the clock, because Node's processor time counts its compiler's and collector's threads too.
    """

    folder: Path

    @classmethod
    def install(cls, folder: Path) -> NodePeers | str:
        """The installed packages, or the reason why there are none."""
        if not shutil.which("node") or not shutil.which("npm"):
            return "node and npm are not installed"
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", *NODE_PACKAGES]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=180, check=False)
        if done.returncode != 0:
            return f"npm could not install them: {done.stderr.strip()[:200]}"
        (folder / "driver.cjs").write_text(DRIVER)
        return cls(folder)

    def ask(self, package: str, jobs: list[tuple[bytes, Sequence[str], int]]) -> dict[str, Any]:
        """Answers, and seconds for parsing and for looking up, of (file, paths, repetitions) one after another."""
        told = []
        for number, (content, paths, repeat) in enumerate(jobs):
            folder = self.folder / "files" / str(number)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "CODEOWNERS").write_bytes(content)
            told.append({"folder": str(folder), "paths": list(paths), "repeat": repeat})
        done = subprocess.run(
            ["node", "driver.cjs"],
            cwd=self.folder,
            input=json.dumps({"package": package, "jobs": told}),
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    for peer in (
        codeowners_package(),
        pathspec_package(),
        re2_set(),
        re2_set_by_section(),
        fnmatch_by_section(),
    ):
        print(peer.name)
    for package in NODE_PACKAGES:
        print(f"npm {package}")
