"""Where deliveries wait on disk while the database is away.

Each is one file: a line of JSON about it, then its body as it came. A delivery may be acknowledged once
`put` returns: the file was written and flushed under another name, renamed to the hash of its identity, and
the directory flushed. One process at a time loads the files of a volume back; a file that is loaded twice
collapses on the inbox's unique key.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import json
import os
import secrets
import shutil
import stat
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app import logs
from app.errors import ForPeople
from app.settings import Settings, SettingsError
from app.store.inbox import Incoming

log = logs.get(__name__)

MOST_BYTES = 2 * 1024**3
"""What all files may take together."""

LEAST_FREE = 0.1
"""Share of the volume that must stay free."""

_DONE, _DAMAGED = ".delivery", ".damaged"
_ABANDONED = 3600.0
_THREADS = 4


def spool_folder(settings: Settings) -> Path:
    """Where deliveries wait while the database is away. SettingsError where nobody said where files are safe.

    With Usher's own database that is beside it. Whoever has set up a database has a container or a machine of
    which we do not know what outlives it, so they must say.
    """
    if settings.spool_dir is not None:
        return settings.spool_dir
    if settings.database_url is not None:
        raise SettingsError(
            "USHER_SPOOL_DIR: set it to a directory on a volume that outlives this process, mode 0700. Deliveries "
            "that come while the database is away wait there; without it they would be lost."
        )
    return settings.data_dir / "spool"


class SpoolError(ForPeople):
    """The directory cannot be used; the message says what to mend."""


class SpoolFull(Exception):
    """Nothing more may be put there, so nothing more may be acknowledged."""


@dataclass(frozen=True, slots=True)
class Spooled:
    """A file that was read back. `received_at` is when the delivery came."""

    path: Path
    incoming: Incoming
    received_at: datetime


class Spool:
    """The deliveries under one directory. `open()` it first.

    `most_bytes` and `least_free` are for tests. Several processes may share the directory: each counts what
    the others put there when it looks, at the latest before it loads.
    """

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES, least_free: float = LEAST_FREE) -> None:
        self._folder, self._most_bytes, self._least_free = folder, most_bytes, least_free
        # Not by the process's number alone: in containers every first process has the same.
        self._own, self._numbers = secrets.token_hex(8), itertools.count()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="usher-spool")
        self._counting = threading.Lock()
        self._directory = -1
        self.volume = ""
        """A name that all processes which share the directory give it, and no others."""
        self.files = 0
        self.bytes = 0
        self.damaged = 0
        """How many files were set aside, and wait for somebody to look at them."""

    def open(self) -> None:
        """Make the directory, prove that it can be written durably. SpoolError says what to mend."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            mode = stat.S_IMODE(self._folder.stat().st_mode)
            if mode & 0o077:
                raise SpoolError(
                    f"USHER_SPOOL_DIR: {self._folder} can be entered by others (mode {mode:04o}); it holds "
                    f"what the forge told us. Run `chmod 700 {self._folder}`."
                )
            self._directory = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
            self.volume = self._name_volume()
            self._clear_abandoned()
        except OSError as error:
            raise SpoolError(
                f"USHER_SPOOL_DIR: cannot use {self._folder}: {error.strerror}. Deliveries wait there while the "
                "database is away; it must be a directory that Usher may write to."
            ) from None
        self.look()

    def close(self) -> None:
        self._threads.shutdown()
        if self._directory >= 0:
            os.close(self._directory)
            self._directory = -1

    # --- In ---------------------------------------------------------------------------------------------------

    async def put(self, incoming: Incoming) -> None:
        """Keep a delivery; it is durable once this returns. SpoolFull, or OSError where the disk fails."""
        await asyncio.get_running_loop().run_in_executor(self._threads, self._put, incoming)

    @property
    def has_room(self) -> bool:
        """Whether a delivery of usual size can be kept now."""
        return self._directory >= 0 and self._fits(1_048_576)

    def _fits(self, size: int) -> bool:
        if self.bytes + size > self._most_bytes:
            return False
        volume = shutil.disk_usage(self._folder)
        return volume.free - size >= volume.total * self._least_free

    def _put(self, incoming: Incoming) -> None:
        head = _head(incoming, datetime.now(UTC))
        size = len(head) + len(incoming.body)
        if not self._fits(size):
            raise SpoolFull(f"{self._folder} holds {self.files} deliveries, {self.bytes} bytes")
        target = self._folder / f"{_name(incoming)}{_DONE}"
        fresh = self._fresh()
        try:
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(head)
                file.write(incoming.body)
                file.flush()
                os.fsync(handle)
            is_new = not target.exists()
            fresh.rename(target)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
        os.fsync(self._directory)
        if is_new:
            self._count(1, size)

    # --- Out --------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Count what is there, whoever put it."""
        with self._counting:
            sizes = [entry.stat().st_size for entry in self._entries()]
            self.files, self.bytes = len(sizes), sum(sizes)
            self.damaged = len(list(self._folder.glob(f"*{_DAMAGED}")))

    def holds(self, forge: str, hook: str, delivery_id: str) -> bool:
        """Whether this delivery waits here."""
        return (self._folder / f"{_hash(forge, hook, delivery_id)}{_DONE}").exists()

    def read(self, most: int, most_bytes: int) -> list[Spooled]:
        """Up to so many deliveries and bytes, at least one; what cannot be read is set aside and told of."""
        found: list[Spooled] = []
        size = 0
        for entry in self._entries():
            size += entry.stat().st_size
            if len(found) >= most or (found and size > most_bytes):
                break
            path = Path(entry.path)
            try:
                found.append(_read(path))
            except FileNotFoundError:
                pass  # another process has loaded it
            except (ValueError, KeyError, TypeError, OSError) as error:
                self.set_aside(path, repr(error))
        return found

    def set_aside(self, path: Path, reason: str) -> None:
        """Keep this file for people: it is no delivery that could be loaded, and must not hold up the others."""
        log.error("a damaged delivery was set aside", file=path.name, reason=reason)
        size = path.stat().st_size
        path.rename(path.with_suffix(_DAMAGED))
        self._count(-1, -size)
        self.damaged += 1

    def remove(self, loaded: Sequence[Spooled]) -> None:
        """These are in the inbox now."""
        for each in loaded:
            with contextlib.suppress(FileNotFoundError):
                size = each.path.stat().st_size
                each.path.unlink()
                self._count(-1, -size)

    def _count(self, files: int, size: int) -> None:
        with self._counting:
            self.files += files
            self.bytes += size

    def _entries(self) -> Iterator[os.DirEntry[str]]:
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.endswith(_DONE):
                    with contextlib.suppress(FileNotFoundError):
                        entry.stat()  # another process may have loaded it meanwhile; the result is remembered
                        yield entry

    def _clear_abandoned(self) -> None:
        """Half-written files of processes that died: nobody was told that they are safe."""
        oldest = datetime.now(UTC).timestamp() - _ABANDONED
        for path in self._folder.iterdir():
            is_half = path.name.startswith(".") and path.name != ".volume"
            if is_half and path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)

    def _fresh(self) -> Path:
        """A name that no other file has, of this process or another."""
        return self._folder / f".{self._own}.{next(self._numbers)}"

    def _name_volume(self) -> str:
        path, fresh = self._folder / ".volume", self._fresh()
        if not path.exists():
            fresh.write_text(secrets.token_hex(16), encoding="ascii")
            # Of two processes that start together one wins, and both read a whole name.
            with contextlib.suppress(FileExistsError):
                os.link(fresh, path)
            fresh.unlink()
        return path.read_text(encoding="ascii")


def _hash(forge: str, hook: str, delivery_id: str) -> str:
    return hashlib.sha256("\n".join((forge, hook, delivery_id)).encode()).hexdigest()


def _name(incoming: Incoming) -> str:
    return _hash(incoming.forge, incoming.hook, incoming.delivery_id)


def _head(incoming: Incoming, received_at: datetime) -> bytes:
    about = {
        "forge": incoming.forge,
        "hook": incoming.hook,
        "delivery_id": incoming.delivery_id,
        "event": incoming.event,
        "headers": dict(incoming.headers),
        "scheme": incoming.scheme,
        "body_sha256": incoming.body_sha256.hex(),
        "received_at": received_at.isoformat(),
    }
    return json.dumps(about).encode() + b"\n"


def _read(path: Path) -> Spooled:
    head, _, body = path.read_bytes().partition(b"\n")
    about = json.loads(head)
    sha256 = hashlib.sha256(body).digest()
    if sha256.hex() != about["body_sha256"]:
        raise ValueError("the body is not the one that was written")
    incoming = Incoming(
        forge=about["forge"],
        hook=about["hook"],
        delivery_id=about["delivery_id"],
        event=about["event"],
        headers=dict(about["headers"]),
        body=body,
        body_sha256=sha256,
        scheme=about["scheme"],
    )
    return Spooled(path, incoming, datetime.fromisoformat(about["received_at"]))
