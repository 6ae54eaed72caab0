"""A PostgreSQL of a test's own, that may be stopped, killed and started again."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import psutil

from app.store import embedded


class Server:
    """Running from the start; `drop` ends it and removes its files."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="usher-away-"))
        self.address = embedded.start(self.folder)

    def start(self) -> None:
        assert embedded.start(self.folder) == self.address

    def stop(self) -> None:
        embedded.stop(self.folder)

    def kill(self) -> None:
        """As a machine that loses power: no process of it has a moment to write anything."""
        number = int((self.folder / "postgres" / "postmaster.pid").read_text().split()[0])
        parent = psutil.Process(number)
        family = [parent, *parent.children(recursive=True)]
        for process in family:
            process.kill()
        psutil.wait_procs(family)
        embedded.stop(self.folder)

    def drop(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
