"""Who may do what with a merge request, and with which words GitLab says no. Pure.

What both forges refuse alike is in `rules.py`. The sources are GitLab's API pages by name, and its code as
published for `lib/api/merge_requests.rb`; `[k]` is general knowledge.
"""

from __future__ import annotations

from app.forges.sandbox import git
from app.forges.sandbox.edition import Edition
from app.forges.sandbox.rules import Reason, Refused, access, at_least, needs
from app.forges.sandbox.world import Account, Change, Issue, Protection, Repository, Thread

TITLE_MISSING = Reason(400, "can't be blank", "Merge requests API, title", field="title")
SOURCE_MISSING = Reason(400, "does not exist", "Merge requests API; wording [k]", field="source_branch")
TARGET_MISSING = Reason(400, "does not exist", "Merge requests API; wording [k]", field="target_branch")
SAME_BRANCH = Reason(
    422,
    "You can't use same project/branch for source and target",
    "lib/api/merge_requests.rb, branch_conflict",
)
EXISTS = Reason(
    409,
    "Another open merge request already exists for this source branch: !{number}",
    "lib/api/merge_requests.rb, validate_branches",
)
CANNOT_MERGE = Reason(401, "401 Unauthorized", "Merge requests API, Merge a merge request, 401")
NOT_MERGEABLE = Reason(405, "405 Method Not Allowed", "Merge requests API, Merge a merge request, 405")
CONFLICTS = Reason(422, "Branch cannot be merged", "Merge requests API, Merge a merge request, 422")
HEAD_MOVED = Reason(
    409,
    "SHA does not match HEAD of source branch: {sha}",
    "Merge requests API, Merge a merge request, 409",
)
CANNOT_APPROVE = Reason(401, "401 Unauthorized", "Merge request approvals API, 401")
APPROVED_ALREADY = Reason(401, "401 Unauthorized", "Merge request approvals API, 401 [k]")
NOT_APPROVED = Reason(404, "404 Not found", "Merge request approvals API, Unapprove; status [k]")
SAME_STATE = Reason(
    400,
    'Cannot transition status via :enqueue from :{state} (Reason(s): Status cannot transition via "enqueue")',
    "Commits API, Set commit pipeline status; wording as in gitlab-org/gitlab#15692",
)
NO_REVIEWER = Reason(
    404, "{name} cannot be a reviewer of this project", "Merge requests API, reviewer_ids: dropped there"
)
NOT_ON_GITLAB = Reason(405, "GitLab has no {thing}: {instead}", "GitLab documentation")
NOT_ON_GITHUB = Reason(405, "GitHub has no {thing}: {instead}", "GitHub documentation")


def may_open(
    project: Repository, by: Account, title: str, source: Repository, source_branch: str, target_branch: str
) -> None:
    """Both branches exist, are not one, and have no open merge request between them."""
    needs(project, by, "read")
    if source is not project or not at_least(access(project, by), "write"):
        needs(source, by, "write")
    if not title.strip():
        raise Refused(TITLE_MISSING)
    if source_branch not in source.branches:
        raise Refused(SOURCE_MISSING)
    if target_branch not in project.branches:
        raise Refused(TARGET_MISSING)
    if source is project and source_branch == target_branch:
        raise Refused(SAME_BRANCH)
    not_open_already(project, source, source_branch, target_branch)


def not_open_already(
    project: Repository, source: Repository | None, source_branch: str, target_branch: str
) -> None:
    for change in project.changes:
        ends = (change.head_repository, change.head_branch, change.base)
        if change.open and ends == (source, source_branch, target_branch):
            raise Refused(EXISTS, {"number": change.number})


def may_update(issue: Issue, by: Account) -> None:
    """The author; else a Developer for a merge request, a Reporter for an issue (Permissions and roles)."""
    needs(issue.repository, by, "guest")
    if by is not issue.by:
        needs(issue.repository, by, "write" if isinstance(issue, Change) else "triage")


def may_set_metadata(issue: Issue, by: Account) -> bool:
    """Reviewers, labels and assignees are left alone, without a word, for whoever may not set them."""
    return at_least(access(issue.repository, by), "write" if isinstance(issue, Change) else "triage")


def may_reopen(change: Change) -> None:
    """Not after a merge, nor beside another open one from the same branch."""
    if change.merged:
        raise Refused(NOT_MERGEABLE)
    place = change.head_repository
    if place is None or change.head_branch not in place.branches:
        raise Refused(SOURCE_MISSING)
    not_open_already(change.repository, place, change.head_branch, change.base)


def can_review(project: Repository, who: Account) -> bool:
    """Whoever may read merge requests here (`MergeRequests::BaseService`, user_can_read)."""
    return who.kind != "organisation" and at_least(access(project, who), "read")


def may_approve(change: Change, by: Account, *, author_too: bool) -> None:
    """A Developer who has not approved yet; on paid tiers not the author (Approval settings)."""
    needs(change.repository, by, "read")
    if not change.open or not at_least(access(change.repository, by), "write"):
        raise Refused(CANNOT_APPROVE)
    if by is change.by and not author_too:
        raise Refused(CANNOT_APPROVE)
    if by.id in change.approvals:
        raise Refused(APPROVED_ALREADY)


def may_object(change: Change, by: Account) -> None:
    """Request changes: whoever may update the merge request (`UpdateReviewerStateService`)."""
    may_update(change, by)


def approvals_needed(change: Change, edition: Edition) -> int:
    """How many approvals the target branch asks for: none on Free."""
    protection = change.repository.protections.get(change.base)
    return protection.approvals if protection and edition.paid else 0


def approved(change: Change, edition: Edition) -> bool:
    """Whether nothing more is needed."""
    return len(approvers(change)) >= approvals_needed(change, edition)


def blockers(change: Change, edition: Edition) -> list[str]:
    """What stands in the way of merging, in `detailed_merge_status`'s words and order [k]."""
    protection = change.repository.protections.get(change.base) or Protection()
    status = pipeline_status(change)
    reasons = {
        "not_open": not change.open,
        "draft_status": change.draft,
        "requested_changes": bool(change.objections) and edition.paid,
        "not_approved": not approved(change, edition),
        "discussions_not_resolved": protection.resolve_threads and not threads_resolved(change),
        "ci_still_running": bool(protection.checks) and status in ("pending", "running"),
        "ci_must_pass": bool(protection.checks) and status != "success",
    }
    return [name for name, true in reasons.items() if true]


def pipeline_status(change: Change) -> str | None:
    """Of the newest pipeline of the newest commit: it must succeed as a whole, whatever its jobs are called."""
    known = [each.status for each in change.repository.pipelines if each.sha == change.head]
    return known[-1] if known else None


def threads_resolved(change: Change) -> bool:
    return all(thread.resolved for thread in change.threads)


def approvers(change: Change) -> set[str]:
    """Logins of those whose approval counts: they may still write."""
    return {
        who.login
        for who, _ in change.approvals.values()
        if at_least(access(change.repository, who), "write") and who is not change.by
    }


def may_merge(
    change: Change, by: Account, edition: Edition, *, expected_head: str | None, conflicts: bool
) -> None:
    needs(change.repository, by, "read")
    if not at_least(access(change.repository, by), "write"):
        raise Refused(CANNOT_MERGE)
    if blockers(change, edition):
        raise Refused(NOT_MERGEABLE)
    if conflicts:
        raise Refused(CONFLICTS)
    if expected_head is not None and expected_head != change.head:
        raise Refused(HEAD_MOVED, {"sha": change.head})


def may_resolve(thread: Thread, by: Account) -> None:
    """The author of the merge request, or a Developer (Resolve a thread)."""
    needs(thread.change.repository, by, "read" if by is thread.change.by else "write")


def is_draft(title: str) -> bool:
    """`Draft:`, `[Draft]` or `(Draft)` at the start of the title, in any case (Draft merge requests)."""
    start = title.strip().casefold()
    return start.startswith(("draft:", "[draft]", "(draft)"))


def without_draft(title: str) -> str:
    """The title once it is ready; several marks go together."""
    while is_draft(title):
        title = title.strip()[len("draft:") if title.strip().casefold().startswith("draft:") else 7 :].strip()
    return title


def behind(change: Change) -> bool:
    """Whether the merge request has no commits of its own."""
    return git.merge_base(change.repository.history.commits, change.merge_base, change.head) == change.head
