"""Pull requests and issues of GitHub, and what their branches demand: everything that is read of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.forges.calls import items
from app.forges.github import states
from app.forges.github.part import Part, instant
from app.forges.json_values import objects
from handlers.ports import Forbidden, Gone
from policies.facts import (
    BranchRules,
    Change,
    ChecksChanged,
    Commit,
    Issue,
    Remark,
    RepositoryRef,
    Review,
    Thread,
    Touched,
    TouchedFile,
    same,
)

MOST_FILES = 3000

_PATIENT_FOR = timedelta(seconds=60)
_WAITS_WHILE_NEW = (2.0, 5.0)


class ChangeReads(Part):
    """`Changes`, `Branches` and `Issues` of the ports.

    `event_at` (our clock, UTC) is when the event arrived that asks for this look: what it names may not be
    readable yet, so within a minute of it a 404 is asked again after 2 and after 5 seconds.
    """

    event_at: datetime | None = None

    # --- Changes --------------------------------------------------------------------------------------

    async def change(self, repository: RepositoryRef, number: int) -> Change:
        try:
            found = await self._patiently(repository, number)
            if found.repository.id == repository.id:
                return found
        except Gone:
            found = None
        # Another repository may have taken the name that ours had: ours is found by its number.
        name = await self._client.find_again(self._installation, repository)
        if found is None and same(name) == same(repository.name):
            raise Gone(f"{name} has no change {number} that we may see")
        return await self._change(RepositoryRef(repository.id, name), number)

    async def open_changes(self, repository: RepositoryRef) -> tuple[Change, ...]:
        pages = self._pages(repository, "pulls", state="open", sort="updated", direction="desc")
        return tuple([states.change(each, repository) async for page in pages for each in items(page)])

    async def touched(self, change: Change) -> Touched:
        files: list[TouchedFile] = []
        async for page in self._pages(change.repository, "pulls/{number}/files", number=change.number):
            files += [states.touched_file(each) for each in items(page)]
            if len(files) >= MOST_FILES:
                break
        counted = change.touched_count
        complete = len(files) < MOST_FILES if counted is None else len(files) == counted
        return Touched(tuple(files), complete)

    async def commits(self, change: Change) -> tuple[Commit, ...]:
        pages = self._pages(change.repository, "pulls/{number}/commits", number=change.number)
        return tuple([states.commit(each) async for page in pages for each in items(page)])

    async def reviews(self, change: Change) -> tuple[Review, ...]:
        pages = self._pages(change.repository, "pulls/{number}/reviews", number=change.number)
        found = [states.review(each) async for page in pages for each in items(page)]
        return tuple(review for review in found if review is not None)

    async def threads(self, change: Change) -> tuple[Thread, ...]:
        return ()  # the REST API does not say whether a thread is resolved; its events do

    async def remarks(self, change: Change | Issue, since: datetime | None = None) -> tuple[Remark, ...]:
        when = instant(since) if since else None
        pages = self._pages(change.repository, "issues/{number}/comments", number=change.number, since=when)
        found = tuple([states.remark(each) async for page in pages for each in items(page)])
        if any(remark.by.bot and remark.app_id is None for remark in found):
            await self._client.who_am_i()  # `wrote` must tell it by the login
        return found

    # --- Branches -------------------------------------------------------------------------------------

    async def branch_rules(self, repository: RepositoryRef, branch: str) -> BranchRules | None:
        """Rulesets and the older protection of a branch both hold; each is told by a call of its own."""
        pieces = branch.split("/")
        try:
            pages = self._pages(repository, "rules/branches{/pieces*}", pieces=pieces)
            rulesets = [each async for page in pages for each in items(page)]
            protection = await self._get(repository, "branches{/pieces*}", pieces=pieces)
        except (Gone, Forbidden):
            return None
        return states.branch_rules(rulesets, protection)

    async def checks(self, repository: RepositoryRef, commit: str) -> tuple[ChecksChanged, ...]:
        pages = self._pages(repository, "commits/{sha}/check-runs", sha=commit)
        runs = [states.check_run(each) async for page in pages for each in items(page, "check_runs")]
        said = await self._get(repository, "commits/{sha}/status{?per_page}", sha=commit, per_page=100)
        statuses = [states.commit_status(each, commit) for each in objects(said, "statuses")]
        return tuple(each for each in (*runs, *statuses) if each is not None)

    # --- Issues ---------------------------------------------------------------------------------------

    async def issue(self, repository: RepositoryRef, number: int) -> Issue:
        return states.issue(await self._get(repository, "issues/{number}", number=number), repository)

    async def our_issues(self, repository: RepositoryRef) -> tuple[Issue, ...]:
        us = await self._client.who_am_i()
        ours = {"state": "all", "sort": "created", "direction": "desc", "creator": f"{us.slug}[bot]"}
        pages = self._pages(repository, "issues", **ours)
        found = [states.issue(each, repository) async for page in pages for each in items(page)]
        return tuple([issue for issue in found if await self.is_us(issue.by)])

    # --- One pull request -----------------------------------------------------------------------------

    async def _change(self, repository: RepositoryRef, number: int) -> Change:
        return states.change(await self._get(repository, "pulls/{number}", number=number), repository)

    async def _patiently(self, repository: RepositoryRef, number: int) -> Change:
        for wait in _WAITS_WHILE_NEW:
            try:
                return await self._change(repository, number)
            except Gone:
                if self.event_at is None or datetime.now(UTC) - self.event_at > _PATIENT_FOR:
                    raise
                await self._client.sleep(wait)
        return await self._change(repository, number)
