"""Somebody asks for a draft: what a guideline lacks becomes a pull request, from what is known and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from handlers.guidelines import Look, files_at, look_at
from handlers.origin import household_of
from handlers.records import Effect, Rulebook
from handlers.situation import Reads, Scene
from policies import successors
from policies.actions import Action, Propose, Say
from policies.facts import CommandGiven, RepositoryRef, can_write, same
from policies.guidelines import builds, drafting, links, markdown, sections, sla_hours
from policies.guidelines.drafting import Known
from policies.repository_owner import owners_of_everything
from policies.text import checked, sign_of_changes
from policies.words import drafts as words

ASKED_BY = ("draft", "fix")
REVIEWED_WITHIN = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Drafted:
    """What would be proposed: the files, and what the change says of itself; no files: there is nothing to draft.

    `in_words` is the same as a comment: only what is new, because the rest may be anybody's words.
    """

    files: tuple[tuple[str, str], ...]
    body: str = ""
    in_words: str = ""


async def propose_drafts(scene: Scene, reads: Reads) -> Sequence[Action]:
    """For each command that asks for a draft: the proposal, or words where it cannot be made."""
    actions: list[Action] = []
    for fact in scene.facts(CommandGiven):
        if fact.verb in ASKED_BY:
            actions += await _answer(fact, scene, reads)
    return tuple(actions)


async def _answer(fact: CommandGiven, scene: Scene, reads: Reads) -> Sequence[Action]:
    name = f"{fact.remark_id}.{fact.line}"
    step = f"command|draft|{name}"
    proposed = _effect(scene, f"propose|{name}")
    failed = str(proposed.payload.get("failed", "")) if proposed else ""
    if _effect(scene, f"say|{step}") or (proposed and proposed.state != "planned" and not failed):
        return ()
    if scene.rulebook.rules.guidelines.fix_pr == "off":
        return (Say(step, checked(words.SWITCHED_OFF)),)
    drafted = await _drafted(fact, scene, reads)
    if not drafted.files:
        return (Say(step, checked(words.NOTHING_TO_DRAFT)),)
    proposal = Propose(
        name=name,
        branch=words.BRANCH,
        base=(await reads.forge.repository(scene.repository.id)).default_branch,
        title=words.TITLE,
        body=checked(drafted.body),
        message=words.MESSAGE,
        files=drafted.files,
        in_words=checked(drafted.in_words),
        taken=checked(words.TAKEN_OVER),
    )
    return (proposal.instead(failed),) if failed else (proposal,)


def _effect(scene: Scene, key: str) -> Effect | None:
    return next((each for each in scene.effects if each.key == f"{scene.subject}|{key}"), None)


# --- What is known ----------------------------------------------------------------------------------------


async def _drafted(fact: CommandGiven, scene: Scene, reads: Reads) -> Drafted:
    repository, rulebook = scene.repository, scene.rulebook
    branch = (await reads.forge.repository(repository.id)).default_branch
    [look] = await look_at(repository, (branch,), rulebook, reads, scene.now)
    tree, files, facts = await files_at(repository, branch, rulebook, reads, scene.now)
    guide = files.found["contributing"]
    own = files.contents.get(guide.path) if guide.own else None
    existing = None if own is None else own.decode(errors="replace")
    path = guide.path if guide.own else "CONTRIBUTING.md"
    needed = sections.required(rulebook.rules.guidelines)
    lacking = [
        each.section for each in look.inspection.judged if each.state == "fail" and each.section in needed
    ]
    if guide.provenance == "absent" or not look.inspection.judged:
        lacking = list(needed)
    built = builds.builds(tree, files.contents)
    known = await _known(repository, branch, built, files.contents, rulebook, reads)
    if facts.measured is not None:
        known = replace(known, promise=facts.measured.p85, measured=True)
    draft = drafting.draft(existing, path, lacking, known)
    text = draft.text
    mended: tuple[tuple[str, str], ...] = ()
    if fact.verb == "fix" and own is not None:
        documents = {
            each: markdown.read(files.contents[each]) for each in files.contents if each.endswith(".md")
        }
        if path in documents:
            broken = tuple(links.broken(path, tree, facts.place, documents, reads.forge.dialect))
            text, mended = drafting.with_links_mended(text, path, broken)
    changed = [(path, text)] if draft.sources or mended else []
    owners = await _owners(look, branch, scene, reads) if fact.verb == "fix" else None
    said: tuple[str, ...] = ()
    if owners is not None:
        owners_path, owners_text, said = owners
        changed.append((owners_path, owners_text))
    account = words.account(draft.sources, draft.questions, mended, said)
    body = words.proposal(fact.by, _named(scene, reads), account)
    return Drafted(tuple(changed), body, words.in_words(path, draft.added, account))


async def _owners(
    look: Look, branch: str, scene: Scene, reads: Reads
) -> tuple[str, str, tuple[str, ...]] | None:
    """The owners file without those who are gone, where somebody reviewed in their place; None where nobody did."""
    file = scene.rulebook.owners
    source = await reads.forge.owners_file(scene.repository, branch)
    if file is None or source is None:
        return None
    reviews = await reads.findings.reviewed(scene.now - REVIEWED_WITHIN)
    able = [
        each.person for each in reviews if can_write(await reads.people.access(scene.repository, each.person))
    ]
    found = successors.successions(file, look.findings, reviews, frozenset(map(same, able)))
    if not found:
        return None
    text = successors.written(source.content.decode(errors="surrogateescape"), found)
    return source.path, text, tuple(each.said for each in found)


def _named(scene: Scene, reads: Reads) -> str:
    sign = sign_of_changes(reads.forge.dialect) if scene.subject.kind == "change" else "#"
    return f"{sign}{scene.subject.number}"


async def _known(
    repository: RepositoryRef,
    branch: str,
    built: builds.Builds,
    contents: Mapping[str, bytes],
    rulebook: Rulebook,
    reads: Reads,
) -> Known:
    rules = rulebook.rules
    named = owners_of_everything(rulebook.owners) if rulebook.owners else ()
    if not named:
        household = await household_of(repository, rulebook, reads)
        named = (f"@{household.owner.team}",) if household.owner else ()
    return Known(
        name=repository.name.rpartition("/")[2],
        branch=branch,
        dialect=reads.forge.dialect,
        built=built,
        contents=contents,
        governance=rules.guidelines.governance,
        owners=tuple(named),
        owners_path=rulebook.owners_path if rulebook.owners else "",
        channel=rules.support.channel or "",
        promise=sla_hours(rules.reviews.guest.first_response),
    )
