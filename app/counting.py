"""Counts what is asked of a forge, in its own units."""

from __future__ import annotations

from app import metrics
from app.forges.calls import Call

READ, WRITE = 1, 5
"""Points by which GitHub counts requests ("Rate limits for the REST API")."""


class Counting:
    """The observer of one forge's client."""

    def __init__(self, forge: str) -> None:
        self._forge = forge

    def __call__(self, call: Call, seconds: float) -> None:
        metrics.forge_requests.labels(self._forge, call.method, str(call.status), call.cache).inc()
        if call.cache == "shared":  # it was never sent
            return
        metrics.forge_request_seconds.labels(self._forge, call.method).observe(seconds)
        if call.operation.endswith("/access_tokens"):
            metrics.token_mints.labels("minted" if call.status == 201 else "refused").inc()
        if call.status not in (0, 304):
            metrics.forge_points.labels(self._forge).inc(READ if call.method == "GET" else WRITE)
