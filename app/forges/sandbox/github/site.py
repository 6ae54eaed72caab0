"""Where this GitHub is reached, and which App is registered on it."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime

from app.forges.sandbox.world import Account

# What a first Usher asks for (Choosing permissions for a GitHub App).
PERMISSIONS = {
    "metadata": "read",
    "contents": "read",
    "pull_requests": "write",
    "issues": "write",
    "checks": "write",
    "statuses": "read",
    "members": "read",
}
EVENTS = (
    "check_suite",
    "issue_comment",
    "issues",
    "member",
    "membership",
    "organization",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
    "push",
    "repository",
    "status",
    "team",
    "team_add",
)
# Every App hears of these and cannot subscribe to them [k].
ALWAYS = ("installation", "installation_repositories", "installation_target", "github_app_authorization")


@dataclass(slots=True)
class Registration:
    """A GitHub App as its owner registered it."""

    id: int
    slug: str
    owner: Account
    bot: Account
    private_key: str  # PEM
    public_key: str  # PEM
    created_at: datetime
    permissions: dict[str, str] = field(default_factory=lambda: dict(PERMISSIONS))
    events: tuple[str, ...] = EVENTS
    webhook_secret: str = ""
    client_secret: str = "the-sandbox-client-secret"  # noqa: S105 - of a sandbox
    callback_urls: tuple[str, ...] = ()  # empty: any address
    setup_url: str = ""  # where people are sent after installing it
    hook_id: int = 4_000_000_001

    @property
    def client_id(self) -> str:
        return f"Iv1.{self.id:016x}"


@dataclass(slots=True)
class Site:
    """One GitHub: links in answers and payloads begin with `url`."""

    url: str
    registration: Registration

    def api(self, path: str) -> str:
        return self.url + path

    def web(self, path: str) -> str:
        return self.url + path


def instant(at: datetime | None) -> str | None:
    """A time as GitHub writes it."""
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")


def node_id(kind: str, number: int | str) -> str:
    """GitHub's second name of a thing: opaque, and never to be taken apart."""
    return base64.b64encode(f"0{len(kind)}:{kind}{number}".encode()).decode()
