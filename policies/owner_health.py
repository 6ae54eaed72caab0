"""What ails an owners file: people who left, teams that cannot be asked, patterns that match nothing.

Pure: what the forge says of each owner is learned elsewhere and comes in as `Known`. A finding is the same
finding wherever its line moves, so that a change can be told which problems are new and which it mends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from policies.facts import Access, File, Membership, Team, Tree, can_write, same
from policies.findings import Finding, Severity, each_once
from policies.owners import OwnersFile, Problem
from policies.owners.answers import Rule
from policies.owners.coverage import matches_nothing
from policies.owners.differences import differs
from policies.owners.shadows import shadowed
from policies.rules import Guidelines
from policies.words import owners as words

SILENT_DAYS = 90
SILENT_REQUESTS = 3
"""Somebody who was asked so often in so many days, and did not answer once, is silent."""

_OF_PROBLEM: Mapping[str, Severity] = {"error": "high", "warning": "low", "info": "info"}


# --- What is known of the owners ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PersonSeen:
    """Somebody as the forge shows them: how they stand to the organisation, what they may do here."""

    access: Access
    membership: Membership = "member"


@dataclass(frozen=True, slots=True)
class TeamSeen:
    """A team as the forge shows it, None where it is missing or hidden, and what it may do here."""

    team: Team | None
    access: Access


@dataclass(frozen=True, slots=True)
class Asked:
    """How often somebody was asked to review here in the last `SILENT_DAYS`, and how often they answered."""

    requests: int
    answers: int


@dataclass(frozen=True, slots=True)
class Known:
    """What was learned of owners, by name as `same()` compares them; an owner not named here is taken as fine.

    `refused` are the owners, as written, that the forge itself does not accept.
    """

    organisation: str
    people: Mapping[str, PersonSeen] = field(default_factory=dict)
    teams: Mapping[str, TeamSeen] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    asked: Mapping[str, Asked] = field(default_factory=dict)


def refused(content: bytes, errors: Iterable[Problem]) -> frozenset[str]:
    """The owners that the forge's own errors call unknown, as `same()` compares them."""
    lines = _lines(content)
    found = set()
    for error in errors:
        if error.kind == "Unknown owner" and error.line <= len(lines):
            named = lines[error.line - 1][error.column - 1 :].split()
            found |= {same(word) for word in named[:1]}
    return frozenset(found)


def can_approve(owner: str, known: Known) -> bool | None:
    """Whether somebody behind an owner, as written, may approve; None where nothing was learned of it."""
    name = same(owner.removeprefix("@"))
    if not owner.startswith("@") or name not in (known.teams.keys() | known.people.keys()):
        return None
    return _trouble(owner, known) is None


# --- Findings -------------------------------------------------------------------------------------------


def examine(
    source: File, file: OwnersFile, tree: Tree, known: Known, rules: Guidelines
) -> tuple[Finding, ...]:
    """Everything that ails an owners file, `source` as bytes and `file` parsed, in the order of its lines.

    What needs the list of files is left out where `tree` is not complete.
    """
    path = source.path
    found = [*_of_lines(source, file, tree), *_of_owners(path, file, known), *_of_rules(path, file, known)]
    if tree.complete and file.status == "ok":
        found += _of_files(path, file, tree, rules.unowned_share)
    return each_once(found)


def _of_lines(source: File, file: OwnersFile, tree: Tree) -> Iterator[Finding]:
    """What parsing and the lints say; such a finding is about the line's own text."""
    lines = _lines(source.content)
    paths = tree.paths if tree.complete else ()
    for problem in (*file.problems, *shadowed(file), *differs(file, paths)):
        text = lines[problem.line - 1].strip()
        fix = words.owner_line_fix(problem.kind, problem.suggestion)
        yield Finding(
            kind=problem.kind,
            severity=_OF_PROBLEM[problem.severity],
            path=source.path,
            subject=text,
            line=problem.line,
            column=problem.column,
            message=words.owner_line(problem.message),
            fix=fix,
        )


def _lines(content: bytes) -> list[str]:
    return content.decode(errors="surrogateescape").split("\n")


def _of_owners(path: str, file: OwnersFile, known: Known) -> Iterator[Finding]:
    for rule in file.rules:
        for owner in () if rule.excludes else rule.owners:
            trouble = _trouble(owner, known)
            if trouble is not None:
                kind, severity, (message, fix) = trouble
                column = max(rule.text.find(owner), 0) + 1
                yield Finding(kind, severity, path, owner, rule.line, column, message, fix)


def _of_rules(path: str, file: OwnersFile, known: Known) -> Iterator[Finding]:
    """Lines whose every owner is gone, or silent."""
    for rule in file.rules:
        if rule.excludes or not rule.owners:
            continue
        alive = [owner for owner in rule.owners if _trouble(owner, known) is None]
        if not alive:
            yield _nobody_left(path, file, rule)
        elif quiet := _all_silent(alive, known):
            message, fix = words.owner_silent(quiet, SILENT_DAYS)
            subject = " ".join(sorted(map(same, quiet)))
            yield Finding("owner_silent", "medium", path, subject, rule.line, 1, message, fix)


def _nobody_left(path: str, file: OwnersFile, rule: Rule) -> Finding:
    if file.dialect == "gitlab":
        message, fix = words.approved_by_itself(rule.pattern)
        return Finding("rule_without_owners", "high", path, rule.pattern, rule.line, 1, message, fix)
    message, fix = words.nobody_left(rule.pattern)
    return Finding("dead_rule", "high", path, rule.pattern, rule.line, 1, message, fix)


def _of_files(path: str, file: OwnersFile, tree: Tree, unowned_share: float) -> Iterator[Finding]:
    texts = {rule.line: rule.pattern for rule in file.rules}
    for problem in matches_nothing(file, tree.paths):
        pattern = texts[problem.line]
        message, fix = words.pattern_dead(pattern)
        yield Finding("pattern_dead", "low", path, pattern, problem.line, 1, message, fix)
    matches = file.match_all(tree.paths)
    if any(match.refused for match in matches):
        return
    unowned = sum(not match.matched for match in matches)
    if unowned > unowned_share * len(matches):
        message, fix = words.unowned(unowned, len(matches))
        yield Finding("unowned", "medium", path, "", 1, 1, message, fix)


# --- One owner ------------------------------------------------------------------------------------------

Trouble = tuple[str, Severity, words.Told]


def _trouble(owner: str, known: Known) -> Trouble | None:
    """Why this owner cannot review here; None where nothing is known against it."""
    name = same(owner.removeprefix("@"))
    trouble: Trouble | None = None
    if not owner.startswith("@"):
        return ("owner_email", "low", words.owner_email(owner)) if same(owner) in known.refused else None
    if name in known.teams:
        trouble = _team_trouble(owner, known.teams[name])
    elif name in known.people:
        trouble = _person_trouble(owner, known.people[name], known.organisation)
    if trouble is None and same(owner) in known.refused:
        return "owner_unknown", "high", words.owner_refused(owner)
    return trouble


def _person_trouble(owner: str, seen: PersonSeen, organisation: str) -> Trouble | None:
    if can_write(seen.access):
        return None
    match seen.membership:
        case "nobody":
            return "owner_unknown", "high", words.owner_unknown(owner)
        case "organisation":
            return "owner_unknown", "high", words.owner_is_organisation(owner)
        case "outsider":
            return "owner_left", "high", words.owner_left(owner, organisation)
        case "member":
            return "owner_no_write", "high", words.owner_no_write(owner)


def _team_trouble(owner: str, seen: TeamSeen) -> Trouble | None:
    kind = "team_unusable"
    if seen.team is None:
        return kind, "high", words.team_missing(owner)
    if seen.team.secret:
        return kind, "high", words.team_secret(owner)
    if not can_write(seen.access):
        return kind, "high", words.team_no_write(owner)
    if not seen.team.members:
        return kind, "high", words.team_empty(owner)
    return None


def _all_silent(owners: Sequence[str], known: Known) -> tuple[str, ...]:
    """The people behind these owners, where every one of them is silent; else nobody."""
    people: dict[str, str] = {}
    for owner in owners:
        name = same(owner.removeprefix("@"))
        if name in known.teams:
            team = known.teams[name].team
            logins = [member.login for member in team.members if not member.bot] if team else []
        else:
            logins = [owner.removeprefix("@")]
        people |= {same(login): login for login in logins}
    silent = [login for name, login in people.items() if _is_silent(known.asked.get(name))]
    return tuple(silent) if len(silent) == len(people) else ()


def _is_silent(asked: Asked | None) -> bool:
    return asked is not None and asked.requests >= SILENT_REQUESTS and asked.answers == 0
