"""Writing to GitHub: each write in its turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.forges.github.part import Part
from app.forges.limits import Turn
from policies.facts import (
    Change,
    Issue,
    RepositoryRef,
)


class Writing(Part):
    """A part that writes; a turn that was waited for is used by the next write."""

    _turn: Turn | None = None

    async def turn(self, repository: RepositoryRef) -> None:
        self._turn = await self._client.turn(self._installation, repository)

    async def _write(
        self,
        repository: RepositoryRef,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        **pieces: object,
    ) -> Any:
        template = "/repos/{owner}/{repo}/" + path
        turn, self._turn = self._turn, None
        said = await self._client.on(
            self._installation, repository, method, template, body, pieces, turn=turn
        )
        return said.json()

    async def _write_on(
        self,
        change: Change | Issue,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        **pieces: object,
    ) -> Any:
        return await self._write(change.repository, method, path, body, number=change.number, **pieces)
