"""Repositories, commits and files in GitHub's JSON."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from app.forges.sandbox import git
from app.forges.sandbox.github.shapes.people import user
from app.forges.sandbox.github.site import Site, instant, node_id
from app.forges.sandbox.world import Organisation, Protection, Repository, World

_LINKS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def brief(known: Repository) -> dict[str, Any]:
    """The five fields by which installation events name a repository."""
    return {
        "id": known.id,
        "node_id": node_id("Repository", known.id),
        "name": known.name,
        "full_name": known.full_name,
        "private": known.visibility != "public",
    }


def minimal(site: Site, known: Repository) -> dict[str, Any]:
    """`minimal-repository`."""
    url = site.api(f"/repos/{known.full_name}")
    return {
        **brief(known),
        "owner": user(site, known.owner),
        "html_url": site.web(f"/{known.full_name}"),
        "description": known.description,
        "fork": known.parent is not None,
        "url": url,
        **{name: url + rest for name, rest in _LINKS.items()},
    }


def repository(site: Site, known: Repository) -> dict[str, Any]:
    """`repository`: inside changes, lists and webhooks."""
    page = site.web(f"/{known.full_name}")
    waiting = sum(issue.open for issue in known.issues.values())
    return {
        **minimal(site, known),
        "git_url": f"git{page.removeprefix('http')}.git",
        "ssh_url": f"git@sandbox.invalid:{known.full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "mirror_url": None,
        "homepage": None,
        "language": known.language,
        "forks_count": 0,
        "forks": 0,
        "stargazers_count": 0,
        "watchers_count": 0,
        "watchers": 0,
        "size": sum(len(blob.content) for blob in known.head.tree.values()) // 1024,
        "default_branch": known.default_branch,
        "open_issues_count": waiting,
        "open_issues": waiting,
        "is_template": False,
        "topics": list(known.topics),
        "has_issues": known.has_issues,
        "has_projects": False,
        "has_wiki": False,
        "has_pages": False,
        "has_downloads": True,
        "has_discussions": False,
        "archived": known.archived,
        "disabled": False,
        "visibility": known.visibility,
        "license": None,
        "pushed_at": instant(known.pushed_at),
        "created_at": instant(known.created_at),
        "updated_at": instant(known.updated_at),
        "allow_forking": True,
        "web_commit_signoff_required": False,
    }


def full(site: Site, world: World, known: Repository) -> dict[str, Any]:
    """`full-repository`: one repository asked for by itself."""
    forks = sum(other.parent is known for other in world.repositories.values())
    shape = repository(site, known) | {"forks": forks, "forks_count": forks}
    shape |= {"network_count": forks, "subscribers_count": 0}
    if isinstance(known.owner, Organisation):
        shape["organization"] = user(site, known.owner)
    if known.parent is not None:
        shape["parent"] = shape["source"] = repository(site, known.parent)
    return shape


def commit(site: Site, world: World, known: Repository, made: git.Commit) -> dict[str, Any]:
    """`commit`, without its statistics and files."""
    url = site.api(f"/repos/{known.full_name}")
    author = world.account(made.author)
    person = user(site, author) if author else None
    tree = made.tree_id
    return {
        "sha": made.sha,
        "node_id": node_id("Commit", made.sha),
        "url": f"{url}/commits/{made.sha}",
        "html_url": site.web(f"/{known.full_name}/commit/{made.sha}"),
        "comments_url": f"{url}/commits/{made.sha}/comments",
        "commit": {
            **git_commit(site, known, made),
            "tree": {"sha": tree, "url": f"{url}/git/trees/{tree}"},
        },
        "author": person,
        "committer": person,
        "parents": parents(site, known, made),
    }


def git_commit(site: Site, known: Repository, made: git.Commit) -> dict[str, Any]:
    """The commit as git keeps it: `commit.commit`."""
    return {
        "url": site.api(f"/repos/{known.full_name}/git/commits/{made.sha}"),
        "author": signature(made),
        "committer": signature(made),
        "message": made.message,
        "comment_count": 0,
        "verification": {
            "verified": False,
            "reason": "unsigned",
            "signature": None,
            "payload": None,
            "verified_at": None,
        },
    }


def signature(made: git.Commit) -> dict[str, Any]:
    return {
        "name": made.author,
        "email": f"{made.author}@users.noreply.example",
        "date": instant(made.at),
    }


def parents(site: Site, known: Repository, made: git.Commit) -> list[dict[str, Any]]:
    url = site.api(f"/repos/{known.full_name}")
    page = site.web(f"/{known.full_name}")
    return [
        {"sha": sha, "url": f"{url}/commits/{sha}", "html_url": f"{page}/commit/{sha}"}
        for sha in made.parents
    ]


def content(site: Site, known: Repository, path: str, ref: str, blob: git.Blob) -> dict[str, Any]:
    """`content-file`, or `content-symlink` for a symbolic link."""
    shape = entry(site, known, path, ref, "file", blob.sha, len(blob.content))
    if blob.mode == "120000":
        return {**shape, "type": "symlink", "target": blob.content.decode(errors="replace")}
    return {**shape, "content": wrapped(blob.content), "encoding": "base64"}


def entry(
    site: Site, known: Repository, path: str, ref: str, kind: str, sha: str, size: int
) -> dict[str, Any]:
    """One line of a folder."""
    where = quote(path)
    url = site.api(f"/repos/{known.full_name}/contents/{where}?ref={quote(ref, safe='')}")
    objects = "trees" if kind == "dir" else "blobs"
    page = "tree" if kind == "dir" else "blob"
    git_url = site.api(f"/repos/{known.full_name}/git/{objects}/{sha}")
    html_url = site.web(f"/{known.full_name}/{page}/{quote(ref)}/{where}")
    raw = site.web(f"/{known.full_name}/raw/{quote(ref)}/{where}")
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "size": size,
        "url": url,
        "html_url": html_url,
        "git_url": git_url,
        "download_url": None if kind == "dir" else raw,
        "type": kind,
        "_links": {"self": url, "git": git_url, "html": html_url},
    }


def wrapped(content: bytes) -> str:
    """Base64 in lines of 60, as GitHub sends file contents."""
    text = base64.b64encode(content).decode()
    return "".join(f"{text[start : start + 60]}\n" for start in range(0, len(text), 60))


def branch(site: Site, world: World, known: Repository, name: str) -> dict[str, Any]:
    """`branch-with-protection`."""
    url = site.api(f"/repos/{known.full_name}/branches/{quote(name)}")
    tip = known.history.commits[known.branches[name]]
    return {
        "name": name,
        "commit": commit(site, world, known, tip),
        "_links": {"self": url, "html": site.web(f"/{known.full_name}/tree/{quote(name)}")},
        "protected": name in known.protections,
        "protection": _protection(known.protections.get(name)),
        "protection_url": f"{url}/protection",
    }


def _protection(demands: Protection | None) -> dict[str, Any]:
    """`branch-protection` as "Get a branch" tells it: the checks alone, and only of the older kind."""
    checks = demands.checks if demands is not None and not demands.by_ruleset else ()
    return {
        "enabled": demands is not None,
        "required_status_checks": {
            "enforcement_level": "non_admins" if checks else "off",
            "contexts": list(checks),
            "checks": [{"context": name, "app_id": None} for name in checks],
        },
    }


def rules(known: Repository, protection: Protection | None) -> list[dict[str, Any]]:
    """`repository-rule-detailed`, one for each demand of a protected branch."""
    if protection is None or not protection.by_ruleset:
        return []
    source = {
        "ruleset_source_type": "Repository",
        "ruleset_source": known.full_name,
        "ruleset_id": known.id,
    }
    reviews = {
        "dismiss_stale_reviews_on_push": protection.dismiss_stale,
        "require_code_owner_review": protection.owners_approve,
        "require_last_push_approval": False,
        "required_approving_review_count": protection.approvals,
        "required_review_thread_resolution": protection.resolve_threads,
    }
    found = [{"type": "pull_request", "parameters": reviews, **source}]
    if protection.checks:
        checks = {
            "required_status_checks": [{"context": name} for name in protection.checks],
            "strict_required_status_checks_policy": False,
        }
        found.append({"type": "required_status_checks", "parameters": checks, **source})
    return found
