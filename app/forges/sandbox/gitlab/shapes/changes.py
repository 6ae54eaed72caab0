"""Merge requests, issues, notes and discussions in GitLab's JSON."""

from __future__ import annotations

import hashlib
from typing import Any

from app.forges.sandbox import git, merge_rules
from app.forges.sandbox.acts.changes import merge_tree
from app.forges.sandbox.gitlab.shapes import people, projects
from app.forges.sandbox.gitlab.site import Site, instant
from app.forges.sandbox.world import Account, Change, Comment, Event, Issue, LineRemark, Reaction, Thread

FILES_SHOWN = 1_000  # of one merge request (Diff limits, maximum diff files)
DIFF_LIMIT = 204_800  # bytes of one file's diff; above it `too_large` (Diff limits, maximum diff patch size)
DIFF_SHOWN = DIFF_LIMIT // 10  # above a tenth of it a diff is `collapsed` (Merge requests development)


def merge_request(site: Site, known: Change) -> dict[str, Any]:
    """`MergeRequestBasic`: in lists."""
    place, source = known.repository, known.head_repository
    where = page(site, known)
    assignees = [people.user(site, each) for each in known.assignees]
    return {
        "id": known.id,
        "iid": known.number,
        "project_id": place.id,
        "title": known.title,
        "description": known.body,
        "state": _state(known),
        "created_at": instant(known.opened_at),
        "updated_at": instant(known.updated_at),
        "merged_by": people.user(site, known.merged_by) if known.merged_by else None,
        "merge_user": people.user(site, known.merged_by) if known.merged_by else None,
        "merged_at": instant(known.merged_at),
        "closed_by": people.user(site, known.closed_by) if known.closed_by else None,
        "closed_at": instant(known.closed_at),
        "target_branch": known.base,
        "source_branch": known.head_branch,
        "user_notes_count": _notes_count(known),
        "upvotes": 0,
        "downvotes": 0,
        "author": people.user(site, known.by),
        "assignees": assignees,
        "assignee": assignees[0] if assignees else None,
        "reviewers": [people.user(site, each) for each in known.requested],
        "source_project_id": source.id if source else None,
        "target_project_id": place.id,
        "labels": [each.name for each in known.labels],
        "draft": known.draft,
        "imported": False,
        "imported_from": "none",
        "work_in_progress": known.draft,
        "milestone": None,
        "merge_when_pipeline_succeeds": False,
        "merge_status": _legacy_status(site, known),
        "detailed_merge_status": merge_status(site, known),
        "merge_after": None,
        "sha": known.head,
        "merge_commit_sha": known.merge_commit,
        "squash_commit_sha": None,
        "discussion_locked": known.locked or None,
        "should_remove_source_branch": None,
        "force_remove_source_branch": False,
        "prepared_at": instant(known.opened_at),
        "reference": f"!{known.number}",
        "references": _references(known, "!"),
        "web_url": where,
        "time_stats": _TIMES,
        "squash": False,
        "squash_on_merge": False,
        "task_completion_status": {"count": 0, "completed_count": 0},
        "has_conflicts": has_conflicts(known),
        "blocking_discussions_resolved": merge_rules.threads_resolved(known),
        "approvals_before_merge": None,
    }


def merge_request_full(site: Site, known: Change, actor: Account | None, *, prepared: bool) -> dict[str, Any]:
    """`MergeRequest`. Not yet prepared, it has no diff to tell of (Merge requests API, preparation steps)."""
    files = known.files
    pipeline = next((each for each in reversed(known.repository.pipelines) if each.sha == known.head), None)
    shape = projects.pipeline(site, known.repository, pipeline) if pipeline else None
    tip = known.repository.branches.get(known.base, known.merge_base)
    refs = {"base_sha": known.merge_base, "head_sha": known.head, "start_sha": tip}
    return merge_request(site, known) | {
        "subscribed": False,
        "changes_count": changes_count(len(files)) if prepared and files else None,
        "latest_build_started_at": None,
        "latest_build_finished_at": None,
        "first_deployed_to_production_at": None,
        "pipeline": shape,
        "head_pipeline": shape
        and {**shape, "detailed_status": {"group": pipeline.status if pipeline else ""}},
        "diff_refs": refs if prepared else None,
        "prepared_at": instant(known.opened_at) if prepared else None,
        "detailed_merge_status": merge_status(site, known) if prepared else "preparing",
        "merge_error": None,
        "first_contribution": False,
        "user": {"can_merge": actor is not None},
    }


def changes_count(files: int) -> str:
    """A text; with a plus above what is shown (Merge requests API, changes_count)."""
    return f"{FILES_SHOWN}+" if files > FILES_SHOWN else str(files)


def has_conflicts(known: Change) -> bool:
    return known.open and merge_tree(known) is None


def merge_status(site: Site, known: Change) -> str:
    """`detailed_merge_status`: the first thing in the way, or `mergeable`."""
    tips = f"{known.repository.branches.get(known.base)}:{known.head}"
    if known.open and known.merge_checked != tips:
        return "checking"
    blocked = merge_rules.blockers(known, site.edition)
    if blocked:
        return blocked[0]
    return "conflict" if has_conflicts(known) else "mergeable"


def _legacy_status(site: Site, known: Change) -> str:
    status = merge_status(site, known)
    if status == "checking":
        return "checking"
    return "cannot_be_merged" if status == "conflict" else "can_be_merged"


def diff(known: git.Touched) -> dict[str, Any]:
    """`Diff` of one file."""
    patch = known.patch or ""
    size = len(patch.encode())
    added, removed = known.status == "added", known.status == "removed"
    return {
        "diff": "" if size > DIFF_SHOWN else patch + ("\n" if patch else ""),
        "collapsed": DIFF_SHOWN < size <= DIFF_LIMIT,
        "too_large": size > DIFF_LIMIT,
        "new_path": known.path,
        "old_path": known.old_path or known.path,
        "a_mode": "0" if added else known.blob.mode,
        "b_mode": "0" if removed else known.blob.mode,
        "new_file": added,
        "renamed_file": known.status == "renamed",
        "deleted_file": removed,
        "generated_file": False,
    }


def reviewer(site: Site, known: Change, who: Account) -> dict[str, Any]:
    """`MergeRequestReviewer`."""
    return {
        "user": people.user(site, who),
        "state": known.stances[who.id],
        "created_at": instant(known.opened_at),
    }


def approvals(site: Site, known: Change, actor: Account) -> dict[str, Any]:
    """`MergeRequestApprovals`; on Free without what is required."""
    by = [
        {"user": people.user(site, who), "approved_at": instant(at)} for who, at in known.approvals.values()
    ]
    edition = site.edition
    shape = {
        "user_has_approved": actor.id in known.approvals,
        "user_can_approve": actor.id not in known.approvals and actor is not known.by,
        "approved": merge_rules.approved(known, edition),
        "approved_by": by,
    }
    if not edition.paid:
        return shape
    needed = merge_rules.approvals_needed(known, edition)
    left = max(0, needed - len(merge_rules.approvers(known)))
    return {
        "id": known.id,
        "iid": known.number,
        "project_id": known.repository.id,
        "title": known.title,
        "description": known.body,
        "state": _state(known),
        "created_at": instant(known.opened_at),
        "updated_at": instant(known.updated_at),
        "merge_status": _legacy_status(site, known),
        "approvals_required": needed,
        "approvals_left": left,
        "require_password_to_approve": False,
        "suggested_approvers": [],
        "approvers": [],
        "approver_groups": [],
        **shape,
        "approval_rules_left": [],
        "has_approval_rules": needed > 0,
        "merge_request_approvers_available": True,
        "multiple_approval_rules_available": True,
        "invalid_approvers_rules": [],
    }


# --- Issues -------------------------------------------------------------------------------------------


def issue(site: Site, known: Issue) -> dict[str, Any]:
    """`Issue`."""
    assignees = [people.user(site, each) for each in known.assignees]
    return {
        "id": known.id,
        "iid": known.number,
        "project_id": known.repository.id,
        "title": known.title,
        "description": known.body,
        "state": "opened" if known.open else "closed",
        "created_at": instant(known.opened_at),
        "updated_at": instant(known.updated_at),
        "closed_at": instant(known.closed_at),
        "closed_by": people.user(site, known.closed_by) if known.closed_by else None,
        "labels": [each.name for each in known.labels],
        "milestone": None,
        "assignees": assignees,
        "author": people.user(site, known.by),
        "type": known.sort.upper(),
        "assignee": assignees[0] if assignees else None,
        "user_notes_count": _notes_count(known),
        "merge_requests_count": 0,
        "upvotes": 0,
        "downvotes": 0,
        "due_date": None,
        "confidential": known.confidential,
        "discussion_locked": known.locked or None,
        "issue_type": known.sort,
        "web_url": page(site, known),
        "time_stats": _TIMES,
        "task_completion_status": {"count": 0, "completed_count": 0},
        "severity": known.severity.upper(),
        "references": _references(known, "#"),
        "moved_to_id": None,
        "imported": False,
        "imported_from": "none",
    }


# --- Notes --------------------------------------------------------------------------------------------


def note(site: Site, known: Comment) -> dict[str, Any]:
    """`Note`: a comment that stands for itself."""
    shape = _note(site, known.subject, known.id, known.by, known.body)
    return shape | {
        "created_at": instant(known.at),
        "updated_at": instant(known.edited_at),
        "confidential": known.internal,
        "internal": known.internal,
    }


def thread_note(site: Site, known: LineRemark) -> dict[str, Any]:
    """`Note`: one in a thread that can be resolved."""
    thread = known.thread
    shape = _note(site, thread.change, known.id, known.by, known.body)
    by = people.user(site, thread.resolved_by) if thread.resolved_by else None
    shape |= {
        "type": "DiffNote" if thread.path else "DiscussionNote",
        "created_at": instant(known.at),
        "updated_at": instant(known.edited_at or known.at),
        "resolvable": True,
        "resolved": thread.resolved,
        "resolved_by": by,
        "resolved_at": instant(thread.resolved_at),
    }
    if thread.path:
        shape["position"] = {
            "base_sha": thread.change.merge_base,
            "start_sha": thread.change.merge_base,
            "head_sha": known.commit,
            "old_path": thread.path,
            "new_path": thread.path,
            "position_type": "text",
            "old_line": None,
            "new_line": thread.line,
            "line_range": None,
        }
    return shape


def system_note(site: Site, subject: Issue, known: Event) -> dict[str, Any]:
    """`Note`: what happened, in GitLab's words; only what GitLab has words for (`SAID`)."""
    body = SAID[known.kind].format(**{name: _named(value) for name, value in known.more.items()})
    shape = _note(site, subject, known.id, known.by, body)
    return shape | {"system": True, "created_at": instant(known.at), "updated_at": instant(known.at)}


SAID = {
    "renamed": "changed title from **{before}** to **{after}**",
    "base_ref_changed": "changed target branch from `{before}` to `{after}`",
    "closed": "closed",
    "reopened": "reopened",
    "merged": "merged",
    "review_requested": "requested review from @{reviewer}",
    "review_request_removed": "removed review request for @{reviewer}",
    "approved": "approved this merge request",
    "unapproved": "unapproved this merge request",
    "approvals_reset": "reset approvals from all approvers by pushing to the branch",
    "requested_changes": "requested changes",
}


def _named(value: Any) -> Any:
    return value.login if isinstance(value, Account) else value


def _note(site: Site, subject: Issue, number: int, by: Account, body: str) -> dict[str, Any]:
    return {
        "id": number,
        "type": None,
        "body": body,
        "author": people.user(site, by),
        "created_at": None,
        "updated_at": None,
        "system": False,
        "noteable_id": subject.id,
        "noteable_type": "MergeRequest" if isinstance(subject, Change) else "Issue",
        "project_id": subject.repository.id,
        "resolvable": False,
        "confidential": False,
        "internal": False,
        "imported": False,
        "imported_from": "none",
        "noteable_iid": subject.number,
        "commands_changes": {},
    }


def discussion_id(known: Thread | Comment) -> str:
    """Forty characters that say nothing."""
    kind = "thread" if isinstance(known, Thread) else "note"
    return hashlib.sha1(f"{kind}/{known.id}".encode(), usedforsecurity=False).hexdigest()


def discussion(site: Site, known: Thread | Comment) -> dict[str, Any]:
    if isinstance(known, Comment):
        return {"id": discussion_id(known), "individual_note": True, "notes": [note(site, known)]}
    notes = [thread_note(site, each) for each in known.remarks]
    return {"id": discussion_id(known), "individual_note": False, "notes": notes}


def award(site: Site, known: Reaction, number: int) -> dict[str, Any]:
    return {
        "id": known.id,
        "name": known.content,
        "user": people.user(site, known.by),
        "created_at": instant(known.at),
        "updated_at": instant(known.at),
        "awardable_id": number,
        "awardable_type": "Note",
    }


# --- What these need ----------------------------------------------------------------------------------

_TIMES = {
    "time_estimate": 0,
    "total_time_spent": 0,
    "human_time_estimate": None,
    "human_total_time_spent": None,
}


def _state(known: Change) -> str:
    return "merged" if known.merged else "opened" if known.open else "closed"


def _notes_count(known: Issue) -> int:
    in_threads = sum(len(each.remarks) for each in known.threads) if isinstance(known, Change) else 0
    return len(known.comments) + in_threads


def _references(known: Issue, mark: str) -> dict[str, str]:
    return {
        "short": f"{mark}{known.number}",
        "relative": f"{mark}{known.number}",
        "full": f"{known.repository.full_name}{mark}{known.number}",
    }


def page(site: Site, known: Issue) -> str:
    kind = "merge_requests" if isinstance(known, Change) else "issues"
    return site.web(f"/{known.repository.full_name}/-/{kind}/{known.number}")
