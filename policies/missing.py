"""What a change still lacks by the repository's own papers: fields of its template, a sign-off, an issue.

Each item names the line that asks for it, so that nobody has to search. Nothing that is not written down
is ever asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from policies.facts import Commit

What = Literal["field", "sign_off", "issue", "check"]

_HEADING = re.compile(r" {0,3}#{1,6}\s+(.+?)\s*#*\s*$")
_HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_ASKS_SIGN_OFF = re.compile(r"\bsign(?:ed)?[- ]off\b|--signoff\b", re.IGNORECASE)
_ASKS_ISSUE = re.compile(
    r"\b(?:link|reference|refer to|mention|name)\b[^.]{0,40}\bissue\b|\bissue first\b", re.IGNORECASE
)
_NOT_ASKED = re.compile(r"\b(?:no|not|without|n't|never|need no)\b", re.IGNORECASE)
_SIGNED = re.compile(r"^\s*Signed-off-by:\s*\S+.*<[^>]+>", re.IGNORECASE | re.MULTILINE)
_ISSUE = re.compile(r"(?:^|[\s(\[])(?:[\w.-]+/[\w.-]+)?#\d+\b|/issues/\d+\b|\b[A-Z][A-Z0-9]+-\d+\b")
_OPTIONAL = re.compile(r"\boptional\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Paper:
    """A file of the repository that may ask for something."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is lacking: a field's or check's `name`, and the line that asks for it (0: no file does)."""

    what: What
    name: str = ""
    path: str = ""
    line: int = 0


def missing(
    title: str,
    body: str,
    *,
    template: Paper | None = None,
    guide: Paper | None = None,
    commits: Iterable[Commit] = (),
    failed: Iterable[str] = (),
) -> tuple[Missing, ...]:
    """What a change lacks, in the order in which its author would mend it.

    `failed` names checks that must pass and did not. `commits` need only be given where `asks_sign_off`.
    """
    found: list[Missing] = []
    if template is not None:
        found += _fields(body, template)
    if guide is not None:
        line = asks_issue(guide)
        if line and not _ISSUE.search(f"{title}\n{_shown(body)}"):
            found.append(Missing("issue", path=guide.path, line=line))
        line = asks_sign_off(guide)
        unsigned = [commit for commit in commits if not _SIGNED.search(commit.message)]
        if line and unsigned:
            found.append(Missing("sign_off", path=guide.path, line=line))
    return (*found, *(Missing("check", name) for name in sorted(set(failed))))


def asks_sign_off(guide: Paper) -> int:
    """The line of the guide that asks for signed-off commits; 0: none does."""
    return _asking(guide, _ASKS_SIGN_OFF)


def asks_issue(guide: Paper) -> int:
    """The line that asks to name an issue; 0: none does."""
    return _asking(guide, _ASKS_ISSUE)


def _asking(guide: Paper, pattern: re.Pattern[str]) -> int:
    for number, line in enumerate(guide.text.splitlines(), 1):
        for sentence in re.split(r"(?<=[.!?])\s", line):
            if pattern.search(sentence) and not _NOT_ASKED.search(sentence):
                return number
    return 0


def _fields(body: str, template: Paper) -> list[Missing]:
    """The headings of the template under which nothing was written.

    A heading that its author took away altogether counts too, unless the template calls it optional.
    """
    asked = _sections(template.text)
    given = {_plain(name): content for name, _, content in _sections(_shown(body))}
    found = []
    for name, line, prompt in asked:
        if _OPTIONAL.search(name) or _OPTIONAL.search(prompt):
            continue
        said = given.get(_plain(name), "")
        if not _words(said) or _words(said) == _words(_shown(prompt)):
            found.append(Missing("field", name, template.path, line))
    return found


def _sections(text: str) -> list[tuple[str, int, str]]:
    """Each heading, its line from 1, and what stands under it."""
    found: list[tuple[str, int, list[str]]] = []
    for number, line in enumerate(text.splitlines(), 1):
        heading = _HEADING.match(line)
        if heading:
            found.append((heading[1], number, []))
        elif found:
            found[-1][2].append(line)
    return [(name, number, "\n".join(lines)) for name, number, lines in found]


def _shown(text: str) -> str:
    return _HIDDEN.sub("", text)


def _words(text: str) -> list[str]:
    """The words of a text; an empty checkbox or a rule is none."""
    return re.findall(r"\w+", re.sub(r"\[[ xX]?\]", "", text.casefold()))


def _plain(name: str) -> str:
    return " ".join(_words(name))
