"""Merge requests, and what of them changed."""

from __future__ import annotations

from typing import Any

from app.forges.sandbox import merge_rules
from app.forges.sandbox.gitlab.news.telling import News
from app.forges.sandbox.gitlab.shapes import changes as shapes
from app.forges.sandbox.gitlab.shapes import people, projects
from app.forges.sandbox.gitlab.site import Site, told
from app.forges.sandbox.world import (
    Account,
    Change,
    Happening,
    Issue,
    Label,
    Repository,
)

# What acts that both forges share tell in GitHub's words.
_ACTIONS = {"synchronize": "update", "closed": "close"}


def merge_request(site: Site, happening: Happening) -> News:
    change: Change = happening.subject
    more = happening.more
    action = _ACTIONS.get(happening.action or "", happening.action)
    if happening.action == "closed" and change.merged:
        action = "merge"
    about = attributes(site, change) | {"action": action}
    if happening.action == "synchronize":
        about["oldrev"] = more["before"]
    if "system_action" in more:
        about |= {"system": True, "system_action": more["system_action"]}
    payload: dict[str, Any] = {
        "object_kind": "merge_request",
        "event_type": "merge_request",
        "user": people.told(site, happening.by),
        "project": projects.told(site, change.repository),
        "object_attributes": about,
        "labels": [label(site, each, change.repository) for each in change.labels],
        "changes": changes(site, change, more),
        "repository": projects.told_repository(site, change.repository),
    }
    if change.assignees:
        payload["assignees"] = [people.told(site, each) for each in change.assignees]
    if change.requested:
        again = more.get("asked_again")
        now = tuple((who, change.stances[who.id]) for who in change.requested)
        payload["reviewers"] = reviewers(site, now, again)
    return News("merge_requests_events", "Merge Request Hook", payload)


def attributes(site: Site, change: Change) -> dict[str, Any]:
    """`object_attributes`: a merge request as webhooks carry it."""
    source = change.head_repository
    tip = change.repository.history.commits[change.head]
    return {
        "assignee_id": change.assignees[0].id if change.assignees else None,
        "author_id": change.by.id,
        "created_at": told(change.opened_at),
        "description": change.body or "",
        "draft": change.draft,
        "head_pipeline_id": None,
        "id": change.id,
        "iid": change.number,
        "last_edited_at": None,
        "last_edited_by_id": None,
        "merge_commit_sha": change.merge_commit,
        "merge_error": None,
        "merge_params": {"force_remove_source_branch": "0"},
        "merge_status": "unchecked",
        "merge_user_id": change.merged_by.id if change.merged_by else None,
        "merge_when_pipeline_succeeds": False,
        "milestone_id": None,
        "source_branch": change.head_branch,
        "source_project_id": source.id if source else None,
        "state_id": 3 if change.merged else 1 if change.open else 2,
        "target_branch": change.base,
        "target_project_id": change.repository.id,
        "time_estimate": 0,
        "title": change.title,
        "updated_at": told(change.updated_at),
        "updated_by_id": None,
        "prepared_at": told(change.opened_at),
        "assignee_ids": [each.id for each in change.assignees],
        "blocking_discussions_resolved": merge_rules.threads_resolved(change),
        "detailed_merge_status": shapes.merge_status(site, change),
        "first_contribution": False,
        "human_time_change": None,
        "human_time_estimate": None,
        "human_total_time_spent": None,
        "labels": [label(site, each, change.repository) for each in change.labels],
        "last_commit": projects.told_commit(site, change.repository, tip),
        "reviewer_ids": [each.id for each in change.requested],
        "source": projects.told(site, source, with_id=False) if source else None,
        "state": "merged" if change.merged else "opened" if change.open else "closed",
        "target": projects.told(site, change.repository, with_id=False),
        "time_change": 0,
        "total_time_spent": 0,
        "url": shapes.page(site, change),
        "work_in_progress": change.draft,
        "approval_rules": [],
    }


def changes(site: Site, subject: Issue, more: dict[str, Any]) -> dict[str, Any]:
    """What each changed field was, and is."""
    found: dict[str, Any] = {}
    for name, (before, after) in more.get("changes", {}).items():
        if name == "reviewers":
            old = reviewers(site, before, None)
            new = reviewers(site, after, more.get("asked_again"))
            found[name] = [old, new] if site.edition.pairs_reviewers else {"previous": old, "current": new}
        elif name == "labels":
            old, new = (
                [label(site, each, subject.repository) for each in labels] for labels in (before, after)
            )
            found[name] = {"previous": old, "current": new}
        elif name == "assignees":
            old, new = ([people.told(site, each) for each in persons] for persons in (before, after))
            found[name] = {"previous": old, "current": new}
        else:
            found[name] = {"previous": before, "current": after}
    if found:
        found["updated_at"] = {"previous": told(subject.opened_at), "current": told(subject.updated_at)}
    return found


def reviewers(
    site: Site, given: tuple[tuple[Account, str], ...], again: Account | None
) -> list[dict[str, Any]]:
    """Reviewers with their state, and whether they were just asked once more."""
    return [
        {**people.told(site, who), "state": stance, "re_requested": who is again} for who, stance in given
    ]


def label(site: Site, known: Label, place: Repository) -> dict[str, Any]:
    made = told(place.created_at)
    return {
        "id": known.id,
        "title": known.name,
        "color": f"#{known.color}",
        "project_id": place.id,
        "created_at": made,
        "updated_at": made,
        "template": False,
        "description": known.description,
        "type": "ProjectLabel",
        "group_id": None,
    }
