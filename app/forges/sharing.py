"""Equal reads that are under way share one answer, for any forge."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class UnderWay(Generic[T]):
    """Reads that have begun and not ended, by what they ask for."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[T]] = {}

    async def share(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> tuple[T, bool]:
        """What `read` gives, and whether an equal read gave it that was under way already.

        A caller that goes away takes the answer from nobody: the read goes on for the others.
        """
        task = self._tasks.get(key)
        if task is not None:
            return await asyncio.shield(task), True
        task = asyncio.ensure_future(_run(read))
        self._tasks[key] = task
        task.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(task), False

    async def aclose(self) -> None:
        """End the reads that are under way."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _landed(self, key: Hashable, task: asyncio.Task[T]) -> None:
        self._tasks.pop(key, None)
        if not task.cancelled():
            task.exception()  # looked at, though every caller may have gone away


async def _run(read: Callable[[], Awaitable[T]]) -> T:
    return await read()
