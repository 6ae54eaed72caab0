"""Opening, editing, drafting, closing and merging changes."""

from __future__ import annotations

from app.forges.sandbox import git, rules
from app.forges.sandbox.acts.files import move, new_commit, rebase
from app.forges.sandbox.acts.history import note, touch
from app.forges.sandbox.world import Account, Change, Happening, Issue, Repository, World


def open_change(
    world: World,
    repository: Repository,
    by: Account,
    *,
    title: str,
    base: str,
    head_repository: Repository,
    head_branch: str,
    body: str | None = None,
    draft: bool = False,
) -> Change:
    rules.may_open(repository, by, title)
    if base not in repository.branches:
        raise rules.Refused(rules.NO_BASE)
    if head_branch not in head_repository.branches:
        raise rules.Refused(rules.NO_HEAD)
    rules.is_new(repository, base, head_repository, head_branch)
    head = head_repository.branches[head_branch]
    start = git.merge_base(repository.history.commits, repository.branches[base], head)
    if start is None or start == head:
        raise rules.Refused(rules.NO_COMMITS, {"base": base, "head": head_branch})
    now = world.now()
    change = Change(
        world.next_id("issue"),
        repository,
        next_number(repository),
        title,
        body,
        by,
        now,
        now,
        base=base,
        head_branch=head_branch,
        head_repository=head_repository,
        head=head,
        merge_base=start,
        draft=draft,
    )
    repository.issues[change.number] = change
    _tell(world, change, "opened", by)
    return change


def next_number(repository: Repository) -> int:
    """Issues and changes count together."""
    return max(repository.issues, default=0) + 1


def edit(
    world: World,
    change: Change,
    by: Account,
    *,
    title: str | None = None,
    body: str | None = None,
    base: str | None = None,
) -> None:
    """Change the words or the base branch; one `edited` event names what each was before."""
    rules.may_change(change, by)
    if base is not None and base not in change.repository.branches:
        raise rules.Refused(rules.NO_BASE)
    before: dict[str, object] = {}
    if title is not None and title != change.title:
        before["title"] = {"from": change.title}
        note(world, change, "renamed", by, before=change.title, after=title)
        change.title = title
    if body is not None and body != change.body:
        before["body"] = {"from": change.body}
        change.body = body
    if base is not None and base != change.base:
        tip = change.repository.branches.get(change.base, change.merge_base)
        before["base"] = {"ref": {"from": change.base}, "sha": {"from": tip}}
        note(world, change, "base_ref_changed", by)
        change.base = base
        rebase(change)
    if before:
        touch(world, change)
        _tell(world, change, "edited", by, changes=before)


def draft(world: World, change: Change, by: Account, *, on: bool) -> None:
    rules.may_change(change, by)
    if change.draft == on:
        return
    change.draft = on
    note(world, change, "convert_to_draft" if on else "ready_for_review", by)
    _tell(world, change, "converted_to_draft" if on else "ready_for_review", by)


def close(world: World, issue: Issue, by: Account, *, reason: str | None = None) -> None:
    """Close an issue or a change without merging it."""
    rules.may_change(issue, by)
    if not issue.open:
        return
    issue.open, issue.closed_at, issue.closed_by = False, world.now(), by
    if not isinstance(issue, Change):
        issue.state_reason = reason or "completed"
    note(world, issue, "closed", by)
    _tell(world, issue, "closed", by)


def reopen(world: World, issue: Issue, by: Account) -> None:
    rules.may_change(issue, by)
    if issue.open:
        return
    if isinstance(issue, Change):
        rules.may_reopen(issue)
        if issue.head_repository is not None:
            issue.head = issue.head_repository.branches[issue.head_branch]
            rebase(issue)
    else:
        issue.state_reason = "reopened"
    issue.open, issue.closed_at, issue.closed_by = True, None, None
    note(world, issue, "reopened", by)
    _tell(world, issue, "reopened", by)


def queue(world: World, change: Change, by: Account, *, on: bool) -> None:
    """Put a change into the merge queue, or take it out (Managing a merge queue)."""
    rules.may_queue(change, by)
    if change.queued == on:
        return
    change.queued = on
    kind, action = ("added_to_merge_queue", "enqueued") if on else ("removed_from_merge_queue", "dequeued")
    note(world, change, kind, by)
    more = {} if on else {"reason": "MANUAL"}
    world.tell(Happening("pull_request", action, by, change.repository, subject=change, more=more))


def merge(world: World, change: Change, by: Account, *, expected_head: str | None = None) -> str:
    """Merge with a merge commit; returns its SHA. The push to the base branch is told first."""
    merged = merge_tree(change)
    rules.may_merge(change, by, expected_head=expected_head, conflicts=merged is None)
    repository = change.repository
    tip = repository.branches[change.base]
    title = f"Merge pull request #{change.number} from {change.head_branch}"
    made = new_commit(world, repository, merged or {}, (tip, change.head), title, by)
    now = world.now()
    change.open, change.closed_at, change.closed_by = False, now, by
    change.merged_at, change.merged_by, change.merge_commit = now, by, made.sha
    move(world, repository, change.base, made.sha, by)
    note(world, change, "merged", by, commit=made.sha)
    note(world, change, "closed", by)
    _tell(world, change, "closed", by)
    return made.sha


def merge_tree(change: Change) -> dict[str, git.Blob] | None:
    """The files after a merge into the base branch as it is now; None where they conflict."""
    commits = change.repository.history.commits
    tip = change.repository.branches.get(change.base)
    if tip is None:
        return None
    start = git.merge_base(commits, tip, change.head) or change.merge_base
    return git.merged(commits[start].tree, commits[tip].tree, commits[change.head].tree)


def _tell(
    world: World, issue: Issue, action: str, by: Account, *, changes: dict[str, object] | None = None
) -> None:
    kind = "pull_request" if isinstance(issue, Change) else "issues"
    more = {"changes": changes} if changes else {}
    world.tell(Happening(kind, action, by, issue.repository, subject=issue, more=more))
