"""One owners file, read once and asked often: who owns this path, and by which line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from policies.owners import explain
from policies.owners.answers import Dialect, Explanation, Match, Problem, Rule, Status
from policies.owners.github import GitHubFile
from policies.owners.gitlab import GitLabFile
from policies.owners.limits import BINARY_PREFIX, EXPLAINING, NEARLY_TOO_LARGE, STEPS, TOO_LARGE
from policies.owners.segments import Meter, TooCostly

_BOM = "\ufeff"
_LOST_BYTES = re.compile("[\udc80-\udcff]").search


@dataclass(frozen=True, slots=True)
class OwnersFile:
    """A parsed CODEOWNERS file. It answers for paths from the root of the repository, without a leading `/`.

    Bytes that are no UTF-8 are kept as `os.fsdecode` keeps them, in the file as in paths. `status` other
    than `ok` means that nobody is ever named. `content` is the dialect's own reading, for this package only; in
    it are remembered at most 200,000 directories and names that were looked up.
    """

    dialect: Dialect
    status: Status
    problems: tuple[Problem, ...]
    content: GitHubFile | GitLabFile = field(repr=False, compare=False)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every line that can decide, in the order in which a later one wins (on GitLab: its section)."""
        return tuple(self.content.rules)

    def match(self, path: str, *, steps: int = STEPS) -> Match:
        """Who owns `path`. Takes at most `steps` steps; beyond, the answer is refused as `too_costly`."""
        return self.match_all((path,), steps=steps)[0]

    def match_all(self, paths: Iterable[str], *, steps: int = STEPS) -> list[Match]:
        """Who owns each of `paths`, in their order.

        All together may take `steps` steps. Beyond, every answer is refused: nobody is asked by half an answer.
        """
        wanted = list(paths)
        if self.status != "ok":
            return [Match(refused=self.status)] * len(wanted)
        meter = Meter(steps)
        try:
            meter.spend(len(wanted))
            return self.content.match_all(wanted, meter)
        except TooCostly:
            return [Match(refused="too_costly")] * len(wanted)

    def explain(self, path: str, *, steps: int = EXPLAINING) -> Explanation:
        """Every line that matches `path` with what became of it; its owners are those of `match(path)`."""
        match = self.match(path, steps=steps)
        meter = Meter(steps)
        try:
            told = () if match.refused else explain.considered(self.content, path, meter)
            near = () if match.refused else explain.near_misses(self.content, path, meter)
        except TooCostly:
            return Explanation(path, Match(refused="too_costly"), ())
        return Explanation(path, match, told, near)


def parse(content: bytes, dialect: Dialect) -> OwnersFile:
    """Read an owners file as `dialect` reads it. Never raises: what is wrong is in `problems`."""
    if len(content) >= TOO_LARGE:
        message = f"The file has {len(content):,} bytes; from {TOO_LARGE:,} on it is ignored."
        return _unread(dialect, "too_large", Problem(1, 1, "too_large", "error", message))
    if b"\0" in content[:BINARY_PREFIX]:
        return _unread(
            dialect, "binary", Problem(1, 1, "binary", "error", "The file is binary; it has no rules.")
        )
    text = content.decode(errors="surrogateescape")
    problems = [*_about_size(content), *_about_encoding(text)]
    read = GitHubFile(text.removeprefix(_BOM)) if dialect == "github" else GitLabFile(text)
    problems += read.problems
    problems.sort(key=lambda problem: (problem.line, problem.column))
    return OwnersFile(dialect, "refused" if read.refused else "ok", tuple(problems), read)


def _unread(dialect: Dialect, status: Status, problem: Problem) -> OwnersFile:
    return OwnersFile(dialect, status, (problem,), GitHubFile(""))


def _about_size(content: bytes) -> Iterable[Problem]:
    if len(content) >= NEARLY_TOO_LARGE:
        message = f"The file has {len(content):,} bytes; from {TOO_LARGE:,} on it would be ignored."
        yield Problem(1, 1, "too_large", "warning", message)


def _about_encoding(text: str) -> Iterable[Problem]:
    if text.startswith(_BOM):
        yield Problem(1, 1, "bom", "warning", "The file starts with a byte order mark; save it without.")
    if _LOST_BYTES(text):
        for number, line in enumerate(text.split("\n"), 1):
            lost = _LOST_BYTES(line)
            if lost and not line.lstrip().startswith("#"):
                message = "This line is not UTF-8; it is matched byte by byte."
                yield Problem(number, lost.start() + 1, "encoding", "warning", message)
