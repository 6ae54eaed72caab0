"""What each part of the GitLab adapter is made of: client, account, and the looks that several parts take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.forges.gitlab.client import GitLabClient
from app.forges.json_values import objects
from handlers.ports import Gone
from policies.facts import Change, ChecksChanged, Issue, RepositoryRef

CHANGE = "projects/{id}/merge_requests/{iid}"
ISSUE = "projects/{id}/issues/{iid}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a commit since its merge request or branch was read.

    `belongs`: the pipeline, else the branch, that a status on it is for. GitLab otherwise takes any branch that has
    the commit, and shows its pipeline on the merge request in place of the one that counts there.
    `pipeline`: the one that counts, where a merge request tells of one or says that there is none.
    """

    belongs: Mapping[str, object]
    pipeline: tuple[ChecksChanged, ...] | None = None


class Part:
    """One hook's group (or namespace) `account`, by its full path, with the client that asks for it.

    It remembers what it saw of commits, so it is made anew for each look.
    """

    def __init__(self, client: GitLabClient, account: str) -> None:
        self._client = client
        self._account = account
        self._seen: dict[tuple[int, str], Seen] = {}

    async def _on_change(self, change: Change, path: str) -> tuple[Mapping[str, Any], ...]:
        return await self._client.list(CHANGE + path, id=change.repository.id, iid=change.number)

    async def _history(
        self, repository: RepositoryRef, at: str, **pieces: object
    ) -> tuple[Mapping[str, Any], ...]:
        """The newest commits ("List repository commits"), as many as one page has."""
        template = "projects/{id}/repository/commits"
        said = await self._client.get(
            template, **{"id": repository.id, "ref_name": at, "per_page": 100, **pieces}
        )
        return objects(said)

    async def _branch(self, repository: RepositoryRef, branch: str) -> Any:
        template = "projects/{id}/repository/branches/{branch}"
        try:
            return await self._client.get(template, id=repository.id, branch=branch)
        except Gone:
            return None


def place_of(subject: Change | Issue) -> str:
    """The template of a change's or an issue's address."""
    return CHANGE if isinstance(subject, Change) else ISSUE


def instant(at: datetime) -> str:
    """An instant as GitLab's filters take it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
