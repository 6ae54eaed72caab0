"""What GitLab tells its hooks: happenings in the world become letters, one for each hook that listens."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from app.forges.sandbox import git, membership, merge_rules
from app.forges.sandbox.courier import Letter
from app.forges.sandbox.gitlab.calls import group_path, projects_in
from app.forges.sandbox.gitlab.hooks import TRIGGERS, Hook, Hooks
from app.forges.sandbox.gitlab.shapes import changes as shapes
from app.forges.sandbox.gitlab.shapes import people, projects
from app.forges.sandbox.gitlab.site import Site, told
from app.forges.sandbox.membership import Group
from app.forges.sandbox.world import (
    Account,
    Change,
    Comment,
    Happening,
    Issue,
    Label,
    LineRemark,
    Organisation,
    Pipeline,
    Repository,
    Team,
)

COMMITS_SHOWN = 20  # in one push (Webhook events, push events)
BRANCHES_TOLD = 3  # in one push; of more, nothing is told (push_event_hooks_limit)
NOWHERE = "0" * 40


class News(NamedTuple):
    """A payload, the hooks' flag that lets it through, and the name in `X-Gitlab-Event`."""

    flag: str
    event: str
    payload: dict[str, Any]


def letters(site: Site, hooks: Hooks, happening: Happening) -> list[Letter]:
    """One letter for each hook that hears of this; a group hook and a project hook both do."""
    write = _NEWS.get(happening.kind)
    news = write(site, happening) if write is not None else None
    if news is None:
        return []
    group = _group(happening)
    heard = hooks.listening(news.flag, happening.repository, group)
    return [_letter(site, hook, news) for hook in heard if _lets_through(hook, happening)]


def _letter(site: Site, hook: Hook, news: News) -> Letter:
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"GitLab/{site.edition}",
        "X-Gitlab-Event": news.event,
        "X-Gitlab-Webhook-UUID": hook.uuid,
        "X-Gitlab-Instance": site.url,
        "X-Gitlab-Event-UUID": site.recursion or str(uuid.uuid4()),
    }
    payload = news.payload
    kind = payload.get("object_kind") or payload.get("event_name") or news.event
    action = payload.get("object_attributes", {}).get("action")
    trigger = TRIGGERS.get(news.flag, news.flag)
    return Letter(kind, action, payload, headers, hook=hook.id, url=hook.url, trigger=trigger)


def _group(happening: Happening) -> Group | None:
    """The group in which something happened that is not a project's matter."""
    if isinstance(happening.subject, Team):
        if happening.kind == "team":
            return happening.subject.parent or happening.subject.organisation
        return happening.subject
    return happening.organisation


def _lets_through(hook: Hook, happening: Happening) -> bool:
    if happening.kind != "push" or not hook.push_events_branch_filter:
        return True
    return fnmatchcase(happening.more["branch"], hook.push_events_branch_filter)


def sample(site: Site, hook: Hook, flag: str, by: Account) -> Letter | None:
    """A test delivery: the newest thing of its kind, told again. None where there is none."""
    places = (
        [hook.place]
        if isinstance(hook.place, Repository)
        else projects_in(site.world, hook.place, below=True)
    )
    for place in places:
        happening = _newest(place, flag, by)
        if happening is not None:
            news = _NEWS[happening.kind](site, happening)
            return _letter(site, hook, news) if news is not None else None
    return None


def _newest(place: Repository, flag: str, by: Account) -> Happening | None:
    if flag == "push_events":
        more = {"branch": place.default_branch, "before": NOWHERE, "after": place.head.sha}
        return Happening("push", None, by, place, more=more)
    if flag == "merge_requests_events" and place.changes:
        return Happening("merge_request", "open", by, place, subject=place.changes[-1])
    if flag == "issues_events" and place.issues:
        return Happening("issue", "open", by, place, subject=list(place.issues.values())[-1])
    if flag == "note_events":
        said = [
            (issue, note) for issue in (*place.changes, *place.issues.values()) for note in issue.comments
        ]
        if said:
            return Happening("note", "create", by, place, subject=said[-1][0], more={"comment": said[-1][1]})
    if flag == "pipeline_events" and place.pipelines:
        return Happening("pipeline", None, by, place, subject=place.pipelines[-1])
    return None


# --- Merge requests -------------------------------------------------------------------------------------

# What acts that both forges share tell in GitHub's words.
_ACTIONS = {"synchronize": "update", "closed": "close"}


def _merge_request(site: Site, happening: Happening) -> News:
    change: Change = happening.subject
    more = happening.more
    action = _ACTIONS.get(happening.action or "", happening.action)
    if happening.action == "closed" and change.merged:
        action = "merge"
    attributes = _attributes(site, change) | {"action": action}
    if happening.action == "synchronize":
        attributes["oldrev"] = more["before"]
    if "system_action" in more:
        attributes |= {"system": True, "system_action": more["system_action"]}
    payload: dict[str, Any] = {
        "object_kind": "merge_request",
        "event_type": "merge_request",
        "user": people.told(site, happening.by),
        "project": projects.told(site, change.repository),
        "object_attributes": attributes,
        "labels": [_label(site, each, change.repository) for each in change.labels],
        "changes": _changes(site, change, more),
        "repository": projects.told_repository(site, change.repository),
    }
    if change.assignees:
        payload["assignees"] = [people.told(site, each) for each in change.assignees]
    if change.requested:
        again = more.get("asked_again")
        reviewers = tuple((who, change.stances[who.id]) for who in change.requested)
        payload["reviewers"] = _reviewers(site, reviewers, again)
    return News("merge_requests_events", "Merge Request Hook", payload)


def _attributes(site: Site, change: Change) -> dict[str, Any]:
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
        "labels": [_label(site, each, change.repository) for each in change.labels],
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


def _changes(site: Site, subject: Issue, more: dict[str, Any]) -> dict[str, Any]:
    """What each changed field was, and is."""
    found: dict[str, Any] = {}
    for name, (before, after) in more.get("changes", {}).items():
        if name == "reviewers":
            old = _reviewers(site, before, None)
            new = _reviewers(site, after, more.get("asked_again"))
            found[name] = [old, new] if site.edition.pairs_reviewers else {"previous": old, "current": new}
        elif name == "labels":
            old, new = (
                [_label(site, each, subject.repository) for each in labels] for labels in (before, after)
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


def _reviewers(
    site: Site, given: tuple[tuple[Account, str], ...], again: Account | None
) -> list[dict[str, Any]]:
    """Reviewers with their state, and whether they were just asked once more."""
    return [
        {**people.told(site, who), "state": stance, "re_requested": who is again} for who, stance in given
    ]


def _label(site: Site, known: Label, place: Repository) -> dict[str, Any]:
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


# --- Issues and notes -----------------------------------------------------------------------------------


def _issue(site: Site, happening: Happening) -> News:
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
        "labels": [_label(site, each, issue.repository) for each in issue.labels],
        "changes": _changes(site, issue, happening.more),
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
        "labels": [_label(site, each, issue.repository) for each in issue.labels],
        "state": "opened" if issue.open else "closed",
        "severity": issue.severity,
    }


def _note(site: Site, happening: Happening) -> News:
    note: Comment | LineRemark = happening.more["comment"]
    subject: Issue = happening.subject
    on_change = isinstance(subject, Change)
    internal = isinstance(note, Comment) and note.internal
    hidden = internal or subject.confidential
    attributes = {
        "attachment": None,
        "author_id": note.by.id,
        "change_position": None,
        "commit_id": None,
        "created_at": told(note.at),
        "discussion_id": shapes.discussion_id(note if isinstance(note, Comment) else note.thread),
        "id": note.id,
        "internal": internal,
        "line_code": None,
        "note": note.body,
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
        "type": None if isinstance(note, Comment) else "DiffNote" if note.thread.path else "DiscussionNote",
        "updated_at": told(note.edited_at or note.at),
        "updated_by_id": None,
        "description": note.body,
        "url": f"{shapes.page(site, subject)}#note_{note.id}",
        "action": happening.action,
    }
    payload = {
        "object_kind": "note",
        "event_type": "confidential_note" if hidden else "note",
        "user": people.told(site, happening.by),
        "project_id": subject.repository.id,
        "project": projects.told(site, subject.repository),
        "object_attributes": attributes,
        "repository": projects.told_repository(site, subject.repository),
    }
    if isinstance(subject, Change):
        payload["merge_request"] = _attributes(site, subject)
    else:
        payload["issue"] = _issue_attributes(site, subject)
    if hidden:
        return News("confidential_note_events", "Confidential Note Hook", payload)
    return News("note_events", "Note Hook", payload)


# --- Pushes and pipelines -------------------------------------------------------------------------------


def _push(site: Site, happening: Happening) -> News | None:
    """Nothing at all where one push moves more than three branches."""
    place, more = _place(happening), happening.more
    if more.get("together", 1) > BRANCHES_TOLD:
        return None
    history = place.history.commits
    made: list[git.Commit] = []
    if more["after"] in history:
        start = more["before"] if more["before"] in history else place.head.sha
        made = git.between(history, start, more["after"])
    by = happening.by
    payload = {
        "object_kind": "push",
        "event_name": "push",
        "before": more["before"],
        "after": more["after"],
        "ref": f"refs/heads/{more['branch']}",
        "ref_protected": more["branch"] == place.default_branch,
        "checkout_sha": more["after"] if more["after"] in history else None,
        "message": None,
        "user_id": by.id,
        "user_name": by.login.title(),
        "user_username": by.login,
        "user_email": None,
        "user_avatar": None,
        "project_id": place.id,
        "project": projects.told(site, place),
        "commits": [_pushed(site, place, each) for each in made[-COMMITS_SHOWN:]],
        "total_commits_count": len(made),
        "push_options": {},
        "repository": {
            **projects.told_repository(site, place),
            "git_http_url": site.web(f"/{place.full_name}.git"),
            "git_ssh_url": f"git@sandbox.invalid:{place.full_name}.git",
            "visibility_level": projects.told(site, place)["visibility_level"],
        },
    }
    return News("push_events", "Push Hook", payload)


def _pushed(site: Site, place: Repository, commit: git.Commit) -> dict[str, Any]:
    before = place.history.commits[commit.parents[0]].tree if commit.parents else {}
    added, removed, modified = git.names(before, commit.tree)
    files = {"added": added, "modified": modified, "removed": removed}
    return projects.told_commit(site, place, commit) | files


def _pipeline(site: Site, happening: Happening) -> News:
    place = _place(happening)
    pipeline: Pipeline = happening.subject
    commit = place.history.commits[pipeline.sha]
    change = next((each for each in place.changes if each.open and each.head == pipeline.sha), None)
    payload: dict[str, Any] = {
        "object_kind": "pipeline",
        "object_attributes": {
            "id": pipeline.id,
            "iid": 1,
            "name": None,
            "ref": pipeline.ref,
            "tag": False,
            "sha": pipeline.sha,
            "before_sha": commit.parents[0] if commit.parents else NOWHERE,
            "source": "external",
            "status": pipeline.status,
            "detailed_status": pipeline.status,
            "stages": ["external"],
            "created_at": told(pipeline.at),
            "finished_at": None if pipeline.status in ("pending", "running") else told(pipeline.at),
            "duration": None,
            "queued_duration": None,
            "variables": [],
            "url": site.web(f"/{place.full_name}/-/pipelines/{pipeline.id}"),
        },
        "merge_request": _in_pipeline(site, change) if change is not None else None,
        "user": people.told(site, happening.by),
        "project": projects.told(site, place),
        "commit": projects.told_commit(site, place, commit),
        "builds": [],
    }
    return News("pipeline_events", "Pipeline Hook", payload)


def _in_pipeline(site: Site, change: Change) -> dict[str, Any]:
    names = (
        "id",
        "iid",
        "title",
        "source_branch",
        "source_project_id",
        "target_branch",
        "target_project_id",
        "state",
        "merge_status",
        "detailed_merge_status",
        "url",
    )
    whole = _attributes(site, change)
    return {name: whole[name] for name in names}


# --- Groups ---------------------------------------------------------------------------------------------

_MEMBER_EVENTS = {
    "added": "user_add_to_group",
    "member_added": "user_add_to_group",
    "removed": "user_remove_from_group",
    "member_removed": "user_remove_from_group",
    "updated": "user_update_for_group",
}
_ROLES = {50: "Owner", 40: "Maintainer", 30: "Developer", 20: "Reporter", 10: "Guest", 5: "Minimal Access"}


def _membership(site: Site, happening: Happening) -> News | None:
    group, who = happening.subject or happening.organisation, happening.more["member"]
    name = _MEMBER_EVENTS.get(happening.action or "")
    if name is None or not isinstance(group, Team | Organisation):
        return None
    held = happening.more.get("had") or membership.direct(group)[who.id]
    path = group_path(group)
    payload = {
        "created_at": told(happening.by.created_at),
        "updated_at": told(site.world.now()),
        "group_name": path.rpartition("/")[2],
        "group_path": path.rpartition("/")[2],
        "group_id": group.id,
        "user_username": who.login,
        "user_name": who.login.title(),
        "user_email": "[REDACTED]",
        "user_id": who.id,
        "group_access": _ROLES[membership.LEVELS[held[1]]],
        "group_plan": None,
        "expires_at": None,
        "event_name": name,
    }
    return News("member_events", "Member Hook", payload)


def _repository(site: Site, happening: Happening) -> News | None:
    name = {"created": "project_create", "deleted": "project_destroy"}.get(happening.action or "")
    if name is None:
        return None
    place = _place(happening)
    payload: dict[str, Any] = {
        "event_name": name,
        "created_at": told(place.created_at),
        "updated_at": told(place.updated_at),
        "name": place.name,
        "path": place.name,
        "path_with_namespace": place.full_name,
        "project_id": place.id,
        "project_namespace_id": projects.namespace(site, place)["id"],
        "owners": [{"name": "Root", "email": "[REDACTED]"}],
        "project_visibility": place.visibility,
    }
    return News("project_events", "Project Hook", payload)


def _team(site: Site, happening: Happening) -> News | None:
    name = {"created": "subgroup_create", "deleted": "subgroup_destroy"}.get(happening.action or "")
    if name is None:
        return None
    group: Team = happening.subject
    parent: Group = group.parent or group.organisation
    payload: dict[str, Any] = {
        "created_at": told(site.world.now()),
        "updated_at": told(site.world.now()),
        "event_name": name,
        "name": group.name,
        "path": group.slug,
        "full_path": group_path(group),
        "group_id": group.id,
        "parent_group_id": parent.id,
        "parent_name": group_path(parent).rpartition("/")[2],
        "parent_path": group_path(parent).rpartition("/")[2],
        "parent_full_path": group_path(parent),
    }
    return News("subgroup_events", "Subgroup Hook", payload)


def _token(site: Site, happening: Happening) -> News:
    """`expiring_access_token`: a group's or project's token ends within a week."""
    token = happening.subject
    attributes = {
        "user_id": token.account.id,
        "created_at": told(token.created_at),
        "id": token.id,
        "name": token.name,
        "expires_at": token.expires_at.isoformat(),
    }
    payload: dict[str, Any] = {
        "object_kind": "access_token",
        "object_attributes": attributes,
        "event_name": "expiring_access_token",
    }
    group = happening.organisation
    if group is not None:
        payload["group"] = {"group_name": group.login, "group_path": group.login, "group_id": group.id}
    return News("resource_access_token_events", "Resource Access Token Hook", payload)


def _place(happening: Happening) -> Repository:
    if happening.repository is None:
        raise ValueError(f"a {happening.kind} needs a project")
    return happening.repository


_NEWS: dict[str, Callable[[Site, Happening], News | None]] = {
    "issue": _issue,
    "membership": _membership,
    "merge_request": _merge_request,
    "note": _note,
    "organization": _membership,
    "pipeline": _pipeline,
    "pull_request": _merge_request,
    "push": _push,
    "repository": _repository,
    "team": _team,
    "token": _token,
}
