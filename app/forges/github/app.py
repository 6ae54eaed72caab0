"""What the App asks for in its own name: where it is installed, and what GitHub tried to deliver.

GitHub never tries a delivery again by itself, and lists it for three days ("Handling failed webhook
deliveries"). Its filter for failures knows only answers of 400 and above and not those that never came,
so the whole list is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.forges.calls import items
from app.forges.github import states
from app.forges.github.client import GitHubClient
from app.forges.json_values import number, text, time
from handlers.ports import Attempt
from policies.facts import Repository


@dataclass(frozen=True, slots=True)
class Installed:
    """One account that installed the App."""

    id: int
    account: str
    suspended: bool


class GitHubApp:
    """The App itself: `Post`, and the list of its installations."""

    def __init__(self, client: GitHubClient) -> None:
        self._client = client

    async def installations(self) -> tuple[Installed, ...]:
        """Every account on which the App is installed."""
        return tuple(
            [
                Installed(
                    number(each, "id") or 0,
                    text(each, "account.login"),
                    time(each, "suspended_at") is not None,
                )
                async for page in self._client.pages_as_app("/app/installations{?per_page}")
                for each in items(page)
            ]
        )

    async def find(self, name: str) -> tuple[int, Repository]:
        """The repository of this name, "owner/name", and the installation through which it can be read.

        `Gone` where the App is not installed there, and where there is no such repository.
        """
        owner, _, repo = name.partition("/")
        pieces = {"owner": owner, "repo": repo}
        said = await self._client.as_app("GET", "/repos/{owner}/{repo}/installation", **pieces)
        installation = number(said.json(), "id") or 0
        described = await self._client.lists(installation, "/repos/{owner}/{repo}", **pieces)
        return installation, states.repository(described.json())

    async def attempts(self, since: datetime) -> tuple[Attempt, ...]:
        """Every attempt since then that GitHub still lists, whatever came of it; the newest first."""
        found: list[Attempt] = []
        async for page in self._client.pages_as_app("/app/hook/deliveries{?per_page}"):
            for each in items(page):
                at = time(each, "delivered_at")
                if at is None or at < since:
                    return tuple(found)
                answered = 200 <= (number(each, "status_code") or 0) < 300
                found.append(
                    Attempt(number(each, "id") or 0, text(each, "guid"), text(each, "event"), at, answered)
                )
        return tuple(found)

    async def redeliver(self, attempt: Attempt) -> None:
        """Have GitHub deliver the same event again, under the same `delivery_id`."""
        path = "/app/hook/deliveries/{delivery_id}/attempts"
        await self._client.as_app("POST", path, delivery_id=attempt.id)
