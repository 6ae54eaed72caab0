"""Issues, and labels on issues and changes."""

from __future__ import annotations

from collections.abc import Iterable

from app.forges.sandbox import rules
from app.forges.sandbox.acts.changes import next_number
from app.forges.sandbox.acts.history import note, touch
from app.forges.sandbox.world import Account, Change, Happening, Issue, Label, Repository, World


def open_issue(
    world: World,
    repository: Repository,
    by: Account,
    title: str,
    body: str | None = None,
    labels: Iterable[str] = (),
    assignees: Iterable[str] = (),
) -> Issue:
    """Labels and assignees of somebody who may not triage are dropped without a word (REST: Issues)."""
    rules.needs(repository, by, "read")
    if not repository.has_issues:
        raise rules.Refused(rules.ISSUES_OFF)
    if not title.strip():
        raise rules.Refused(rules.TITLE_MISSING)
    now = world.now()
    number = next_number(repository)
    issue = Issue(world.next_id("issue"), repository, number, title, body, by, now, now)
    repository.issues[number] = issue
    trusted = rules.at_least(rules.access(repository, by), "triage")
    if trusted:
        issue.assignees = [_assignable(world, repository, name) for name in assignees]
    _tell(world, issue, "opened", by)
    if trusted:
        label(world, issue, by, labels)
    return issue


def edit(
    world: World, issue: Issue, by: Account, *, title: str | None = None, body: str | None = None
) -> None:
    rules.may_change(issue, by)
    before: dict[str, object] = {}
    if title is not None and title != issue.title:
        before["title"] = {"from": issue.title}
        issue.title = title
    if body is not None and body != issue.body:
        before["body"] = {"from": issue.body}
        issue.body = body
    if before:
        touch(world, issue)
        kind = "pull_request" if isinstance(issue, Change) else "issues"
        happening = Happening(kind, "edited", by, issue.repository, subject=issue, more={"changes": before})
        world.tell(happening)


def label(world: World, issue: Issue, by: Account, names: Iterable[str]) -> None:
    """Put labels on; a name that the repository does not know becomes a new label there [k]."""
    rules.needs(issue.repository, by, "triage")
    for name in names:
        known = issue.repository.labels.get(name.casefold())
        if known is None:
            known = Label(world.next_id("label"), name)
            issue.repository.labels[name.casefold()] = known
        if known not in issue.labels:
            issue.labels.append(known)
            note(world, issue, "labeled", by, label=known)
            _tell(world, issue, "labeled", by, label=known)


def unlabel(world: World, issue: Issue, by: Account, name: str) -> None:
    rules.needs(issue.repository, by, "triage")
    for known in issue.labels:
        if known.name.casefold() == name.casefold():
            issue.labels.remove(known)
            note(world, issue, "unlabeled", by, label=known)
            _tell(world, issue, "unlabeled", by, label=known)
            return
    raise rules.Refused(rules.NO_LABEL)


def assign(world: World, issue: Issue, by: Account, name: str, *, on: bool) -> None:
    """Make somebody responsible, or free them of it; twice is once."""
    rules.needs(issue.repository, by, "triage")
    who = _assignable(world, issue.repository, name)
    if (who in issue.assignees) == on:
        return
    if on:
        issue.assignees.append(who)
    else:
        issue.assignees.remove(who)
    touch(world, issue)
    action = "assigned" if on else "unassigned"
    kind = "pull_request" if isinstance(issue, Change) else "issues"
    world.tell(Happening(kind, action, by, issue.repository, subject=issue, more={"assignee": who}))


def _assignable(world: World, repository: Repository, name: str) -> Account:
    account = world.account(name)
    if account is None or not rules.collaborates(repository, account):
        raise rules.Refused(rules.NO_ASSIGNEE)
    return account


def _tell(world: World, issue: Issue, action: str, by: Account, *, label: Label | None = None) -> None:
    kind = "pull_request" if isinstance(issue, Change) else "issues"
    more = {"label": label} if label else {}
    world.tell(Happening(kind, action, by, issue.repository, subject=issue, more=more))
