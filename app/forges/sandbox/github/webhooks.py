"""What GitHub tells an App about: happenings in the world become signed webhook payloads."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from app.forges.sandbox import git
from app.forges.sandbox.courier import Letter
from app.forges.sandbox.github.shapes import changes, people, repositories
from app.forges.sandbox.github.site import ALWAYS, Site, instant, node_id
from app.forges.sandbox.world import (
    Change,
    Happening,
    Installation,
    Repository,
    World,
)

COMMITS_SHOWN = 2_048  # in one push (Webhook events and payloads, push)


def seal(secret: str, guid: str, body: bytes) -> dict[str, str]:
    """Validating webhook deliveries: HMAC over the bytes, in SHA-256 and, for old receivers, SHA-1."""
    key = secret.encode()
    return {
        "X-GitHub-Delivery": guid,
        "X-Hub-Signature": "sha1=" + hmac.new(key, body, hashlib.sha1).hexdigest(),
        "X-Hub-Signature-256": "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest(),
    }


def letter(site: Site, world: World, happening: Happening) -> Letter | None:
    """The webhook for this happening; None where no installed App hears of it."""
    installation = _hears(site, world, happening)
    if installation is None:
        return None
    payload = _payload(site, world, happening, installation)
    hook = site.registration
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/5a4d0b0",
        "Accept": "*/*",
        "X-GitHub-Event": happening.kind,
        "X-GitHub-Hook-ID": str(hook.hook_id),
        "X-GitHub-Hook-Installation-Target-ID": str(hook.id),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
    }
    place = happening.repository
    return Letter(
        happening.kind,
        happening.action,
        payload,
        headers,
        installation=installation.id,
        repository=place.id if place else None,
    )


def _hears(site: Site, world: World, happening: Happening) -> Installation | None:
    """The App's installation where this happened, if it is subscribed, not suspended, and may see it."""
    if isinstance(happening.subject, Installation):
        return happening.subject
    if happening.kind not in (*site.registration.events, *ALWAYS):
        return None
    account = happening.repository.owner if happening.repository else happening.organisation
    installation = world.installation_on(account) if account else None
    if installation is None or installation.suspended_at is not None:
        return None
    if happening.repository is not None and not installation.covers(happening.repository):
        return None
    return installation


def _payload(site: Site, world: World, happening: Happening, installation: Installation) -> dict[str, Any]:
    payload: dict[str, Any] = {}
    if happening.action is not None:
        payload["action"] = happening.action
    payload |= _SUBJECTS[happening.kind](site, world, happening)
    if "changes" in happening.more:
        payload["changes"] = happening.more["changes"]
    place = happening.repository
    if place is not None and "repository" not in payload:
        payload["repository"] = repositories.repository(site, place)
    organisation = happening.organisation or (place.organisation if place else None)
    if organisation is not None:
        payload["organization"] = people.organization(site, organisation)
    if "installation" not in payload:
        shape = {"id": installation.id, "node_id": node_id("IntegrationInstallation", installation.id)}
        payload["installation"] = shape
    payload["sender"] = people.user(site, happening.by)
    return payload


# --- One for each event -------------------------------------------------------------------------------


def _pull_request(site: Site, world: World, happening: Happening) -> dict[str, Any]:
    change: Change = happening.subject
    more = happening.more
    payload: dict[str, Any] = {
        "number": change.number,
        "pull_request": changes.pull(site, change, mergeable=None),
    }
    if "reviewer" in more:
        payload["requested_reviewer"] = people.user(site, more["reviewer"])
    if "team" in more:
        payload["requested_team"] = people.team(site, more["team"])
    if "label" in more:
        payload["label"] = changes.label(site, change.repository, more["label"])
    for name in ("before", "after", "reason"):
        if name in more:
            payload[name] = more[name]
    return payload


def _pull_request_review(site: Site, world: World, happening: Happening) -> dict[str, Any]:
    """Here the state is in small letters, and the pull request is the reduced one."""
    review = happening.more["review"]
    shape = changes.review(site, review)
    return {
        "review": {**shape, "state": review.state, "body": review.body or None},
        "pull_request": changes.pull_reduced(site, happening.subject),
    }


def _pull_request_review_comment(site: Site, world: World, happening: Happening) -> dict[str, Any]:
    return {
        "comment": changes.line_remark(site, happening.more["remark"]),
        "pull_request": changes.pull_reduced(site, happening.subject),
    }


def _pull_request_review_thread(site: Site, world: World, happening: Happening) -> dict[str, Any]:
    thread = happening.more["thread"]
    shape = {
        "node_id": node_id("PullRequestReviewThread", thread.id),
        "comments": [changes.line_remark(site, each) for each in thread.remarks],
    }
    return {
        "thread": shape,
        "pull_request": changes.pull_reduced(site, happening.subject),
        "updated_at": instant(happening.subject.updated_at),
    }


def _issues(site: Site, world: World, happening: Happening) -> dict[str, Any]:
    issue = happening.subject
    payload: dict[str, Any] = {"issue": changes.issue(site, issue)}
    if "label" in happening.more:
        payload["label"] = changes.label(site, issue.repository, happening.more["label"])
    if "assignee" in happening.more:
        payload["assignee"] = people.user(site, happening.more["assignee"])
    return payload


def _issue_comment(site: Site, world: World, happening: Happening) -> dict[str, Any]:
    return {
        "issue": changes.issue(site, happening.subject),
        "comment": changes.comment(site, happening.more["comment"]),
    }


def _push(site: Site, world: World, happening: Happening) -> dict[str, Any]:
    place, more = happening.repository, happening.more
    if place is None:
        raise ValueError("a push needs a repository")
    history = place.history.commits
    made: list[git.Commit] = []
    if more["after"] in history:
        start = more["before"] if more["before"] in history else place.branches[place.default_branch]
        made = git.between(history, start, more["after"])
    commits = [_pushed(site, place, commit) for commit in made[-COMMITS_SHOWN:]]
    tip = history.get(more["after"])
    sender = people.user(site, happening.by)
    return {
        "ref": f"refs/heads/{more['branch']}",
        "before": more["before"],
        "after": more["after"],
        "base_ref": None,
        "created": more["created"],
        "deleted": more["deleted"],
        "forced": more["forced"],
        "compare": site.web(f"/{place.full_name}/compare/{more['before'][:12]}...{more['after'][:12]}"),
        "commits": commits,
        "head_commit": _pushed(site, place, tip) if tip else None,
        "pusher": {"name": sender["login"], "email": f"{sender['login']}@users.noreply.example"},
        "repository": _pushed_repository(site, place),
    }


def _pushed_repository(site: Site, place: Repository) -> dict[str, Any]:
    """In a push, and nowhere else, two of the repository's times are seconds since 1970."""
    shape = repositories.repository(site, place)
    shape["created_at"] = int(place.created_at.timestamp())
    shape["pushed_at"] = int(place.pushed_at.timestamp())
    shape["url"] = shape["html_url"]
    return {**shape, "stargazers": 0, "master_branch": place.default_branch}


def _pushed(site: Site, place: Repository, commit: git.Commit) -> dict[str, Any]:
    parent = place.history.commits.get(commit.parents[0]) if commit.parents else None
    added, removed, modified = git.names(parent.tree if parent else {}, commit.tree)
    who = {
        "name": commit.author,
        "email": f"{commit.author}@users.noreply.example",
        "username": commit.author,
    }
    return {
        "id": commit.sha,
        "tree_id": commit.tree_id,
        "distinct": True,
        "message": commit.message,
        "timestamp": commit.at.isoformat(),
        "url": site.web(f"/{place.full_name}/commit/{commit.sha}"),
        "author": who,
        "committer": who,
        "added": added,
        "removed": removed,
        "modified": modified,
    }


def _repository(site: Site, world: World, happening: Happening) -> dict[str, Any]:
    return {}


def _team(site: Site, world: World, happening: Happening) -> dict[str, Any]:
    return {"team": people.team(site, happening.subject)}


def _membership(site: Site, world: World, happening: Happening) -> dict[str, Any]:
    """A team that is already deleted is named by its number and `deleted`."""
    return {
        "scope": "team",
        "member": people.user(site, happening.more["member"]),
        "team": people.team(site, happening.subject),
    }


def _organization(site: Site, world: World, happening: Happening) -> dict[str, Any]:
    organisation, who = happening.organisation, happening.more["member"]
    if organisation is None:
        raise ValueError("a membership needs an organisation")
    membership = {
        "url": site.api(f"/orgs/{organisation.login}/memberships/{who.login}"),
        "state": "active",
        "role": "admin" if who.id in organisation.owners else "member",
        "organization_url": site.api(f"/orgs/{organisation.login}"),
        "user": people.user(site, who),
    }
    return {"membership": membership}


def _member(site: Site, world: World, happening: Happening) -> dict[str, Any]:
    return {"member": people.user(site, happening.more["member"])}


def _installation(site: Site, world: World, happening: Happening) -> dict[str, Any]:
    installation: Installation = happening.subject
    payload: dict[str, Any] = {"installation": people.installation(site, installation)}
    if happening.more.get("repositories"):
        covered = [each for each in world.owned_by(installation.account) if installation.covers(each)]
        payload["repositories"] = [repositories.brief(each) for each in covered]
    if happening.action == "created":
        payload["requester"] = None
    return payload


def _installation_repositories(site: Site, world: World, happening: Happening) -> dict[str, Any]:
    installation: Installation = happening.subject
    more = happening.more
    return {
        "installation": people.installation(site, installation),
        "repository_selection": "all" if installation.selected is None else "selected",
        "repositories_added": [repositories.brief(each) for each in more.get("added", [])],
        "repositories_removed": [repositories.brief(each) for each in more.get("removed", [])],
        "requester": None,
    }


def _check_suite(site: Site, world: World, happening: Happening) -> dict[str, Any]:
    run, place = happening.more["run"], happening.repository
    if place is None:
        raise ValueError("a check suite needs a repository")
    url = site.api(f"/repos/{place.full_name}/check-suites/{run.suite_id}")
    commit = place.history.commits[run.sha]
    branch = next((name for name, sha in place.branches.items() if sha == run.sha), None)
    suite = {
        "id": run.suite_id,
        "node_id": node_id("CheckSuite", run.suite_id),
        "head_branch": branch,
        "head_sha": run.sha,
        "status": "completed",
        "conclusion": happening.more["conclusion"],
        "url": url,
        "before": commit.parents[0] if commit.parents else None,
        "after": run.sha,
        "pull_requests": [],
        "app": {**people.app(site), "id": run.app_id, "slug": "ci", "name": "CI"},
        "created_at": instant(run.started_at),
        "updated_at": instant(run.completed_at),
        "rerequestable": True,
        "runs_rerequestable": True,
        "latest_check_runs_count": 1,
        "check_runs_url": f"{url}/check-runs",
        "head_commit": {
            "id": commit.sha,
            "tree_id": commit.tree_id,
            "message": commit.message,
            "timestamp": commit.at.isoformat(),
            "author": {"name": commit.author, "email": f"{commit.author}@users.noreply.example"},
            "committer": {"name": commit.author, "email": f"{commit.author}@users.noreply.example"},
        },
    }
    return {"check_suite": suite}


def _status(site: Site, world: World, happening: Happening) -> dict[str, Any]:
    given, place = happening.more["status"], happening.repository
    if place is None:
        raise ValueError("a status needs a repository")
    commit = place.history.commits[given.sha]
    return {
        "id": given.id,
        "sha": given.sha,
        "name": place.full_name,
        "target_url": None,
        "avatar_url": None,
        "context": given.context,
        "description": given.description,
        "state": given.state,
        "commit": repositories.commit(site, world, place, commit),
        "branches": [
            {
                "name": name,
                "commit": {"sha": sha, "url": site.api(f"/repos/{place.full_name}/commits/{sha}")},
                "protected": name in place.protections,
            }
            for name, sha in place.branches.items()
            if sha == given.sha
        ],
        "created_at": given.at.isoformat(),
        "updated_at": given.at.isoformat(),
    }


def _fork(site: Site, world: World, happening: Happening) -> dict[str, Any]:
    return {"forkee": repositories.repository(site, happening.more["forkee"])}


_SUBJECTS: dict[str, Callable[[Site, World, Happening], dict[str, Any]]] = {
    "check_suite": _check_suite,
    "fork": _fork,
    "installation": _installation,
    "installation_repositories": _installation_repositories,
    "issue_comment": _issue_comment,
    "issues": _issues,
    "member": _member,
    "membership": _membership,
    "organization": _organization,
    "pull_request": _pull_request,
    "pull_request_review": _pull_request_review,
    "pull_request_review_comment": _pull_request_review_comment,
    "pull_request_review_thread": _pull_request_review_thread,
    "push": _push,
    "repository": _repository,
    "status": _status,
    "team": _team,
    "team_add": _team,
}

EVENTS_SENT = frozenset(_SUBJECTS)
