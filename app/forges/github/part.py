"""What each part of the GitHub adapter is made of: client, installation, and the looks that several parts take."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from app.forges.calls import items
from app.forges.github.client import GitHubClient
from app.forges.http import Answer
from policies.facts import (
    Person,
    RepositoryRef,
    same,
)


class Part:
    """One installation, with the client that asks for it."""

    def __init__(self, client: GitHubClient, installation: int) -> None:
        self._client = client
        self._installation = installation
        self._memory = client.memory

    async def _get(self, repository: RepositoryRef, path: str, /, **pieces: object) -> Any:
        template = "/repos/{owner}/{repo}/" + path
        return (await self._client.on(self._installation, repository, "GET", template, None, pieces)).json()

    def _pages(self, repository: RepositoryRef, path: str, /, **pieces: object) -> AsyncIterator[Answer]:
        template = (
            "/repos/{owner}/{repo}/"
            + path
            + "{?state,sort,direction,since,creator,check_name,app_id,head,per_page}"
        )
        return self._client.pages_on(self._installation, repository, template, **pieces)

    async def _listed(self, template: str, **pieces: object) -> list[Mapping[str, Any]]:
        """Every item of a list that needs the whole installation."""
        pages = self._client.pages_of_lists(self._installation, template, **pieces)
        return [each async for page in pages for each in items(page)]

    async def _history(
        self, repository: RepositoryRef, path: str | None, at: str, **pieces: object
    ) -> Sequence[Mapping[str, Any]]:
        """The newest commits that touched a path, or any ("List commits"), as many as one page has."""
        template = "commits{?sha,path,since,per_page}"
        found = await self._get(repository, template, sha=at, path=path, **pieces)
        return [each for each in found if isinstance(each, dict)]

    async def is_us(self, person: Person) -> bool:
        us = await self._client.who_am_i()
        return same(person.login) == same(f"{us.slug}[bot]")


def instant(at: datetime) -> str:
    """An instant as GitHub's filters take it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
