"""Repositories of GitHub: which there are, how they describe themselves, and the files in them."""

from __future__ import annotations

from datetime import datetime

from app.forges.calls import items
from app.forges.github import states
from app.forges.github.part import Part, instant
from app.forges.json_values import objects, text, time
from app.forges.owners_file import first_found
from app.forges.promised import decoded
from handlers.ports import Conflict, Gone, Refused
from policies.catalogue.entry import Described
from policies.facts import (
    File,
    Repository,
    RepositoryRef,
    Tree,
)
from policies.owners import Problem

OWNERS_PATHS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")


class RepositoryReads(Part):
    """`Repositories` and `Files` of the ports."""

    # --- Repositories ---------------------------------------------------------------------------------

    async def repository(self, repository_id: int) -> Repository:
        return states.repository((await self._client.describe(self._installation, repository_id)).json())

    async def described(self, repository: RepositoryRef) -> Described:
        return states.described((await self._client.describe(self._installation, repository.id)).json())

    async def participation(self, repository: RepositoryRef) -> tuple[int, ...] | None:
        try:
            return states.weeks(await self._get(repository, "stats/participation"))
        except Gone:  # an empty repository
            return None

    async def named(self, name: str) -> Repository | None:
        owner, _, repo = name.partition("/")
        try:
            found = await self._client.lists(
                self._installation, "/repos/{owner}/{repo}", owner=owner, repo=repo
            )
        except (Gone, Refused):  # also where the name can be nobody's
            return None
        return states.repository(found.json())

    async def repositories(self) -> tuple[Repository, ...]:
        pages = self._client.pages_of_lists(self._installation, "/installation/repositories{?per_page}")
        return tuple(
            [states.repository(each) async for page in pages for each in items(page, "repositories")]
        )

    # --- Files ----------------------------------------------------------------------------------------

    async def file(self, repository: RepositoryRef, path: str, at: str) -> File | None:
        try:
            found = await self._get(repository, "contents{/pieces*}{?ref}", pieces=path.split("/"), ref=at)
        except Gone:
            return None
        if text(found, "type") != "file":
            return None
        blob = text(found, "sha")
        if text(found, "encoding") == "base64":
            return File(path, blob, decoded(text(found, "content")))
        return File(path, blob, await self._blob(repository, blob))

    async def _blob(self, repository: RepositoryRef, blob: str) -> bytes:
        """A file of more than 1 MB, which the contents API names but does not send."""
        return decoded(text(await self._get(repository, "git/blobs/{blob}", blob=blob), "content"))

    async def owners_file(self, repository: RepositoryRef, at: str) -> File | None:
        return await first_found(OWNERS_PATHS, repository, at, self.file, self._memory.owners)

    async def paths(self, repository: RepositoryRef, at: str) -> Tree:
        template = "git/trees/{tree_sha}{?recursive}"
        return states.tree(await self._get(repository, template, tree_sha=at, recursive="1"))

    async def tip(self, repository: RepositoryRef, branch: str) -> str | None:
        try:
            said = await self._get(repository, "git/ref/{+ref}", ref=f"heads/{branch}")
        except (Gone, Conflict):  # 409: the repository is empty
            return None
        return text(said, "object.sha") or None

    async def touched_at(self, repository: RepositoryRef, path: str, at: str) -> datetime | None:
        newest = await self._history(repository, path, at, per_page=1)
        return time(newest[0], "commit.committer.date") if newest else None

    async def commits_touching(
        self, repository: RepositoryRef, path: str, at: str, since: datetime
    ) -> tuple[str, ...]:
        when = instant(since)
        found = await self._history(repository, path, at, per_page=100, since=when)
        return tuple(text(each, "sha") for each in found)

    async def owner_errors(self, repository: RepositoryRef, at: str) -> tuple[Problem, ...]:
        try:
            said = await self._get(repository, "codeowners/errors{?ref}", ref=at)
        except Gone:
            return ()
        return tuple(states.owner_error(each) for each in objects(said, "errors"))
