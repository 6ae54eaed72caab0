"""GitHub, as one installation of the App sees it: the adapter that is every port of a forge.

Each part reads or writes one kind of thing; here they come together, with what is said on changes and issues.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from app.forges.calls import Call
from app.forges.github import states
from app.forges.github.checks import CheckDesk
from app.forges.github.client import AppIdentity, GitHubClient
from app.forges.github.people import PeopleReads
from app.forges.github.proposals import ProposalDesk
from app.forges.github.reviewers import ReviewerDesk
from handlers.ports import Gone
from policies.facts import (
    Change,
    Issue,
    Remark,
    RepositoryRef,
    same,
)

__all__ = ["AppIdentity", "Call", "GitHub", "GitHubClient"]


class GitHub(ReviewerDesk, CheckDesk, ProposalDesk, PeopleReads):
    """One installation. Cheap to make: what is worth remembering is remembered by the client."""

    dialect: Literal["github", "gitlab"] = "github"

    def __init__(self, client: GitHubClient, installation: int, *, event_at: datetime | None = None) -> None:
        super().__init__(client, installation)
        self.event_at = event_at

    # --- Remarks --------------------------------------------------------------------------------------

    async def say(self, change: Change | Issue, body: str) -> Remark:
        return states.remark(await self._write_on(change, "POST", "issues/{number}/comments", {"body": body}))

    async def amend(self, change: Change | Issue, remark_id: int, body: str) -> None:
        path = "issues/comments/{comment_id}"
        await self._write(change.repository, "PATCH", path, {"body": body}, comment_id=remark_id)

    async def unsay(self, change: Change | Issue, remark_id: int) -> None:
        path = "issues/comments/{comment_id}"
        await self._write(change.repository, "DELETE", path, comment_id=remark_id)

    async def nod(
        self, change: Change | Issue, remark_id: int, reaction: str, *, on_line: bool = False
    ) -> None:
        path = f"{'pulls' if on_line else 'issues'}/comments/{{comment_id}}/reactions"
        await self._write(change.repository, "POST", path, {"content": reaction}, comment_id=remark_id)

    def wrote(self, remark: Remark) -> bool:
        if remark.app_id is not None:
            return remark.app_id == self._client.app_id
        us = self._client.identity
        return us is not None and same(remark.by.login) == same(f"{us.slug}[bot]")

    # --- Labels and issues ----------------------------------------------------------------------------

    async def label(self, change: Change | Issue, add: tuple[str, ...], remove: tuple[str, ...]) -> None:
        if add:
            await self._write_on(change, "POST", "issues/{number}/labels", {"labels": list(add)})
        for name in remove:
            try:
                await self._write_on(change, "DELETE", "issues/{number}/labels/{name}", name=name)
            except Gone:
                continue  # taken off by somebody else

    async def open_issue(self, repository: RepositoryRef, title: str, body: str) -> int:
        said = await self._write(repository, "POST", "issues", {"title": title, "body": body})
        return states.issue(said, repository).number

    async def edit_issue(self, repository: RepositoryRef, number: int, body: str, *, is_open: bool) -> None:
        shown = {"body": body, "state": "open" if is_open else "closed"}
        await self._write(repository, "PATCH", "issues/{number}", shown, number=number)
