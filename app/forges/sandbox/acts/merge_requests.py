"""Merge requests and issues as GitLab handles them: one update at a time, told as what it changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

from app.forges.sandbox import git, merge_rules, rules
from app.forges.sandbox.acts.changes import merge_tree
from app.forges.sandbox.acts.files import move, new_commit, rebase
from app.forges.sandbox.acts.history import note, touch
from app.forges.sandbox.world import Account, Change, Happening, Issue, Label, Repository, Stance, World


@dataclass(frozen=True, slots=True)
class Look:
    """What of an issue or merge request is told when it changes, by GitLab's names."""

    title: str
    description: str | None
    draft: bool
    target_branch: str
    labels: tuple[Label, ...]
    assignees: tuple[Account, ...]
    reviewers: tuple[tuple[Account, Stance], ...]
    blocking_discussions_resolved: bool
    confidential: bool
    severity: str


def look(issue: Issue) -> Look:
    """How it looks now."""
    change = issue if isinstance(issue, Change) else None
    return Look(
        issue.title,
        issue.body,
        change.draft if change else False,
        change.base if change else "",
        tuple(issue.labels),
        tuple(issue.assignees),
        tuple((who, change.stances[who.id]) for who in change.requested) if change else (),
        merge_rules.threads_resolved(change) if change else True,
        issue.confidential,
        issue.severity,
    )


@contextmanager
def updating(world: World, issue: Issue, by: Account) -> Iterator[None]:
    """Whatever is changed inside is told in one event at the end; nothing changed, nothing told."""
    before = look(issue)
    yield
    after = look(issue)
    changes = {
        each.name: (getattr(before, each.name), getattr(after, each.name))
        for each in fields(Look)
        if getattr(before, each.name) != getattr(after, each.name)
    }
    if changes:
        touch(world, issue)
        tell(world, issue, "update", by, changes=changes)


def tell(world: World, issue: Issue, action: str, by: Account, **more: Any) -> None:
    kind = "merge_request" if isinstance(issue, Change) else "issue"
    world.tell(Happening(kind, action, by, issue.repository, subject=issue, more=more))


# --- Opening, editing, closing ------------------------------------------------------------------------


def open_merge_request(
    world: World,
    project: Repository,
    by: Account,
    *,
    title: str,
    target_branch: str,
    source: Repository,
    source_branch: str,
    description: str | None = None,
    reviewers: Iterable[int] = (),
    labels: Iterable[str] = (),
) -> Change:
    """Open one; whoever may set reviewers and labels has them set before the event leaves."""
    merge_rules.may_open(project, by, title, source, source_branch, target_branch)
    commits = project.history.commits
    head = source.branches[source_branch]
    start = git.merge_base(commits, project.branches[target_branch], head)
    now = world.now()
    change = Change(
        world.next_id("merge_request"),
        project,
        max(project.merge_requests, default=0) + 1,
        title,
        description,
        by,
        now,
        now,
        base=target_branch,
        head_branch=source_branch,
        head_repository=source,
        head=head,
        merge_base=start or project.branches[target_branch],
        draft=merge_rules.is_draft(title),
    )
    project.merge_requests[change.number] = change
    if merge_rules.may_set_metadata(change, by):
        _set_reviewers(world, change, reviewers)
        _put_labels(world, change, labels)
    tell(world, change, "open", by)
    return change


def open_issue(
    world: World,
    project: Repository,
    by: Account,
    title: str,
    description: str | None = None,
    labels: Iterable[str] = (),
    *,
    confidential: bool = False,
    assignees: Iterable[Account] = (),
    sort: str = "issue",
) -> Issue:
    rules.needs(project, by, "guest")
    if not project.has_issues:
        raise rules.Refused(rules.ISSUES_OFF)
    if not title.strip():
        raise rules.Refused(merge_rules.TITLE_MISSING)
    now = world.now()
    number = max(project.issues, default=0) + 1
    issue = Issue(world.next_id("issue"), project, number, title, description, by, now, now)
    issue.confidential = confidential
    issue.sort = "incident" if sort == "incident" else "task" if sort == "task" else "issue"
    project.issues[number] = issue
    if merge_rules.may_set_metadata(issue, by):
        issue.assignees = list(assignees)
        _put_labels(world, issue, labels)
    tell(world, issue, "open", by)
    return issue


def retitle(world: World, issue: Issue, by: Account, title: str) -> None:
    """The title alone says whether a merge request is a draft."""
    merge_rules.may_update(issue, by)
    if not title.strip():
        raise rules.Refused(merge_rules.TITLE_MISSING)
    if title == issue.title:
        return
    note(world, issue, "renamed", by, before=issue.title, after=title)
    issue.title = title
    if isinstance(issue, Change):
        issue.draft = merge_rules.is_draft(title)


def redescribe(world: World, issue: Issue, by: Account, description: str) -> None:
    merge_rules.may_update(issue, by)
    issue.body = description


def retarget(world: World, change: Change, by: Account, branch: str) -> None:
    """GitLab moves approvals and threads along; the diff is found anew."""
    merge_rules.may_update(change, by)
    if branch not in change.repository.branches:
        raise rules.Refused(merge_rules.TARGET_MISSING)
    if branch == change.base:
        return
    note(world, change, "base_ref_changed", by, before=change.base, after=branch)
    change.base = branch
    rebase(change)


def set_draft(world: World, change: Change, by: Account, *, on: bool) -> None:
    bare = merge_rules.without_draft(change.title)
    retitle(world, change, by, f"Draft: {bare}" if on else bare)


def close(world: World, issue: Issue, by: Account) -> None:
    merge_rules.may_update(issue, by)
    if not issue.open:
        return
    issue.open, issue.closed_at, issue.closed_by = False, world.now(), by
    note(world, issue, "closed", by)
    tell(world, issue, "close", by)


def reopen(world: World, issue: Issue, by: Account) -> None:
    merge_rules.may_update(issue, by)
    if issue.open:
        return
    if isinstance(issue, Change):
        merge_rules.may_reopen(issue)
        if issue.head_repository is not None:
            issue.head = issue.head_repository.branches[issue.head_branch]
            rebase(issue)
    issue.open, issue.closed_at, issue.closed_by = True, None, None
    note(world, issue, "reopened", by)
    tell(world, issue, "reopen", by)


def merge(world: World, change: Change, by: Account, *, expected_head: str | None = None) -> str:
    """Merge with a merge commit; returns its SHA. The push to the target branch is told first."""
    merged = merge_tree(change)
    merge_rules.may_merge(
        change,
        by,
        world.edition,
        expected_head=expected_head,
        conflicts=merged is None,
    )
    project = change.repository
    tip = project.branches[change.base]
    title = f"Merge branch '{change.head_branch}' into '{change.base}'"
    made = new_commit(world, project, merged or {}, (tip, change.head), title, by)
    now = world.now()
    change.open, change.merged_at, change.merged_by, change.merge_commit = False, now, by, made.sha
    move(world, project, change.base, made.sha, by)
    note(world, change, "merged", by, commit=made.sha)
    tell(world, change, "merge", by)
    return made.sha


# --- Reviewers ----------------------------------------------------------------------------------------


def set_reviewers(world: World, change: Change, by: Account, ids: Iterable[int]) -> None:
    """Replace the set, without a word about what is dropped (`MergeRequests::BaseService`, filter_reviewer)."""
    if not merge_rules.may_set_metadata(change, by):
        return
    before = list(change.requested)
    _set_reviewers(world, change, ids)
    for who in change.requested:
        if who not in before:
            note(world, change, "review_requested", by, reviewer=who)
    for who in before:
        if who not in change.requested:
            note(world, change, "review_request_removed", by, reviewer=who)


def _set_reviewers(world: World, change: Change, ids: Iterable[int]) -> None:
    """Free keeps the first; whoever may not read is dropped; if nobody remains, nothing changes."""
    wanted = list(dict.fromkeys(ids))
    if not world.edition.several_reviewers:
        wanted = wanted[:1]
    if wanted in ([], [0]):
        found: list[Account] = []
    else:
        known = (world.account_by_id(number) for number in wanted)
        found = [who for who in known if who is not None and merge_rules.can_review(change.repository, who)]
        if not found:
            return
    change.requested = found
    change.stances = {who.id: change.stances.get(who.id, _first_stance(change, who)) for who in found}


def _first_stance(change: Change, who: Account) -> Stance:
    return "approved" if who.id in change.approvals else "unreviewed"


def ask(world: World, change: Change, by: Account, people: Iterable[Account]) -> None:
    """Add reviewers; whoever is one already is asked for another look."""
    merge_rules.may_update(change, by)
    chosen = list(people)
    for who in [each for each in chosen if each in change.requested]:
        ask_again(world, change, by, who)
    with updating(world, change, by):
        set_reviewers(world, change, by, [each.id for each in (*change.requested, *chosen)])


def ask_again(world: World, change: Change, by: Account, who: Account) -> None:
    """Ask a reviewer for another look: their approval goes, and the event marks them (`re_requested`)."""
    merge_rules.may_update(change, by)
    if who not in change.requested:
        raise rules.Refused(merge_rules.NO_REVIEWER, {"name": who.login})
    before = look(change)
    change.approvals.pop(who.id, None)
    change.stances[who.id] = "unreviewed"
    note(world, change, "review_requested", by, reviewer=who)
    if world.edition.tells_asked_again:
        changes = {"reviewers": (before.reviewers, look(change).reviewers)}
        tell(world, change, "update", by, changes=changes, asked_again=who)


# --- Reviews ------------------------------------------------------------------------------------------


def approve(world: World, change: Change, by: Account) -> None:
    """`approved` where nothing more is needed by then, else `approval` (`ApprovalService` of GitLab EE)."""
    merge_rules.may_approve(change, by, author_too=not world.edition.paid)
    change.approvals[by.id] = (by, world.now())
    change.objections.discard(by.id)
    if by.id in change.stances:
        change.stances[by.id] = "approved"
    note(world, change, "approved", by)
    complete = merge_rules.approved(change, world.edition)
    tell(world, change, "approved" if complete else "approval", by)


def unapprove(world: World, change: Change, by: Account) -> None:
    if by.id not in change.approvals:
        raise rules.Refused(merge_rules.NOT_APPROVED)
    was_complete = merge_rules.approved(change, world.edition)
    del change.approvals[by.id]
    if by.id in change.stances:
        change.stances[by.id] = "unapproved"
    note(world, change, "unapproved", by)
    tell(world, change, "unapproved" if was_complete else "unapproval", by)


def request_changes(world: World, change: Change, by: Account) -> None:
    """It takes back one's own approval. Only a reviewer's stance is told, and that not by older versions."""
    merge_rules.may_object(change, by)
    change.objections.add(by.id)
    note(world, change, "requested_changes", by)
    if by.id not in change.stances:
        return
    before = look(change)
    change.approvals.pop(by.id, None)
    change.stances[by.id] = "requested_changes"
    after = look(change)
    if world.edition.tells_objections and before != after:
        tell(world, change, "update", by, changes={"reviewers": (before.reviewers, after.reviewers)})


def reviewed(world: World, change: Change, by: Account) -> None:
    """A review that was submitted with nothing but words: no event tells of the stance (MR 246562) [k]."""
    if change.stances.get(by.id) in ("unreviewed", "review_started", "unapproved"):
        change.stances[by.id] = "reviewed"


# --- Labels and people --------------------------------------------------------------------------------


def put_labels(world: World, issue: Issue, by: Account, names: Iterable[str]) -> None:
    if merge_rules.may_set_metadata(issue, by):
        _put_labels(world, issue, names)


def _put_labels(world: World, issue: Issue, names: Iterable[str]) -> None:
    """A name that the project does not know becomes a new label there (Issues API, labels). Case counts."""
    for name in names:
        known = issue.repository.labels.get(name)
        if known is None:
            known = Label(world.next_id("label"), name, "6699cc")
            issue.repository.labels[name] = known
        if known not in issue.labels:
            issue.labels.append(known)


def take_labels(world: World, issue: Issue, by: Account, names: Iterable[str]) -> None:
    """Names that are not on are passed over."""
    gone = set(names)
    if merge_rules.may_set_metadata(issue, by):
        issue.labels = [each for each in issue.labels if each.name not in gone]


def assign(world: World, issue: Issue, by: Account, ids: Iterable[int]) -> None:
    """Replace the assignees; Free keeps the first, whoever may not read is dropped."""
    if not merge_rules.may_set_metadata(issue, by):
        return
    wanted = list(ids) if world.edition.paid else list(ids)[:1]
    found = (world.account_by_id(number) for number in wanted)
    issue.assignees = [who for who in found if who and merge_rules.can_review(issue.repository, who)]


def set_severity(world: World, issue: Issue, by: Account, severity: str) -> None:
    """Only incidents have one (Incidents, severity)."""
    merge_rules.may_update(issue, by)
    if issue.sort == "incident" and severity in ("unknown", "low", "medium", "high", "critical"):
        issue.severity = severity  # type: ignore[assignment]
