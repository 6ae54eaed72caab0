"""Lines that GitHub and GitLab read differently, and how to write them so that both agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policies.owners.answers import Problem, Rule
from policies.owners.explain import meaning
from policies.owners.file import OwnersFile
from policies.owners.github import GitHubFile, compiled
from policies.owners.gitlab import GitLabFile, normal_form
from policies.owners.index import EveryRule
from policies.owners.limits import EXPLAINING
from policies.owners.patterns import ANYWHERE, InvalidPattern, Reach
from policies.owners.references import gitlab_owners, gitlab_word
from policies.owners.segments import Meter, TooCostly

Difference = tuple[str, str | None]
"""What is different, and a pattern on which both forges agree."""


_HASH: Difference = ("On GitHub this matches nothing, on GitLab a name that starts with #.", None)


def differs(file: OwnersFile, paths: Iterable[str] = ()) -> list[Problem]:
    """Lines that GitHub and GitLab read differently, each with a spelling on which they agree, if there is one.

    Whether a pattern covers what is in a directory of its name differs too, and is told only where `paths`, the
    files of the tree, have such a directory.
    """
    read = (
        _github_lines(file.content) if isinstance(file.content, GitHubFile) else _gitlab_lines(file.content)
    )
    told = {line: (message, suggestion) for line, message, suggestion in read}
    for rule in file.rules:
        difference = _by_pattern(rule.pattern)
        if difference and rule.line not in told:
            told[rule.line] = difference
    for rule in _directories(file, paths):
        told.setdefault(rule.line, _contents(rule.pattern))
    for line, earlier in _repeated(file):
        message = (
            f"Line {earlier} has the same pattern: on GitHub the last place counts, on GitLab the first."
        )
        told.setdefault(line, (message, None))
    return [
        Problem(line, 1, "differs", "info", message, suggestion)
        for line, (message, suggestion) in sorted(told.items())
    ]


def _github_lines(read: GitHubFile) -> Iterator[tuple[int, str, str | None]]:
    for lost in read.lost:
        if lost.text.startswith(("[", "^[")):
            yield lost.line, "On GitHub this is invalid, on GitLab the header of a section.", None
        elif lost.kind == "Invalid owner":
            yield lost.line, "GitHub loses this line; GitLab keeps its good owners.", None
        else:
            yield (
                lost.line,
                *(_by_pattern(lost.pattern) or ("GitHub loses this line; GitLab does not.", None)),
            )
    for rule in read.rules:
        comment = rule.text.partition("#")[2]
        if rule.text.startswith("\\#"):
            yield rule.line, *_HASH
        elif gitlab_owners([gitlab_word(word) for word in comment.split()]):
            yield rule.line, "GitLab has no comments here: who is named in it is an owner there.", None


def _gitlab_lines(read: GitLabFile) -> Iterator[tuple[int, str, str | None]]:
    for section in read.sections.values():
        if section.line:
            yield section.line, "GitHub has no sections; there this line is invalid.", None
    for problem in read.problems:
        if problem.kind == "malformed_entry_owner":
            yield (
                problem.line,
                "GitLab keeps the good owners of this line; GitHub loses it, or reads a comment.",
                None,
            )
    for rule in read.rules:
        if rule.excludes:
            yield rule.line, "GitHub has no exclusions; there this line is invalid.", None


def _by_pattern(pattern: str) -> Difference | None:
    """What is different whatever files there are; None where both mean the same, or differ in contents only."""
    if pattern.startswith("\\#"):
        return _HASH
    if pattern.startswith("!"):
        return "GitHub has no exclusions; there this line is invalid.", None
    if pattern == "/":
        return "On GitHub this is invalid, on GitLab every file.", "*"
    try:
        here = compiled(pattern)
    except InvalidPattern as error:
        return "On GitHub this is invalid, on GitLab a class of characters.", error.suggestion
    there = meaning(pattern, "gitlab")
    if here == there or here is None or there is None:
        return None
    if pattern.endswith("/**"):
        agreeing = "/" + pattern[:-2].lstrip("/")
        return (
            "On GitHub this covers every depth, on GitLab direct files only.",
            "*" if agreeing == "/" else agreeing,
        )
    if here.body == there.body:
        return None
    if there.body == (ANYWHERE, *here.body):
        return "On GitHub this is tied to the root, on GitLab it floats.", "/" + pattern
    return "GitHub and GitLab read this pattern differently.", None


def _directories(file: OwnersFile, paths: Iterable[str]) -> Iterator[Rule]:
    """The rules whose pattern fits a directory of the tree without saying so by a slash at its end."""
    above = {path.rpartition("/")[0] for path in paths}
    for directory in list(above):
        while directory := directory.rpartition("/")[0]:
            above.add(directory)
    index, rules = EveryRule(), file.rules
    for number, rule in enumerate(rules):
        meant = meaning(rule.pattern, "gitlab")
        if meant is not None and meant.reach is Reach.FILE and _by_pattern(rule.pattern) is None:
            index.add(meant, number)
    try:
        found = set(index.find_all(above, Meter(EXPLAINING)))
    except TooCostly:
        return
    for number in index.rules({group for groups in found for group in groups}):
        yield rules[number]


def _contents(pattern: str) -> Difference:
    wild = any(sign in pattern for sign in "*?[")
    message = "On GitHub this covers what is in a directory that it matches, on GitLab not."
    return message, None if wild else pattern + "/"


def _repeated(file: OwnersFile) -> Iterator[tuple[int, int]]:
    """Lines whose pattern was there before, with others in between: (line, the earlier line)."""
    if isinstance(file.content, GitLabFile):
        yield from ((by, entry.line) for entry, by in file.content.replaced)
        return
    seen: dict[str, tuple[int, int]] = {}
    for place, rule in enumerate(file.rules):
        key = normal_form(rule.pattern)
        before, line = seen.get(key, (place, 0))
        if place > before + 1:
            yield rule.line, line
        seen[key] = (place, rule.line)
