"""REST: Git database (trees, blobs, refs) and commits."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from app.forges.sandbox import git, rules
from app.forges.sandbox.acts import files as acts
from app.forges.sandbox.github.answers import Problem
from app.forges.sandbox.github.calls import Call
from app.forges.sandbox.github.routing import endpoint
from app.forges.sandbox.github.shapes import repositories as shapes
from app.forges.sandbox.github.site import node_id
from app.forges.sandbox.http import Answer

TREE_LIMIT = 100_000  # entries of a recursive tree (REST: Get a tree)


@endpoint("GET /repos/{owner}/{repo}/git/trees/{+sha}", "contents:read")
def get_tree(call: Call) -> Answer:
    """A folder by the name of a tree, commit or branch; any value of `recursive` means all below it."""
    commit, folder = _tree(call)
    prefix = f"{folder}/" if folder else ""
    folders = commit.folders
    recursive = "recursive" in call.query
    entries = [
        _entry(call, path[len(prefix) :], "040000", "tree", sha)
        for path, sha in folders.items()
        if path and path.startswith(prefix) and path != folder
    ]
    entries += [
        _entry(call, path[len(prefix) :], blob.mode, "blob", blob.sha, len(blob.content))
        for path, blob in commit.tree.items()
        if path.startswith(prefix)
    ]
    if not recursive:
        entries = [each for each in entries if "/" not in each["path"]]
    entries.sort(key=lambda each: each["path"])
    sha = folders[folder]
    body = {
        "sha": sha,
        "url": call.site.api(f"/repos/{call.repository.full_name}/git/trees/{sha}"),
        "tree": entries[:TREE_LIMIT],
        "truncated": len(entries) > TREE_LIMIT,
    }
    return Answer(200, body)


@endpoint("GET /repos/{owner}/{repo}/git/blobs/{sha}", "contents:read")
def get_blob(call: Call) -> Answer:
    wanted, place = call.params["sha"].lower(), call.repository
    for commit in place.history.commits.values():
        for blob in commit.tree.values():
            if blob.sha == wanted:
                return Answer(200, _blob(call, blob))
    raise Problem(404, "Not Found")


@endpoint("GET /repos/{owner}/{repo}/git/ref/{+ref}", "contents:read")
def get_ref(call: Call) -> Answer:
    return Answer(200, _ref(call, call.params["ref"].removeprefix("heads/")))


@endpoint("POST /repos/{owner}/{repo}/git/refs", "contents:write")
def create_ref(call: Call) -> Answer:
    ref, sha = call.given("ref", str), call.given("sha", str)
    if not ref.startswith("refs/heads/") or ref == "refs/heads/":
        raise rules.Refused(rules.REF_MALFORMED)
    name = ref.removeprefix("refs/heads/")
    acts.branch(call.world, call.repository, name, sha, call.actor)
    return Answer(201, _ref(call, name))


@endpoint("PATCH /repos/{owner}/{repo}/git/refs/{+ref}", "contents:write")
def update_ref(call: Call) -> Answer:
    """Forward only, unless `force`."""
    place, name = call.repository, call.params["ref"].removeprefix("heads/")
    sha, force = call.given("sha", str), bool(call.maybe("force", bool))
    if name not in place.branches:
        raise Problem(422, "Reference does not exist")
    rules.may_move(place, name, sha, force=force)
    acts.move(call.world, place, name, sha, call.actor, forced=force)
    return Answer(200, _ref(call, name))


@endpoint("DELETE /repos/{owner}/{repo}/git/refs/{+ref}", "contents:write")
def delete_ref(call: Call) -> Answer:
    name = call.params["ref"].removeprefix("heads/")
    if name not in call.repository.branches:
        raise Problem(422, "Reference does not exist")
    acts.remove_branch(call.world, call.repository, name, call.actor)
    return Answer(204)


@endpoint("GET /repos/{owner}/{repo}/commits", "contents:read", is_list=True)
def list_commits(call: Call) -> Answer:
    """Newest first, from `sha` (a branch or commit) backwards; `path` and `since` leave others out."""
    place, path, since = call.repository, call.query.get("path"), call.query.get("since")
    commits = place.history.commits
    start = place.at(call.query.get("sha") or place.default_branch)
    if start is None:
        raise Problem(404, "Not Found")
    found = [commits[sha] for sha in git.ancestors(commits, start.sha)]
    if path:
        found = [each for each in found if git.touches(commits, each, path.strip("/"))]
    if since:
        found = [each for each in found if each.at >= datetime.fromisoformat(since)]
    return call.page(found, lambda each: shapes.commit(call.site, call.world, place, each))


@endpoint("GET /repos/{owner}/{repo}/commits/{ref}", "contents:read")
def get_commit(call: Call) -> Answer:
    commit = call.repository.at(call.params["ref"])
    if commit is None:
        raise Problem(422, f"No commit found for SHA: {call.params['ref']}")
    return Answer(200, shapes.commit(call.site, call.world, call.repository, commit))


def _tree(call: Call) -> tuple[git.Commit, str]:
    """Some commit that has this tree, and the folder that it is."""
    place, wanted = call.repository, call.params["sha"]
    commit = place.at(wanted)
    if commit is not None:
        return commit, ""
    for known in place.history.commits.values():
        for folder, sha in known.folders.items():
            if sha == wanted.lower():
                return known, folder
    raise Problem(404, "Not Found")


def _entry(call: Call, path: str, mode: str, kind: str, sha: str, size: int | None = None) -> dict[str, Any]:
    url = call.site.api(f"/repos/{call.repository.full_name}/git/{kind}s/{sha}")
    shape: dict[str, Any] = {"path": path, "mode": mode, "type": kind, "sha": sha, "url": url}
    if size is not None:
        shape["size"] = size
    return shape


def _blob(call: Call, blob: git.Blob) -> dict[str, Any]:
    return {
        "sha": blob.sha,
        "node_id": node_id("Blob", blob.sha),
        "size": len(blob.content),
        "url": call.site.api(f"/repos/{call.repository.full_name}/git/blobs/{blob.sha}"),
        "content": base64.encodebytes(blob.content).decode(),
        "encoding": "base64",
    }


def _ref(call: Call, name: str) -> dict[str, Any]:
    place = call.repository
    if name not in place.branches:
        raise Problem(404, "Not Found")
    sha, url = place.branches[name], call.site.api(f"/repos/{place.full_name}/git")
    return {
        "ref": f"refs/heads/{name}",
        "node_id": node_id("Ref", f"{place.id}:{name}"),
        "url": f"{url}/refs/heads/{name}",
        "object": {"sha": sha, "type": "commit", "url": f"{url}/commits/{sha}"},
    }
