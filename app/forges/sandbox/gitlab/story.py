"""People on a GitLab: the same verbs as everywhere, with what they come to there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from app.forges.sandbox import merge_rules, rules
from app.forges.sandbox.acts import checks, notes
from app.forges.sandbox.acts import merge_requests as acts
from app.forges.sandbox.acts import reviews as reviewing
from app.forges.sandbox.story import Person
from app.forges.sandbox.world import (
    Account,
    Change,
    Comment,
    Issue,
    LineRemark,
    Repository,
    Review,
    Team,
)


class Colleague(Person):
    """Somebody with a GitLab username. What GitLab does not have is refused with what to do instead."""

    # --- Changes ------------------------------------------------------------------------------------

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
        """A draft is one by its title."""
        return acts.open_merge_request(
            self.world,
            target,
            self.account,
            title=f"Draft: {title}" if draft else title,
            target_branch=base,
            source=place,
            source_branch=branch,
            description=body,
        )

    def edits(self, change: Change, *, title: str | None = None, body: str | None = None) -> None:
        with acts.updating(self.world, change, self.account):
            if title is not None:
                acts.retitle(self.world, change, self.account, title)
            if body is not None:
                acts.redescribe(self.world, change, self.account, body)

    def retargets(self, change: Change, base: str) -> None:
        with acts.updating(self.world, change, self.account):
            acts.retarget(self.world, change, self.account, base)

    def drafts(self, change: Change) -> None:
        with acts.updating(self.world, change, self.account):
            acts.set_draft(self.world, change, self.account, on=True)

    def readies(self, change: Change) -> None:
        with acts.updating(self.world, change, self.account):
            acts.set_draft(self.world, change, self.account, on=False)

    def closes(self, issue: Issue) -> None:
        acts.close(self.world, issue, self.account)

    def reopens(self, issue: Issue) -> None:
        acts.reopen(self.world, issue, self.account)

    def enqueues(self, change: Change) -> None:
        raise _nothing("merge queue", "its merge trains are not part of this sandbox")

    def dequeues(self, change: Change) -> None:
        self.enqueues(change)

    def merges(self, change: Change) -> str:
        return acts.merge(self.world, change, self.account)

    # --- Reviews --------------------------------------------------------------------------------------

    def asks(self, change: Change, *names: Person | Team | str) -> None:
        acts.ask(self.world, change, self.account, [self._reviewer(change, name) for name in names])

    def unasks(self, change: Change, *names: Person | Team | str) -> None:
        gone = {str(name).casefold() for name in names}
        merge_rules.may_update(change, self.account)
        with acts.updating(self.world, change, self.account):
            left = [each.id for each in change.requested if each.login.casefold() not in gone]
            acts.set_reviewers(self.world, change, self.account, left)

    def reviews(self, change: Change, verdict: reviewing.Verdict, text: str = "") -> Review:
        """The words are a comment beside it. What comes back is in no list: GitLab keeps no reviews."""
        if verdict == "approve":
            acts.approve(self.world, change, self.account)
        elif verdict == "request_changes":
            acts.request_changes(self.world, change, self.account)
        else:
            rules.needs(change.repository, self.account, "read")
        if text.strip():
            notes.say(self.world, change, self.account, text)
        elif verdict == "comment":
            raise rules.Refused(rules.COMMENT_BLANK)
        if verdict == "comment":
            acts.reviewed(self.world, change, self.account)
        state = reviewing.VERDICTS[verdict]
        return Review(0, self.account, state, text, self.world.now(), change.head, change)

    def dismisses(self, review: Review, message: str = "") -> None:
        raise _nothing("dismissing of reviews", "whoever approved takes it back: `unapproves`")

    def unapproves(self, change: Change) -> None:
        acts.unapprove(self.world, change, self.account)

    def remarks_on(self, change: Change, path: str, text: str, line: int = 1) -> LineRemark:
        return notes.start_thread(self.world, change, self.account, text, path, line)

    def replies(self, to: LineRemark, text: str) -> LineRemark:
        return notes.reply(self.world, to.thread, self.account, text)

    def resolves(self, remark: LineRemark) -> None:
        notes.resolve(self.world, remark.thread, self.account, on=True)

    def unresolves(self, remark: LineRemark) -> None:
        notes.resolve(self.world, remark.thread, self.account, on=False)

    # --- Remarks, issues, labels ------------------------------------------------------------------------

    def comments(self, issue: Issue, text: str) -> Comment:
        """Where the text is nothing but quick actions, what comes back is in no list."""
        said = notes.say(self.world, issue, self.account, text)
        now = self.world.now()
        return said.comment or Comment(0, self.account, text, now, now, issue)

    def amends(self, comment: Comment, text: str) -> None:
        notes.amend(self.world, comment, self.account, text)

    def unsays(self, comment: Comment) -> None:
        notes.unsay(self.world, comment, self.account)

    def labels(self, issue: Issue, *names: str) -> None:
        self._may_label(issue)
        with acts.updating(self.world, issue, self.account):
            acts.put_labels(self.world, issue, self.account, names)

    def unlabels(self, issue: Issue, name: str) -> None:
        self._may_label(issue)
        with acts.updating(self.world, issue, self.account):
            acts.take_labels(self.world, issue, self.account, [name])

    def reports(
        self, repository: Repository | str, title: str, body: str | None = None, labels: Iterable[str] = ()
    ) -> Issue:
        return acts.open_issue(self.world, self._repository(repository), self.account, title, body, labels)

    # --- People -----------------------------------------------------------------------------------------

    def runs(self, change: Change, status: Literal["pending", "running", "success", "failed"]) -> None:
        """What the project's own CI says of the newest commit, in a pipeline for merge requests."""
        checks.runs(self.world, change, status, self.account)

    def is_busy(self, message: str = "", *, on: bool = True) -> None:
        self.account.busy, self.account.message = on, message

    # --- What these need --------------------------------------------------------------------------------

    def _may_label(self, issue: Issue) -> None:
        """In the browser the field is not there for whoever may not."""
        if not merge_rules.may_set_metadata(issue, self.account):
            raise rules.Refused(rules.FORBIDDEN, {"needed": "write"})

    def _reviewer(self, change: Change, name: Person | Team | str) -> Account:
        """In the browser only those can be chosen who may read."""
        if isinstance(name, Team) or (isinstance(name, str) and "/" in name):
            raise _nothing("review by a group", "ask its members")
        found = self.world.account(str(name))
        if found is None or not merge_rules.can_review(change.repository, found):
            raise rules.Refused(merge_rules.NO_REVIEWER, {"name": str(name)})
        return found


def _nothing(thing: str, instead: str) -> rules.Refused:
    return rules.Refused(merge_rules.NOT_ON_GITLAB, {"thing": thing, "instead": instead})
