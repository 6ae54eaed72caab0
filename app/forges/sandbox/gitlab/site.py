"""Where this GitLab is reached, and how it behaves where that differs from one to the next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.forges.sandbox.edition import Edition
from app.forges.sandbox.world import World


@dataclass(slots=True)
class Site:
    """One GitLab. `prefix` is the path that it lies under ("/gitlab"), "" for none.

    `counts_lists`: whether totals are sent; never above 10,000 entries (REST: Pagination).
    `unprepared`: how many looks at a merge request find it still being prepared.
    `recursion`: the `X-Gitlab-Event-UUID` of the request being answered, which its webhooks carry on.
    """

    world: World
    origin: str = "http://127.0.0.1"
    prefix: str = ""
    counts_lists: bool = True
    unprepared: int = 0
    recursion: str | None = None
    client_id: str = "sandbox-application"
    client_secret: str = "the-sandbox-client-secret"  # noqa: S105 - of a sandbox
    callback_urls: tuple[str, ...] = ()  # empty: any address

    @property
    def edition(self) -> Edition:
        return self.world.edition

    @property
    def url(self) -> str:
        return self.origin + self.prefix

    def api(self, path: str) -> str:
        return f"{self.url}/api/v4{path}"

    def web(self, path: str) -> str:
        return self.url + path


def instant(at: datetime | None) -> str | None:
    """A time as the API writes it."""
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def told(at: datetime | None) -> str | None:
    """A time as webhooks write it."""
    return None if at is None else at.strftime("%Y-%m-%d %H:%M:%S UTC")
