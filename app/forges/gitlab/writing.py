"""Writing to GitLab: each write in its turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.forges.gitlab.part import Part, place_of
from app.forges.limits import Turn
from policies.facts import Change, Issue, RepositoryRef


class Writing(Part):
    """A part that writes; a turn that was waited for is used by the next write."""

    _turn: Turn | None = None

    async def turn(self, repository: RepositoryRef) -> None:
        self._turn = await self._client.turn()

    async def _write(
        self, method: str, template: str, body: Mapping[str, object] | None = None, **pieces: object
    ) -> Any:
        turn, self._turn = self._turn, None
        return await self._client.write(method, template, body, turn=turn, **pieces)

    async def _write_on(
        self,
        place: Change | Issue,
        method: str,
        path: str,
        body: Mapping[str, object] | None,
        **pieces: object,
    ) -> Any:
        where = {"id": place.repository.id, "iid": place.number, **pieces}
        return await self._write(method, place_of(place) + path, body, **where)
