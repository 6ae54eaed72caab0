"""A draft of what a guideline lacks, from what is known of the repository; what is not known becomes a question.

Nothing is made up: every section names where it comes from, and no placeholder is left for somebody to forget.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from policies.guidelines.builds import Builds, suggested
from policies.guidelines.links import Broken
from policies.owners import Dialect
from policies.rules import Governance
from policies.words import drafts as words


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a repository. `owners` are names with an @; `promise` is in working hours.

    `measured`: the promise is what guests really waited, not what the rules say.
    """

    name: str
    branch: str
    dialect: Dialect
    built: Builds
    contents: Mapping[str, bytes]
    governance: Governance
    owners: tuple[str, ...] = ()
    owners_path: str = ""
    channel: str = ""
    promise: Fraction | None = None
    measured: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A file's new content, what of it is new, where that comes from, and what nobody but people can answer."""

    path: str
    text: str
    added: str
    sources: tuple[tuple[str, str], ...]  # heading, where it comes from
    questions: tuple[str, ...] = ()


def draft(existing: str | None, path: str, lacking: Sequence[str], known: Known) -> Draft:
    """The guideline with the sections that it lacks; what it says already stays as it is."""
    parts: list[str] = []
    sources: list[tuple[str, str]] = []
    questions: list[str] = []
    for section in lacking:
        said = _SECTIONS[section](known) if section in _SECTIONS else None
        if said is None:
            questions.append(words.QUESTIONS[section])
            continue
        body, source = said
        parts.append(f"## {words.HEADINGS[section]}\n\n{body}")
        sources.append((words.HEADINGS[section], source))
    head = existing.rstrip() if existing and existing.strip() else f"# Contributing to {known.name}"
    added = "\n\n".join(parts)
    return Draft(path, "\n\n".join([head, *parts]) + "\n", added, tuple(sources), tuple(questions))


def with_links_mended(
    text: str, path: str, broken: Sequence[Broken]
) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The text with every broken link that was surely meant otherwise, and what became of which."""
    mended = []
    for each in broken:
        if not each.suggestion:
            continue
        before = each.link.href
        if each.anchor:
            after = f"{before.partition('#')[0]}#{each.suggestion}"
        else:
            anchor = before.partition("#")[2]
            after = posixpath.relpath(each.suggestion, posixpath.dirname(path) or ".") + (
                f"#{anchor}" if anchor else ""
            )
        if f"]({before})" in text:
            text = text.replace(f"]({before})", f"]({after})")
            mended.append((before, after))
    return text, tuple(mended)


# --- Sections -------------------------------------------------------------------------------------------

Said = tuple[str, str]
"""Text, and where it comes from."""


def _scope(known: Known) -> Said | None:
    return words.SCOPES[known.governance], words.FROM_GOVERNANCE


def _setup(known: Known) -> Said | None:
    commands, _ = suggested(known.built, known.contents)
    return (_fenced(commands), words.from_builds(commands)) if commands else None


def _test(known: Known) -> Said | None:
    _, commands = suggested(known.built, known.contents)
    return (_fenced(commands), words.from_builds(commands)) if commands else None


def _fenced(commands: Sequence[str]) -> str:
    return "\n".join(["```sh", *commands, "```"])


def _propose(known: Known) -> Said | None:
    return words.how_to_propose(known.dialect, known.branch), words.from_branch(known.branch)


def _review(known: Known) -> Said | None:
    return (
        (words.who_reviews(known.owners_path), words.from_file(known.owners_path))
        if known.owners_path
        else None
    )


def _response(known: Known) -> Said | None:
    if known.promise is None:
        return None
    return words.promise(known.promise), words.MEASURED if known.measured else words.FROM_SLA


def _owners(known: Known) -> Said | None:
    if not known.owners:
        return None
    return words.who_owns(known.owners), words.from_file(
        known.owners_path
    ) if known.owners_path else words.FROM_RULES


def _help(known: Known) -> Said | None:
    return (words.where_to_ask(known.channel), words.FROM_CHANNEL) if known.channel else None


_SECTIONS = {
    "scope": _scope,
    "setup": _setup,
    "test": _test,
    "propose": _propose,
    "review": _review,
    "response": _response,
    "owners": _owners,
    "help": _help,
}
