"""A running Usher: it answers requests, works, or both, until the process is asked to stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from math import ceil
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.types import ASGIApp

from app import logs
from app.settings import SettingsError
from app.web.guard import Guard, watch
from app.web.health import make_metrics_page
from app.web.leaving import Leaving

if TYPE_CHECKING:
    from app.main import Usher

log = logs.get(__name__)

GRACE = 8
"""Seconds that open requests get to end when the process is asked to stop."""


async def serve(usher: Usher, *, worker: bool = True) -> None:
    """Answer requests, and work where `worker` is set, until the process is asked to stop; then linger for whoever
    has not heard of it yet.
    """
    stop = stop_on_signals()
    _spare_what_stays()
    linger = usher.settings.linger_seconds
    parts = [run_web(usher, stop, linger=lambda: stop.linger(linger)), *_metrics(usher, stop)]
    if worker:
        parts.append(usher.work.run(stop, concurrency=usher.settings.worker_concurrency))
    await _until_stopped(stop, *(asyncio.create_task(each) for each in parts))


def _spare_what_stays() -> None:
    """What was built at the start lives as long as the process: do not look through it for garbage again and again.

    Requests leave no cycles behind to speak of, so the rest may be looked at less often, too. Without this,
    every fifteenth part of a busy receiver's time went there, and now and then an answer waited for it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 50, 20)


async def work_only(usher: Usher) -> None:
    """Work without answering requests, until the process is asked to stop."""
    stop = stop_on_signals()
    work = usher.work.run(stop, concurrency=usher.settings.worker_concurrency)
    await _until_stopped(stop, *(asyncio.create_task(each) for each in (work, *_metrics(usher, stop))))


def _metrics(usher: Usher, stop: asyncio.Event) -> list[Coroutine[Any, Any, None]]:
    """The listener for metrics alone, where there is to be one. A second process on a machine goes without."""
    if not usher.settings.metrics_address:
        return []
    host, _, port = usher.settings.metrics_address.rpartition(":")
    try:
        listener = listen(host.strip("[]"), int(port), setting="USHER_METRICS_ADDRESS")
    except SettingsError as error:
        if "metrics_address" in usher.settings.model_fields_set:
            raise
        log.warning("metrics are not served at their usual place", reason=str(error))
        return []
    return [answer(make_metrics_page(usher.stock), stop, listener)]


async def _not_at_all() -> None:
    """Nobody has to hear of the end first."""


async def run_web(
    usher: Usher,
    stop: asyncio.Event,
    listener: socket.socket | None = None,
    *,
    guard: type[Guard] = Guard,
    linger: Callable[[], Awaitable[None]] = _not_at_all,
) -> None:
    """Answer requests until `stop` is set. `listener` is the socket to use, where one is open already.

    See `answer` for `linger`.
    """
    if usher.site is None:
        raise RuntimeError("this Usher was opened to work only")
    listener = listener or listen(usher.settings.host, usher.settings.port)
    log.info("listening", address=address_of(listener))
    await answer(usher.site, stop, listener, guard, linger)


async def answer(
    site: ASGIApp,
    stop: asyncio.Event,
    listener: socket.socket,
    guard: type[Guard] = Guard,
    linger: Callable[[], Awaitable[None]] = _not_at_all,
) -> None:
    """Answer requests at a socket that is open already, until `stop` is set.

    From then on `/readyz` says no; while `linger` takes its time, everybody is answered still, and told that the
    connection ends. Then nobody is let in any more, and what is under way ends.
    """
    server = _Server(
        uvicorn.Config(
            Leaving(site, stop),
            http=guard,
            ws="none",
            interface="asgi3",
            proxy_headers=False,
            timeout_keep_alive=ceil(guard.idle_seconds) + 1,  # the guard ends idle connections
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=GRACE,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    watching = asyncio.create_task(watch(server.server_state.connections))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not serving.done():
        await linger()
    server.should_exit = True
    await serving
    watching.cancel()


def listen(host: str, port: int, *, setting: str = "USHER_PORT") -> socket.socket:
    """A socket that listens; port 0 takes a free one. SettingsError where the port is taken.

    Its connections send small answers at once: asyncio sees to that for sockets it made itself alone, and
    otherwise the body waits up to 40 ms until the client has confirmed the head.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise SettingsError(f"cannot listen on {host}:{port}: {error.strerror}. Set {setting}.") from None
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def address_of(listener: socket.socket) -> str:
    """`http://127.0.0.1:8080`."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: it would kill the process before the worker has ended its jobs."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _until_stopped(stop: asyncio.Event, *parts: asyncio.Task[None]) -> None:
    """Wait for every part; where one ends or fails, the others are stopped too."""
    try:
        await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.set()
        results = await asyncio.gather(*parts, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


class Stop(asyncio.Event):
    """Set when the process is asked to stop, by an operator or by Ctrl-C."""

    def __init__(self) -> None:
        super().__init__()
        self._at_once = asyncio.Event()

    def ask(self, by: signal.Signals) -> None:
        """Somebody asks. Who sits before it, or asks twice, does not want to wait for anybody."""
        if self.is_set() or by == signal.SIGINT:
            self._at_once.set()
        self.set()

    async def linger(self, seconds: float) -> None:
        """Let so many seconds pass, unless it is to stop at once."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._at_once.wait()


def stop_on_signals() -> Stop:
    """Set when the process is asked to stop."""
    stop = Stop()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.ask, number)
    return stop
