"""Repositories, branches and pushes."""

from __future__ import annotations

from collections.abc import Mapping

from app.forges.sandbox import git, merge_rules, rules
from app.forges.sandbox.acts.history import note, touch
from app.forges.sandbox.world import (
    Account,
    Change,
    Happening,
    Label,
    Organisation,
    Repository,
    Team,
    Visibility,
    World,
)

NOWHERE = "0" * 40  # the commit before a branch's first, in a push event

Text = str | bytes
Edits = Mapping[str, Text | git.Blob | None]  # path → new content; None removes the file

_FIRST_LABELS = ("bug", "documentation", "enhancement", "good first issue", "help wanted", "question")


def create_repository(
    world: World,
    owner: Account,
    name: str,
    files: Edits,
    *,
    by: Account,
    visibility: Visibility = "private",
    default_branch: str = "main",
    folder: Team | None = None,
) -> Repository:
    """A repository with one commit that holds these files; on GitLab perhaps in a subgroup of its owner."""
    now = world.now()
    number = world.next_id("repository")
    made = Repository(
        number,
        owner,
        name,
        now,
        now,
        now,
        default_branch,
        visibility=visibility,
        kind=world.kind,
        folder=folder,
    )
    first = git.commit(edited({}, files), (), "Initial commit", by.login, now, salt=number)
    made.history.commits[first.sha] = first
    made.branches[default_branch] = first.sha
    for label in _FIRST_LABELS:
        made.labels[label] = Label(world.next_id("label"), label)
    world.repositories[number] = made
    _tell(world, made, "created", by)
    installation = world.installation_on(owner)
    if installation is not None and installation.selected is None:
        world.tell(
            Happening("installation_repositories", "added", by, subject=installation, more={"added": [made]})
        )
    return made


def fork(world: World, repository: Repository, by: Account) -> Repository:
    """This person's fork, the one they have or a new one; it shares its commits with the original."""
    for other in world.owned_by(by):
        if other.parent is repository:
            return other
    rules.needs(repository, by, "read")
    now = world.now()
    made = Repository(
        world.next_id("repository"),
        by,
        repository.name,
        now,
        now,
        now,
        repository.default_branch,
        visibility=repository.visibility,
        parent=repository,
        history=repository.history,
        branches=dict(repository.branches),
        kind=world.kind,
    )
    world.repositories[made.id] = made
    world.tell(Happening("fork", None, by, repository, more={"forkee": made}))
    return made


def rename(world: World, repository: Repository, name: str, by: Account) -> None:
    """The old name goes on leading here (Renaming a repository)."""
    rules.needs(repository, by, "admin")
    before = repository.name
    world.renamed[repository.full_name.casefold()] = repository.id
    repository.name = name
    _tell(world, repository, "renamed", by, changes={"repository": {"name": {"from": before}}})


def archive(world: World, repository: Repository, by: Account, *, archived: bool = True) -> None:
    rules.may_see(repository, by)
    if not rules.at_least(rules.access(repository, by), "admin"):
        raise rules.Refused(rules.FORBIDDEN, {"needed": "admin"})
    repository.archived = archived
    _tell(world, repository, "archived" if archived else "unarchived", by)


def delete(world: World, repository: Repository, by: Account) -> None:
    """Gone for good; a change that came from a deleted fork keeps its commits but loses its `head.repo`."""
    rules.may_see(repository, by)
    if not rules.at_least(rules.access(repository, by), "admin"):
        raise rules.Refused(rules.FORBIDDEN, {"needed": "admin"})
    del world.repositories[repository.id]
    for other in world.repositories.values():
        for change in other.changes:
            if change.head_repository is repository:
                change.head_repository = None
    _tell(world, repository, "deleted", by)


def edited(tree: git.Tree, edits: Edits) -> dict[str, git.Blob]:
    """The tree after these edits."""
    result = dict(tree)
    for path, content in edits.items():
        if content is None:
            result.pop(path, None)
        elif isinstance(content, git.Blob):
            result[path] = content
        else:
            result[path] = git.Blob(content.encode() if isinstance(content, str) else content)
    return result


def branch(
    world: World, repository: Repository, name: str, at: str, by: Account, *, together: int = 1
) -> None:
    """A new branch at a commit; `together` with how many in one push."""
    rules.needs(repository, by, "write")
    if name in repository.branches:
        raise rules.Refused(rules.REF_EXISTS)
    if at not in repository.history.commits:
        raise rules.Refused(rules.OBJECT_MISSING)
    repository.branches[name] = at
    _tell_push(world, repository, name, NOWHERE, at, by, created=True, together=together)


def push(
    world: World, repository: Repository, name: str, edits: Edits, by: Account, message: str
) -> git.Commit:
    """One commit on top of a branch."""
    rules.needs(repository, by, "write")
    if name not in repository.branches:
        raise rules.Refused(rules.BRANCH_MISSING, {"branch": name})
    tip = repository.history.commits[repository.branches[name]]
    made = new_commit(world, repository, edited(tip.tree, edits), (tip.sha,), message, by)
    move(world, repository, name, made.sha, by)
    return made


def new_commit(
    world: World, repository: Repository, tree: git.Tree, parents: tuple[str, ...], message: str, by: Account
) -> git.Commit:
    """A commit that no branch points to yet."""
    made = git.commit(tree, parents, message, by.login, world.now(), salt=world.next_id("commit"))
    repository.history.commits[made.sha] = made
    return made


def move(
    world: World, repository: Repository, name: str, to: str, by: Account, *, forced: bool = False
) -> None:
    """Let a branch point to another commit; the changes that come from it or go to it follow."""
    before = repository.branches[name]
    if before == to:
        return
    repository.branches[name] = to
    repository.pushed_at = world.now()
    _tell_push(world, repository, name, before, to, by, forced=forced)
    for other in list(world.repositories.values()):
        if other.history is repository.history:
            for change in other.changes:
                _follow(world, change, repository, name, before, by)


def remove_branch(world: World, repository: Repository, name: str, by: Account) -> None:
    """Delete a branch; the open changes that come from it are closed (Deleting branches)."""
    rules.needs(repository, by, "write")
    if name not in repository.branches:
        raise rules.Refused(rules.NO_REF, {"ref": name})
    before = repository.branches.pop(name)
    _tell_push(world, repository, name, before, NOWHERE, by, deleted=True)
    for other in world.repositories.values():
        for change in other.changes:
            if change.open and change.head_repository is repository and change.head_branch == name:
                change.open, change.closed_at, change.closed_by = False, world.now(), by
                note(world, change, "closed", by)
                world.tell(Happening("pull_request", "closed", by, change.repository, subject=change))


def _follow(world: World, change: Change, moved: Repository, name: str, before: str, by: Account) -> None:
    if not change.open:
        return
    if change.head_repository is moved and change.head_branch == name:
        change.head = moved.branches[name]
        rebase(change)
        touch(world, change)
        world.tell(
            Happening(
                "pull_request",
                "synchronize",
                by,
                change.repository,
                subject=change,
                more={"before": before, "after": change.head},
            )
        )
        if world.kind == "gitlab":
            _reset_approvals(world, change, by)
        else:
            _dismiss_stale(world, change, by)
    elif change.repository is moved and change.base == name:
        rebase(change)
        if change.merge_base == change.head:
            _merged_by_push(world, change, by)


def rebase(change: Change) -> None:
    """Find anew where the change left its base branch."""
    repository = change.repository
    tip = repository.branches.get(change.base)
    if tip is None:
        return
    found = git.merge_base(repository.history.commits, tip, change.head)
    change.merge_base = found or change.merge_base


def _merged_by_push(world: World, change: Change, by: Account) -> None:
    """Pushing a change's commits to its base merges it (About pull request merges, indirect merges)."""
    now = world.now()
    change.open, change.closed_at, change.closed_by = False, now, by
    change.merged_at, change.merged_by, change.merge_commit = now, by, change.head
    touch(world, change)
    note(world, change, "merged", by)
    world.tell(Happening("pull_request", "closed", by, change.repository, subject=change))


def _dismiss_stale(world: World, change: Change, by: Account) -> None:
    """Approvals fall with a push where the base branch says so (About protected branches)."""
    protection = change.repository.protections.get(change.base)
    if protection is None or not protection.dismiss_stale:
        return
    for review in change.reviews:
        if review.state == "approved":
            review.state = "dismissed"
            note(world, change, "review_dismissed", by, review=review)
            world.tell(
                Happening(
                    "pull_request_review",
                    "dismissed",
                    by,
                    change.repository,
                    subject=change,
                    more={"review": review},
                )
            )


def _reset_approvals(world: World, change: Change, by: Account) -> None:
    """GitLab: approvals fall with a push where the project says so (Approval settings: Premium).

    Silently before 18.6. `unapproved` only where that left too few approvals, else `unapproval`. Whoever had
    approved stays a reviewer, and is unapproved [k].
    """
    protection = change.repository.protections.get(change.base)
    resets = protection is not None and protection.dismiss_stale and world.edition.paid
    if not resets or not change.approvals:
        return
    before = merge_rules.approved(change, world.edition)
    for number in change.approvals:
        if number in change.stances:
            change.stances[number] = "unapproved"
    change.approvals.clear()
    note(world, change, "approvals_reset", by)
    if world.edition.tells_resets:
        lost = before and not merge_rules.approved(change, world.edition)
        action = "unapproved" if lost else "unapproval"
        more = {"system_action": "approvals_reset_on_push"}
        world.tell(Happening("merge_request", action, by, change.repository, subject=change, more=more))


def _tell(
    world: World,
    repository: Repository,
    action: str,
    by: Account,
    *,
    changes: dict[str, object] | None = None,
) -> None:
    more = {"changes": changes} if changes else {}
    owner = repository.owner
    organisation = owner if isinstance(owner, Organisation) else None
    world.tell(Happening("repository", action, by, repository, organisation, more=more))


def _tell_push(
    world: World,
    repository: Repository,
    name: str,
    before: str,
    after: str,
    by: Account,
    *,
    created: bool = False,
    deleted: bool = False,
    forced: bool = False,
    together: int = 1,
) -> None:
    flags = {"created": created, "deleted": deleted, "forced": forced, "together": together}
    more = {"branch": name, "before": before, "after": after, **flags}
    world.tell(Happening("push", None, by, repository, more=more))
