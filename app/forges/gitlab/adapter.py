"""GitLab, as one hook's group sees it: the adapter that is every port of a forge.

Each part reads or writes one kind of thing; here they come together, with what is said on changes and issues.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from app.forges.gitlab import states
from app.forges.gitlab.changes import ChangeReads
from app.forges.gitlab.client import GitLabClient
from app.forges.gitlab.proposals import ProposalDesk
from app.forges.gitlab.reviewers import ReviewerDesk
from app.forges.json_values import number, text
from app.forges.promised import required
from handlers.ports import Conflict, Forbidden, Gone, Refused, Verdict
from policies.facts import Change, Issue, Remark, RepositoryRef, same

LONGEST_DESCRIPTION = 255

_REACTIONS = {"+1": "thumbsup", "-1": "thumbsdown"}
_VERDICTS = {
    "success": "success",
    "neutral": "success",  # a commit status cannot be neutral; its description says so
    "failure": "failed",
    "action_required": "pending",
}


class GitLab(ReviewerDesk, ProposalDesk, ChangeReads):
    """One hook's group (or namespace) `account`, by its full path. Cheap to make: the client remembers."""

    dialect: Literal["github", "gitlab"] = "gitlab"

    def __init__(self, client: GitLabClient, account: str, *, event_at: datetime | None = None) -> None:
        super().__init__(client, account)
        self.event_at = event_at

    # --- Remarks ----------------------------------------------------------------------------------------

    async def say(self, change: Change | Issue, body: str) -> Remark:
        said = await self._write_on(change, "POST", "/notes", {"body": body})
        return states.remark(said, self._client.us)

    async def amend(self, change: Change | Issue, remark_id: int, body: str) -> None:
        await self._write_on(change, "PUT", "/notes/{note}", {"body": body}, note=remark_id)

    async def unsay(self, change: Change | Issue, remark_id: int) -> None:
        await self._write_on(change, "DELETE", "/notes/{note}", None, note=remark_id)

    async def nod(
        self, change: Change | Issue, remark_id: int, reaction: str, *, on_line: bool = False
    ) -> None:
        """A comment on a line is a note like any other."""
        name = _REACTIONS.get(reaction, reaction)
        try:
            await self._write_on(change, "POST", "/notes/{note}/award_emoji", {"name": name}, note=remark_id)
        except Gone:
            return  # said before: GitLab answers a repeated one with 404

    def wrote(self, remark: Remark) -> bool:
        us = self._client.us
        return us != "" and same(remark.by.login) == same(us)

    # --- Verdicts, labels and issues --------------------------------------------------------------------

    async def judge(self, repository: RepositoryRef, verdict: Verdict) -> int:
        where = {"id": repository.id, "sha": verdict.head}
        body: dict[str, object] = {
            "state": _VERDICTS[verdict.conclusion],
            "name": verdict.name,
            "description": verdict.title[:LONGEST_DESCRIPTION],
            **({"target_url": verdict.url} if 0 < len(verdict.url) <= LONGEST_DESCRIPTION else {}),
        }
        seen = self._seen.get((repository.id, verdict.head))
        body |= seen.belongs if seen is not None else {}
        try:
            said = await self._write("POST", "projects/{id}/statuses/{sha}", body, **where)
            return required(number(said, "id"), "id")
        except (Refused, Conflict):
            # 400 where it has this state already, 409 where an equal call is under way: either may be done.
            if (known := await self._status(where, verdict, _VERDICTS[verdict.conclusion])) is None:
                raise
            return known

    async def _status(self, where: Mapping[str, object], verdict: Verdict, state: str) -> int | None:
        """The commit status of this name, if it has the state that it shall have."""
        template = "projects/{id}/repository/commits/{sha}/statuses"
        for each in await self._client.list(template, **where, name=verdict.name):
            if text(each, "name") == verdict.name and text(each, "status") == state:
                return number(each, "id")
        return None

    async def label(self, change: Change | Issue, add: tuple[str, ...], remove: tuple[str, ...]) -> None:
        body = {"add_labels": ",".join(add), "remove_labels": ",".join(remove)}
        said = await self._write_on(change, "PUT", "", {name: each for name, each in body.items() if each})
        now = {same(name) for name in states.labels(said)}
        if not {same(name) for name in add} <= now or now & {same(name) for name in remove}:
            raise Forbidden("GitLab answered 200 and left the labels as they were", "Developer")

    async def open_issue(self, repository: RepositoryRef, title: str, body: str) -> int:
        shown = {"title": title, "description": body}
        said = await self._write("POST", "projects/{id}/issues", shown, id=repository.id)
        return required(number(said, "iid"), "iid")

    async def edit_issue(self, repository: RepositoryRef, number: int, body: str, *, is_open: bool) -> None:
        where = {"id": repository.id, "iid": number}
        issue = await self.issue(repository, number)
        shown = {"description": body}
        if issue.open != is_open:
            shown["state_event"] = "reopen" if is_open else "close"
        await self._write("PUT", "projects/{id}/issues/{iid}", shown, **where)
