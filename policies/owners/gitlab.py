"""How GitLab reads CODEOWNERS: sections that answer independently, exclusions, approval counts.

Source: GitLab's "CODEOWNERS syntax" and "Advanced CODEOWNERS configuration"; where they and GitLab's own
reading differ, as in what wins among repeated patterns and exclusions, this follows the reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from policies.owners import patterns
from policies.owners.answers import Match, Problem, Rule, SectionMatch, Severity
from policies.owners.index import REMEMBERED, EveryRule
from policies.owners.limits import LONG_PATTERN, MANY_RULES
from policies.owners.references import NOTHING, Found, each_once, gitlab_owners, gitlab_word
from policies.owners.segments import Meter

DEFAULT_SECTION = "codeowners"
_BLANKS = " \t\n\v\f\r"
_END_OF_PATTERN = re.compile(r"(?<!\\)[ \t\n\v\f\r]+").search
_ESCAPED_BLANKS = re.compile(r"\\[ \t\n\v\f\r]+").sub
_WORD = re.compile(r"[^ \t\n\v\f\r]+").finditer
_COUNT = re.compile(r"\[([\s\d]*)\]", re.ASCII).match
_DEFAULTS = re.compile(r"[@\w.\-/\s]*", re.ASCII).match
_DIGITS = re.compile(r"\d+", re.ASCII).match
_MOST_APPROVALS = 1_000_000
_STEPS_PER_SECTION = 8


class Header(NamedTuple):
    """One `[name]` line: what it gives to the entries below it, and no further."""

    section: str
    optional: bool = False
    approvals: int = 0
    owners: tuple[str, ...] = ()
    has_owner_text: bool = False


class Entry(NamedTuple):
    """One pattern of a section. `pattern` is as written, without the `!` of an exclusion."""

    line: int
    text: str
    pattern: str
    owners: tuple[str, ...]
    header: Header
    excludes: bool

    @property
    def rule(self) -> Rule:
        """The same without what only GitLab's reading needs."""
        return Rule(self.line, self.text, self.pattern, self.owners, self.header.section, self.excludes)


@dataclass(slots=True)
class Section:
    """The entries under all headers of one name, by their pattern's normal form.

    A pattern that comes again keeps its first place and takes its last content.
    """

    name: str
    place: int
    line: int = 0  # of its first header
    entries: dict[str, int] = field(default_factory=dict)  # normal form -> number in `GitLabFile.entries`
    all_optional: bool = True

    @property
    def optional(self) -> bool:
        """Only if it has entries, and each stands under an optional header."""
        return bool(self.entries) and self.all_optional


class GitLabFile:
    """The sections of a GitLab file, and what is wrong with it."""

    def __init__(self, text: str) -> None:
        self.sections: dict[str, Section] = {DEFAULT_SECTION: Section(DEFAULT_SECTION, 0)}
        self.entries: list[Entry] = []
        self.replaced: list[tuple[Entry, int]] = []  # with the later line that took the place
        self.problems: list[Problem] = []
        self.refused = False  # more rules than anybody writes
        self._spellings = {DEFAULT_SECTION: DEFAULT_SECTION}  # folded name -> the first spelling
        self._index = EveryRule()
        self._words: dict[str, Found] = {}
        self._number, self._raw = 0, ""  # the line that is being read
        self._answers: dict[frozenset[int], Match] = {}
        self._remembered = 0  # answers and the sections in them
        self._read(text)
        self._words.clear()
        for entry in self.entries:
            if not entry.header.optional:
                self.sections[entry.header.section].all_optional = False

    @property
    def rules(self) -> list[Rule]:
        """The rules that stand, in the order in which a later one wins its section."""
        return [entry.rule for entry in self.entries]

    # --- Looking up -----------------------------------------------------------------------------------

    def match_all(self, paths: Iterable[str], meter: Meter) -> list[Match]:
        """Who owns each of `paths`, in each section; TooCostly when `meter` says so."""
        found = self._index.find_all(paths, meter)
        return [self._answers.get(groups) or self._answer(groups, meter) for groups in found]

    def _answer(self, groups: frozenset[int], meter: Meter) -> Match:
        numbers = self._index.rules(groups)
        meter.spend(_STEPS_PER_SECTION * len(numbers))
        answer = self._combined(numbers)
        self._remembered += 1 + len(answer.sections)
        if self._remembered > REMEMBERED:
            self._answers.clear()
            self._remembered = 0
        self._answers[groups] = answer
        return answer

    def _combined(self, numbers: Iterable[int]) -> Match:
        """The answer where these entries match: each section's last, unless one of its entries excludes."""
        last: dict[str, int] = {}
        for number in sorted(numbers, key=lambda number: (self.entries[number].excludes, number)):
            last[self.entries[number].header.section] = number
        ordered = sorted(last, key=lambda name: self.sections[name].place)
        told = tuple(self._told(self.entries[last[name]]) for name in ordered)
        return answer_of(told)

    def _told(self, entry: Entry) -> SectionMatch:
        section = self.sections[entry.header.section]
        declared = entry.header.approvals
        needed = 0 if section.optional or entry.excludes else max(declared, 1)
        owners = () if entry.excludes else entry.owners
        return SectionMatch(
            *(section.name, owners, entry.line, entry.text, entry.pattern),
            *(section.optional, declared, needed, entry.excludes),
        )

    # --- Reading --------------------------------------------------------------------------------------

    def _read(self, text: str) -> None:
        header = Header(DEFAULT_SECTION)
        left = MANY_RULES
        for self._number, self._raw in enumerate(text.split("\n"), 1):
            line = self._raw.strip(_BLANKS + "\0")
            if not line or line[0] == "#" or line.isspace():
                continue
            left -= 1
            if left < 0:
                self._refuse()
                return
            if line.startswith(("[", "^[")):
                header = self._header(line) or header
            else:
                self._entry(line, header)

    def _refuse(self) -> None:
        message = f"More than {MANY_RULES:,} rules: the file is not used."
        self.refused = True
        self.sections = {DEFAULT_SECTION: Section(DEFAULT_SECTION, 0)}
        self.entries, self.replaced = [], []
        self._index = EveryRule()
        self.problems = [Problem(self._number, 1, "too_many_rules", "error", message)]

    # --- Headers --------------------------------------------------------------------------------------

    def _header(self, line: str) -> Header | None:
        """The header that `line` is; None where it has no `]`, which GitLab reports and skips."""
        written = _written_header(line)
        if written is None:
            self._report("invalid_section_format", "The section's name has no `]`.", line + "]")
            return None
        found = [self._found(word) for word in written.owners.split()]
        header = Header(
            self._section(written.name).name,
            line[0] == "^",
            _approvals(written.number or ""),
            gitlab_owners(found),
            bool(found),
        )
        known = len(self.problems)
        self._check_number(header, line, written)
        self._check_names(written)
        if len(self.problems) == known and not written.strict:
            message = "Only what GitLab reads as name, number and owners counts; the rest is ignored."
            self._report("invalid_section_format", message)
        if line[line.index("]") + 1 :][:1] not in ("", "[", "]", "@", *_BLANKS):
            message = f"This begins the section `{header.section}`; a pattern must not start with `[`."
            self._report("swallowed_header", message, "/**/" + line.lstrip("^"), severity="warning")
        return header

    def _section(self, name: str) -> Section:
        """The section that a header of this name begins or goes on.

        Names compare without regard to case, except while there is no section but the one before any header.
        """
        if len(self.sections) > 1:
            name = self._spellings.get(name.casefold(), name)
        if name not in self.sections:
            self.sections[name] = Section(name, len(self.sections), self._number)
            self._spellings.setdefault(name.casefold(), name)
        return self.sections[name]

    def _check_number(self, header: Header, line: str, written: WrittenHeader) -> None:
        at = written.end + 1
        if written.number is not None and not written.number.strip().isdigit():
            message = "The number of approvals is not a number."
            self._report("invalid_approval_requirement", message, at=at)
        elif header.optional and header.approvals > 0:
            message = "An optional section needs no approvals: leave out either `^` or the number."
            self._report("invalid_approval_requirement", message, line[1:], at=at)

    def _check_names(self, written: WrittenHeader) -> None:
        if not written.name.strip():
            self._report("missing_section_name", "The section has no name.")
        for word in _WORD(written.owners):
            if not any(word.group() in kind for kind in self._found(word.group())):
                at = written.owners_at + word.start()
                self._report("invalid_section_owner_format", _no_owner(word.group()), at=at)
                return

    # --- Entries --------------------------------------------------------------------------------------

    def _entry(self, line: str, header: Header) -> None:
        blank = _END_OF_PATTERN(line)
        pattern, text = (line[: blank.start()], line[blank.end() :]) if blank else (line, "")
        excludes = pattern.startswith("!")
        owners: tuple[str, ...] = ()
        if not excludes:
            owners = self._owners(text, len(line) - len(text), header)
        elif pattern == "!":
            message = "This excludes every file from the section; an exclusion has no blank after its `!`."
            self._report("stray_exclusion", message, "!" + text, severity="warning")
        self._put(Entry(self._number, line, pattern[excludes:], owners, header, excludes))

    def _owners(self, text: str, at: int, header: Header) -> tuple[str, ...]:
        """The owners that `text`, `at` in its line, names; the header's where it is blank."""
        if not text or text.isspace():
            if not header.has_owner_text:
                message = (
                    "Neither this pattern nor its section has owners; an exclusion is written `!pattern`."
                )
                self._report("missing_entry_owner", message)
            return header.owners
        words = list(_WORD(text))
        found = [self._found(word.group()) for word in words]
        if NOTHING in found:
            bad = words[found.index(NOTHING)]
            self._report("malformed_entry_owner", _no_owner(bad.group()), at=at + bad.start())
            sign = next((place for place, word in enumerate(words) if word.group()[0] == "#"), len(words))
            named = gitlab_owners(found[sign:])
            if named:
                message = f"GitLab has no comments here: {', '.join(named)} own this. Use a line of its own."
                self._report("comment_owner", message, at=at + words[sign].start(), severity="warning")
        return gitlab_owners(found)

    def _found(self, word: str) -> Found:
        known = self._words.get(word)
        if known is None:
            known = self._words[word] = gitlab_word(word)
        return known

    def _put(self, entry: Entry) -> None:
        entries = self.sections[entry.header.section].entries
        key = normal_form(entry.pattern)
        known = entries.get(key)
        if known is None:
            entries[key] = len(self.entries)
            self.entries.append(entry)
            self._stand(key, entry)
            return
        before, self.entries[known] = self.entries[known], entry
        self.replaced.append((before, entry.line))
        message = f"Line {before.line} has the same pattern: it loses its owners to this line, which takes its place."
        self._report("repeated_key", message, severity="warning")

    def _stand(self, key: str, entry: Entry) -> None:
        """Let the latest entry stand wherever its pattern matches."""
        if len(entry.pattern.encode(errors="surrogateescape")) > LONG_PATTERN:
            message = f"A pattern of more than {LONG_PATTERN:,} bytes never matches here."
            self._report("pattern_too_long", message)
            return
        meaning = patterns.gitlab(key)
        if meaning is not None:
            self._index.add(meaning, len(self.entries) - 1)

    # --- Reporting ------------------------------------------------------------------------------------

    def _report(
        self,
        kind: str,
        message: str,
        suggestion: str | None = None,
        *,
        at: int = 0,
        severity: Severity = "error",
    ) -> None:
        """Report the line that is being read; `at` counts from its first character that is no blank."""
        column = len(self._raw) - len(self._raw.lstrip(_BLANKS + "\0")) + at + 1
        self.problems.append(Problem(self._number, column, kind, severity, message, suggestion))


class WrittenHeader(NamedTuple):
    """The parts of a header as written, and where they stand; `strict` if GitLab has no complaint between them."""

    name: str
    end: int  # of the name: its `]`
    number: str | None
    owners: str
    owners_at: int
    strict: bool


def _written_header(line: str) -> WrittenHeader | None:
    """The parts of a header, by hand and in one pass; None where it has no `]`."""
    start = line.index("[") + 1
    end = line.find("]", start)
    if end < 0:
        return None
    found = _COUNT(line, end + 1)
    number = found.group(1) if found else None
    after = found.end() if found else end + 1
    defaults = _DEFAULTS(line, after)
    owners = defaults.group() if defaults else ""
    ends_well = after + len(owners) == len(line) and (not owners or owners[0] in _BLANKS)
    strict = ends_well and (number is None or number.isdigit())
    return WrittenHeader(line[start:end], end, number, owners, after, strict)


def _no_owner(word: str) -> str:
    return f"`{word[:80]}` is no owner: write @user, @group/nested, @@role or an email address."


def answer_of(sections: tuple[SectionMatch, ...]) -> Match:
    """What the sections come to together; excluded ones are told of, and not counted."""
    counted = [section for section in sections if not section.excluded]
    only = counted[0] if len(counted) == 1 else None
    return Match(
        matched=bool(counted),
        owners=each_once(owner for section in counted for owner in section.owners),
        line=only.line if only else None,
        text=only.text if only else None,
        pattern=only.pattern if only else None,
        optional=bool(counted) and all(section.optional for section in counted),
        approvals=max((section.approvals for section in counted), default=0),
        sections=sections,
    )


def normal_form(pattern: str) -> str:
    """The pattern by which GitLab tells entries apart and matches: from the root, and to the last file."""
    if pattern == "*":
        return "/**/*"
    if pattern.startswith("\\#"):
        pattern = pattern[1:]
    if "\\" in pattern:
        pattern = _ESCAPED_BLANKS(" ", pattern)
    if not pattern.startswith("/"):
        pattern = "/**/" + pattern
    return pattern + "**/*" if pattern.endswith("/") else pattern


def _approvals(count: str) -> int:
    digits = _DIGITS(count.lstrip(_BLANKS))
    return min(int(digits.group().lstrip("0")[:7] or 0), _MOST_APPROVALS) if digits else 0
