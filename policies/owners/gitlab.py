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
        self.replaced: list[
            tuple[Entry, int]
        ] = []  # entries that a later line took the place of, and that line
        self.problems: list[Problem] = []
        self.refused = False  # more rules than anybody writes
        self._spellings = {DEFAULT_SECTION: DEFAULT_SECTION}  # folded name -> the first spelling
        self._index = EveryRule()
        self._words: dict[str, Found] = {}
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
        for number, raw in enumerate(text.split("\n"), 1):
            line = raw.strip(_BLANKS + "\0")
            if not line or line[0] == "#" or line.isspace():
                continue
            left -= 1
            if left < 0:
                self._refuse(number)
                return
            if line.startswith(("[", "^[")):
                header = self._header(line, number, raw) or header
            else:
                self._entry(line, number, raw, header)

    def _refuse(self, line: int) -> None:
        message = f"More than {MANY_RULES:,} rules: the file is not used."
        self.refused = True
        self.sections = {DEFAULT_SECTION: Section(DEFAULT_SECTION, 0)}
        self.entries, self.replaced = [], []
        self._index = EveryRule()
        self.problems = [Problem(line, 1, "too_many_rules", "error", message)]

    # --- Headers --------------------------------------------------------------------------------------

    def _header(self, line: str, number: int, raw: str) -> Header | None:
        """The header that `line` is; None where it has no `]`, which GitLab reports and skips."""
        start = line.index("[") + 1
        end = line.find("]", start)
        if end < 0:
            self._report(number, raw, "invalid_section_format", "The section's name has no `]`.", line + "]")
            return None
        count = _COUNT(line, end + 1)
        after = count.end() if count else end + 1
        defaults = _DEFAULTS(line, after)
        text = defaults.group() if defaults else ""
        found = [self._found(word.group()) for word in _WORD(text)]
        header = Header(
            self._section(line[start:end], number).name,
            line[0] == "^",
            _approvals(count.group(1)) if count else 0,
            gitlab_owners(found),
            bool(found),
        )
        strict = not line[after + len(text) :] and (not text or text[0] in _BLANKS)
        self._check_header(header, line, number, raw, count.group(1) if count else None, text, strict)
        return header

    def _section(self, name: str, line: int) -> Section:
        """The section that a header of this name begins or goes on.

        Names compare without regard to case, except while there is no section but the one before any header.
        """
        if len(self.sections) > 1:
            name = self._spellings.get(name.casefold(), name)
        if name not in self.sections:
            self.sections[name] = Section(name, len(self.sections), line)
            self._spellings.setdefault(name.casefold(), name)
        return self.sections[name]

    def _check_header(
        self, header: Header, line: str, number: int, raw: str, count: str | None, text: str, strict: bool
    ) -> None:
        known = len(self.problems)
        if not header.section.strip():
            self._report(number, raw, "missing_section_name", "The section has no name.", None)
        if count is not None and not count.strip().isdigit():
            message = "The number of approvals is not a number."
            self._report(number, raw, "invalid_approval_requirement", message, None, f"[{count}]")
        elif header.optional and header.approvals > 0:
            message = "An optional section needs no approvals: leave out either `^` or the number."
            self._report(number, raw, "invalid_approval_requirement", message, line[1:], f"[{count}]")
        bad = [word.group() for word in _WORD(text) if not self._is_reference(word.group())]
        if bad:
            message = f"`{bad[0]}` is no owner: write @user, @group/nested, @@role or an email address."
            self._report(number, raw, "invalid_section_owner_format", message, None, bad[0])
        if len(self.problems) == known and not (strict and (count is None or count.isdigit())):
            message = "Only what GitLab reads as name, number and owners counts; the rest is ignored."
            self._report(number, raw, "invalid_section_format", message, None)
        rest = line[line.index("]") + 1 :]
        if rest[:1] not in ("", "[", "]", "@", *_BLANKS):
            message = (
                f"This line begins the section `{header.section}`; as a pattern it must not start with `[`."
            )
            self._report(number, raw, "swallowed_header", message, "/**/" + line.lstrip("^"), None, "warning")

    def _is_reference(self, word: str) -> bool:
        return any(word in kind for kind in self._found(word))

    # --- Entries --------------------------------------------------------------------------------------

    def _entry(self, line: str, number: int, raw: str, header: Header) -> None:
        blank = _END_OF_PATTERN(line)
        pattern, text = (line[: blank.start()], line[blank.end() :]) if blank else (line, "")
        excludes = pattern.startswith("!")
        owners: tuple[str, ...] = ()
        if not excludes:
            owners = self._owners(text, number, raw, header)
        elif pattern == "!":
            message = "This excludes every file from the section; an exclusion has no blank after its `!`."
            self._report(number, raw, "stray_exclusion", message, "!" + text, None, "warning")
        self._put(Entry(number, line, pattern[excludes:], owners, header, excludes), raw)

    def _owners(self, text: str, number: int, raw: str, header: Header) -> tuple[str, ...]:
        """The owners that `text` names, or the header's where it is blank; reports as GitLab does."""
        if not text or text.isspace():
            if not header.has_owner_text:
                message = (
                    "This pattern has no owners, nor has its section; an exclusion is written `!pattern`."
                )
                self._report(number, raw, "missing_entry_owner", message, None)
            return header.owners
        words = [word.group() for word in _WORD(text)]
        found = [self._found(word) for word in words]
        if NOTHING in found:
            bad = words[found.index(NOTHING)]
            message = f"`{bad[:80]}` is no owner: write @user, @group/nested, @@role or an email address."
            self._report(number, raw, "malformed_entry_owner", message, None, bad)
            self._check_comment(words, found, number, raw)
        return gitlab_owners(found)

    def _check_comment(self, words: list[str], found: list[Found], number: int, raw: str) -> None:
        """GitLab has no comments behind owners: whoever is named in one is an owner too."""
        sign = next((place for place, word in enumerate(words) if word.startswith("#")), None)
        if sign is None:
            return
        named = gitlab_owners(found[sign:])
        if named:
            message = f"GitLab reads this comment too: {', '.join(named)} own this. Put it on its own line."
            self._report(number, raw, "comment_owner", message, None, words[sign], "warning")

    def _found(self, word: str) -> Found:
        known = self._words.get(word)
        if known is None:
            known = self._words[word] = gitlab_word(word)
        return known

    def _put(self, entry: Entry, raw: str) -> None:
        entries = self.sections[entry.header.section].entries
        key = normal_form(entry.pattern)
        known = entries.get(key)
        if known is None:
            entries[key] = len(self.entries)
            self.entries.append(entry)
            self._stand(key, entry, raw)
            return
        before, self.entries[known] = self.entries[known], entry
        self.replaced.append((before, entry.line))
        message = f"Line {before.line} has the same pattern: it loses its owners to this line, which takes its place."
        self._report(entry.line, raw, "repeated_key", message, None, None, "warning")

    def _stand(self, key: str, entry: Entry, raw: str) -> None:
        """Let the latest entry stand wherever its pattern matches."""
        if len(entry.pattern.encode(errors="surrogateescape")) > LONG_PATTERN:
            message = f"A pattern of more than {LONG_PATTERN:,} bytes never matches here."
            self._report(entry.line, raw, "pattern_too_long", message, None)
            return
        meaning = patterns.gitlab(key)
        if meaning is not None:
            self._index.add(meaning, len(self.entries) - 1)

    def _report(
        self,
        line: int,
        raw: str,
        kind: str,
        message: str,
        suggestion: str | None,
        at: str | None = None,
        severity: Severity = "error",
    ) -> None:
        start = len(raw) - len(raw.lstrip(_BLANKS + "\0"))
        column = (raw.find(at, start) if at else start) + 1
        self.problems.append(Problem(line, column, kind, severity, message, suggestion))


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
