"""Projects, commits and files in GitLab's JSON."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from app.forges.sandbox import git, membership
from app.forges.sandbox.git import MAIL_AT
from app.forges.sandbox.gitlab.calls import group_path
from app.forges.sandbox.gitlab.site import Site, instant
from app.forges.sandbox.world import Account, Label, Pipeline, Protection, Repository, Status

_VISIBILITY = {"private": 0, "internal": 10, "public": 20}


def brief(site: Site, known: Repository) -> dict[str, Any]:
    """`ProjectIdentity` and what lists add to it (`BasicProjectDetails`)."""
    page = site.web(f"/{known.full_name}")
    return {
        "id": known.id,
        "description": known.description,
        "name": known.name,
        "name_with_namespace": known.full_name.replace("/", " / "),
        "path": known.name,
        "path_with_namespace": known.full_name,
        "created_at": instant(known.created_at),
        "default_branch": known.default_branch,
        "tag_list": list(known.topics),
        "topics": list(known.topics),
        "ssh_url_to_repo": f"git@sandbox.invalid:{known.full_name}.git",
        "http_url_to_repo": f"{page}.git",
        "web_url": page,
        "readme_url": f"{page}/-/blob/{known.default_branch}/README.md",
        "forks_count": 0,
        "avatar_url": None,
        "star_count": 0,
        "last_activity_at": instant(known.pushed_at),
        "visibility": known.visibility,
        "namespace": namespace(site, known),
    }


def namespace(site: Site, known: Repository) -> dict[str, Any]:
    group = membership.group_of(known)
    path = group_path(group) if group is not None else known.owner.login
    parent = next(membership.above(group), None) if group is not None else None
    return {
        "id": group.id if group is not None else known.owner.id,
        "name": path.rpartition("/")[2],
        "path": path.rpartition("/")[2],
        "kind": "user" if group is None else "group",
        "full_path": path,
        "parent_id": parent.id if parent is not None else None,
        "avatar_url": None,
        "web_url": site.web(f"/{path}" if group is None else f"/groups/{path}"),
    }


def project(site: Site, known: Repository, actor: Account | None = None) -> dict[str, Any]:
    """`Project`. `actor`: whose permissions are told."""
    wanted = known.protections.get(known.default_branch) or Protection()
    shape = brief(site, known) | {
        "empty_repo": False,
        "archived": known.archived,
        "issues_enabled": known.has_issues,
        "merge_requests_enabled": True,
        "wiki_enabled": False,
        "jobs_enabled": True,
        "snippets_enabled": False,
        "creator_id": known.owner.id,
        "import_status": "none",
        "open_issues_count": sum(issue.open for issue in known.issues.values()),
        "ci_config_path": "",
        "shared_with_groups": [
            {
                "group_id": team.id,
                "group_name": team.name,
                "group_full_path": group_path(team),
                "group_access_level": membership.LEVELS[share],
                "expires_at": None,
            }
            for team, share in known.teams.values()
        ],
        "only_allow_merge_if_pipeline_succeeds": bool(wanted.checks),
        "only_allow_merge_if_all_discussions_are_resolved": wanted.resolve_threads,
        "merge_method": "merge",
        "squash_option": "default_off",
        "marked_for_deletion_at": None,
        "marked_for_deletion_on": None,
        "permissions": _permissions(known, actor),
    }
    if known.parent is not None:
        shape["forked_from_project"] = brief(site, known.parent)
    return shape


def _permissions(known: Repository, actor: Account | None) -> dict[str, Any]:
    number = actor.id if actor is not None else 0
    group = membership.group_of(known)
    own = known.collaborators.get(number)
    theirs = membership.everyone(group).get(number) if group is not None else None
    shapes = [
        {"access_level": membership.LEVELS[each[1]], "notification_level": 3} if each is not None else None
        for each in (own, theirs)
    ]
    return {"project_access": shapes[0], "group_access": shapes[1]}


def told(site: Site, known: Repository, *, with_id: bool = True) -> dict[str, Any]:
    """A project as webhooks carry it; `source` and `target` of a merge request have no id."""
    page = site.web(f"/{known.full_name}")
    ssh = f"git@sandbox.invalid:{known.full_name}.git"
    shape = {
        "name": known.name,
        "description": known.description,
        "web_url": page,
        "avatar_url": None,
        "git_ssh_url": ssh,
        "git_http_url": f"{page}.git",
        "namespace": known.full_name.rpartition("/")[0],
        "visibility_level": _VISIBILITY[known.visibility],
        "path_with_namespace": known.full_name,
        "default_branch": known.default_branch,
        "ci_config_path": "",
        "homepage": page,
        "url": ssh,
        "ssh_url": ssh,
        "http_url": f"{page}.git",
    }
    return {"id": known.id, **shape} if with_id else shape


def told_repository(site: Site, known: Repository) -> dict[str, Any]:
    """The older and smaller form of the same, beside it in each payload."""
    page = site.web(f"/{known.full_name}")
    return {
        "name": known.name,
        "url": f"git@sandbox.invalid:{known.full_name}.git",
        "description": known.description,
        "homepage": page,
    }


def commit(site: Site, place: Repository, known: git.Commit) -> dict[str, Any]:
    at = instant(known.at)
    mail = f"{known.author}@{MAIL_AT}"
    return {
        "id": known.sha,
        "short_id": known.sha[:8],
        "created_at": at,
        "parent_ids": list(known.parents),
        "title": known.message.partition("\n")[0],
        "message": known.message,
        "author_name": known.author,
        "author_email": mail,
        "authored_date": at,
        "committer_name": known.author,
        "committer_email": mail,
        "committed_date": at,
        "trailers": {},
        "extended_trailers": {},
        "web_url": site.web(f"/{place.full_name}/-/commit/{known.sha}"),
    }


def told_commit(site: Site, place: Repository, known: git.Commit) -> dict[str, Any]:
    """A commit as webhooks carry it, without its files."""
    return {
        "id": known.sha,
        "message": known.message,
        "title": known.message.partition("\n")[0],
        "timestamp": known.at.isoformat(),
        "url": site.web(f"/{place.full_name}/-/commit/{known.sha}"),
        "author": {"name": known.author, "email": f"{known.author}@{MAIL_AT}"},
    }


def branch(site: Site, place: Repository, name: str) -> dict[str, Any]:
    tip = place.history.commits[place.branches[name]]
    return {
        "name": name,
        "commit": commit(site, place, tip),
        "merged": False,
        "protected": name in place.protections or name == place.default_branch,
        "developers_can_push": True,
        "developers_can_merge": True,
        "can_push": True,
        "default": name == place.default_branch,
        "web_url": site.web(f"/{place.full_name}/-/tree/{name}"),
    }


def protection(name: str, known: Protection) -> dict[str, Any]:
    """`ProtectedBranch`: Maintainers push, Developers merge."""

    def level(number: int, words: str) -> list[dict[str, Any]]:
        return [{"id": number, "access_level": number, "access_level_description": words}]

    return {
        "id": 1,
        "name": name,
        "push_access_levels": level(40, "Maintainers"),
        "merge_access_levels": level(30, "Developers + Maintainers"),
        "allow_force_push": False,
        "code_owner_approval_required": known.owners_approve,
    }


def file(path: str, blob: git.Blob, ref: str, at: git.Commit) -> dict[str, Any]:
    """`File`: with its content."""
    return {
        "file_name": path.rpartition("/")[2],
        "file_path": path,
        "size": len(blob.content),
        "encoding": "base64",
        "content_sha256": hashlib.sha256(blob.content).hexdigest(),
        "ref": ref,
        "blob_id": blob.sha,
        "commit_id": at.sha,
        "last_commit_id": at.sha,
        "execute_filemode": blob.mode == "100755",
        "content": base64.b64encode(blob.content).decode(),
    }


def label(known: Label, place: Repository) -> dict[str, Any]:
    return {
        "id": known.id,
        "name": known.name,
        "color": f"#{known.color}",
        "text_color": "#FFFFFF",
        "description": known.description,
        "description_html": known.description or "",
        "open_issues_count": 0,
        "closed_issues_count": 0,
        "open_merge_requests_count": sum(known in each.labels for each in place.changes),
        "subscribed": False,
        "priority": None,
        "is_project_label": True,
        "archived": False,
    }


def status(site: Site, known: Status, ref: str, author: dict[str, Any]) -> dict[str, Any]:
    """`CommitStatus`."""
    return {
        "id": known.id,
        "sha": known.sha,
        "ref": ref,
        "status": known.state,
        "name": known.context,
        "target_url": known.target_url,
        "description": known.description,
        "created_at": instant(known.at),
        "started_at": instant(known.at),
        "finished_at": None if known.state in ("pending", "running") else instant(known.at),
        "allow_failure": False,
        "coverage": None,
        "pipeline_id": known.pipeline,
        "author": author,
    }


def pipeline(site: Site, place: Repository, known: Pipeline) -> dict[str, Any]:
    return {
        "id": known.id,
        "iid": 1,
        "project_id": place.id,
        "sha": known.sha,
        "ref": known.ref,
        "status": known.status,
        "source": known.source,
        "created_at": instant(known.at),
        "updated_at": instant(known.changed_at),
        "web_url": site.web(f"/{place.full_name}/-/pipelines/{known.id}"),
        "name": None,
    }
