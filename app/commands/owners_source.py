"""Where `usher owners` reads from: a git checkout at a revision, its working tree, or any directory."""

from __future__ import annotations

import hashlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from policies.owners import Dialect

PLACES: dict[Dialect, tuple[str, ...]] = {
    "github": (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"),
    "gitlab": ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"),
}
"""Where each forge looks; the first file found is the one. Source: each forge's page on code owners."""


class SourceError(Exception):
    """What was asked for cannot be read; the message is for whoever typed the command."""


@dataclass(frozen=True, slots=True)
class OwnersContent:
    """An owners file as found: its path and its bytes."""

    path: str
    content: bytes

    @property
    def blob(self) -> str:
        """The hash by which git knows these bytes."""
        header = b"blob %d\0" % len(self.content)
        return hashlib.sha1(header + self.content, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a checkout was cloned from: a host, in small letters, and the repository's path there."""

    host: str
    repository: str


class Source(Protocol):
    """A repository's files, by their paths from its root."""

    @property
    def ref(self) -> str | None:
        """The commit that is read; None where it is the files as they lie there."""
        ...

    def files(self) -> list[str]:
        """Every file's path."""
        ...

    def read(self, path: str) -> bytes | None:
        """A file's bytes, None where there is no such file."""
        ...


@dataclass(frozen=True, slots=True)
class Revision:
    """A git checkout at a commit."""

    root: Path
    commit: str

    @property
    def ref(self) -> str | None:
        return self.commit

    def files(self) -> list[str]:
        return _paths(_git(self.root, "ls-tree", "-r", "-z", "--name-only", "--full-tree", self.commit))

    def read(self, path: str) -> bytes | None:
        listed = _git(self.root, "ls-tree", "-z", "--full-tree", self.commit, "--", f":(literal){path}")
        kind = listed.split(b"\t")[0].split()
        if len(kind) != 3 or kind[1] != b"blob":
            return None
        return _git(self.root, "cat-file", "blob", kind[2].decode())


@dataclass(frozen=True, slots=True)
class WorkingTree:
    """A git checkout as it lies there: what git tracks, and what it would track."""

    root: Path

    @property
    def ref(self) -> str | None:
        return None

    def files(self) -> list[str]:
        listed = _git(self.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        return list(dict.fromkeys(_paths(listed)))

    def read(self, path: str) -> bytes | None:
        return _read(self.root, path)


@dataclass(frozen=True, slots=True)
class Directory:
    """Any directory."""

    root: Path

    @property
    def ref(self) -> str | None:
        return None

    def files(self) -> list[str]:
        found = []
        for directory, below, names in os.walk(self.root):
            below[:] = sorted(name for name in below if name != ".git")
            inside = Path(directory).relative_to(self.root).as_posix()
            found += [name if inside == "." else f"{inside}/{name}" for name in sorted(names)]
        return found

    def read(self, path: str) -> bytes | None:
        return _read(self.root, path)


def source(directory: Path, ref: str | None) -> Source:
    """The repository that `directory` is in, at `ref` if one is given; SourceError where that cannot be."""
    if not directory.is_dir():
        raise SourceError(f"{directory} is no directory.")
    root = _root(directory)
    if ref is not None:
        if root is None:
            raise SourceError(f"{directory} is in no git checkout, so --ref means nothing there.")
        return Revision(root, _commit(root, ref))
    return Directory(directory) if root is None else WorkingTree(root)


def find(read_from: Source, dialect: Dialect) -> OwnersContent | None:
    """The owners file that the forge would use; None where there is none."""
    for path in PLACES[dialect]:
        content = read_from.read(path)
        if content is not None:
            return OwnersContent(path, content)
    return None


def dialect_of(directory: Path) -> Dialect | None:
    """The dialect of the forge that the checkout was cloned from, as far as the name of its host shows it."""
    cloned_from = origin(directory)
    known: tuple[Dialect, ...] = ("github", "gitlab")
    return next((dialect for dialect in known if cloned_from and dialect in cloned_from.host), None)


def origin(directory: Path) -> Origin | None:
    """Where the checkout that `directory` is in was cloned from; None where that is no host.

    Credentials that the address may hold are left out.
    """
    root = _root(directory) if directory.is_dir() else None
    if root is None:
        return None
    remote = _run(root, "config", "--get", "remote.origin.url").stdout.decode(errors="replace").strip()
    host, path = _host_and_path(remote)
    return Origin(host.lower(), path.strip("/").removesuffix(".git")) if host and path else None


def head(directory: Path) -> str | None:
    """The commit that is checked out; None where there is none."""
    found = _run(directory, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    return found.stdout.decode().strip() if found.returncode == 0 else None


def _host_and_path(remote: str) -> tuple[str, str]:
    """Of `https://host/path`, or of `user@host:path` as ssh has it."""
    if "://" not in remote:
        host, _, path = remote.partition(":")
        return host.rpartition("@")[2], path
    try:
        parts = urlsplit(remote)
        return parts.hostname or "", parts.path
    except ValueError:
        return "", ""


def _root(directory: Path) -> Path | None:
    found = _run(directory, "rev-parse", "--show-toplevel")
    return Path(os.fsdecode(found.stdout.rstrip(b"\n"))) if found.returncode == 0 else None


def _commit(root: Path, ref: str) -> str:
    found = _run(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if found.returncode != 0:
        raise SourceError(f"There is no commit `{ref}` in {root}.")
    return found.stdout.decode().strip()


def _read(root: Path, path: str) -> bytes | None:
    """A regular file of the checkout. What a link shows of the machine, or of git's own files, is not the author's."""
    try:
        inside = root.resolve()
        target = (inside / path).resolve()
    except (OSError, RuntimeError):  # links that lead round
        return None
    if (
        not target.is_relative_to(inside)
        or ".git" in target.relative_to(inside).parts
        or not target.is_file()
    ):
        return None
    return target.read_bytes()


def _paths(listed: bytes) -> list[str]:
    return [os.fsdecode(path) for path in listed.split(b"\0") if path]


def _git(root: Path, *words: str) -> bytes:
    done = _run(root, *words)
    if done.returncode != 0:
        raise SourceError(f"git {words[0]} failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def _run(root: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", "-C", os.fspath(root), "-c", "core.fsmonitor=false", *words],
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        return subprocess.CompletedProcess(words, 127, b"", b"git is not installed")
