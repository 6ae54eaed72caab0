"""GitHub, as one installation of the App sees it: the adapter that is every port of a forge."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from app.forges import github_states as states
from app.forges.calls import Call, items
from app.forges.github_client import AppIdentity, GitHubClient
from app.forges.http import Answer
from app.forges.json_values import number, objects, text, time
from app.forges.limits import Turn
from app.forges.promised import decoded
from handlers.ports import Asked, Conflict, Forbidden, Gone, Proposal, Refused, Verdict
from policies.catalogue.entry import Described
from policies.facts import (
    Access,
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
    TouchedFile,
    Tree,
    same,
)
from policies.owners import Problem

__all__ = ["AppIdentity", "Call", "GitHub", "GitHubClient"]

MOST_ASKED = 15
MOST_FILES = 3000
MOST_ANNOTATIONS = 50  # of one request ("Create a check run"); more are added by updates
OWNERS_PATHS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_PATIENT_FOR = timedelta(seconds=60)
_WAITS_WHILE_NEW = (2.0, 5.0)
_WITH_PERMISSIONS = "application/vnd.github.v3.repository+json"  # "Check team permissions for a repository"
_TOO_MANY = "GitHub takes at most 15 reviewers for one change"


class GitHub:
    """One installation. Cheap to make: what is worth remembering is remembered by the client.

    `event_at` (our clock, UTC) is when the event arrived that asks for this look: what it names may not be
    readable yet, so within a minute of it a 404 is asked again after 2 and after 5 seconds.
    """

    dialect: Literal["github", "gitlab"] = "github"

    def __init__(self, client: GitHubClient, installation: int, *, event_at: datetime | None = None) -> None:
        self._client = client
        self._installation = installation
        self._event_at = event_at
        self._memory = client.memory
        self._turn: Turn | None = None

    # --- Changes ----------------------------------------------------------------------------------------

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
        when = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if since else None
        pages = self._pages(change.repository, "issues/{number}/comments", number=change.number, since=when)
        found = tuple([states.remark(each) async for page in pages for each in items(page)])
        if any(remark.by.bot and remark.app_id is None for remark in found):
            await self._client.who_am_i()  # `wrote` must tell it by the login
        return found

    # --- Branches ---------------------------------------------------------------------------------------

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

    # --- Files ------------------------------------------------------------------------------------------

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

    async def owners_file(self, repository: RepositoryRef, at: str) -> File | None:
        key = (repository.id, at)
        known = self._memory.owners.get(key)
        if known is not None:
            return known
        for path in OWNERS_PATHS:
            found = await self.file(repository, path, at)
            if found is not None:
                if _COMMIT.fullmatch(at):  # a branch moves, a commit never does
                    self._memory.owners.put(key, found)
                return found
        return None

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
        when = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        found = await self._history(repository, path, at, per_page=100, since=when)
        return tuple(text(each, "sha") for each in found)

    async def owner_errors(self, repository: RepositoryRef, at: str) -> tuple[Problem, ...]:
        try:
            said = await self._get(repository, "codeowners/errors{?ref}", ref=at)
        except Gone:
            return ()
        return tuple(states.owner_error(each) for each in objects(said, "errors"))

    # --- People -----------------------------------------------------------------------------------------

    async def team(self, name: str) -> Team | None:
        org, _, slug = name.partition("/")
        pieces = {"org": org, "team": slug}
        try:
            team = await self._client.lists(self._installation, "/orgs/{org}/teams/{team}", **pieces)
            path = "/orgs/{org}/teams/{team}/members{?per_page}"
            pages = self._client.pages_of_lists(self._installation, path, **pieces)
            people = [states.member(each) async for page in pages for each in items(page)]
        except (Gone, Refused):  # also where the name, "org/..", can be nobody's
            return None
        return Team(name, tuple(people), secret=text(team.json(), "privacy") == "secret")

    async def roster(self, organisation: str) -> Roster:
        try:
            people = await self._listed("/orgs/{org}/members{?per_page}", org=organisation)
            listed = await self._listed("/orgs/{org}/teams{?per_page}", org=organisation)
        except Gone:  # a person's own repositories
            return Roster()
        teams = []
        for each in listed:
            if text(each, "privacy") == "secret":
                continue
            slug, above = text(each, "slug"), text(each, "parent.slug")
            path = "/orgs/{org}/teams/{team}/members{?per_page}"
            members = await self._listed(path, org=organisation, team=slug)
            known = tuple(states.member(member) for member in members)
            teams.append(
                Team(f"{organisation}/{slug}", known, parent=f"{organisation}/{above}" if above else "")
            )
        return Roster(tuple(teams), len(people))

    async def access(self, repository: RepositoryRef, who: str) -> Access:
        try:
            said = await self._get(repository, "collaborators/{username}/permission", username=who)
        except Gone:
            return "none"
        return states.access(said)

    async def is_busy(self, who: str) -> bool:
        return False  # only the GraphQL API tells a status, and not to an App

    async def having_role(self, repository: RepositoryRef, role: str) -> tuple[Person, ...]:
        return ()  # GitHub's owners files name no roles

    async def team_access(self, repository: RepositoryRef, team: str) -> Access:
        org, _, slug = team.partition("/")
        owner, _, repo = repository.name.partition("/")
        pieces = {"org": org, "team": slug, "owner": owner, "repo": repo}
        path = "/orgs/{org}/teams/{team}/repos/{owner}/{repo}"
        try:
            said = await self._client.lists(self._installation, path, accept=_WITH_PERMISSIONS, **pieces)
        except (Gone, Refused):
            return "none"
        return states.access(said.json())

    async def membership(self, organisation: str, who: str) -> Membership:
        try:
            account = await self._client.lists(self._installation, "/users/{username}", username=who)
        except Gone:
            return "nobody"
        if text(account.json(), "type") == "Organization":
            return "organisation"
        pieces = {"org": organisation, "username": who}
        try:
            await self._client.lists(self._installation, "/orgs/{org}/members/{username}", **pieces)
        except Gone:
            return "outsider"
        return "member"

    # --- Repositories -----------------------------------------------------------------------------------

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

    # --- Issues -----------------------------------------------------------------------------------------

    async def issue(self, repository: RepositoryRef, number: int) -> Issue:
        return states.issue(await self._get(repository, "issues/{number}", number=number), repository)

    async def our_issues(self, repository: RepositoryRef) -> tuple[Issue, ...]:
        us = await self._client.who_am_i()
        ours = {"state": "all", "sort": "created", "direction": "desc", "creator": f"{us.slug}[bot]"}
        pages = self._pages(repository, "issues", **ours)
        found = [states.issue(each, repository) async for page in pages for each in items(page)]
        return tuple([issue for issue in found if await self.is_us(issue.by)])

    async def is_us(self, person: Person) -> bool:
        us = await self._client.who_am_i()
        return same(person.login) == same(f"{us.slug}[bot]")

    # --- Desk -------------------------------------------------------------------------------------------

    async def ask(self, change: Change, people: tuple[str, ...]) -> Asked:
        wanted = list({same(login): login for login in people}.values())
        now, refused = wanted[:MOST_ASKED], dict.fromkeys(wanted[MOST_ASKED:], _TOO_MANY)
        if not now:
            return Asked((), refused)
        try:
            asked = await self._request(change, now)
        except Refused:
            asked = await self._ask_singly(change, now, refused)
        left_out = "GitHub left this person out without a reason"
        refused |= {login: left_out for login in now if login not in asked and login not in refused}
        return Asked(tuple(asked), refused)

    async def release(self, change: Change, people: tuple[str, ...], teams: tuple[str, ...]) -> None:
        slugs = [team.rpartition("/")[2] for team in teams]
        body = {"reviewers": list(people), "team_reviewers": slugs}
        try:
            await self._write_on(change, "DELETE", "pulls/{number}/requested_reviewers", body)
        except Refused:
            still = await self._requested(change)
            if still & {same(name) for name in (*people, *slugs)}:
                raise

    async def turn(self, repository: RepositoryRef) -> None:
        self._turn = await self._client.turn(self._installation, repository)

    async def say(self, change: Change | Issue, body: str) -> Remark:
        return states.remark(await self._write_on(change, "POST", "issues/{number}/comments", {"body": body}))

    async def unsay(self, change: Change | Issue, remark_id: int) -> None:
        path = "issues/comments/{comment_id}"
        await self._write(change.repository, "DELETE", path, comment_id=remark_id)

    async def amend(self, change: Change | Issue, remark_id: int, body: str) -> None:
        path = "issues/comments/{comment_id}"
        await self._write(change.repository, "PATCH", path, {"body": body}, comment_id=remark_id)

    async def judge(self, repository: RepositoryRef, verdict: Verdict) -> int:
        key = (repository.id, verdict.head, verdict.external_id)
        known = self._memory.checks.get(key)
        # Annotations are only ever added, so those that are there are not sent again.
        there = len(verdict.annotations)
        if known is None:
            known, there = await self._find_check(repository, verdict)
        run = await self._judge_again(repository, known, verdict, there) if known else None
        if run is None:
            there, body = 0, {"head_sha": verdict.head, **_shown(verdict, 0)}
            run = number(await self._write(repository, "POST", "check-runs", body), "id") or 0
        for more in range(there + MOST_ANNOTATIONS, len(verdict.annotations), MOST_ANNOTATIONS):
            await self._judge_again(repository, run, verdict, more)
        self._memory.checks.put(key, run)
        return run

    async def open_issue(self, repository: RepositoryRef, title: str, body: str) -> int:
        said = await self._write(repository, "POST", "issues", {"title": title, "body": body})
        return states.issue(said, repository).number

    async def edit_issue(self, repository: RepositoryRef, number: int, body: str, *, is_open: bool) -> None:
        shown = {"body": body, "state": "open" if is_open else "closed"}
        await self._write(repository, "PATCH", "issues/{number}", shown, number=number)

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

    async def label(self, change: Change | Issue, add: tuple[str, ...], remove: tuple[str, ...]) -> None:
        if add:
            await self._write_on(change, "POST", "issues/{number}/labels", {"labels": list(add)})
        for name in remove:
            try:
                await self._write_on(change, "DELETE", "issues/{number}/labels/{name}", name=name)
            except Gone:
                continue  # taken off by somebody else

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

    # --- Steps ------------------------------------------------------------------------------------------

    async def _listed(self, template: str, **pieces: object) -> list[Mapping[str, Any]]:
        """Every item of a list that needs the whole installation."""
        pages = self._client.pages_of_lists(self._installation, template, **pieces)
        return [each async for page in pages for each in items(page)]

    async def _get(self, repository: RepositoryRef, path: str, /, **pieces: object) -> Any:
        template = "/repos/{owner}/{repo}/" + path
        return (await self._client.on(self._installation, repository, "GET", template, None, pieces)).json()

    async def _write(
        self,
        repository: RepositoryRef,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        **pieces: object,
    ) -> Any:
        template = "/repos/{owner}/{repo}/" + path
        turn, self._turn = self._turn, None
        said = await self._client.on(
            self._installation, repository, method, template, body, pieces, turn=turn
        )
        return said.json()

    async def _write_on(
        self,
        change: Change | Issue,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        **pieces: object,
    ) -> Any:
        return await self._write(change.repository, method, path, body, number=change.number, **pieces)

    def _pages(self, repository: RepositoryRef, path: str, /, **pieces: object) -> AsyncIterator[Answer]:
        template = (
            "/repos/{owner}/{repo}/"
            + path
            + "{?state,sort,direction,since,creator,check_name,app_id,head,per_page}"
        )
        return self._client.pages_on(self._installation, repository, template, **pieces)

    async def _change(self, repository: RepositoryRef, number: int) -> Change:
        return states.change(await self._get(repository, "pulls/{number}", number=number), repository)

    async def _patiently(self, repository: RepositoryRef, number: int) -> Change:
        for wait in _WAITS_WHILE_NEW:
            try:
                return await self._change(repository, number)
            except Gone:
                if self._event_at is None or datetime.now(UTC) - self._event_at > _PATIENT_FOR:
                    raise
                await self._client.sleep(wait)
        return await self._change(repository, number)

    async def _blob(self, repository: RepositoryRef, blob: str) -> bytes:
        """A file of more than 1 MB, which the contents API names but does not send."""
        return decoded(text(await self._get(repository, "git/blobs/{blob}", blob=blob), "content"))

    async def _request(self, change: Change, logins: list[str]) -> list[str]:
        """Those of these people who are asked to review after the call, by GitHub's own answer."""
        path = "pulls/{number}/requested_reviewers"
        said = await self._write_on(change, "POST", path, {"reviewers": logins})
        asked = {same(login) for login in states.logins(said, "requested_reviewers")}
        return [login for login in logins if same(login) in asked]

    async def _ask_singly(self, change: Change, logins: list[str], refused: dict[str, str]) -> list[str]:
        """One invalid name made GitHub refuse all: ask one by one, and keep each reason in `refused`."""
        already = await self._requested(change)
        asked = []
        for login in logins:
            if same(login) in already:
                asked.append(login)
                continue
            try:
                asked += await self._request(change, [login])
            except Refused as error:
                refused[login] = error.reason or str(error)
        return asked

    async def _requested(self, change: Change) -> set[str]:
        """Logins and team slugs whose review is requested now, in the form in which they compare."""
        path = "pulls/{number}/requested_reviewers"
        said = await self._get(change.repository, path, number=change.number)
        people = states.logins(said, "users")
        return {same(name) for name in (*people, *(text(team, "slug") for team in objects(said, "teams")))}

    async def _judge_again(
        self, repository: RepositoryRef, run: int, verdict: Verdict, there: int
    ) -> int | None:
        """Update a check run that has the first `there` annotations; None where it is gone."""
        path = "check-runs/{check_run_id}"
        try:
            await self._write(repository, "PATCH", path, _shown(verdict, there), check_run_id=run)
        except Gone:
            return None
        return run

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

    async def _history(
        self, repository: RepositoryRef, path: str | None, at: str, **pieces: object
    ) -> Sequence[Mapping[str, Any]]:
        """The newest commits that touched a path, or any ("List commits"), as many as one page has."""
        template = "commits{?sha,path,since,per_page}"
        found = await self._get(repository, template, sha=at, path=path, **pieces)
        return [each for each in found if isinstance(each, dict)]

    async def _find_check(self, repository: RepositoryRef, verdict: Verdict) -> tuple[int | None, int]:
        """The check run of this verdict and how many annotations it has already."""
        ours = {"sha": verdict.head, "check_name": verdict.name, "app_id": self._client.app_id}
        async for page in self._pages(repository, "commits/{sha}/check-runs", **ours):
            for run in items(page, "check_runs"):
                if text(run, "external_id") == verdict.external_id:
                    return number(run, "id"), number(run, "output.annotations_count") or 0
        return None, 0


def _shown(verdict: Verdict, there: int) -> dict[str, object]:
    output: dict[str, object] = {"title": verdict.title, "summary": verdict.summary}
    if new := verdict.annotations[there : there + MOST_ANNOTATIONS]:
        output["annotations"] = [
            {
                "path": each.path,
                "start_line": each.line,
                "end_line": each.line,
                "annotation_level": each.level,
                "title": each.title,
                "message": each.message,
            }
            for each in new
        ]
    return {
        "name": verdict.name,
        "external_id": verdict.external_id,
        "status": "completed",
        "conclusion": verdict.conclusion,
        "output": output,
    }
