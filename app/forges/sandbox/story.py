"""People who act on the forge: `ana.opens(api, touching=["pay/a.py"])`, `ben.reviews(change, "approve")`.

Every act is what a person could do in the browser or with git; what the rules refuse raises `Refused`.
Acts are immediate, and the webhooks that they cause leave when the event loop gets its turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from app.forges.sandbox import merge_rules, rules
from app.forges.sandbox.acts import changes, checks, files, issues, people, remarks, reviews, threads
from app.forges.sandbox.acts.files import Text
from app.forges.sandbox.git import Blob
from app.forges.sandbox.world import (
    Account,
    Change,
    Comment,
    Issue,
    LineRemark,
    Organisation,
    Permission,
    Repository,
    Review,
    Team,
    World,
)

Touching = str | Iterable[str] | Mapping[str, Text | Blob | None]


class Person:
    """Somebody with a login."""

    def __init__(self, world: World, account: Account) -> None:
        self.world = world
        self.account = account

    @property
    def login(self) -> str:
        return self.account.login

    def __str__(self) -> str:
        return self.login

    # --- Changes ------------------------------------------------------------------------------------

    def opens(
        self,
        repository: Repository | str,
        touching: Touching,
        title: str = "",
        *,
        body: str | None = None,
        draft: bool = False,
        base: str | None = None,
        branch: str | None = None,
        from_fork: bool | None = None,
        renaming: Mapping[str, str] | None = None,
    ) -> Change:
        """Edit files on a new branch and propose them.

        `touching`: paths with their new content, None to remove; or paths alone, whose content changes
        somehow. `renaming`: old path → new path. Whoever may not push works in a fork, as GitHub makes
        them do; `from_fork` decides otherwise.
        """
        target = self._repository(repository)
        base = base or target.default_branch
        if from_fork is None:
            from_fork = not rules.at_least(rules.access(target, self.account), "write")
        place = files.fork(self.world, target, self.account) if from_fork else target
        name = branch or self._free_branch(place)
        if base not in target.branches:
            raise rules.Refused(rules.NO_BASE)
        files.branch(self.world, place, name, target.branches[base], self.account)
        edits = self._edits(place, name, touching, renaming)
        title = title or f"Change {', '.join(list(edits)[:3])}"
        files.push(self.world, place, name, edits, self.account, title)
        return self._propose(target, title, base, place, name, body, draft)

    def pushes(
        self, change: Change, touching: Touching, *, renaming: Mapping[str, str] | None = None
    ) -> None:
        """Add one commit to a change."""
        place = self._head_of(change)
        edits = self._edits(place, change.head_branch, touching, renaming)
        message = f"Change {', '.join(list(edits)[:3])}"
        files.push(self.world, place, change.head_branch, edits, self.account, message)

    def commits(self, repository: Repository | str, touching: Touching, *, branch: str | None = None) -> None:
        """Push straight to a branch, the default one unless told."""
        place = self._repository(repository)
        name = branch or place.default_branch
        edits = self._edits(place, name, touching, None)
        files.push(self.world, place, name, edits, self.account, f"Change {', '.join(list(edits)[:3])}")

    def branches(self, repository: Repository | str, *names: str) -> None:
        """New branches at the tip of the default one, all in one push."""
        place = self._repository(repository)
        for name in names:
            files.branch(self.world, place, name, place.head.sha, self.account, together=len(names))

    def removes_branch(self, repository: Repository | str, name: str) -> None:
        files.remove_branch(self.world, self._repository(repository), name, self.account)

    def fast_forwards(self, repository: Repository | str, *, to: str, branch: str | None = None) -> None:
        """Push commits that exist already to a branch, the default one unless told."""
        place = self._repository(repository)
        name = branch or place.default_branch
        rules.needs(place, self.account, "write")
        rules.may_move(place, name, to, force=False)
        files.move(self.world, place, name, to, self.account)

    def rebases(self, change: Change) -> None:
        """Put the same edits on the newest base, by a forced push."""
        place = self._head_of(change)
        commits = place.history.commits
        tree = changes.merge_tree(change)
        if tree is None:
            raise rules.Refused(rules.NOT_MERGEABLE)
        rules.needs(place, self.account, "write")
        tip = change.repository.branches[change.base]
        message = commits[change.head].message
        made = files.new_commit(self.world, place, tree, (tip,), message, self.account)
        files.move(self.world, place, change.head_branch, made.sha, self.account, forced=True)

    def edits(self, change: Change, *, title: str | None = None, body: str | None = None) -> None:
        changes.edit(self.world, change, self.account, title=title, body=body)

    def retargets(self, change: Change, base: str) -> None:
        changes.edit(self.world, change, self.account, base=base)

    def drafts(self, change: Change) -> None:
        changes.draft(self.world, change, self.account, on=True)

    def readies(self, change: Change) -> None:
        changes.draft(self.world, change, self.account, on=False)

    def closes(self, issue: Issue) -> None:
        changes.close(self.world, issue, self.account)

    def reopens(self, issue: Issue) -> None:
        changes.reopen(self.world, issue, self.account)

    def enqueues(self, change: Change) -> None:
        """Put it into the merge queue."""
        changes.queue(self.world, change, self.account, on=True)

    def dequeues(self, change: Change) -> None:
        changes.queue(self.world, change, self.account, on=False)

    def merges(self, change: Change) -> str:
        """Returns the merge commit."""
        return changes.merge(self.world, change, self.account)

    # --- Reviews --------------------------------------------------------------------------------------

    def asks(self, change: Change, *names: Person | Team | str) -> None:
        """Request reviews of people, and of teams ("org/slug" or a team)."""
        teams, logins = _sorted_out(names)
        reviews.ask(self.world, change, self.account, logins, teams)

    def unasks(self, change: Change, *names: Person | Team | str) -> None:
        teams, logins = _sorted_out(names)
        reviews.unask(self.world, change, self.account, logins, teams)

    def reviews(self, change: Change, verdict: reviews.Verdict, text: str = "") -> Review:
        """ "approve", "request_changes" or "comment"; the last two need a text."""
        return reviews.review(self.world, change, self.account, verdict, text)

    def dismisses(self, review: Review, message: str = "No longer so.") -> None:
        reviews.dismiss(self.world, review, self.account, message)

    def remarks_on(self, change: Change, path: str, text: str, line: int = 1) -> LineRemark:
        """Say something about one line."""
        return threads.remark(self.world, change, self.account, path, text, line)

    def replies(self, to: LineRemark, text: str) -> LineRemark:
        return threads.reply(self.world, to.thread, self.account, text)

    def resolves(self, remark: LineRemark) -> None:
        """Settle the thread that this remark is in."""
        threads.resolve(self.world, remark.thread, self.account, on=True)

    def unresolves(self, remark: LineRemark) -> None:
        threads.resolve(self.world, remark.thread, self.account, on=False)

    # --- Remarks, issues, labels ------------------------------------------------------------------------

    def comments(self, issue: Issue, text: str) -> Comment:
        return remarks.say(self.world, issue, self.account, text)

    def amends(self, comment: Comment, text: str) -> None:
        remarks.amend(self.world, comment, self.account, text)

    def ticks(self, comment: Comment, words: str) -> None:
        """Tick the box that has these words beside it, as a click does: it is an edit of the comment."""
        box = f"- [ ] {words}"
        if box not in comment.body:
            raise LookupError(f"no box {words!r} in the comment")
        self.amends(comment, comment.body.replace(box, f"- [x] {words}"))

    def unsays(self, comment: Comment) -> None:
        remarks.unsay(self.world, comment, self.account)

    def labels(self, issue: Issue, *names: str) -> None:
        issues.label(self.world, issue, self.account, names)

    def unlabels(self, issue: Issue, name: str) -> None:
        issues.unlabel(self.world, issue, self.account, name)

    def assigns(self, issue: Issue, to: Person | str) -> None:
        """Make somebody responsible for an issue."""
        issues.assign(self.world, issue, self.account, str(to), on=True)

    def unassigns(self, issue: Issue, to: Person | str) -> None:
        issues.assign(self.world, issue, self.account, str(to), on=False)

    def reports(
        self, repository: Repository | str, title: str, body: str | None = None, labels: Iterable[str] = ()
    ) -> Issue:
        """Open an issue."""
        return issues.open_issue(self.world, self._repository(repository), self.account, title, body, labels)

    def sets_status(
        self,
        change: Change,
        state: Literal["error", "failure", "pending", "success"],
        context: str = "ci/build",
    ) -> None:
        """What an outside CI says of the newest commit."""
        checks.set_status(self.world, change.repository, change.head, state, context, self.account)

    # --- People -----------------------------------------------------------------------------------------

    def joins(self, team: Team | str) -> None:
        known = self._team(team)
        people.join_team(self.world, known, self.account, self._owner(known.organisation))

    def leaves(self, team: Team | str) -> None:
        people.leave_team(self.world, self._team(team), self.account, self.account)

    def leaves_organisation(self, name: str) -> None:
        organisation = self.world.organisation(name)
        if organisation is None:
            raise LookupError(f"no organisation {name}")
        people.leave_organisation(self.world, organisation, self.account, self.account)

    def gives(
        self, repository: Repository | str, to: Person | Team, permission: Permission = "write"
    ) -> None:
        """Give a person or a team access; "none" takes it away. Needs admin rights."""
        place = self._repository(repository)
        rules.needs(place, self.account, "admin")
        if isinstance(to, Team):
            people.give(self.world, place, to, permission, self.account)
        else:
            people.collaborate(self.world, place, to.account, permission, self.account)

    def renames(self, repository: Repository | str, name: str) -> None:
        files.rename(self.world, self._repository(repository), name, self.account)

    def archives(self, repository: Repository | str) -> None:
        files.archive(self.world, self._repository(repository), self.account)

    def unarchives(self, repository: Repository | str) -> None:
        files.archive(self.world, self._repository(repository), self.account, archived=False)

    def deletes(self, repository: Repository | str) -> None:
        files.delete(self.world, self._repository(repository), self.account)

    # --- What only GitLab has -----------------------------------------------------------------------------

    def unapproves(self, change: Change) -> None:
        """Take back one's own approval."""
        raise rules.Refused(
            merge_rules.NOT_ON_GITHUB, {"thing": "taking back of approvals", "instead": "dismiss the review"}
        )

    def is_busy(self, message: str = "", *, on: bool = True) -> None:
        """Set one's status."""
        raise rules.Refused(
            merge_rules.NOT_ON_GITHUB, {"thing": "busy status in its REST API", "instead": "/usher away"}
        )

    # --- What these need --------------------------------------------------------------------------------

    def _propose(
        self,
        target: Repository,
        title: str,
        base: str,
        place: Repository,
        branch: str,
        body: str | None,
        draft: bool,
    ) -> Change:
        return changes.open_change(
            self.world,
            target,
            self.account,
            title=title,
            base=base,
            head_repository=place,
            head_branch=branch,
            body=body,
            draft=draft,
        )

    def _repository(self, named: Repository | str) -> Repository:
        found = self.world.repository(named) if isinstance(named, str) else named
        if found is None:
            raise LookupError(f"no repository {named}")
        return found

    def _team(self, named: Team | str) -> Team:
        if isinstance(named, Team):
            return named
        organisation, _, slug = named.partition("/")
        found = self.world.team(organisation, slug)
        if found is None:
            raise LookupError(f"no team {named}")
        return found

    def _owner(self, organisation: Organisation) -> Account:
        return next(organisation.members[number] for number in sorted(organisation.owners))

    def _head_of(self, change: Change) -> Repository:
        if change.head_repository is None:
            raise rules.Refused(rules.NOT_FOUND)
        return change.head_repository

    def _free_branch(self, place: Repository) -> str:
        number = 1
        while f"{self.login}-patch-{number}" in place.branches:
            number += 1
        return f"{self.login}-patch-{number}"

    def _edits(
        self, place: Repository, branch: str, touching: Touching, renaming: Mapping[str, str] | None
    ) -> dict[str, Text | Blob | None]:
        if branch not in place.branches:
            raise rules.Refused(rules.BRANCH_MISSING, {"branch": branch})
        tree = place.history.commits[place.branches[branch]].tree
        edits: dict[str, Text | Blob | None] = {}
        for old, new in (renaming or {}).items():
            edits[old], edits[new] = None, tree[old]
        if isinstance(touching, Mapping):
            return {**edits, **touching}
        for path in [touching] if isinstance(touching, str) else touching:
            before = tree[path].content if path in tree else b""
            edits[path] = before + f"{self.login} was here\n".encode()
        return edits


def _sorted_out(names: Iterable[Person | Team | str]) -> tuple[list[str], list[str]]:
    """Slugs of teams, logins of people."""
    teams: list[str] = []
    logins: list[str] = []
    for name in names:
        if isinstance(name, Team):
            teams.append(name.slug)
        elif isinstance(name, str) and "/" in name:
            teams.append(name.rpartition("/")[2])
        else:
            logins.append(str(name))
    return teams, logins
