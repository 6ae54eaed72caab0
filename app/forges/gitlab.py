"""GitLab, as one hook's group sees it: the adapter that is every port of a forge."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from app.forges import gitlab_states as states
from app.forges.calls import items
from app.forges.gitlab_client import GitLabClient
from app.forges.json_values import dig, number, objects, text, time
from app.forges.limits import Turn
from app.forges.promised import decoded, required
from handlers.ports import Asked, Conflict, Forbidden, Gone, Proposal, Refused, Unavailable, Verdict
from policies.catalogue.entry import Described
from policies.facts import (
    Access,
    Blob,
    BranchRules,
    Change,
    ChecksChanged,
    Commit,
    File,
    Issue,
    Membership,
    Person,
    Remark,
    Repository,
    RepositoryRef,
    Review,
    Roster,
    Team,
    Thread,
    Touched,
    Tree,
    same,
)
from policies.owners import Problem

MOST_PATHS = 100_000
"""Files of a repository that are listed; the tree of a larger one is said to be cut."""

MOST_COUNTED = 1_000
LONGEST_DESCRIPTION = 255
OWNERS_PATHS = ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_PATIENT_FOR = timedelta(seconds=60)
_WAITS_WHILE_NEW = (2.0, 4.0, 8.0)
_CHANGE = "projects/{id}/merge_requests/{iid}"
_ISSUE = "projects/{id}/issues/{iid}"
_REACTIONS = {"+1": "thumbsup", "-1": "thumbsdown"}
_VERDICTS = {
    "success": "success",
    "neutral": "success",  # a commit status cannot be neutral; its description says so
    "failure": "failed",
    "action_required": "pending",
}
_OPENNESS = {"private": 0, "internal": 1, "public": 2}
_VALIDATE = """
query($project: ID!, $ref: String, $path: String) {
  project(fullPath: $project) {
    repository { validateCodeownerFile(ref: $ref, path: $path) { total validationErrors { code lines } } }
  }
}
"""
_UNKNOWN = "GitLab knows nobody of this name"
_LEFT_OUT = "GitLab left this person out without a reason: perhaps they may not read the project"


@dataclass(frozen=True, slots=True)
class _Reviewers:
    """The reviewers of a merge request as GitLab has them now: id by name, and who of them is awaited."""

    ids: Mapping[str, int]
    awaited: frozenset[str]
    objecting: frozenset[str]


class GitLab:
    """One hook's group (or namespace) `account`, by its full path. Cheap to make: the client remembers.

    `event_at` (our clock, UTC) is when the event arrived that asks for this look: what it names may not be
    readable yet, so within a minute of it a 404 is asked again after 2, 4 and 8 seconds.
    """

    dialect: Literal["github", "gitlab"] = "gitlab"

    def __init__(self, client: GitLabClient, account: str, *, event_at: datetime | None = None) -> None:
        self._client = client
        self._account = account
        self._event_at = event_at
        self._turn: Turn | None = None
        self._invited: dict[int, Mapping[str, int]] = {}

    # --- Changes ----------------------------------------------------------------------------------------

    async def change(self, repository: RepositoryRef, number: int) -> Change:
        await self._client.who_am_i()
        said = await self._patiently(repository, number)
        ref, tip, standings = await asyncio.gather(
            self._renamed(repository, said), self._tip(repository, said), self._standings(repository, number)
        )
        asked, opinions = standings
        return states.change(said, ref, base_sha=tip, asked=asked, standings=opinions, us=self._client.us)

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
        """GitLab tells the authors' addresses, not their accounts."""
        listed = await self._on_change(change, "/commits")
        return tuple(Commit(text(each, "id"), text(each, "message")) for each in reversed(listed))

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
        async for page in self._client.pages(f"{_place(change)}/notes", **where, **newest_first):
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
        template = "projects/{id}/protected_branches/{branch}"
        try:
            protection = await self._client.get(template, id=repository.id, branch=branch)
        except (Gone, Forbidden):  # not protected, or for Maintainers alone to see
            protection = None
        return states.branch_rules(project, protection)

    async def checks(self, repository: RepositoryRef, commit: str) -> tuple[ChecksChanged, ...]:
        newest = {"sha": commit, "order_by": "id", "sort": "desc", "per_page": 1}
        said = await self._client.get("projects/{id}/pipelines", id=repository.id, **newest)
        found = (states.pipeline(each) for each in objects(said))
        return tuple(each for each in found if each is not None)

    # --- Files ------------------------------------------------------------------------------------------

    async def file(self, repository: RepositoryRef, path: str, at: str) -> File | None:
        template = "projects/{id}/repository/files/{path}"
        try:
            found = await self._client.get(template, id=repository.id, path=path, ref=at)
        except Gone:
            return None
        return File(path, text(found, "blob_id"), decoded(text(found, "content")))

    async def owners_file(self, repository: RepositoryRef, at: str) -> File | None:
        key = (repository.id, at)
        known = self._client.owners.get(key)
        if known is not None:
            return known
        for path in OWNERS_PATHS:
            found = await self.file(repository, path, at)
            if found is not None:
                if _COMMIT.fullmatch(at):  # a branch moves, a commit never does
                    self._client.owners.put(key, found)
                return found
        return None

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
        return None if found is None else text(found, "commit.id") or None

    async def touched_at(self, repository: RepositoryRef, path: str, at: str) -> datetime | None:
        newest = await self._history(repository, at, path=path, per_page=1)
        return time(newest[0], "committed_date") if newest else None

    async def commits_touching(
        self, repository: RepositoryRef, path: str, at: str, since: datetime
    ) -> tuple[str, ...]:
        found = await self._history(repository, at, path=path, since=_instant(since))
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

    # --- People -----------------------------------------------------------------------------------------

    async def team(self, name: str) -> Team | None:
        try:
            group = await self._client.get("groups/{group}", group=name, with_projects=False)
            members = await self._client.list("groups/{group}/members", group=name)
        except (Gone, Refused):  # also where the name can be nobody's
            return None
        return self._team(group, members)

    async def roster(self, organisation: str) -> Roster:
        """The groups below the topmost one, and that itself. Who is in a subgroup alone is one of its people, too."""
        await self._client.who_am_i()
        root = organisation.partition("/")[0]
        try:
            group = await self._client.get("groups/{group}", group=root, with_projects=False)
            listed = await self._client.list("groups/{group}/descendant_groups", group=root)
            teams = [self._team(group, await self._client.list("groups/{group}/members/all", group=root))]
        except Gone:  # a person's own projects
            return Roster()
        openness = _openness(group)
        for each in listed:
            if _openness(each) >= openness:
                members = await self._client.list("groups/{group}/members", group=number(each, "id"))
                teams.append(self._team(each, members))
        everybody = {same(person.login) for team in teams for person in team.members if not person.bot}
        return Roster(tuple(teams), len(everybody))

    async def access(self, repository: RepositoryRef, who: str) -> Access:
        user_id = await self._client.user_id(who)
        if user_id is None:
            return "none"
        template = "projects/{id}/members/all/{user}"
        try:
            member = await self._client.get(template, id=repository.id, user=user_id)
        except Gone:
            public = not (await self.repository(repository.id)).private
            return "read" if public else "none"
        if states.member(member).suspended:
            return "none"
        return states.access(number(member, "access_level"))

    async def team_access(self, repository: RepositoryRef, team: str) -> Access:
        """Members of a group around the project have their own level there; of an invited one, at most its."""
        if same(repository.name).startswith(f"{same(team)}/"):
            return "write"
        if repository.id not in self._invited:
            self._invited[repository.id] = await self._invitations(repository)
        return states.access(self._invited[repository.id].get(same(team), 0))

    async def _invitations(self, repository: RepositoryRef) -> Mapping[str, int]:
        """The level of each group that was invited to the project or to a group around it; the highest counts."""
        places = [await self._client.get("projects/{id}", id=repository.id)]
        around = repository.owner.split("/")
        for depth in range(len(around), 0, -1):
            try:
                places.append(await self._client.get("groups/{group}", group="/".join(around[:depth])))
            except Gone:  # a person's own projects
                break
        found: dict[str, int] = {}
        for each in (each for place in places for each in objects(place, "shared_with_groups")):
            name = same(text(each, "group_full_path"))
            found[name] = max(found.get(name, 0), number(each, "group_access_level") or 0)
        return found

    async def membership(self, organisation: str, who: str) -> Membership:
        user_id = await self._client.user_id(who)
        if user_id is None:
            return "nobody" if await self.team(who) is None else "organisation"
        root = organisation.partition("/")[0]
        try:
            await self._client.get("groups/{group}/members/all/{user}", group=root, user=user_id)
        except Gone:
            return "outsider"
        return "member"

    async def is_busy(self, who: str) -> bool:
        """Whether somebody set their status to busy ("User status")."""
        user_id = await self._client.user_id(who)
        if user_id is None:
            return False
        try:
            said = await self._client.get("users/{user}/status", user=user_id)
        except Gone:
            return False
        return text(said, "availability") == "busy"

    async def having_role(self, repository: RepositoryRef, role: str) -> tuple[Person, ...]:
        """The direct members of the project that have exactly this role ("developer", …)."""
        level = {"developer": 30, "maintainer": 40, "owner": 50}.get(role)
        members = await self._client.list("projects/{id}/members", id=repository.id)
        return tuple(
            states.member(each, self._client.us) for each in members if number(each, "access_level") == level
        )

    # --- Repositories -----------------------------------------------------------------------------------

    async def repository(self, repository_id: int) -> Repository:
        return states.repository(await self._client.get("projects/{id}", id=repository_id))

    async def described(self, repository: RepositoryRef) -> Described:
        return states.described(await self._client.get("projects/{id}", id=repository.id, license=True))

    async def participation(self, repository: RepositoryRef) -> tuple[int, ...] | None:
        """GitLab counts nothing by week, so the newest thousand commits of the year are counted here."""
        now = datetime.now(UTC)
        since = _instant(now - timedelta(weeks=states.WEEKS))
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

    # --- Desk -------------------------------------------------------------------------------------------

    async def ask(self, change: Change, people: tuple[str, ...]) -> Asked:
        refused: dict[str, str] = {}
        wanted: dict[str, int] = {}
        names = {same(login): login for login in people}
        for name, login in names.items():
            user_id = await self._client.user_id(login)
            if user_id is None:
                refused[login] = _UNKNOWN
            else:
                wanted[name] = user_id
        there = await self._reviewers(change)
        again = {name for name in wanted if name in there.ids and name not in there.awaited}
        if again:
            # GitLab forgets that somebody has answered only where they are taken off and asked anew.
            await self._set(change, [uid for name, uid in there.ids.items() if name not in again])
        now = await self._set(change, [*there.ids.values(), *wanted.values()])
        if len(now) == 1 < len({*there.ids, *wanted}):
            return await self._ask_one(change, there, wanted, names, refused, next(iter(now)))
        refused |= {names[name]: _LEFT_OUT for name in wanted if name not in now}
        return Asked(tuple(names[name] for name in wanted if name in now), refused)

    async def release(self, change: Change, people: tuple[str, ...], teams: tuple[str, ...]) -> None:
        there = await self._reviewers(change)
        off = {same(login) for login in people}
        if off.isdisjoint(there.ids):
            return
        now = await self._set(change, [uid for name, uid in there.ids.items() if name not in off])
        if off & now:
            raise Refused("GitLab kept a reviewer who was to be taken off", "perhaps the token lacks rights")

    async def turn(self, repository: RepositoryRef) -> None:
        self._turn = await self._client.turn()

    async def say(self, change: Change | Issue, body: str) -> Remark:
        said = await self._write_on(change, "POST", "/notes", {"body": body})
        return states.remark(said, self._client.us)

    async def amend(self, change: Change | Issue, remark_id: int, body: str) -> None:
        await self._write_on(change, "PUT", "/notes/{note}", {"body": body}, note=remark_id)

    async def unsay(self, change: Change | Issue, remark_id: int) -> None:
        await self._write_on(change, "DELETE", "/notes/{note}", None, note=remark_id)

    async def judge(self, repository: RepositoryRef, verdict: Verdict) -> int:
        where = {"id": repository.id, "sha": verdict.head}
        body = {
            "state": _VERDICTS[verdict.conclusion],
            "name": verdict.name,
            "description": verdict.title[:LONGEST_DESCRIPTION],
            **({"target_url": verdict.url} if verdict.url else {}),
        }
        try:
            said = await self._write("POST", "projects/{id}/statuses/{sha}", body, **where)
            return required(number(said, "id"), "id")
        except (Refused, Conflict):
            # 400 where it has this state already, 409 where an equal call is under way: either may be done.
            if (known := await self._status(where, verdict, body["state"])) is None:
                raise
            return known

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
            await self._write("PUT", _CHANGE, changed, id=repository.id, iid=number(there, "iid"))
            return required(number(there, "iid"), "iid")
        opened = {**words, "source_branch": proposal.branch, "target_branch": proposal.base}
        said = await self._write("POST", "projects/{id}/merge_requests", opened, id=repository.id)
        return required(number(said, "iid"), "iid")

    async def label(self, change: Change | Issue, add: tuple[str, ...], remove: tuple[str, ...]) -> None:
        body = {"add_labels": ",".join(add), "remove_labels": ",".join(remove)}
        said = await self._write_on(change, "PUT", "", {name: each for name, each in body.items() if each})
        now = {same(name) for name in states.labels(said)}
        if not {same(name) for name in add} <= now or now & {same(name) for name in remove}:
            raise Forbidden("GitLab answered 200 and left the labels as they were", "Developer")

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

    # --- Reading a change -------------------------------------------------------------------------------

    async def _patiently(self, repository: RepositoryRef, number: int) -> Any:
        """The merge request, once it is there and GitLab has prepared it (its commits and differences)."""
        where = {"id": repository.id, "iid": number}
        for wait in _WAITS_WHILE_NEW:
            try:
                said = await self._client.get(_CHANGE, **where)
                if text(said, "sha") and (dig(said, "diff_refs") or text(said, "state") != "opened"):
                    return said
            except Gone:
                if self._event_at is None or datetime.now(UTC) - self._event_at > _PATIENT_FOR:
                    raise
            await self._client.sleep(wait)
        return await self._client.get(_CHANGE, **where)

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
    ) -> tuple[tuple[str, ...], tuple[Review, ...]]:
        """Who is awaited, and how the others stand; whoever approved unasked stands with them."""
        where = {"id": repository.id, "iid": number}
        listed, approvals = await asyncio.gather(
            self._client.list(f"{_CHANGE}/reviewers", **where), self._approvals(where)
        )
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
        return tuple(asked), tuple(opinions.values())

    async def _approvals(self, where: Mapping[str, object]) -> tuple[Mapping[str, Any], ...]:
        try:
            return objects(await self._client.get(f"{_CHANGE}/approvals", **where), "approved_by")
        except Gone:
            return ()

    async def _on_change(self, change: Change, path: str) -> tuple[Mapping[str, Any], ...]:
        return await self._client.list(_CHANGE + path, id=change.repository.id, iid=change.number)

    # --- Writing ----------------------------------------------------------------------------------------

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
        return await self._write(method, _place(place) + path, body, **where)

    async def _reviewers(self, change: Change) -> _Reviewers:
        listed = await self._on_change(change, "/reviewers")
        by_state = {same(text(each, "user.username")): text(each, "state") for each in listed}
        return _Reviewers(
            {name: number(each, "user.id") or 0 for each, name in zip(listed, by_state, strict=True)},
            frozenset(name for name, state in by_state.items() if state in ("unreviewed", "review_started")),
            frozenset(name for name, state in by_state.items() if state == "requested_changes"),
        )

    async def _set(self, change: Change, ids: list[int]) -> set[str]:
        """Send the whole set of reviewers, and return who they are by GitLab's answer: 200 proves nothing."""
        said = await self._write_on(change, "PUT", "", {"reviewer_ids": list(dict.fromkeys(ids)) or [0]})
        return {same(login) for login in states.usernames(dig(said, "reviewers"))}

    async def _ask_one(
        self,
        change: Change,
        there: _Reviewers,
        wanted: Mapping[str, int],
        names: Mapping[str, str],
        refused: Mapping[str, str],
        kept: str,
    ) -> Asked:
        """A tier that keeps one reviewer: whoever has answered makes room for the next."""
        answered = kept in there.ids and kept not in there.awaited and kept not in wanted
        if answered and kept not in there.objecting:
            kept = next(iter(await self._set(change, [next(iter(wanted.values()))])), "")
        asked = tuple(names[name] for name in wanted if name == kept)
        others = [name for name in wanted if name != kept]
        unable = [name for name in others if await self.access(change.repository, names[name]) == "none"]
        unlisted = tuple(names[name] for name in others if name not in unable)
        return Asked(asked, {**refused, **{names[name]: _LEFT_OUT for name in unable}}, unlisted)

    async def _history(
        self, repository: RepositoryRef, at: str, **pieces: object
    ) -> tuple[Mapping[str, Any], ...]:
        """The newest commits ("List repository commits"), as many as one page has."""
        template = "projects/{id}/repository/commits"
        said = await self._client.get(
            template, **{"id": repository.id, "ref_name": at, "per_page": 100, **pieces}
        )
        return objects(said)

    async def _branch(self, repository: RepositoryRef, branch: str) -> Any:
        template = "projects/{id}/repository/branches/{branch}"
        try:
            return await self._client.get(template, id=repository.id, branch=branch)
        except Gone:
            return None

    async def _proposed(self, repository: RepositoryRef, branch: str) -> Mapping[str, Any] | None:
        """The open merge request from the proposal's branch."""
        listed = await self._client.list(
            "projects/{id}/merge_requests", id=repository.id, state="opened", source_branch=branch
        )
        return listed[0] if listed else None

    async def _require_ours(
        self, repository: RepositoryRef, proposal: Proposal, there: Mapping[str, Any] | None
    ) -> None:
        """`Conflict` where a person wrote on the branch. GitLab tells the authors of commits by name alone."""
        if there is not None:
            where = {"id": repository.id, "iid": number(there, "iid")}
            written = await self._client.list(f"{_CHANGE}/commits", **where)
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

    async def _status(self, where: Mapping[str, object], verdict: Verdict, state: str) -> int | None:
        """The commit status of this name, if it has the state that it shall have."""
        template = "projects/{id}/repository/commits/{sha}/statuses"
        for each in await self._client.list(template, **where, name=verdict.name):
            if text(each, "name") == verdict.name and text(each, "status") == state:
                return number(each, "id")
        return None

    def _team(self, group: object, members: tuple[Mapping[str, Any], ...]) -> Team:
        name = text(group, "full_path")
        people = (states.member(each, self._client.us) for each in members)
        parent = name.rpartition("/")[0]
        return Team(name, tuple(each for each in people if not each.suspended), parent=parent)


def _place(place: Change | Issue) -> str:
    return _CHANGE if isinstance(place, Change) else _ISSUE


def _is_since(edited: datetime | None, since: datetime | None) -> bool:
    """GitLab's list of notes cannot be asked from an instant on."""
    return since is None or edited is None or edited >= since


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _openness(group: object) -> int:
    return _OPENNESS.get(text(group, "visibility"), 0)
