"""Keeps a repository's entry in the catalogue as the repository is now.

One tree is read for each look, and each manifest once for its content, wherever it lies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from handlers.guideline_files import collect
from handlers.inherited import FilesAt, sources_of, tree_at
from handlers.origin import household_of
from handlers.proofs import Desk
from handlers.records import Rulebook
from handlers.shelf import Shelf, Shelved
from handlers.situation import Reads
from policies import candidates
from policies.catalogue import manifests, reading
from policies.catalogue.entry import Described, DocumentFound, Entry
from policies.catalogue.manifests import Manifest
from policies.catalogue.reading import Declared
from policies.catalogue.score import Readiness
from policies.facts import Repository, Tree, same
from policies.guidelines import Facts, Place, inspect, markdown
from policies.guidelines.places import Found, Kind

MOST_MANIFESTS = 300
"""So many manifests of one repository are read; whoever has more is a catalogue of their own."""

README_LEAST = 300
"""Characters."""

MOST_HEADINGS = 100

SHOWN: tuple[Kind, ...] = (
    "readme",
    "contributing",
    "support",
    "security",
    "code_of_conduct",
    "governance",
    "communication",
    "agents",
    "license",
)
"""The documents that help a stranger along, in the order in which they are shown."""


async def keep_entry(
    repository: Repository, rulebook: Rulebook, reads: Reads, desk: Desk, shelf: Shelf
) -> Entry:
    """Read the repository and put its entry on the shelf; returns it.

    A broken metadata file keeps what was declared before.
    """
    forge, ref = desk.forge, repository.ref
    described = await forge.described(ref)
    tree = await tree_at(ref, described.default_branch, reads)
    found = await _metadata(repository, tree, reads)
    said = reading.declared(found)
    if said.problems:
        said = _with_earlier(said, await shelf.declared())
    read = await _manifests(repository, tree, rulebook, reads, shelf)
    place = Place(ref.name, described.default_branch)
    sources = await sources_of(ref, rulebook, reads)
    files = await collect(FilesAt(ref, repository.default_branch, reads), forge.dialect, tree, place, sources)
    inspected = inspect(files, tree, Facts(now=desk.now, dialect=forge.dialect), rulebook.rules.guidelines)
    readme = await _readme(repository, tree, reads)
    household = await household_of(ref, rulebook, reads)
    shared, sole = await _sharing(tree, rulebook, reads)
    channel = rulebook.rules.support.channel or said.public.get("contact", "")
    entry = Entry(
        forge=forge.dialect,
        described=described,
        declared=said,
        rules=rulebook.rules.catalogue,
        participation=await forge.participation(ref),
        documents=tuple(_document(files.found[kind]) for kind in SHOWN),
        readiness=Readiness(
            guidelines=inspected.quality,
            shared=shared,
            channel=bool(channel),
            readme=len(readme.strip()) >= README_LEAST,
            licence=bool(described.licence) or files.found["license"].own,
        ),
        owner=household.owner.team if household.owner else None,
        owner_source=household.owner.source if household.owner else "",
        governance=rulebook.rules.guidelines.governance,
        channel=channel,
        headings=tuple(each.text for each in markdown.read(readme.encode()).headings)[:MOST_HEADINGS],
        packages=tuple(sorted(candidates.provided(read))),
    )
    copies = frozenset(
        blob.sha
        for blob in tree.blobs
        if blob.size >= candidates.LEAST_COPY and candidates.counts(blob.path, _excluded(rulebook))
    )
    shelved = Shelved(
        entry=entry,
        requires=tuple(sorted(candidates.required(read))),
        copies=copies,
        sole_owner=sole,
        restricted=_is_restricted(described, rulebook),
        template=described.template or same(ref.name) in _templates(rulebook),
        scopes=(*rulebook.rules.candidates.scopes, *_own_scopes(described)),
        promise=inspected.promise,
        problems=(*said.problems, *(each.problem for each in read if each.problem)),
    )
    await shelf.keep(shelved, desk.now)
    return entry


def _excluded(rulebook: Rulebook) -> Sequence[str]:
    return rulebook.rules.candidates.exclude_paths


def _templates(rulebook: Rulebook) -> set[str]:
    return {same(name) for name in rulebook.rules.candidates.templates}


def _own_scopes(described: Described) -> tuple[str, ...]:
    """Beginnings of names that nobody else can use: the organisation's scope, and its place on the forge."""
    organisation = described.ref.name.partition("/")[0].lower()
    host = described.url.partition("://")[2].partition("/")[0]
    return (f"npm:@{organisation}/", f"composer:{organisation}/", f"go:{host}/{organisation}/")


def _is_restricted(described: Described, rulebook: Rulebook) -> bool:
    rules = rulebook.rules.candidates
    barred = {same(topic) for topic in rules.restricted_topics}
    return not rules.enabled or any(same(topic) in barred for topic in described.topics)


def _with_earlier(said: Declared, earlier: Declared | None) -> Declared:
    """What was declared before stands in for a file that cannot be read now."""
    if earlier is None:
        return said
    broken = {problem.path for problem in said.problems}
    return Declared(
        inner=earlier.inner if "innersource.json" in broken else said.inner,
        public=earlier.public if "publiccode.yml" in broken else said.public,
        components=earlier.components if "catalog-info.yaml" in broken else said.components,
        has_inner=earlier.has_inner if "innersource.json" in broken else said.has_inner,
        problems=said.problems,
    )


def _document(found: Found) -> DocumentFound:
    return DocumentFound(found.kind, found.provenance, found.path, found.repository)


# --- Reading ---------------------------------------------------------------------------------------------------


async def _metadata(repository: Repository, tree: Tree, reads: Reads) -> Mapping[str, bytes]:
    found = {}
    for path in reading.FILES:
        if path in tree.paths:
            file = await reads.forge.file(repository.ref, path, repository.default_branch)
            if file is not None:
                found[path] = file.content
    return found


async def _manifests(
    repository: Repository, tree: Tree, rulebook: Rulebook, reads: Reads, shelf: Shelf
) -> tuple[Manifest, ...]:
    wanted = [
        blob
        for blob in tree.blobs
        if manifests.is_manifest(blob.path) and candidates.counts(blob.path, _excluded(rulebook))
    ]
    wanted = sorted(wanted, key=lambda blob: (blob.path.count("/"), blob.path))[:MOST_MANIFESTS]
    known = await shelf.manifests([(blob.sha, blob.path) for blob in wanted])
    fresh: dict[tuple[str, str], Manifest] = {}
    for blob in wanted:
        key = (blob.sha, blob.path)
        if key not in known:
            file = await reads.forge.file(repository.ref, blob.path, repository.default_branch)
            if file is not None:
                fresh[key] = manifests.read(blob.path, file.content)
    await shelf.keep_manifests(fresh)
    return (*known.values(), *fresh.values())


async def _readme(repository: Repository, tree: Tree, reads: Reads) -> str:
    path = next((path for path in sorted(tree.paths) if path.lower().startswith("readme")), None)
    if path is None or "/" in path:
        return ""
    file = await reads.forge.file(repository.ref, path, repository.default_branch)
    return "" if file is None else file.content.decode(errors="replace")


async def _sharing(tree: Tree, rulebook: Rulebook, reads: Reads) -> tuple[float | None, bool]:
    """The part of owned files that two people or more own; and whether one person alone owns anything at all."""
    if rulebook.owners is None:
        return None, False
    people: dict[tuple[str, ...], frozenset[str]] = {}
    owned = shared = 0
    everybody: set[str] = set()
    for match in rulebook.owners.match_all(tree.paths):
        if not match.owners:
            continue
        if match.owners not in people:
            people[match.owners] = await _people(match.owners, reads)
        behind = people[match.owners]
        everybody |= behind
        owned += 1
        shared += len(behind) >= 2
    return (shared / owned if owned else None), len(everybody) == 1


async def _people(owners: Sequence[str], reads: Reads) -> frozenset[str]:
    found: set[str] = set()
    for owner in owners:
        name = owner.removeprefix("@")
        if "/" not in name:
            found.add(same(name))
        elif (team := await reads.people.team(name)) is not None:
            found |= {same(member.login) for member in team.members}
    return frozenset(found)
