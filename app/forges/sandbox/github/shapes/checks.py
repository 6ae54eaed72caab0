"""Check runs and statuses in GitHub's JSON."""

from __future__ import annotations

from typing import Any

from app.forges.sandbox.github.shapes.people import app, user
from app.forges.sandbox.github.site import Site, instant, node_id
from app.forges.sandbox.world import Change, CheckRun, Repository, Status


def check_run(site: Site, place: Repository, known: CheckRun) -> dict[str, Any]:
    url = site.api(f"/repos/{place.full_name}/check-runs/{known.id}")
    ours = known.app_id == site.registration.id
    output = {"title": None, "summary": None, "text": None, **known.output}
    annotations = output.pop("annotations", [])
    output.pop("images", None)
    return {
        "id": known.id,
        "name": known.name,
        "node_id": node_id("CheckRun", known.id),
        "head_sha": known.sha,
        "external_id": known.external_id,
        "url": url,
        "html_url": site.web(f"/{place.full_name}/runs/{known.id}"),
        "details_url": known.details_url or site.web(f"/apps/{site.registration.slug}"),
        "status": known.status,
        "conclusion": known.conclusion,
        "started_at": instant(known.started_at),
        "completed_at": instant(known.completed_at),
        "output": {**output, "annotations_count": len(annotations), "annotations_url": f"{url}/annotations"},
        "check_suite": {"id": known.suite_id},
        "app": app(site) if ours else {**app(site), "id": known.app_id, "slug": "ci", "name": "CI"},
        "pull_requests": [
            _brief(site, change)
            for change in place.changes
            if change.head == known.sha and not change.from_fork
        ],
    }


def status(site: Site, place: Repository, known: Status) -> dict[str, Any]:
    """`simple-commit-status`."""
    return {
        "url": site.api(f"/repos/{place.full_name}/statuses/{known.sha}"),
        "avatar_url": user(site, known.by)["avatar_url"],
        "id": known.id,
        "node_id": node_id("Status", known.id),
        "state": known.state,
        "description": known.description,
        "target_url": None,
        "context": known.context,
        "created_at": instant(known.at),
        "updated_at": instant(known.at),
    }


def _brief(site: Site, change: Change) -> dict[str, Any]:
    """`pull-request-minimal`. GitHub lists no changes from forks here."""
    place = change.repository
    repo = {"id": place.id, "url": site.api(f"/repos/{place.full_name}"), "name": place.name}
    return {
        "id": change.id,
        "number": change.number,
        "url": site.api(f"/repos/{place.full_name}/pulls/{change.number}"),
        "head": {"ref": change.head_branch, "sha": change.head, "repo": repo},
        "base": {"ref": change.base, "sha": place.branches.get(change.base, change.merge_base), "repo": repo},
    }
