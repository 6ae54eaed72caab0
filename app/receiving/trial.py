"""Has a delivery read by a process of its own, to see whether reading it is what kills processes."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Sequence

from app.receiving.doors import make_doors
from handlers.ports import Delivery

COMMAND = (sys.executable, "-m", "app.receiving.trial")


async def survives(
    forge: str, event: str, body: bytes, *, seconds: float = 30.0, command: Sequence[str] = COMMAND
) -> bool:
    """Whether a process that reads this body comes to an end of its own, within `seconds`.

    A body that is refused (`ValueError`) has killed nobody either: whoever reads it in earnest says so.
    """
    process = await asyncio.create_subprocess_exec(*command, forge, event, stdin=asyncio.subprocess.PIPE)
    try:
        await asyncio.wait_for(process.communicate(body), seconds)
    except TimeoutError:
        return False
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode == 0


def main() -> None:
    """Read the body on standard input as a delivery of this forge and event."""
    forge, event = sys.argv[1:]
    body = sys.stdin.buffer.read()
    with contextlib.suppress(Exception):  # whoever reads it in earnest tells of it
        make_doors()[forge].facts(Delivery(event, "on trial", body))


if __name__ == "__main__":
    main()
