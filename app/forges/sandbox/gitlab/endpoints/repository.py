"""REST: Repositories, Repository files, Commits."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from app.forges.sandbox import git, rules
from app.forges.sandbox.acts import files as acts
from app.forges.sandbox.git import Blob, Commit
from app.forges.sandbox.gitlab.answers import Problem, not_found
from app.forges.sandbox.gitlab.calls import Call
from app.forges.sandbox.gitlab.routing import endpoint
from app.forges.sandbox.gitlab.shapes import projects as shapes
from app.forges.sandbox.http import Answer
from app.forges.sandbox.world import Repository

READ = ("api", "read_api", "read_repository")


@endpoint("GET /projects/{id}/repository/tree", *READ, anonymous=True, is_list=True)
def list_tree(call: Call) -> Answer:
    """Folders before files. By keyset (`page_token`) where asked; 404 for a ref or folder that is not there."""
    project = call.project
    call.needs(project, "read")
    commit = project.at(call.query.get("ref") or project.default_branch)
    folder = call.query.get("path", "").strip("/")
    if commit is None or (folder and folder not in commit.folders):
        raise not_found("Tree")
    entries = _entries(commit, folder, deep=call.flag("recursive"))
    if call.query.get("pagination") == "keyset":
        return call.keyset(entries, lambda each: each, "page_token", lambda each: str(each["path"]))
    return call.page(entries, lambda each: each)


def _entries(commit: Commit, folder: str, *, deep: bool) -> list[dict[str, Any]]:
    start = f"{folder}/" if folder else ""

    def here(path: str) -> bool:
        return path.startswith(start) and path != folder and (deep or "/" not in path[len(start) :])

    trees = [
        _entry(path, name, "tree", "040000")
        for path, name in sorted(commit.folders.items())
        if path and here(path)
    ]
    blobs = [
        _entry(path, blob.sha, "blob", blob.mode) for path, blob in sorted(commit.tree.items()) if here(path)
    ]
    return trees + blobs


def _entry(path: str, name: str, kind: str, mode: str) -> dict[str, Any]:
    return {"id": name, "name": path.rpartition("/")[2], "type": kind, "path": path, "mode": mode}


@endpoint("GET /projects/{id}/repository/blobs/{sha}/raw", *READ, anonymous=True)
def get_raw_blob(call: Call) -> Answer:
    return _raw(_blob(call))


@endpoint("GET /projects/{id}/repository/blobs/{sha}", *READ, anonymous=True)
def get_blob(call: Call) -> Answer:
    blob = _blob(call)
    content = base64.b64encode(blob.content).decode()
    return Answer(200, {"size": len(blob.content), "encoding": "base64", "content": content, "sha": blob.sha})


def _blob(call: Call) -> Blob:
    project, sha = call.project, call.params["sha"]
    call.needs(project, "read")
    for commit in project.history.commits.values():
        for blob in commit.tree.values():
            if blob.sha == sha:
                return blob
    raise not_found("Blob")


@endpoint("GET /projects/{id}/repository/files/{path}", *READ, anonymous=True)
def get_file(call: Call) -> Answer:
    """`{path}` is one piece, its slashes quoted. A HEAD tells the same in headers."""
    path, blob, commit, ref = _file(call)
    shape = shapes.file(path, blob, ref, commit)
    told = {
        "X-Gitlab-" + name.replace("_", "-").title(): str(shape[name]).lower()
        for name in ("blob_id", "commit_id", "content_sha256", "encoding", "last_commit_id", "ref", "size")
    }
    told["X-Gitlab-File-Path"] = path
    return Answer(200, shape, told)


@endpoint("GET /projects/{id}/repository/files/{path}/raw", *READ, anonymous=True)
def get_raw_file(call: Call) -> Answer:
    return _raw(_file(call)[1])


def _file(call: Call) -> tuple[str, Blob, Commit, str]:
    project, path = call.project, call.params["path"]
    call.needs(project, "read")
    ref = call.query.get("ref") or "HEAD"
    commit = project.at(project.default_branch if ref == "HEAD" else ref)
    if commit is None:
        raise not_found("Commit")
    blob = commit.tree.get(path)
    if blob is None:
        raise not_found("File")
    return path, blob, commit, ref


@endpoint("POST /projects/{id}/repository/files/{path}")
def make_file(call: Call) -> Answer:
    return Answer(201, _write(call, "create"))


@endpoint("PUT /projects/{id}/repository/files/{path}")
def edit_file(call: Call) -> Answer:
    return Answer(200, _write(call, "update"))


@endpoint("DELETE /projects/{id}/repository/files/{path}")
def remove_file(call: Call) -> Answer:
    _write(call, "delete")
    return Answer(204)


def _write(call: Call, action: str) -> dict[str, str]:
    """One file in a commit of its own; the rest as in `make_commit`."""
    path, branch = call.params["path"], call.given("branch", str)
    _commit(call, branch, [{**call.body, "action": action, "file_path": path}])
    return {"file_path": path, "branch": branch}


def _raw(blob: Blob) -> Answer:
    kind = "application/octet-stream" if blob.binary else "text/plain; charset=utf-8"
    return Answer(200, raw=blob.content, headers={"Content-Type": kind})


# --- Commits --------------------------------------------------------------------------------------------


@endpoint("GET /projects/{id}/repository/commits", *READ, anonymous=True, is_list=True)
def list_commits(call: Call) -> Answer:
    """Newest first, of `ref_name`; `path` and `since` narrow them."""
    project = call.project
    call.needs(project, "read")
    tip = project.at(call.query.get("ref_name") or project.default_branch)
    if tip is None:
        raise not_found("Commit")
    history = project.history.commits
    found = [history[sha] for sha in git.ancestors(history, tip.sha)]
    since = call.since("since")
    if since is not None:
        found = [each for each in found if each.at >= since]
    if "path" in call.query:
        found = [each for each in found if _touches(project, each, call.query["path"])]
    return call.page(found, lambda each: shapes.commit(call.site, project, each))


def _touches(project: Repository, commit: Commit, path: str) -> bool:
    before = project.history.commits[commit.parents[0]].tree if commit.parents else {}
    names = {name for listed in git.names(before, commit.tree) for name in listed}
    return any(name == path or name.startswith(f"{path.rstrip('/')}/") for name in names)


@endpoint("GET /projects/{id}/repository/commits/{sha}", *READ, anonymous=True)
def get_commit(call: Call) -> Answer:
    project = call.project
    call.needs(project, "read")
    found = project.at(call.params["sha"])
    if found is None:
        raise not_found("Commit")
    return Answer(200, shapes.commit(call.site, project, found) | {"status": None, "last_pipeline": None})


@endpoint("POST /projects/{id}/repository/commits")
def make_commit(call: Call) -> Answer:
    """Several files in one commit, on a branch that is there or a new one from `start_branch`."""
    made = _commit(call, call.given("branch", str), call.given("actions", list))
    return Answer(201, shapes.commit(call.site, call.project, made))


def _commit(call: Call, branch: str, actions: list[Any]) -> Commit:
    project, actor = call.project, call.actor
    message, start = call.given("commit_message", str), call.maybe("start_branch", str)
    rules.needs(project, actor, "write")
    if start is not None and branch in project.branches and not call.maybe("force", bool):
        raise Problem(
            400, f"A branch called '{branch}' already exists. Switch to that branch in order to make changes"
        )
    base = project.branches.get(branch if start is None else start)
    if base is None:
        raise rules.Refused(rules.BRANCH_MISSING, {"branch": branch})
    tree = project.history.commits[base].tree
    edits = _edits(tree, actions)
    if branch not in project.branches:
        acts.branch(call.world, project, branch, base, actor)
    elif start is not None:  # by force: the branch begins anew there
        made = acts.new_commit(call.world, project, acts.edited(tree, edits), (base,), message, actor)
        acts.move(call.world, project, branch, made.sha, actor, forced=True)
        return made
    return acts.push(call.world, project, branch, edits, actor, message)


def _edits(tree: git.Tree, actions: list[Any]) -> dict[str, Blob | None]:
    """What the actions come to; 400 where a file is there, or is not there, as its action wants."""
    edits: dict[str, Blob | None] = {}
    for action in actions:
        if not isinstance(action, Mapping) or not isinstance(action.get("file_path"), str):
            raise Problem(400, error="actions[0][file_path] is missing")
        kind, path = action.get("action"), action["file_path"]
        if kind not in ("create", "update", "delete", "move", "chmod"):
            raise Problem(400, error="actions[0][action] does not have a valid value")
        if kind == "create" and path in tree:
            raise Problem(400, "A file with this name already exists")
        old = action.get("previous_path", path) if kind == "move" else path
        if kind != "create" and old not in tree:
            raise Problem(400, "A file with this name doesn't exist")
        if kind == "move":
            edits[old] = None
        edits[path] = None if kind == "delete" else _content(action, tree.get(old))
    return edits


def _content(action: Mapping[str, Any], before: Blob | None) -> Blob:
    mode = "100755" if action.get("execute_filemode") else (before.mode if before else "100644")
    content = action.get("content")
    if content is None:
        return Blob(before.content if before else b"", mode)
    if action.get("encoding") != "base64":
        return Blob(str(content).encode(), mode)
    try:
        return Blob(base64.b64decode(content, validate=False), mode)
    except binascii.Error:
        raise Problem(400, error="actions[0][content] is not valid Base64") from None
