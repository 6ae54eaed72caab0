"""A network of its own for each process: only the forge and PostgreSQL are reached, each by a line that can be cut.

Needs Linux, the `ip` command and the right to make network namespaces (root).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.relay import listen


def are_possible() -> bool:
    """Whether this machine lets us make networks."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        return False
    name = f"usher-try-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode != 0:
        return False
    subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=True)
    return True


@dataclass
class Network:
    """The network of one process. PostgreSQL is reached by its socket in the file system, the forge by a relay."""

    name: str
    folder: Path
    forge_port: int
    port: int
    _servers: list[asyncio.Server] = field(default_factory=list)
    _relay: asyncio.subprocess.Process | None = None

    @property
    def prefix(self) -> tuple[str, ...]:
        """What a command begins with that is to run in it."""
        return ("ip", "netns", "exec", self.name)

    async def open(self) -> None:
        """Make it, with a line to the forge, and one from outside to `port` if the process listens there."""
        await _ip("netns", "add", self.name)
        await _ip("-n", self.name, "link", "set", "lo", "up")
        outside = f"unix:{self.folder / self.name}.forge"
        lines = [f"tcp:{self.forge_port}:{outside}"]
        self._servers.append(await listen(outside, f"tcp:{self.forge_port}"))
        if self.port:
            inside = f"unix:{self.folder / self.name}.web"
            lines.append(f"{inside}:tcp:{self.port}")
            self._servers.append(await listen(f"tcp:{self.port}", inside))
        self._relay = await asyncio.create_subprocess_exec(
            *self.prefix, sys.executable, "-m", "tests.chaos.relay", *lines, stdout=asyncio.subprocess.PIPE
        )
        assert self._relay.stdout is not None
        assert await self._relay.stdout.readline() == b"ready\n"

    async def close(self) -> None:
        """Take it away with everything in it."""
        for each in self._servers:
            each.close()
        if self._relay is not None:
            with contextlib.suppress(ProcessLookupError):
                self._relay.kill()
            await self._relay.communicate()
        await _ip("netns", "delete", self.name)


async def _ip(*arguments: str) -> None:
    done = await asyncio.create_subprocess_exec("ip", *arguments)
    assert await done.wait() == 0, arguments
