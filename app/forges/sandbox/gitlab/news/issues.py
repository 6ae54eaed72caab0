"""Issues, incidents and tasks; and comments on them and on merge requests."""

from __future__ import annotations

from typing import Any

from app.forges.sandbox.gitlab.news.merge_requests import attributes, changes, label
from app.forges.sandbox.gitlab.news.telling import News
from app.forges.sandbox.gitlab.shapes import changes as shapes
from app.forges.sandbox.gitlab.shapes import people, projects
from app.forges.sandbox.gitlab.site import Site, told
from app.forges.sandbox.world import (
    Change,
    Comment,
    Happening,
    Issue,
    LineRemark,
)


def issue(site: Site, happening: Happening) -> News:
    """Incidents and tasks are `work_item`; confidential issues have a flag of their own."""
    issue: Issue = happening.subject
    plain = issue.sort == "issue"
    kind = "issue" if plain else "work_item"
    payload = {
        "object_kind": kind,
        "event_type": f"confidential_{kind}" if issue.confidential else kind,
        "user": people.told(site, happening.by),
        "project": projects.told(site, issue.repository),
        "object_attributes": _issue_attributes(site, issue) | {"action": happening.action},
        "labels": [label(site, each, issue.repository) for each in issue.labels],
        "changes": changes(site, issue, happening.more),
        "repository": projects.told_repository(site, issue.repository),
    }
    if issue.assignees:
        payload["assignees"] = [people.told(site, each) for each in issue.assignees]
    if issue.confidential:
        return News("confidential_issues_events", "Confidential Issue Hook", payload)
    return News("issues_events", "Issue Hook", payload)


def _issue_attributes(site: Site, issue: Issue) -> dict[str, Any]:
    return {
        "author_id": issue.by.id,
        "closed_at": told(issue.closed_at),
        "confidential": issue.confidential,
        "created_at": told(issue.opened_at),
        "description": issue.body,
        "discussion_locked": issue.locked or None,
        "due_date": None,
        "id": issue.id,
        "iid": issue.number,
        "last_edited_at": None,
        "last_edited_by_id": None,
        "milestone_id": None,
        "moved_to_id": None,
        "duplicated_to_id": None,
        "project_id": issue.repository.id,
        "relative_position": None,
        "state_id": 1 if issue.open else 2,
        "time_estimate": 0,
        "title": issue.title,
        "updated_at": told(issue.updated_at),
        "updated_by_id": None,
        "type": issue.sort.title(),
        "url": shapes.page(site, issue),
        "total_time_spent": 0,
        "time_change": 0,
        "human_total_time_spent": None,
        "human_time_change": None,
        "human_time_estimate": None,
        "assignee_ids": [each.id for each in issue.assignees],
        "assignee_id": issue.assignees[0].id if issue.assignees else None,
        "labels": [label(site, each, issue.repository) for each in issue.labels],
        "state": "opened" if issue.open else "closed",
        "severity": issue.severity,
    }


def note(site: Site, happening: Happening) -> News:
    said: Comment | LineRemark = happening.more["comment"]
    subject: Issue = happening.subject
    on_change = isinstance(subject, Change)
    internal = isinstance(said, Comment) and said.internal
    hidden = internal or subject.confidential
    about = {
        "attachment": None,
        "author_id": said.by.id,
        "change_position": None,
        "commit_id": None,
        "created_at": told(said.at),
        "discussion_id": shapes.discussion_id(said if isinstance(said, Comment) else said.thread),
        "id": said.id,
        "internal": internal,
        "line_code": None,
        "note": said.body,
        "noteable_id": subject.id,
        "noteable_type": "MergeRequest" if on_change else "Issue",
        "original_position": None,
        "position": None,
        "project_id": subject.repository.id,
        "resolved_at": None,
        "resolved_by_id": None,
        "resolved_by_push": None,
        "st_diff": None,
        "system": False,
        "type": None if isinstance(said, Comment) else "DiffNote" if said.thread.path else "DiscussionNote",
        "updated_at": told(said.edited_at or said.at),
        "updated_by_id": None,
        "description": said.body,
        "url": f"{shapes.page(site, subject)}#note_{said.id}",
        "action": happening.action,
    }
    payload = {
        "object_kind": "note",
        "event_type": "confidential_note" if hidden else "note",
        "user": people.told(site, happening.by),
        "project_id": subject.repository.id,
        "project": projects.told(site, subject.repository),
        "object_attributes": about,
        "repository": projects.told_repository(site, subject.repository),
    }
    if isinstance(subject, Change):
        payload["merge_request"] = attributes(site, subject)
    else:
        payload["issue"] = _issue_attributes(site, subject)
    if hidden:
        return News("confidential_note_events", "Confidential Note Hook", payload)
    return News("note_events", "Note Hook", payload)
