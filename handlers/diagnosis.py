"""What ails an owners file at a commit: reads it and what the forge says of its owners, then asks the policy."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers.owners_seen import look_up, owners_by_name, told_apart
from handlers.situation import Reads
from policies import owner_health, owners
from policies.facts import File, RepositoryRef
from policies.findings import Finding
from policies.owner_health import SILENT_DAYS, Known
from policies.owners import OwnersFile
from policies.rules import Guidelines
from policies.words import owners as words

MOST_OWNERS = 200
"""So many owners are looked up one by one; of others only the forge's own list of errors tells."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The findings in one version of an owners file, and what could not be found out."""

    path: str
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Version:
    at: str
    source: File
    file: OwnersFile


async def diagnose(
    repository: RepositoryRef, commits: Sequence[str], rules: Guidelines, reads: Reads, now: datetime
) -> tuple[Diagnosis | None, ...]:
    """What ails the owners file at each of these commits or branches; None where there is none.

    All are judged by the same knowledge of the owners, so that they differ by what the files say alone.
    """
    versions = [await _version(repository, at, reads) for at in commits]
    there = [each for each in versions if each is not None]
    known, unread = await _learn(repository, there, reads, now)
    found: list[Diagnosis | None] = []
    for version in versions:
        if version is None:
            found.append(None)
            continue
        tree = await reads.forge.paths(repository, version.at)
        # A large file on a large tree takes seconds, in which others must be answered.
        findings = await asyncio.to_thread(
            owner_health.examine, version.source, version.file, tree, known, rules
        )
        notes = [] if tree.complete else [words.TREE_CUT]
        notes += [words.owners_not_read(unread)] if unread else []
        found.append(Diagnosis(version.source.path, findings, tuple(notes)))
    return tuple(found)


async def _version(repository: RepositoryRef, at: str, reads: Reads) -> _Version | None:
    source = await reads.forge.owners_file(repository, at)
    if source is None:
        return None
    return _Version(at, source, owners.parse(source.content, reads.forge.dialect))


async def _learn(
    repository: RepositoryRef, versions: Sequence[_Version], reads: Reads, now: datetime
) -> tuple[Known, int]:
    """What is known of all owners, and how many were too many to look up."""
    refused: set[str] = set()
    for version in versions:
        errors = await reads.forge.owner_errors(repository, version.at)
        refused |= owner_health.refused(version.source.content, errors)
    names = owners_by_name((version.file for version in versions), frozenset(refused))
    asked = names[:MOST_OWNERS]
    seen = {name: await look_up(name, repository, reads.people, reads.forge.dialect) for name in asked}
    people, teams = told_apart(seen)
    behind = {member.login for seen in teams.values() if seen.team for member in seen.team.members}
    answering = await reads.findings.asked([*people, *behind], now - timedelta(days=SILENT_DAYS))
    known = Known(repository.owner, people, teams, frozenset(refused), answering)
    return known, max(len(names) - MOST_OWNERS, 0)
