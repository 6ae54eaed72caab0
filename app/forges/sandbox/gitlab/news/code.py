"""Pushes and pipelines."""

from __future__ import annotations

from typing import Any

from app.forges.sandbox import git
from app.forges.sandbox.gitlab.news.merge_requests import attributes
from app.forges.sandbox.gitlab.news.telling import News, place_of
from app.forges.sandbox.gitlab.shapes import people, projects
from app.forges.sandbox.gitlab.site import Site, told
from app.forges.sandbox.world import (
    Change,
    Happening,
    Pipeline,
    Repository,
)

COMMITS_SHOWN = 20  # in one push (Webhook events, push events)
BRANCHES_TOLD = 3  # in one push; of more, nothing is told (push_event_hooks_limit)
NOWHERE = "0" * 40


def push(site: Site, happening: Happening) -> News | None:
    """Nothing at all where one push moves more than three branches."""
    place, more = place_of(happening), happening.more
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


def pipeline(site: Site, happening: Happening) -> News:
    place = place_of(happening)
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
            "source": pipeline.source,
            "status": pipeline.status,
            "detailed_status": pipeline.status,
            "stages": ["external"],
            "created_at": told(pipeline.at),
            "finished_at": None if pipeline.status in ("pending", "running") else told(pipeline.changed_at),
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
    whole = attributes(site, change)
    return {name: whole[name] for name in names}
