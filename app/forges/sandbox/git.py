"""Files, commits and what differs between them, as git sees it. Pure."""

from __future__ import annotations

import difflib
import hashlib
import io
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

RENAME_SIMILARITY = 0.5  # git's default threshold (git-diff, --find-renames)
MAIL_AT = "users.example"  # everybody's address is their login there
PATCH_LIMIT = 1_000_000  # characters; above it GitHub's file list carries no patch [k]


@dataclass(frozen=True, slots=True)
class Blob:
    """A file's bytes and mode; two equal files have one `sha`, as in git."""

    content: bytes
    mode: str = "100644"  # 100755 executable, 120000 symbolic link
    sha: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sha", object_id("blob", self.content))

    @property
    def binary(self) -> bool:
        return b"\0" in self.content[:8000]


Tree = Mapping[str, Blob]


@dataclass(frozen=True, slots=True)
class Commit:
    """A whole tree of files and where it came from."""

    sha: str
    tree: Tree
    folders: Mapping[str, str]  # path → git's name of that folder; the root is ""
    parents: tuple[str, ...]
    message: str
    author: str  # login
    at: datetime

    @property
    def tree_id(self) -> str:
        """Git's name of the whole tree."""
        return self.folders[""]


@dataclass(frozen=True, slots=True)
class Touched:
    """One file that differs between two trees. `blob` is the new content, or the old of a removed file."""

    path: str
    status: Literal["added", "modified", "removed", "renamed"]
    blob: Blob
    old_path: str | None = None
    additions: int = 0
    deletions: int = 0
    patch: str | None = None


def object_id(kind: str, content: bytes) -> str:
    """Git's name of an object: SHA-1 over its kind, length and bytes (git-hash-object)."""
    return hashlib.sha1(
        b"%s %d\0" % (kind.encode(), len(content)) + content, usedforsecurity=False
    ).hexdigest()


def commit(
    tree: Tree, parents: tuple[str, ...], message: str, author: str, at: datetime, salt: int = 0
) -> Commit:
    """A commit with git's kind of name. `salt` tells apart equal commits made in the same second."""
    names = folders(tree)
    who = f"{author} <{author}@{MAIL_AT}> {int(at.timestamp())} +0000"
    lines = [f"tree {names['']}", *(f"parent {parent}" for parent in parents)]
    lines += [f"author {who}", f"committer {who}", "", message, str(salt)]
    name = object_id("commit", "\n".join(lines).encode())
    return Commit(name, tree, names, parents, message, author, at)


def folders(tree: Tree) -> dict[str, str]:
    """Every folder of a tree with its name as a git object; the root is ""."""
    children: dict[str, list[tuple[str, str, str]]] = {"": []}
    for path, blob in tree.items():
        folder, _, name = path.rpartition("/")
        for parent in _parents(folder):
            children.setdefault(parent, [])
        children[folder].append((name, blob.mode, blob.sha))
    ids: dict[str, str] = {}
    for folder in sorted(children, key=lambda each: each.count("/") + bool(each), reverse=True):
        entries = sorted(children[folder], key=lambda each: each[0] + ("/" if each[1] == "40000" else ""))
        body = b"".join(f"{mode} {name}".encode() + b"\0" + bytes.fromhex(sha) for name, mode, sha in entries)
        ids[folder] = object_id("tree", body)
        if folder:
            above, _, name = folder.rpartition("/")
            children[above].append((name, "40000", ids[folder]))
    return ids


def _parents(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]


def ancestors(commits: Mapping[str, Commit], sha: str) -> Iterator[str]:
    """The commit and everything before it, nearest first."""
    seen, waiting = {sha}, deque([sha])
    while waiting:
        here = waiting.popleft()
        yield here
        for parent in commits[here].parents:
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)


def touches(commits: Mapping[str, Commit], commit: Commit, path: str) -> bool:
    """Whether the commit changed this file, or one below this directory, against its first parent."""
    before = commits[commit.parents[0]].tree if commit.parents else {}
    paths = {each for each in (*before, *commit.tree) if each == path or each.startswith(f"{path}/")}
    return any(before.get(each) != commit.tree.get(each) for each in paths)


def merge_base(commits: Mapping[str, Commit], ours: str, theirs: str) -> str | None:
    """The nearest commit that both have, or None for unrelated histories (git-merge-base)."""
    if ours == theirs:
        return ours
    known = set(ancestors(commits, ours))
    return next((sha for sha in ancestors(commits, theirs) if sha in known), None)


def between(commits: Mapping[str, Commit], base: str, head: str) -> list[Commit]:
    """The commits that `head` has and `base` lacks, oldest first."""
    known = set(ancestors(commits, base))
    return [commits[sha] for sha in ancestors(commits, head) if sha not in known][::-1]


def merged(base: Tree, ours: Tree, theirs: Tree) -> dict[str, Blob] | None:
    """The three-way merge, file by file; None where both sides changed one file differently."""
    result = dict(ours)
    for path in base.keys() | theirs.keys():
        before, here, there = base.get(path), ours.get(path), theirs.get(path)
        if there in (before, here):
            continue
        if here != before:
            return None
        if there is None:
            del result[path]
        else:
            result[path] = there
    return result


def names(old: Tree, new: Tree) -> tuple[list[str], list[str], list[str]]:
    """Paths added, removed and modified, as a push tells them: a rename is one of each."""
    added = [path for path in new if path not in old]
    removed = [path for path in old if path not in new]
    modified = [path for path, blob in new.items() if path in old and old[path] != blob]
    return sorted(added), sorted(removed), sorted(modified)


def diff(old: Tree, new: Tree) -> list[Touched]:
    """What differs, sorted by path, with renames found as git finds them."""
    removed = {path: blob for path, blob in old.items() if path not in new}
    added = {path: blob for path, blob in new.items() if path not in old}
    files = [_touched(path, old[path], blob) for path, blob in new.items() if old.get(path, blob) != blob]
    for path, before in _renames(removed, added).items():
        files.append(_touched(path, removed.pop(before), added.pop(path), old_path=before))
    files += [_touched(path, None, blob) for path, blob in added.items()]
    files += [_touched(path, blob, None) for path, blob in removed.items()]
    return sorted(files, key=lambda file: file.path)


def _renames(removed: Mapping[str, Blob], added: Mapping[str, Blob]) -> dict[str, str]:
    """New path → old path: equal bytes first, then the most similar pair."""
    found: dict[str, str] = {}
    by_sha = {blob.sha: path for path, blob in removed.items() if blob.content}
    for path, blob in added.items():
        if blob.sha in by_sha:
            found[path] = by_sha.pop(blob.sha)
    left = [path for path in removed if path not in found.values()]
    for path, blob in added.items():
        if path in found or not left or len(left) > 200:
            continue
        best = max(left, key=lambda each: _similarity(removed[each], blob))
        if _similarity(removed[best], blob) >= RENAME_SIMILARITY:
            found[path] = best
            left.remove(best)
    return found


def _similarity(one: Blob, other: Blob) -> float:
    if one.binary or other.binary or not one.content or not other.content:
        return 0.0
    matcher = difflib.SequenceMatcher(None, one.content.splitlines(), other.content.splitlines(), False)
    return matcher.ratio()


def _touched(path: str, old: Blob | None, new: Blob | None, old_path: str | None = None) -> Touched:
    status: Literal["added", "modified", "removed", "renamed"] = "modified"
    if old is None:
        status = "added"
    elif new is None:
        status = "removed"
    elif old_path is not None:
        status = "renamed"
    blob = new or old
    if blob is None:
        raise ValueError(f"{path} is in neither tree")
    patch = _patch(old, new)
    lines = _lines(patch) if patch else []
    additions = sum(line.startswith("+") for line in lines)
    deletions = sum(line.startswith("-") for line in lines)
    shown = patch if patch and len(patch) <= PATCH_LIMIT else None
    return Touched(path, status, blob, old_path, additions, deletions, shown)


def _patch(old: Blob | None, new: Blob | None) -> str | None:
    """Unified hunks without the file header; None for binary or equal content."""
    if (old and old.binary) or (new and new.binary):
        return None
    before = _lines(old.content.decode(errors="replace")) if old else []
    after = _lines(new.content.decode(errors="replace")) if new else []
    hunks = list(difflib.unified_diff(before, after))[2:]
    if not hunks:
        return None
    ended = (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in hunks)
    return "".join(ended).removesuffix("\n")


def _lines(text: str) -> list[str]:
    """Lines with their ends, cut at line feeds only: `splitlines` also cuts at form feeds and others."""
    return list(io.StringIO(text, newline="\n"))
