"""What runs when: the inbox is drained, subjects are settled, and nothing that fell due is forgotten.

Rows are the truth and jobs are wake-ups. Losing a job loses nothing, because the sweep looks at the rows
again every few seconds; a job too many finds nothing to do. procrastinate carries the jobs: `lock` keeps
a subject to one run at a time over all workers, `queueing_lock` makes a burst one job.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from typing import Any

import procrastinate
import psycopg
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from app import logs
from app.receiving.drain import Drain
from app.rounds.schedule import Rounds
from app.settings import PromiseClock
from app.settling.lease import Settling
from app.store import due, inbox
from app.store.database import Database

log = logs.get(__name__)

WAKE_PAUSE, BUSY_PAUSE = 0.05, 0.25
"""Seconds between two wake-ups of the drain by one process, however many deliveries arrive; longer while one waits."""

MOST_DRAINS = 2
"""So many runs of one process read the inbox at once. Each reads until nothing is left, so more would only take the
places of settling; a second one goes on while a body hangs.
"""

REST = 2.0
"""Seconds; what waits longer than this does so on purpose."""

GRACE = 8.0
"""Seconds that running jobs get to end when the process is asked to stop."""


class Work:
    """The queue of one process. `open()` it to send wake-ups, `run()` it to work as well."""

    def __init__(
        self,
        database: Database,
        drain: Drain,
        settling: Settling,
        clock: PromiseClock,
        *,
        sweep_seconds: float,
        rounds: Rounds | None = None,
        heartbeat_seconds: float = 5.0,
    ) -> None:
        self._rounds = rounds or Rounds(database, ())
        self._heartbeat, self._stalled = heartbeat_seconds, 3 * heartbeat_seconds
        self._gather = settling.gather.total_seconds()
        self._database, self._drain, self.settling, self._clock = database, drain, settling, clock
        self._sweep_seconds = sweep_seconds
        self._timers: set[asyncio.TimerHandle] = set()
        self._sending: set[asyncio.Task[None]] = set()
        self._waking, self._pause = False, WAKE_PAUSE
        self._drains = 0
        self._share = due.RUNNING_PER_TENANT
        self._queue = procrastinate.App(
            connector=procrastinate.PsycopgConnector(
                conninfo=database.conninfo, min_size=1, max_size=6, kwargs={"application_name": "usher-queue"}
            )
        )
        self._queue.job_manager = _Jobs(self._queue.connector)
        self._queue.task(name="drain")(self._run_drain)
        self._queue.task(name="dispatch")(self._run_dispatch)
        self._queue.task(name="settle")(self._run_settle)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Work]:
        async with self._queue.open_async():
            try:
                yield self
            finally:
                for timer in self._timers:
                    timer.cancel()
                await asyncio.gather(*self._sending, return_exceptions=True)

    # --- Wake-ups -----------------------------------------------------------------------------------------

    def wake(self) -> None:
        """A delivery was stored: have the inbox read soon. Best effort, and never more than one at a time."""
        if not self._waking:
            self._waking = True
            self._later(self._pause, self._wake_drain)

    async def _wake_drain(self) -> None:
        self._waking = False
        # One that is not taken yet will read what comes meanwhile, too.
        self._pause = WAKE_PAUSE if await self._defer("drain", queueing_lock="drain") else BUSY_PAUSE

    async def _defer(
        self, task: str, *, queueing_lock: str, lock: str | None = None, **arguments: object
    ) -> bool:
        """Put a job in the queue; False where an equal one waits there already."""
        try:
            configured = self._queue.configure_task(task, lock=lock, queueing_lock=queueing_lock)
            await configured.defer_async(**arguments)  # type: ignore[arg-type]
        except AlreadyEnqueued:
            return False
        except Exception as error:
            # The rows know what is to be done; the next sweep finds it.
            log.warning("no wake-up could be sent", task=task, reason=repr(error))
        return True

    def _later(self, seconds: float, call: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Send a wake-up after a while; one that is still waiting when the process stops is not needed."""

        def start() -> None:
            self._timers.discard(timer)
            task = asyncio.create_task(call(), name="usher wake-up")
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

        timer = asyncio.get_running_loop().call_later(seconds, start)
        self._timers.add(timer)

    async def _dispatch_soon(self) -> None:
        await self._defer("dispatch", queueing_lock="dispatch")

    # --- Jobs: none of them ever raises ---------------------------------------------------------------------

    async def _run_drain(self) -> None:
        if self._drains >= MOST_DRAINS:
            return
        self._drains += 1
        try:
            with _logged("drain"):
                if await self._drain():
                    self._later(self._gather + 0.01, self._dispatch_soon)
        finally:
            self._drains -= 1

    async def _run_dispatch(self) -> None:
        with _logged("dispatch"):
            async with self._database.begin() as connection:
                ready = await due.ready(connection, self._clock.now(), share=self._share)
            for tenant_id, subject in ready:
                key = f"{tenant_id}:{subject}"
                await self._defer("settle", lock=key, queueing_lock=key, tenant_id=tenant_id, subject=subject)

    async def _run_settle(self, tenant_id: int, subject: str) -> None:
        with _logged("settle"):
            if await self.settling(tenant_id, subject):
                # It may have been touched meanwhile, and its tenant may have more waiting.
                self._later(self._gather + 0.01, self._dispatch_soon)

    # --- The worker -----------------------------------------------------------------------------------------

    async def run(self, stop: asyncio.Event, *, concurrency: int) -> None:
        """Work until `stop` is set; running jobs then get a few seconds to end.

        Half of the places stay free of any one account, for the others and for reading the inbox.
        """
        self._share = max(1, min(due.RUNNING_PER_TENANT, concurrency // 2))
        sweep = asyncio.create_task(self._sweep_for_ever(), name="usher sweep")
        rounds = asyncio.create_task(self._rounds.run(), name="usher rounds")
        try:
            while not stop.is_set():
                worker = asyncio.create_task(
                    self._queue.run_worker_async(
                        concurrency=concurrency,
                        install_signal_handlers=False,
                        listen_notify=True,
                        fetch_job_polling_interval=self._sweep_seconds,
                        delete_jobs="always",
                        shutdown_graceful_timeout=GRACE,
                        update_heartbeat_interval=self._heartbeat,
                        stalled_worker_timeout=self._stalled,
                    ),
                    name="usher worker",
                )
                stopping = asyncio.create_task(stop.wait())
                await asyncio.wait({worker, stopping}, return_when=asyncio.FIRST_COMPLETED)
                stopping.cancel()
                while not worker.done():
                    # One that is stopped while it starts may miss the first word; its jobs have ended by then.
                    worker.cancel()
                    await asyncio.wait({worker}, timeout=GRACE + 2)
                result = (await asyncio.gather(worker, return_exceptions=True))[0]
                if not stop.is_set():
                    log.error("the worker ended and is started again", reason=repr(result))
                    await asyncio.sleep(1)
        finally:
            sweep.cancel()
            rounds.cancel()
            await asyncio.gather(sweep, rounds, return_exceptions=True)

    async def _sweep_for_ever(self) -> None:
        while True:
            with _logged("sweep"):
                await self._rescue()
                await self._defer("drain", queueing_lock="drain")
                await self._dispatch_soon()
            await asyncio.sleep(self._sweep_seconds)

    async def _rescue(self) -> None:
        """Clear away jobs of workers that died, so that their subjects' locks are free again."""
        manager = self._queue.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=self._stalled):
            log.warning("a worker died in a job", task=job.task_name, **job.task_kwargs)
            await manager.finish_job(job, status=Status.FAILED, delete_job=True)
            if job.task_name == "settle":
                tenant_id, subject = job.task_kwargs["tenant_id"], job.task_kwargs["subject"]
                async with self._database.begin() as connection:
                    await due.release(connection, int(str(tenant_id)), str(subject))

    async def idle(self) -> bool:
        """Whether nothing waits: every delivery is read, and every subject that is due is settled.

        A subject that waits for more than two seconds, after a failure or for a limit, counts as at rest.
        """
        async with self._database.begin() as connection:
            if await inbox.unread(connection):
                return False
            waiting = await due.seconds_until_ready(connection, self._clock.now())
            return (waiting is None or waiting > REST) and not await due.running(connection)

    async def sweep_once(self) -> int:
        """Drain and settle everything that is due, here and now, without the queue; returns the number of runs."""
        await self._rounds.look()
        runs = 0
        while True:
            await self._drain()
            async with self._database.begin() as connection:
                ready = await due.ready(connection, self._clock.now())
                waiting = await due.seconds_until_ready(connection, self._clock.now())
            for tenant_id, subject in ready:
                runs += await self.settling(tenant_id, subject)
            if not ready:
                if waiting is None or waiting > 2 * self._gather:
                    return runs
                await asyncio.sleep(waiting + 0.01)


class _Jobs(JobManager):
    """The queue's jobs. One that somebody else finished meanwhile is finished, and no error.

    It happens where a worker was taken for dead and was only frozen, and where two clear away after a dead one.
    """

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        try:
            await super().finish_job(job, status, delete_job)
        except ConnectorException as error:
            if not isinstance(
                error.__cause__, psycopg.errors.RaiseException
            ):  # which says: "Job was not found"
                raise
            log.info("a job had been cleared away already", job=job.task_name)


@contextlib.contextmanager
def _logged(what: str) -> Iterator[None]:
    """A job that raised would be retried by nobody; the rows are looked at again anyway, so say it and go on."""
    try:
        yield
    except Exception as error:
        log.exception("a job failed", job=what, exc_info=error)
