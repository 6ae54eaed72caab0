"""Runs what may hang in a thread of its own, and goes on without it when it does."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

Result = TypeVar("Result")


class Hung(Exception):
    """The call did not return in time. Its thread is left to itself; a stopping process does not wait for it."""


class Aside:
    """One thread for calls, one after another; another one in its place once a call hangs."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._calls: queue.SimpleQueue[Callable[[], None]] | None = None

    async def __call__(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """The function's result, or what it raised. `Hung` after the time that is allowed."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Result] = loop.create_future()

        def call() -> None:
            try:
                result = function(*arguments)
            except BaseException as error:  # also what is no Exception belongs to whoever waits
                _tell(loop, answer, answer.set_exception, error)
            else:
                _tell(loop, answer, answer.set_result, result)

        if self._calls is None:
            self._calls = _thread()
        self._calls.put(call)
        try:
            return await asyncio.wait_for(answer, self.seconds)
        except TimeoutError:
            if not answer.cancelled():
                raise
            self._calls = None
            raise Hung(f"no result after {self.seconds:g} seconds") from None


def _tell(
    loop: asyncio.AbstractEventLoop, answer: asyncio.Future[Any], tell: Callable[[Any], None], what: Any
) -> None:
    """Bring the answer back; nobody waits for it any more where it comes too late, or the loop has ended."""

    def if_waited_for() -> None:
        if not answer.done():
            tell(what)

    if not loop.is_closed():
        loop.call_soon_threadsafe(if_waited_for)


def _thread() -> queue.SimpleQueue[Callable[[], None]]:
    calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def work() -> None:
        while True:
            calls.get()()

    threading.Thread(target=work, name="usher-aside", daemon=True).start()
    return calls
