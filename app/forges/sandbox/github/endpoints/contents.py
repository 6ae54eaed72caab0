"""REST: Repository contents, and the errors of CODEOWNERS."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from app.forges.sandbox import git, owners, rules
from app.forges.sandbox.acts import files as acts
from app.forges.sandbox.github.answers import Problem
from app.forges.sandbox.github.calls import Call
from app.forges.sandbox.github.routing import endpoint
from app.forges.sandbox.github.shapes import repositories as shapes
from app.forges.sandbox.http import Answer

INLINE = 1_048_576  # bytes; a larger file comes without content, above 100 MB not at all


@endpoint("GET /repos/{owner}/{repo}/contents", "contents:read")
def get_root(call: Call) -> Answer:
    return _folder(call, "", *_at(call))


@endpoint("GET /repos/{owner}/{repo}/contents/{+path}", "contents:read")
def get_contents(call: Call) -> Answer:
    """A file as an object, a folder as a list, else 404."""
    path = call.params["path"].strip("/")
    commit, ref = _at(call)
    blob = commit.tree.get(path)
    if blob is None:
        return _folder(call, path, commit, ref)
    shape = shapes.content(call.site, call.repository, path, ref, blob)
    if len(blob.content) > INLINE and shape["type"] == "file":
        shape |= {"content": "", "encoding": "none"}
    return Answer(200, shape)


@endpoint("PUT /repos/{owner}/{repo}/contents/{+path}", "contents:write", content=True)
def put_contents(call: Call) -> Answer:
    """Create a file (201), or replace the one whose blob is named (200)."""
    place, path = call.repository, call.params["path"].strip("/")
    branch = (call.maybe("branch", str) or place.default_branch).removeprefix("refs/heads/")
    message = call.given("message", str)
    try:
        content = base64.b64decode(call.given("content", str), validate=False)
    except binascii.Error:
        raise Problem(422, "content is not valid Base64") from None
    if branch not in place.branches:
        raise rules.Refused(rules.BRANCH_MISSING, {"branch": branch})
    old = place.history.commits[place.branches[branch]].tree.get(path)
    rules.may_replace(path, old.sha if old else None, call.maybe("sha", str))
    made = acts.push(call.world, place, branch, {path: content}, call.actor, message)
    body = {
        "content": shapes.content(call.site, place, path, branch, made.tree[path]),
        "commit": _commit(call, made),
    }
    return Answer(200 if old else 201, body)


def _commit(call: Call, made: git.Commit) -> dict[str, Any]:
    shape = shapes.commit(call.site, call.world, call.repository, made)
    inner = {
        name: shape["commit"][name] for name in ("author", "committer", "message", "tree", "verification")
    }
    outer = {name: shape[name] for name in ("sha", "node_id", "html_url", "parents")}
    return {**outer, **inner, "url": shape["commit"]["url"]}


def _at(call: Call) -> tuple[git.Commit, str]:
    ref = call.query.get("ref") or call.repository.default_branch
    commit = call.repository.at(ref)
    if commit is None:
        raise rules.Refused(rules.NO_REF, {"ref": ref})
    return commit, ref


def _folder(call: Call, path: str, commit: git.Commit, ref: str) -> Answer:
    prefix = f"{path}/" if path else ""
    inside = {full: blob for full, blob in commit.tree.items() if full.startswith(prefix)}
    if not inside:
        raise Problem(404, "Not Found")
    folders = commit.folders
    place, lines = call.repository, []
    for name in sorted({full[len(prefix) :].partition("/")[0] for full in inside}):
        full = prefix + name
        if full in inside:
            blob = inside[full]
            kind = "symlink" if blob.mode == "120000" else "file"
            lines.append(shapes.entry(call.site, place, full, ref, kind, blob.sha, len(blob.content)))
        else:
            lines.append(shapes.entry(call.site, place, full, ref, "dir", folders[full], 0))
    return Answer(200, lines)


@endpoint("GET /repos/{owner}/{repo}/codeowners/errors", "contents:read")
def codeowners_errors(call: Call) -> Answer:
    """What GitHub finds wrong with the file it uses: owners that it does not know or that may not write."""
    place = call.repository
    commit, _ = _at(call)
    path = owners.place(commit.tree)
    if path is None:
        raise Problem(404, "Not Found")
    text = commit.tree[path].content.decode(errors="replace")
    return Answer(200, {"errors": owners.errors(call.world, place, path, text)})
