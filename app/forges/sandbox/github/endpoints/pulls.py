"""REST: Pull requests, and requests for review."""

from __future__ import annotations

from typing import Any

from app.forges.sandbox import rules
from app.forges.sandbox.acts import changes as acts
from app.forges.sandbox.acts import reviews as review_acts
from app.forges.sandbox.github.answers import Problem
from app.forges.sandbox.github.calls import Call
from app.forges.sandbox.github.routing import endpoint
from app.forges.sandbox.github.shapes import changes as shapes
from app.forges.sandbox.github.shapes import people, repositories
from app.forges.sandbox.http import Answer, http_date
from app.forges.sandbox.world import Change, Repository

_KEYS = {
    "created": lambda change: (change.opened_at, change.number),
    "updated": lambda change: (change.updated_at, change.number),
    "popularity": lambda change: (len(change.comments), change.number),
    "long-running": lambda change: (change.opened_at, change.number),
}


@endpoint("GET /repos/{owner}/{repo}/pulls", "pull_requests:read", is_list=True)
def list_pulls(call: Call) -> Answer:
    """Open ones by default; the newest first unless sorted otherwise."""
    state = call.query.get("state", "open")
    sort = call.query.get("sort", "created")
    if state not in ("open", "closed", "all") or sort not in _KEYS:
        raise Problem(422, "Validation Failed", ({"resource": "PullRequest", "code": "invalid"},))
    found = [each for each in call.repository.changes if state == "all" or each.open == (state == "open")]
    if "base" in call.query:
        found = [each for each in found if each.base == call.query["base"]]
    if "head" in call.query:
        found = [each for each in found if _label(each) == call.query["head"].casefold()]
    default = "desc" if sort == "created" else "asc"
    found.sort(key=_KEYS[sort], reverse=call.query.get("direction", default) == "desc")
    return call.page(found, lambda each: shapes.pull_simple(call.site, each))


@endpoint("GET /repos/{owner}/{repo}/pulls/{number}", "pull_requests:read")
def get_pull(call: Call) -> Answer:
    """The first look after a push finds `mergeable` null and sets GitHub computing (REST: Get a pull request)."""
    change = call.change()
    tips = f"{change.repository.branches.get(change.base)}:{change.head}"
    known = change.merge_checked == tips
    change.merge_checked = tips
    mergeable = shapes.can_merge(change) if known and change.open else None
    changed = http_date(change.updated_at)
    return Answer(200, shapes.pull(call.site, change, mergeable=mergeable), {"Last-Modified": changed})


@endpoint("POST /repos/{owner}/{repo}/pulls", "pull_requests:write", content=True)
def open_pull(call: Call) -> Answer:
    repository = call.repository
    head_repository, branch = _head(call, call.given("head", str))
    change = acts.open_change(
        call.world,
        repository,
        call.actor,
        title=call.given("title", str),
        base=call.given("base", str).removeprefix("refs/heads/"),
        head_repository=head_repository,
        head_branch=branch,
        body=call.maybe("body", str),
        draft=bool(call.maybe("draft", bool)),
    )
    return Answer(201, shapes.pull(call.site, change, mergeable=None))


@endpoint("PATCH /repos/{owner}/{repo}/pulls/{number}", "pull_requests:write")
def edit_pull(call: Call) -> Answer:
    change, state = call.change(), call.maybe("state", str)
    if state not in (None, "open", "closed"):
        raise Problem(
            422, "Validation Failed", ({"resource": "PullRequest", "field": "state", "code": "invalid"},)
        )
    words = {name: call.maybe(name, str) for name in ("title", "body", "base")}
    acts.edit(call.world, change, call.actor, **words)
    if state == "closed":
        acts.close(call.world, change, call.actor)
    elif state == "open":
        acts.reopen(call.world, change, call.actor)
    return Answer(200, shapes.pull(call.site, change, mergeable=None))


@endpoint("GET /repos/{owner}/{repo}/pulls/{number}/files", "pull_requests:read", is_list=True)
def list_files(call: Call) -> Answer:
    """At most 3,000 files, however many there are."""
    change = call.change()
    return call.page(change.files[: rules.TOUCHED_LIMIT], lambda each: shapes.file(call.site, change, each))


@endpoint("GET /repos/{owner}/{repo}/pulls/{number}/commits", "pull_requests:read", is_list=True)
def list_commits(call: Call) -> Answer:
    change = call.change()
    return call.page(
        shapes.commits(change)[:250],
        lambda each: repositories.commit(call.site, call.world, change.repository, each),
    )


@endpoint("PUT /repos/{owner}/{repo}/pulls/{number}/merge", "contents:write")
def merge_pull(call: Call) -> Answer:
    sha = acts.merge(call.world, call.change(), call.actor, expected_head=call.maybe("sha", str))
    return Answer(200, {"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


@endpoint("GET /repos/{owner}/{repo}/pulls/{number}/merge", "pull_requests:read")
def is_merged(call: Call) -> Answer:
    if not call.change().merged:
        raise Problem(404, "Not Found")
    return Answer(204)


# --- Requests for review --------------------------------------------------------------------------------


@endpoint("GET /repos/{owner}/{repo}/pulls/{number}/requested_reviewers", "pull_requests:read")
def list_requested(call: Call) -> Answer:
    change = call.change()
    body: dict[str, Any] = {
        "users": [people.user(call.site, each) for each in change.requested],
        "teams": [people.team(call.site, each) for each in change.requested_teams],
    }
    return Answer(200, body)


@endpoint(
    "POST /repos/{owner}/{repo}/pulls/{number}/requested_reviewers", "pull_requests:write", content=True
)
def request_reviewers(call: Call) -> Answer:
    """One name that cannot be asked refuses all of them."""
    change = call.change()
    names, teams = call.names("reviewers"), call.names("team_reviewers")
    review_acts.ask(call.world, change, call.actor, names, teams)
    return Answer(201, shapes.pull_simple(call.site, change))


@endpoint("DELETE /repos/{owner}/{repo}/pulls/{number}/requested_reviewers", "pull_requests:write")
def remove_requested(call: Call) -> Answer:
    """`reviewers` must be there, be it empty."""
    change = call.change()
    call.given("reviewers", list)
    review_acts.unask(call.world, change, call.actor, call.names("reviewers"), call.names("team_reviewers"))
    return Answer(200, shapes.pull_simple(call.site, change))


def _label(change: Change) -> str:
    owner = change.head_repository.owner.login if change.head_repository else ""
    return f"{owner}:{change.head_branch}".casefold()


def _head(call: Call, head: str) -> tuple[Repository, str]:
    """`branch`, or `owner:branch` for one of the repository's forks."""
    owner, _, branch = head.rpartition(":")
    if not owner or owner.casefold() == call.repository.owner.login.casefold():
        return call.repository, branch
    for other in call.world.repositories.values():
        if other.parent is call.repository and other.owner.login.casefold() == owner.casefold():
            return other, branch
    raise rules.Refused(rules.NO_HEAD)
