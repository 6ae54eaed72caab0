"""How welcoming a repository is at a commit: reads its guides, and what must be known to judge them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction

from handlers.diagnosis import Diagnosis, diagnose
from handlers.guideline_files import Source, collect
from handlers.inherited import FilesAt, sources_of, tree_at
from handlers.records import Rulebook
from handlers.situation import Reads
from policies import exceptions
from policies.exceptions import Accepted
from policies.facts import RepositoryRef, Tree
from policies.findings import Finding, each_once
from policies.guidelines import (
    Facts,
    Files,
    Inspection,
    Measured,
    Place,
    builds,
    elsewhere,
    inspect,
    sla_hours,
)
from policies.insights.measures import waits
from policies.insights.survival import p85
from policies.rules import Exempt, Guidelines

MEASURED_OVER = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Look:
    """What was found at one commit. `accepted` are findings that somebody answers for; they count nowhere else."""

    inspection: Inspection
    owners: Diagnosis | None
    findings: tuple[Finding, ...]
    accepted: tuple[Accepted, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be found out."""
        return self.owners.notes if self.owners else ()


async def look_at(
    repository: RepositoryRef,
    commits: Sequence[str],
    rulebook: Rulebook,
    reads: Reads,
    now: datetime,
    *,
    aged: bool = False,
    accepted: Sequence[Exempt] = (),
) -> tuple[Look, ...]:
    """What ails the guides and the owners file at each of these commits or branches.

    All are judged by the same facts, so that they differ by what the files say alone. `aged`: also find out how
    old the guideline of the first one is, and have its links to other sites asked about. `accepted` are exceptions
    besides those of the rules.
    """
    rules = rulebook.rules.guidelines
    facts = await _facts(repository, rulebook, reads, now)
    sources = await sources_of(repository, rulebook, reads)
    diagnoses = await diagnose(repository, commits, rules, reads, now)
    looks = []
    for at, owners in zip(commits, diagnoses, strict=True):
        inspection = await _inspected(repository, at, sources, facts, rules, reads, aged=aged)
        found = each_once([*inspection.findings, *(owners.findings if owners else ())])
        counting, apart = exceptions.apart(found, [*rules.exceptions, *accepted], now.date())
        looks.append(Look(inspection, owners, counting, apart))
    return tuple(looks)


async def files_at(
    repository: RepositoryRef, at: str, rulebook: Rulebook, reads: Reads, now: datetime
) -> tuple[Tree, Files, Facts]:
    """The files that such a look reads, and what else is known."""
    facts = await _facts(repository, rulebook, reads, now)
    tree = await tree_at(repository, at, reads)
    sources = await sources_of(repository, rulebook, reads)
    files = await collect(FilesAt(repository, at, reads), reads.forge.dialect, tree, facts.place, sources)
    return tree, files, facts


async def _facts(repository: RepositoryRef, rulebook: Rulebook, reads: Reads, now: datetime) -> Facts:
    described = await reads.forge.described(repository)
    web = described.url.partition(f"/{repository.name}")[0]
    return Facts(
        now=now,
        dialect=reads.forge.dialect,
        place=Place(repository.name, described.default_branch, web),
        sla=sla_hours(rulebook.rules.reviews.guest.first_response),
        measured=await _measured(reads, now),
        unreachable=await reads.findings.unreachable(),
    )


async def _inspected(
    repository: RepositoryRef,
    at: str,
    sources: Sequence[Source],
    facts: Facts,
    rules: Guidelines,
    reads: Reads,
    *,
    aged: bool,
) -> Inspection:
    tree = await tree_at(repository, at, reads)
    dialect = reads.forge.dialect
    files = await collect(FilesAt(repository, at, reads), dialect, tree, facts.place, sources)
    guide = files.found["contributing"]
    if aged and guide.own:
        facts = await _aged(repository, guide.path, at, tree, facts, rules, reads)
    if aged:
        await reads.findings.links(elsewhere(files, rules))
    # A long guide on a large tree takes a while, in which others must be answered.
    return await asyncio.to_thread(inspect, files, tree, facts, rules)


# --- What else is known ---------------------------------------------------------------------------------


async def _measured(reads: Reads, now: datetime) -> Measured | None:
    """How long guests waited here; None where nobody was one."""
    waited = waits(await reads.findings.outcomes(now - MEASURED_OVER), guests=True)
    found = p85(waited)
    return None if found is None else Measured(Fraction(found.length).limit_denominator(100), len(waited))


async def _aged(
    repository: RepositoryRef, path: str, at: str, tree: Tree, facts: Facts, rules: Guidelines, reads: Reads
) -> Facts:
    """The facts with the guideline's age; how often the build changed is asked only of an old one."""
    touched = await reads.forge.touched_at(repository, path, at)
    if touched is None or not facts.is_old(touched, rules):
        return facts
    commits: set[str] = set()
    for each in builds.says_how(tree):
        # The commit that last touched the guideline is not one that left it behind.
        since = await reads.forge.commits_touching(repository, each, at, touched + timedelta(seconds=1))
        commits |= set(since)
        if len(commits) >= builds.ENOUGH:
            break
    return replace(facts, touched_at=touched, builds_since=len(commits))
