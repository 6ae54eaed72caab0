"""Proposing a change on GitLab: a branch of ours, one commit, and a draft merge request."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from app.forges.gitlab import states
from app.forges.gitlab.part import CHANGE
from app.forges.gitlab.projects import ProjectReads
from app.forges.gitlab.writing import Writing
from app.forges.json_values import number, text
from app.forges.promised import required
from handlers.ports import Conflict, Proposal
from policies.facts import RepositoryRef


class ProposalDesk(Writing, ProjectReads):
    """`propose` of the port `Desk`."""

    async def propose(self, repository: RepositoryRef, proposal: Proposal) -> int:
        there = await self._proposed(repository, proposal.branch)
        branch = await self._branch(repository, proposal.branch)
        if branch is not None:
            await self._require_ours(repository, proposal, there)
        if there is None or branch is None:
            # The branch begins anew at the tip of the base.
            await self._commit(repository, proposal, at=proposal.base, force=branch is not None)
        else:
            await self._commit(repository, proposal, at=proposal.branch, force=False)
        words = {"title": f"Draft: {proposal.title}", "description": proposal.body}
        if there is not None:
            title = words["title"] if states.is_draft(there) else proposal.title
            changed = {**words, "title": title}
            await self._write("PUT", CHANGE, changed, id=repository.id, iid=number(there, "iid"))
            return required(number(there, "iid"), "iid")
        opened = {**words, "source_branch": proposal.branch, "target_branch": proposal.base}
        said = await self._write("POST", "projects/{id}/merge_requests", opened, id=repository.id)
        return required(number(said, "iid"), "iid")

    async def _proposed(self, repository: RepositoryRef, branch: str) -> Mapping[str, Any] | None:
        """The open merge request from the proposal's branch; one of a fork may come from a branch of the same name."""
        listed = await self._client.list(
            "projects/{id}/merge_requests", id=repository.id, state="opened", source_branch=branch
        )
        return next((each for each in listed if number(each, "source_project_id") == repository.id), None)

    async def _require_ours(
        self, repository: RepositoryRef, proposal: Proposal, there: Mapping[str, Any] | None
    ) -> None:
        """`Conflict` where a person wrote on the branch. GitLab tells the authors of commits by name alone."""
        if there is not None:
            where = {"id": repository.id, "iid": number(there, "iid")}
            written = await self._client.list(f"{CHANGE}/commits", **where)
        else:
            base = await self._branch(repository, proposal.base)
            newest = await self._history(repository, proposal.branch, per_page=1)
            tip = text(base, "commit.id")
            written = tuple(each for each in newest if text(each, "id") != tip)
        us = await self._client.who_am_i()
        if any(text(each, "author_name") not in (us.name, us.username) for each in written):
            raise Conflict(f"a person has a commit on {proposal.branch}")

    async def _commit(self, repository: RepositoryRef, proposal: Proposal, *, at: str, force: bool) -> None:
        """One commit on the proposal's branch, on top of `at`, that gives the files their content."""
        actions = []
        for path, content in proposal.files:
            known = await self.file(repository, path, at)
            if known is not None and known.content == content:
                continue
            encoded = base64.b64encode(content).decode("ascii")
            kind = "create" if known is None else "update"
            actions.append({"action": kind, "file_path": path, "content": encoded, "encoding": "base64"})
        if not actions:
            return
        body: dict[str, object] = {
            "branch": proposal.branch,
            "commit_message": proposal.message,
            "actions": actions,
        }
        if at != proposal.branch:
            body |= {"start_branch": at, "force": force}
        await self._write("POST", "projects/{id}/repository/commits", body, id=repository.id)
