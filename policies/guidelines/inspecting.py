"""What a welcoming repository lacks: everything that its files show, as findings."""

# ruff: noqa: RUF009 -- the defaults are calls, but of frozen values that are safe to share

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from fractions import Fraction

from policies.durations import Duration
from policies.facts import Tree
from policies.findings import Finding, Severity, each_once
from policies.guidelines import builds, leftovers, links, markdown, promises, sections
from policies.guidelines.links import Place
from policies.guidelines.markdown import MOST_BYTES, Document
from policies.guidelines.places import Found, Kind
from policies.guidelines.promises import CALENDAR_DAY, Promise
from policies.guidelines.sections import Judged
from policies.owners import Dialect
from policies.rules import Guidelines
from policies.words import guidelines as words
from policies.words.owners import Told

LEAST_TEXT = 200
FOLLOWS_UNDER = 600
"""A guideline shorter than this may say all in one link, which is followed."""

LONGEST_ADDRESS = 1000
"""Characters; longer links to other sites are not asked about."""

ENOUGH_GUESTS = 20
MONTH = timedelta(days=365.25 / 12)

_CHECKED_FOR_MARKERS: tuple[Kind, ...] = (
    "contributing",
    "support",
    "security",
    "code_of_conduct",
    "governance",
    "communication",
)


@dataclass(frozen=True, slots=True)
class Measured:
    """How long people from elsewhere waited for a first answer, in working hours, over 90 days."""

    p85: Fraction
    contributions: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known besides the files. The base and the head of a change are judged by the same facts.

    `sla` is what the rules promise guests, in working hours; None: no such clock runs. `touched_at` is when the
    guideline was last touched, `builds_since` how often build and CI files were since then. `unreachable` are
    the addresses on other sites that did not answer twice, at least a day apart.
    """

    now: datetime
    dialect: Dialect = "github"
    place: Place = Place()
    sla: Fraction | None = None
    measured: Measured | None = None
    touched_at: datetime | None = None
    builds_since: int = 0
    unreachable: frozenset[str] = frozenset()

    def is_old(self, touched_at: datetime, rules: Guidelines) -> bool:
        """Whether a guideline that was last touched then may be stale."""
        return self.now - touched_at > rules.stale_months * MONTH


@dataclass(frozen=True, slots=True)
class Files:
    """What was read: which file of each kind counts, and the bytes of files, by path.

    `guide` is the guideline itself, or the file that a short one links to, wherever it was found; `contents` are
    files of this repository alone: guides, the Markdown files that they link into, and build files.
    """

    found: Mapping[Kind, Found]
    contents: Mapping[str, bytes] = field(default_factory=dict)
    guide: bytes | None = None
    linked: tuple[str, bytes] | None = None


@dataclass(frozen=True, slots=True)
class Inspection:
    """What came of it: the findings, and how each section of the guideline was judged.

    `files` are the repository's own files that count.
    """

    findings: tuple[Finding, ...]
    judged: tuple[Judged, ...] = ()
    promise: Promise | None = None
    guide: Found = Found("contributing")
    quality: float = 0.0
    files: frozenset[str] = frozenset()


def inspect(files: Files, tree: Tree, facts: Facts, rules: Guidelines) -> Inspection:
    """Everything that the guidelines of a repository lack, in the order of the lines."""
    own = frozenset(path for each in files.found.values() if each.own for path in each.paths)
    return replace(_inspected(files, tree, facts, rules), files=own)


def _inspected(files: Files, tree: Tree, facts: Facts, rules: Guidelines) -> Inspection:
    found = files.found["contributing"]
    documents = {path: markdown.read(files.contents[path]) for path in _markdown_of(files)}
    built = builds.builds(tree, files.contents)
    said: list[Finding] = list(_of_links(files, tree, facts, documents, rules))
    if found.provenance == "absent" or files.guide is None:
        said.append(_absent(found))
        return Inspection(each_once(said), guide=found)
    if len(files.guide) > MOST_BYTES:
        said.append(
            _finding("guide_empty", "high", found.path, "", 1, words.guide_too_large(found.path, MOST_BYTES))
        )
        return Inspection(each_once(said), guide=found)
    document = markdown.read(files.guide)
    judged = sections.judge(document, built, rules)
    if files.linked is not None and document.length < FOLLOWS_UNDER:
        path, content = files.linked
        there = markdown.read(content)
        judged_there = sections.judge(there, built, rules)
        if sections.quality(judged_there, rules) > sections.quality(judged, rules):
            document, judged = there, judged_there
            found = Found("contributing", "linked", path, found.repository)
    if document.length < LEAST_TEXT and not document.links:
        said.append(
            _finding("guide_empty", "high", found.path, "", 1, words.guide_empty(found.path, LEAST_TEXT))
        )
        return Inspection(each_once(said), guide=found)
    promise = _promise(document, judged)
    said += _of_sections(found.path, judged, promise, facts, rules)
    said += _of_promise(found.path, promise, facts)
    if found.provenance != "inherited":
        said += _of_age(found.path, facts, rules)
    return Inspection(each_once(said), judged, promise, found, sections.quality(judged, rules))


def sla_hours(budget: Duration | None) -> Fraction | None:
    """A budget as working hours, so that a promise can be compared with it."""
    if budget is None:
        return None
    if budget.unit == "bd":
        return budget.amount * promises.BUSINESS_DAY
    if budget.unit == "bh":
        return budget.amount
    hours = Fraction(budget.length(timedelta()).total_seconds()) / 3600
    return hours if hours < 24 else hours / 24 * CALENDAR_DAY


def to_follow(guide: bytes, path: str, tree: Tree, place: Place) -> str | None:
    """The file of the same repository that a short guideline links to first; None where it says enough itself."""
    document = markdown.read(guide)
    if document.length >= FOLLOWS_UNDER:
        return None
    files = set(tree.paths)
    for link in document.links:
        led = links.target(link, path, place)
        if (
            led is not None
            and led.path != path
            and led.path in files
            and led.path.lower().endswith(_READABLE)
        ):
            return led.path
    return None


_READABLE = (".md", ".markdown", ".txt", ".rst", ".adoc")


def to_read(found: Mapping[Kind, Found]) -> tuple[str, ...]:
    """The repository's own files of all kinds that are text for people."""
    return tuple(each.path for each in found.values() if each.own and each.kind in _TEXTS)


_TEXTS = (
    "contributing",
    "support",
    "security",
    "code_of_conduct",
    "governance",
    "communication",
    "agents",
    "readme",
)


def docs_hints(touched: Sequence[str], docs_map: Mapping[str, str]) -> tuple[Finding, ...]:
    """For each part of the code that a change touches without touching its documents: a question, no more."""
    hints = []
    for code, docs in docs_map.items():
        if any(fnmatchcase(path, code) for path in touched) and not any(
            fnmatchcase(path, docs) for path in touched
        ):
            path = next(path for path in touched if fnmatchcase(path, code))
            hints.append(_finding("docs_hint", "low", path, code, 1, words.docs_hint(code, docs)))
    return tuple(hints)


# --- The guideline --------------------------------------------------------------------------------------


def _absent(found: Found) -> Finding:
    path = found.path or "CONTRIBUTING.md"
    return _finding("guide_absent", "high", path, "", 1, words.guide_absent(path))


def _promise(document: Document, judged: Sequence[Judged]) -> Promise | None:
    """The promise of the section about it, else the first one that stands anywhere."""
    [response] = [each for each in judged if each.section == "response"]
    heading = next((each for each in document.headings if each.line == response.line), None)
    if response.state != "fail" and heading is not None:
        inside = promises.promise(document, document.region(heading))
        if inside is not None:
            return inside
    return promises.promise(document)


def _of_sections(
    path: str, judged: Sequence[Judged], promise: Promise | None, facts: Facts, rules: Guidelines
) -> Iterator[Finding]:
    needed = sections.required(rules)
    for each in judged:
        if each.section not in needed or each.state == "pass":
            continue
        if each.section == "response":
            if promise is not None:
                continue  # vague ones have a finding of their own
            if each.state == "fail":
                measured = facts.measured.p85 if facts.measured else None
                yield _finding(
                    "promise_absent", "medium", path, "response", 1, words.promise_absent(measured)
                )
                continue
        if each.state == "fail":
            yield _finding(
                "section_missing", "medium", path, each.section, 1, words.section_missing(each.section)
            )
        else:
            told = words.section_weak(each.section, each.text, each.lacks)
            yield _finding("section_weak", "low", path, each.section, each.line, told)


def _of_promise(path: str, promise: Promise | None, facts: Facts) -> Iterator[Finding]:
    if promise is None:
        return
    if promise.hours is None:
        told = words.promise_vague(promise.text, facts.sla)
        yield _finding("promise_vague", "low", path, "response", promise.line, told)
        return
    subject = f"{float(promise.hours):g}h"
    if facts.sla is not None and promise.hours > facts.sla:
        told = words.promise_looser(promise.text, promise.hours, facts.sla)
        yield _finding("promise_looser", "low", path, subject, promise.line, told)
    elif facts.sla is not None and promise.hours < facts.sla:
        told = words.promise_tighter(promise.text, promise.hours, facts.sla)
        yield _finding("promise_tighter", "medium", path, subject, promise.line, told)
    measured = facts.measured
    if measured is not None and measured.contributions >= ENOUGH_GUESTS and measured.p85 > promise.hours:
        told = words.promise_missed(promise.text, promise.hours, measured.p85, measured.contributions)
        yield _finding("promise_missed", "medium", path, subject, promise.line, told)


def _of_age(path: str, facts: Facts, rules: Guidelines) -> Iterator[Finding]:
    if facts.touched_at is None or facts.builds_since < builds.ENOUGH:
        return
    if facts.is_old(facts.touched_at, rules):
        told = words.guide_stale(rules.stale_months, facts.builds_since)
        yield _finding("guide_stale", "medium", path, "", 1, told)


# --- Links and placeholders -----------------------------------------------------------------------------


def _markdown_of(files: Files) -> list[str]:
    return [
        path
        for path in files.contents
        if path.lower().endswith(".md") and len(files.contents[path]) <= MOST_BYTES
    ]


def _of_links(
    files: Files, tree: Tree, facts: Facts, documents: Mapping[str, Document], rules: Guidelines
) -> Iterator[Finding]:
    allowed = {host.lower() for host in rules.external_links}
    for path, kind in _guides(files, documents).items():
        for each in links.broken(path, tree, facts.place, documents, facts.dialect):
            severity: Severity = "low" if each.anchor else "medium"
            name = "anchor_broken" if each.anchor else "link_broken"
            told = (words.anchor_broken if each.anchor else words.link_broken)(
                each.link.href, each.suggestion
            )
            yield _finding(name, severity, path, each.link.href, each.link.line, told)
        for host, address, link in links.external(documents[path]):
            if host in allowed and address in facts.unreachable:
                told = words.external_broken(address)
                yield _finding("link_broken", "low", path, link.href, link.line, told)
        if kind in _CHECKED_FOR_MARKERS:
            for left in leftovers.leftovers(documents[path]):
                yield _finding("marker", "medium", path, left.text, left.line, words.marker(left.text))


def _guides(files: Files, readable: Container[str]) -> Mapping[str, Kind]:
    """The guides among the readable files whose links count, with what each is."""
    paths = {each.path: each.kind for each in files.found.values() if each.own and each.path in readable}
    if files.linked is not None and files.linked[0] in readable:
        paths.setdefault(files.linked[0], "contributing")
    return paths


def elsewhere(files: Files, rules: Guidelines) -> frozenset[str]:
    """The addresses on other sites that the guides link to, and that the rules let us ask about."""
    if not rules.external_links:
        return frozenset()
    allowed = {host.lower() for host in rules.external_links}
    return frozenset(
        address
        for path in _guides(files, _markdown_of(files))
        for host, address, _ in links.external(markdown.read(files.contents[path]))
        if host in allowed and len(address) <= LONGEST_ADDRESS
    )


def _finding(kind: str, severity: Severity, path: str, subject: str, line: int, told: Told) -> Finding:
    return Finding(kind, severity, path, subject, line, 1, *told)


def anchored(contents: Mapping[str, bytes], place: Place, tree: Tree) -> frozenset[str]:
    """The Markdown files, not read yet, whose headings the links of the files that were read name."""
    wanted: set[str] = set()
    for path, content in contents.items():
        if path.lower().endswith(".md") and len(content) <= MOST_BYTES:
            wanted |= links.files_with_anchors(markdown.read(content), path, place)
    return frozenset(wanted & set(tree.paths)) - set(contents)
