"""What a contribution guideline says, section by section: said well, half said, or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from policies.guidelines import builds, promises
from policies.guidelines.builds import Builds
from policies.guidelines.markdown import Document, Heading, Text
from policies.guidelines.phrases import has_any, plain
from policies.guidelines.promises import shown
from policies.rules import Guidelines

State = Literal["pass", "weak", "fail"]

REQUIRED = ("scope", "setup", "test", "propose", "review", "response", "owners", "help")
OF_ISSUES_WELCOME = ("scope", "owners", "help", "response")
"""What is required where only issues are welcome: nobody sets anything up there."""

PHRASES: Mapping[str, tuple[str, ...]] = {
    "scope": (
        "contribute", "contributing", "contribution", "contributions", "contributor", "contributors", "welcome",
        "what we accept", "what we welcome", "what to contribute", "ways to help", "how to help", "get involved",
        "getting involved", "scope", "what we are looking for", "good first issues",
    ),
    "setup": (
        "setup", "set up", "setting up", "install", "installing", "installation", "develop", "developing",
        "development", "build", "building", "getting started", "get started", "local environment", "prerequisites",
        "dev environment", "bootstrap",
    ),
    "test": (
        "test", "tests", "testing", "tested", "check", "checks", "checking", "lint", "linting", "linter", "quality",
        "verify", "verification", "continuous integration",
    ),
    "propose": (
        "submit", "submitting", "submission", "propose", "proposing", "pull request", "pull requests",
        "merge request", "merge requests", "workflow", "send a patch", "sending a patch", "opening a pr", "open a pr",
        "making changes", "make a change", "making a change", "prs", "your change", "your first change",
        "how to contribute", "contribution process", "contribution guide",
    ),
    "review": (
        "review", "reviews", "reviewing", "reviewed", "reviewer", "reviewers", "approval", "approvals", "approve",
        "code review", "review process", "acceptance", "merging",
    ),
    "response": (
        "response", "responses", "respond", "responding", "turnaround", "turn around", "sla", "response time",
        "response times", "answer", "answers", "reply", "when to expect", "what to expect", "how long",
        "hear from us", "hear back", "get back to you", "review time", "review times",
    ),
    "owners": (
        "owner", "owners", "ownership", "maintainer", "maintainers", "maintained", "team", "who we are", "committers",
        "code owners", "codeowners", "responsible",
    ),
    "help": (
        "help", "getting help", "question", "questions", "support", "chat", "contact", "contacts", "community",
        "communication", "discuss", "discussion", "discussions", "ask", "reach us", "talk to us", "stuck",
    ),
    "done": ("definition of done", "done", "sign off", "sign your work", "signing", "dco", "cla", "licence", "license",
             "licensing", "legal", "copyright"),
    "after": ("release", "releases", "releasing", "after merge", "after the merge", "warranty", "what happens next"),
    "path": ("trusted committer", "trusted committers", "becoming a maintainer", "become a maintainer", "becoming a "
             "committer", "contributor ladder", "contribution ladder", "growing"),
    "agents": ("ai", "agent", "agents", "ai assistance", "ai assisted", "generative ai", "llm", "llms", "copilot",
               "ai tools", "ai generated"),
}  # fmt: skip
SECTIONS = tuple(PHRASES)

_BODY_SUFFICES = ("setup", "test", "response", "help")
_ENOUGH = 80
_PHRASES = {section: tuple(plain(each) for each in phrases) for section, phrases in PHRASES.items()}
_LEVELS = tuple(
    map(
        plain,
        (
            "issues welcome",
            "contributions welcome",
            "shared write",
            "shared write access",
            "shared ownership",
        ),
    )
)
_PROPOSALS = tuple(
    map(
        plain,
        (
            "fork",
            "forks",
            "forking",
            "branch",
            "branches",
            "branching",
            "issue",
            "issues",
            "ticket",
            "tickets",
        ),
    )
)
_WHO = tuple(map(plain, (
    "maintainer", "maintainers", "owner", "owners", "codeowners", "reviewer", "reviewers", "committer", "committers",
    "team", "somebody", "someone", "colleague", "engineer", "developer", "member", "members", "tech lead", "lead",
)))  # fmt: skip
_HOW_MANY = re.compile(
    r" (?:\d+|one|two|three|an|a|single) (?:more )?(?:approv\w+|review\w*|\+1|people|person) "
)
_NAME = re.compile(r"(?<![\w.@/])@[A-Za-z0-9][\w.-]*(?:/[\w.-]+)*")
_CHANNEL = re.compile(r"(?<![\w&/#(\]])#[A-Za-z][\w-]{1,79}(?![\w/])")
_MAILBOX = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w")
_URL = re.compile(r"https?://\S{4,}")


@dataclass(frozen=True, slots=True)
class Judged:
    """How one section came out: the state, and what decided it. `lacks` says what a weak one has not."""

    section: str
    state: State
    line: int = 1
    text: str = ""
    lacks: Literal["", "heading", "evidence"] = ""


def required(rules: Guidelines) -> tuple[str, ...]:
    """The sections that this repository's guideline must have."""
    if rules.require is not None:
        return tuple(each for each in SECTIONS if each in rules.require)
    return OF_ISSUES_WELCOME if rules.governance == "issues_welcome" else REQUIRED


def judge(document: Document, built: Builds, rules: Guidelines) -> tuple[Judged, ...]:
    """Every section, those that are not required too, in the order of the list."""
    return tuple(_judge(section, document, built, rules) for section in SECTIONS)


def quality(judged: Sequence[Judged], rules: Guidelines) -> float:
    """How much of what is required is there, from 0 to 1; a weak section counts half."""
    worth = {"pass": 1.0, "weak": 0.5, "fail": 0.0}
    needed = required(rules)
    states = [worth[each.state] for each in judged if each.section in needed]
    return sum(states) / len(states) if states else 1.0


def _judge(section: str, document: Document, built: Builds, rules: Guidelines) -> Judged:
    phrases = (*_PHRASES[section], *map(plain, rules.synonyms.get(section, ())))
    evidence = _EVIDENCE.get(section, _has_enough)
    weak: Judged | None = None
    for heading in document.headings:
        if not has_any(plain(heading.text), phrases):
            continue
        if evidence(document, document.region(heading), built):
            return Judged(section, "pass", heading.line, shown(heading.text))
        weak = weak or Judged(section, "weak", heading.line, shown(heading.text), "evidence")
    if section in _BODY_SUFFICES:
        for text in document.texts:
            region = document.paragraph_region(text.line)
            if has_any(plain(text.text), phrases) and evidence(document, region, built):
                return Judged(section, "pass", text.line, shown(text.text))
    if weak is not None:
        return weak
    return _by_evidence_alone(section, document, evidence, built)


def _by_evidence_alone(section: str, document: Document, evidence: Evidence, built: Builds) -> Judged:
    """What is said without a heading that leads there; a name or a command does not always do so."""
    evidence = _SPEAKS_FOR_ITSELF.get(section, evidence)
    if section not in _EVIDENCE or not evidence(document, range(1, document.lines + 1), built):
        return Judged(section, "fail")
    for start in (1, *(heading.line for heading in document.headings)):
        region = document.paragraph_region(start)
        if evidence(document, region, built):
            first = next((text for text in document.texts if text.line in region), None)
            heading = next((each for each in document.headings if each.line == start), None)
            return Judged(section, "weak", start, _first_words(first, heading), "heading")
    return Judged(section, "weak", 1, "", "heading")


def _first_words(text: Text | None, heading: Heading | None) -> str:
    return shown(heading.text if heading else text.text if text else "")


# --- Evidence -------------------------------------------------------------------------------------------

Evidence = Callable[[Document, range, Builds], bool]


def _texts(document: Document, lines: range) -> list[Text]:
    return [each for each in document.texts if each.line in lines]


def _has_scope(document: Document, lines: range, _built: Builds) -> bool:
    if any(line in lines for line in document.lists):
        return True
    return any(has_any(plain(each.text), _LEVELS) for each in _texts(document, lines))


def _has_command(document: Document, lines: range, built: Builds) -> bool:
    return any(builds.real(each.content, built) for each in document.codes if each.line in lines)


def _sets_up(document: Document, lines: range, built: Builds) -> bool:
    return any(
        builds.real(each.content, built, for_tests=False) for each in document.codes if each.line in lines
    )


def _tests(document: Document, lines: range, built: Builds) -> bool:
    return any(
        builds.real(each.content, built, for_tests=True) for each in document.codes if each.line in lines
    )


def _has_proposal(document: Document, lines: range, _built: Builds) -> bool:
    return any(has_any(plain(each.text), _PROPOSALS) for each in _texts(document, lines))


def _has_reviewers(document: Document, lines: range, built: Builds) -> bool:
    words = [plain(each.text) for each in _texts(document, lines)]
    return (
        any(has_any(each, _WHO) or _HOW_MANY.search(each) for each in words)
        or _has_owners(document, lines, built)
    )  # fmt: skip


def _has_approvals(document: Document, lines: range, _built: Builds) -> bool:
    return any(_HOW_MANY.search(plain(each.text)) for each in _texts(document, lines))


def _has_promise(document: Document, lines: range, _built: Builds) -> bool:
    found = promises.promise(document, lines)
    return found is not None and not found.vague


def _has_owners(document: Document, lines: range, _built: Builds) -> bool:
    if any(_NAME.search(each.text) for each in _texts(document, lines)):
        return True
    return any("codeowners" in each.href.casefold() for each in document.links if each.line in lines)


def _has_help(document: Document, lines: range, _built: Builds) -> bool:
    if any(each.href and not each.href.startswith("#") for each in document.links if each.line in lines):
        return True
    patterns = (_URL, _CHANNEL, _MAILBOX)
    return any(pattern.search(each.text) for each in _texts(document, lines) for pattern in patterns)


def _has_enough(document: Document, lines: range, _built: Builds) -> bool:
    said = sum(len(each.text) for each in _texts(document, lines))
    return said + sum(len(each.content) for each in document.codes if each.line in lines) >= _ENOUGH


_EVIDENCE: Mapping[str, Evidence] = {
    "scope": _has_scope,
    "setup": _has_command,
    "test": _has_command,
    "propose": _has_proposal,
    "review": _has_reviewers,
    "response": _has_promise,
    "owners": _has_owners,
    "help": _has_help,
}
_SPEAKS_FOR_ITSELF: Mapping[str, Evidence] = {"setup": _sets_up, "test": _tests, "review": _has_approvals}
