"""Projects of GitLab: which there are, how they describe themselves, and the files in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from app.forges.calls import items
from app.forges.gitlab import states
from app.forges.gitlab.part import Part, Seen, instant
from app.forges.json_values import objects, text, time
from app.forges.owners_file import first_found
from app.forges.promised import decoded
from handlers.ports import Forbidden, Gone, Refused, Unavailable
from policies.catalogue.entry import Described
from policies.facts import Blob, File, Repository, RepositoryRef, Tree, same
from policies.owners import Problem

MOST_PATHS = 100_000
"""Files of a repository that are listed; the tree of a larger one is said to be cut."""

MOST_COUNTED = 1_000
OWNERS_PATHS = ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")

_VALIDATE = """
query($project: ID!, $ref: String, $path: String) {
  project(fullPath: $project) {
    repository { validateCodeownerFile(ref: $ref, path: $path) { total validationErrors { code lines } } }
  }
}
"""


class ProjectReads(Part):
    """`Repositories` and `Files` of the ports."""

    # --- Repositories -----------------------------------------------------------------------------------

    async def repository(self, repository_id: int) -> Repository:
        return states.repository(await self._client.get("projects/{id}", id=repository_id))

    async def described(self, repository: RepositoryRef) -> Described:
        return states.described(await self._client.get("projects/{id}", id=repository.id, license=True))

    async def participation(self, repository: RepositoryRef) -> tuple[int, ...] | None:
        """GitLab counts nothing by week, so the newest thousand commits of the year are counted here."""
        now = datetime.now(UTC)
        since = instant(now - timedelta(weeks=states.WEEKS))
        found: list[Mapping[str, Any]] = []
        try:
            async for page in self._client.pages(
                "projects/{id}/repository/commits", id=repository.id, since=since
            ):
                found += items(page)
                if len(found) >= MOST_COUNTED:
                    break
        except Gone:  # an empty repository
            return None
        return states.weeks(found, now)

    async def named(self, name: str) -> Repository | None:
        try:
            return states.repository(await self._client.get("projects/{name}", name=name))
        except (Gone, Refused):
            return None

    async def repositories(self) -> tuple[Repository, ...]:
        try:
            listed = await self._client.list(
                "groups/{group}/projects", group=self._account, include_subgroups=True, with_shared=False
            )
        except Gone:  # a person's own namespace
            mine = await self._client.list("projects", membership=True, pagination="keyset", order_by="id")
            inside = f"{same(self._account)}/"
            listed = tuple(
                each for each in mine if same(text(each, "path_with_namespace")).startswith(inside)
            )
        return tuple(states.repository(each) for each in listed)

    # --- Files ------------------------------------------------------------------------------------------

    async def file(self, repository: RepositoryRef, path: str, at: str) -> File | None:
        template = "projects/{id}/repository/files/{path}"
        try:
            found = await self._client.get(template, id=repository.id, path=path, ref=at)
        except Gone:
            return None
        return File(path, text(found, "blob_id"), decoded(text(found, "content")))

    async def owners_file(self, repository: RepositoryRef, at: str) -> File | None:
        return await first_found(OWNERS_PATHS, repository, at, self.file, self._client.owners)

    async def paths(self, repository: RepositoryRef, at: str) -> Tree:
        """GitLab's list has no sizes: 0 stands for a size that is not known."""
        found: list[str] = []
        blobs: list[Blob] = []
        template = "projects/{id}/repository/tree"
        options = {"ref": at, "recursive": True, "pagination": "keyset"}
        async for page in self._client.pages(template, id=repository.id, **options):
            entries = [each for each in items(page) if text(each, "type") != "tree"]
            found += [text(each, "path") for each in entries]
            blobs += [
                Blob(text(each, "path"), text(each, "id"), 0)
                for each in entries
                if text(each, "type") == "blob"
            ]
            if len(found) >= MOST_PATHS:
                return Tree(tuple(found), complete=False, blobs=tuple(blobs))
        return Tree(tuple(found), blobs=tuple(blobs))

    async def tip(self, repository: RepositoryRef, branch: str) -> str | None:
        found = await self._branch(repository, branch)
        sha = "" if found is None else text(found, "commit.id")
        if sha:
            self._seen[repository.id, sha] = Seen({"ref": branch})
        return sha or None

    async def touched_at(self, repository: RepositoryRef, path: str, at: str) -> datetime | None:
        newest = await self._history(repository, at, path=path, per_page=1)
        return time(newest[0], "committed_date") if newest else None

    async def commits_touching(
        self, repository: RepositoryRef, path: str, at: str, since: datetime
    ) -> tuple[str, ...]:
        found = await self._history(repository, at, path=path, since=instant(since))
        return tuple(text(each, "id") for each in found)

    async def owner_errors(self, repository: RepositoryRef, at: str) -> tuple[Problem, ...]:
        """What GitLab's own check says; nothing where the tier has none, since nobody else reads the file."""
        file = await self.owners_file(repository, at)
        if file is None:
            return ()
        variables = {"project": repository.name, "ref": at, "path": file.path}
        try:
            said = await self._client.ask_graph(_VALIDATE, variables)
        except (Unavailable, Gone, Forbidden):
            return ()
        errors = objects(said, "project.repository.validateCodeownerFile.validationErrors")
        return tuple(problem for each in errors for problem in states.owner_errors(each))
