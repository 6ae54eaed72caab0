"""Merge requests and issues of GitLab, and what their branches demand: everything that is read of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from app.forges.calls import items
from app.forges.gitlab import states
from app.forges.gitlab.part import CHANGE, Part, Seen, place_of
from app.forges.json_values import dig, number, objects, text, time
from handlers.ports import Forbidden, Gone, Refused, Unavailable
from policies.facts import (
    BranchRules,
    Change,
    ChecksChanged,
    Commit,
    Issue,
    Person,
    Remark,
    RepositoryRef,
    Review,
    Thread,
    Touched,
    same,
)

_AUTHORS = """
query($project: ID!, $iid: String!) {
  project(fullPath: $project) {
    mergeRequest(iid: $iid) {
      commitsWithoutMergeCommits(first: 100) { nodes { sha author { username } } }
    }
  }
}
"""
_PATIENT_FOR = timedelta(seconds=60)
_WAITS_WHILE_NEW = (2.0, 4.0, 8.0)


class ChangeReads(Part):
    """`Changes`, `Branches` and `Issues` of the ports.

    `event_at` (our clock, UTC) is when the event arrived that asks for this look: what it names may not be
    readable yet, so within a minute of it a 404 is asked again after 2, 4 and 8 seconds.
    """

    event_at: datetime | None = None

    # --- Changes ----------------------------------------------------------------------------------------

    async def change(self, repository: RepositoryRef, number: int) -> Change:
        await self._client.who_am_i()
        said = await self._patiently(repository, number)
        ref, tip, standings = await asyncio.gather(
            self._renamed(repository, said), self._tip(repository, said), self._standings(repository, number)
        )
        asked, opinions, told = standings
        self._seen[repository.id, text(said, "sha")] = _seen(said)
        return states.change(
            said,
            ref,
            base_sha=tip,
            asked=asked,
            standings=opinions,
            approvers_told=told,
            us=self._client.us,
        )

    async def open_changes(self, repository: RepositoryRef) -> tuple[Change, ...]:
        """As their list has them: it tells who reviews, not how each of them stands."""
        listed = await self._client.list(
            "projects/{id}/merge_requests",
            id=repository.id,
            state="opened",
            order_by="updated_at",
            sort="desc",
        )
        return tuple(
            states.change(
                each,
                repository,
                base_sha="",
                asked=states.usernames(dig(each, "reviewers")),
                standings=None,
                us=self._client.us,
            )
            for each in listed
        )

    async def touched(self, change: Change) -> Touched:
        listed = await self._on_change(change, "/diffs")
        files = tuple(states.touched_file(each) for each in listed)
        counted = change.touched_count
        return Touched(files, complete=counted is None or len(files) == counted)

    async def commits(self, change: Change) -> tuple[Commit, ...]:
        """REST tells the authors' addresses alone; GraphQL their accounts, which are asked for where there are several.

        The authors of merges are not told: they wrote nothing of it.
        """
        listed = await self._on_change(change, "/commits")
        authors = await self._authors(change) if len(listed) > 1 else {}
        return tuple(
            Commit(sha, text(each, "message"), authors.get(sha, ""))
            for each in reversed(listed)
            if (sha := text(each, "id"))
        )

    async def _authors(self, change: Change) -> Mapping[str, str]:
        """The username of who wrote each of the newest hundred commits, as far as GitLab can tell."""
        variables = {"project": change.repository.name, "iid": str(change.number)}
        try:
            said = await self._client.ask_graph(_AUTHORS, variables)
        except (Unavailable, Gone, Forbidden, Refused):
            return {}
        listed = objects(said, "project.mergeRequest.commitsWithoutMergeCommits.nodes")
        return {text(each, "sha"): text(each, "author.username") for each in listed}

    async def reviews(self, change: Change) -> tuple[Review, ...]:
        if change.standings is not None:
            return change.standings
        return (await self._standings(change.repository, change.number))[1]

    async def threads(self, change: Change) -> tuple[Thread, ...]:
        found = (
            states.thread(each, self._client.us) for each in await self._on_change(change, "/discussions")
        )
        return tuple(thread for thread in found if thread is not None)

    async def remarks(self, change: Change | Issue, since: datetime | None = None) -> tuple[Remark, ...]:
        await self._client.who_am_i()
        found: list[Remark] = []
        newest_first = {"order_by": "updated_at", "sort": "desc"}
        where = {"id": change.repository.id, "iid": change.number}
        async for page in self._client.pages(f"{place_of(change)}/notes", **where, **newest_first):
            listed = items(page)
            found += [
                states.remark(each, self._client.us)
                for each in listed
                if states.is_remark(each) and _is_since(time(each, "updated_at"), since)
            ]
            oldest = time(listed[-1], "updated_at") if listed else None
            if since is not None and oldest is not None and oldest < since:
                break
        return tuple(sorted(found, key=lambda remark: remark.id))

    # --- Branches ---------------------------------------------------------------------------------------

    async def branch_rules(self, repository: RepositoryRef, branch: str) -> BranchRules | None:
        project = await self._client.get("projects/{id}", id=repository.id)
        return states.branch_rules(project, bool(await self.owners_approve(repository, branch)))

    async def owners_approve(self, repository: RepositoryRef, branch: str) -> bool | None:
        """Whether the branch demands the approval of code owners; None where we may not read its protection.

        The list names patterns ("List protected branches"), and the demand of any that covers the branch holds.
        """
        template = "projects/{id}/protected_branches"
        try:
            protections = await self._client.list(template, id=repository.id)
        except (Gone, Forbidden):
            return None
        return any(states.demands_owners(each, branch) for each in protections)

    async def checks(self, repository: RepositoryRef, commit: str) -> tuple[ChecksChanged, ...]:
        seen = self._seen.get((repository.id, commit))
        if seen is not None and seen.pipeline is not None:
            return seen.pipeline
        newest = {"sha": commit, "order_by": "id", "sort": "desc", "per_page": 1}
        said = await self._client.get("projects/{id}/pipelines", id=repository.id, **newest)
        found = (states.pipeline(each) for each in objects(said))
        return tuple(each for each in found if each is not None)

    # --- Issues -----------------------------------------------------------------------------------------

    async def issue(self, repository: RepositoryRef, number: int) -> Issue:
        said = await self._client.get("projects/{id}/issues/{iid}", id=repository.id, iid=number)
        return states.issue(said, repository, self._client.us)

    async def our_issues(self, repository: RepositoryRef) -> tuple[Issue, ...]:
        us = await self._client.who_am_i()
        ours = {"author_id": us.id, "scope": "all", "order_by": "created_at", "sort": "desc"}
        listed = await self._client.list("projects/{id}/issues", id=repository.id, **ours)
        return tuple(states.issue(each, repository, us.username) for each in listed)

    async def is_us(self, person: Person) -> bool:
        return same(person.login) == same((await self._client.who_am_i()).username)

    # --- One merge request ------------------------------------------------------------------------------

    async def _patiently(self, repository: RepositoryRef, number: int) -> Any:
        """The merge request, once it is there and GitLab has prepared it (its commits and differences)."""
        where = {"id": repository.id, "iid": number}
        for wait in _WAITS_WHILE_NEW:
            try:
                said = await self._client.get(CHANGE, **where)
                if text(said, "sha") and (dig(said, "diff_refs") or text(said, "state") != "opened"):
                    return said
            except Gone:
                if self.event_at is None or datetime.now(UTC) - self.event_at > _PATIENT_FOR:
                    raise
            await self._client.sleep(wait)
        return await self._client.get(CHANGE, **where)

    async def _renamed(self, repository: RepositoryRef, said: object) -> RepositoryRef:
        """The project under its present path, which is in the full reference of the merge request."""
        path, _, _ = text(said, "references.full").rpartition("!")
        return RepositoryRef(repository.id, path) if path else repository

    async def _tip(self, repository: RepositoryRef, said: object) -> str:
        """The newest commit of the target branch; where it was removed, what it was when the change was made."""
        template = "projects/{id}/repository/branches/{branch}"
        try:
            branch = await self._client.get(template, id=repository.id, branch=text(said, "target_branch"))
        except (Gone, Refused):
            return text(said, "diff_refs.start_sha") or text(said, "diff_refs.base_sha")
        return text(branch, "commit.id")

    async def _standings(
        self, repository: RepositoryRef, number: int
    ) -> tuple[tuple[str, ...], tuple[Review, ...], bool]:
        """Who is awaited, and how the others stand; whoever approved unasked stands with them, if GitLab tells."""
        where = {"id": repository.id, "iid": number}
        listed, approvals = await asyncio.gather(
            self._client.list(f"{CHANGE}/reviewers", **where), self._approvals(where)
        )
        told, approvals = approvals is not None, approvals or ()
        approved = {same(text(each, "user.username")): time(each, "approved_at") for each in approvals}
        asked: list[str] = []
        opinions: dict[str, Review] = {}
        for each in listed:
            login = text(each, "user.username")
            standing = states.standing(each, approved, self._client.us)
            if standing is not None:
                opinions[same(login)] = standing
            if login and (standing is None or standing.state == "pending"):
                asked.append(login)
        for each in approvals:
            by = states.person(each, "user", us=self._client.us)
            if same(by.login) not in opinions and by.login not in asked:
                opinions[same(by.login)] = Review(0, by, "approved", approved[same(by.login)])
        return tuple(asked), tuple(opinions.values()), told

    async def _approvals(self, where: Mapping[str, object]) -> tuple[Mapping[str, Any], ...] | None:
        """None where this GitLab does not tell them."""
        try:
            return objects(await self._client.get(f"{CHANGE}/approvals", **where), "approved_by")
        except Gone:
            return None


def _seen(said: Any) -> Seen:
    """What a merge request tells of its newest commit. One of a fork belongs to no branch here."""
    here, sha = number(said, "target_project_id"), text(said, "sha")
    own = {"ref": text(said, "source_branch")} if number(said, "source_project_id") == here else {}
    if "head_pipeline" not in said:
        return Seen(own)
    head = dig(said, "head_pipeline")
    if text(head, "sha") != sha:  # there is none, it is of an earlier commit, or of a merge with the base
        merges = text(head, "ref").endswith("/merge")
        found = states.pipeline({**head, "sha": sha}) if merges else None
        return Seen(own, (found,) if found else ())
    found = states.pipeline(head)
    belongs = {"pipeline_id": number(head, "id")} if number(head, "project_id") == here else own
    return Seen(belongs, (found,) if found else ())


def _is_since(edited: datetime | None, since: datetime | None) -> bool:
    """GitLab's list of notes cannot be asked from an instant on."""
    return since is None or edited is None or edited >= since
