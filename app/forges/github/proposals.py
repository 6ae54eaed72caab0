"""Proposing a change on GitHub: a branch of ours, its files, and a draft pull request."""

from __future__ import annotations

import base64

from app.forges.calls import items
from app.forges.github import states
from app.forges.github.changes import ChangeReads
from app.forges.github.repositories import RepositoryReads
from app.forges.github.writing import Writing
from app.forges.json_values import number
from handlers.ports import Conflict, Proposal, Refused
from policies.facts import (
    Change,
    Person,
    RepositoryRef,
)


class ProposalDesk(Writing, ChangeReads, RepositoryReads):
    """`propose` of the port `Desk`."""

    async def propose(self, repository: RepositoryRef, proposal: Proposal) -> int:
        there = await self._proposed(repository, proposal)
        if there is None:
            await self._fresh_branch(repository, proposal)
        elif not all([await self._is_ours(each.by) for each in await self.commits(there)]):
            raise Conflict(f"a person has a commit on {proposal.branch}")
        for path, content in proposal.files:
            await self._put(repository, proposal, path, content)
        words = {"title": proposal.title, "body": proposal.body}
        if there is not None:
            await self._write_on(there, "PATCH", "pulls/{number}", words)
            return there.number
        draft = {**words, "head": proposal.branch, "base": proposal.base, "draft": True}
        try:
            said = await self._write(repository, "POST", "pulls", draft)
        except Refused as error:
            if "draft" not in error.reason.lower():
                raise
            # Not every plan of GitHub has drafts ("Draft pull requests are not supported in this repository").
            said = await self._write(repository, "POST", "pulls", {**draft, "draft": False})
        return number(said, "number") or 0

    async def _proposed(self, repository: RepositoryRef, proposal: Proposal) -> Change | None:
        """The open change from the proposal's branch."""
        head = f"{repository.owner}:{proposal.branch}"
        async for page in self._pages(repository, "pulls", state="open", head=head):
            for each in items(page):
                return states.change(each, repository)
        return None

    async def _fresh_branch(self, repository: RepositoryRef, proposal: Proposal) -> None:
        """The proposal's branch at the tip of the base; one that is left over is taken if only we wrote on it."""
        tip = await self.tip(repository, proposal.base)
        if await self.tip(repository, proposal.branch) is None:
            ref = {"ref": f"refs/heads/{proposal.branch}", "sha": tip}
            await self._write(repository, "POST", "git/refs", ref)
            return
        [newest, *_] = map(states.commit, await self._history(repository, None, proposal.branch, per_page=1))
        if newest.sha != tip and not await self._is_ours(newest.by):
            raise Conflict(f"a person has a commit on {proposal.branch}")
        moved = {"sha": tip, "force": True}
        await self._write(repository, "PATCH", "git/refs/{+ref}", moved, ref=f"heads/{proposal.branch}")

    async def _is_ours(self, login: str) -> bool:
        return await self.is_us(Person(login, bot=True))

    async def _put(self, repository: RepositoryRef, proposal: Proposal, path: str, content: bytes) -> None:
        """Let the file on the branch have this content; nothing is written where it has it."""
        there = await self.file(repository, path, proposal.branch)
        if there is not None and there.content == content:
            return
        body = {
            "message": proposal.message,
            "content": base64.b64encode(content).decode("ascii"),
            "branch": proposal.branch,
        }
        if there is not None:
            body["sha"] = there.blob
        await self._write(repository, "PUT", "contents{/pieces*}", body, pieces=path.split("/"))
