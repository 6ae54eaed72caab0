"""Check runs and commit statuses."""

from __future__ import annotations

from typing import Any, Literal

from app.forges.sandbox import git, merge_rules, rules
from app.forges.sandbox.world import (
    Account,
    Change,
    CheckRun,
    Happening,
    Pipeline,
    Repository,
    State,
    Status,
    World,
)

FIELDS = (
    "name",
    "details_url",
    "external_id",
    "status",
    "conclusion",
    "started_at",
    "completed_at",
    "output",
)

ANNOTATION_LIMIT = 50  # of one request; an update adds to those that are there (REST: Create a check run)


def start(world: World, repository: Repository, app_id: int, sha: str, given: dict[str, Any]) -> CheckRun:
    """A check run on a commit, by an App. A conclusion completes it whatever its status says."""
    rules.not_archived(repository)
    if sha not in repository.history.commits:
        raise rules.Refused(rules.NO_SUCH_COMMIT, {"sha": sha})
    run = CheckRun(
        world.next_id("check"),
        given["name"],
        sha,
        app_id,
        _suite(world, repository, app_id, sha),
        "queued",
        None,
        "",
        None,
        world.now(),
        None,
    )
    _fill(world, run, given)
    repository.checks[run.id] = run
    return run


def update(world: World, repository: Repository, run: CheckRun, app_id: int, given: dict[str, Any]) -> None:
    """Only the App that made a check run may change it."""
    rules.not_archived(repository)
    if run.app_id != app_id:
        raise rules.Refused(rules.FOREIGN_CHECK, {"app_id": app_id})
    _fill(world, run, given)


def finish_suite(world: World, repository: Repository, sha: str, conclusion: str, by: Account) -> None:
    """Another App's checks are done: what a person sees as CI going green or red."""
    if world.kind == "gitlab":
        post_status(world, repository, sha, "failed" if conclusion == "failure" else "success", "build", by)
        return
    run = start(world, repository, 15_368, sha, {"name": "build", "conclusion": conclusion})
    more = {"run": run, "conclusion": conclusion}
    world.tell(Happening("check_suite", "completed", by, repository, more=more))


def set_status(
    world: World,
    repository: Repository,
    sha: str,
    state: Literal["error", "failure", "pending", "success"],
    context: str,
    by: Account,
) -> None:
    rules.needs(repository, by, "write")
    if world.kind == "gitlab":
        post_status(world, repository, sha, "failed" if state in ("error", "failure") else state, context, by)
        return
    made = Status(world.next_id("status"), sha, context, state, None, by, world.now())
    repository.statuses.append(made)
    world.tell(Happening("status", None, by, repository, more={"status": made}))


def post_status(
    world: World,
    repository: Repository,
    sha: str,
    state: State,
    name: str,
    by: Account,
    *,
    description: str | None = None,
    target_url: str | None = None,
    ref: str | None = None,
    pipeline_id: int | None = None,
) -> Status:
    """GitLab: a status of a job that no runner of its own ran; it makes, or is part of, a pipeline."""
    waiting = [
        each
        for each in repository.statuses
        if each.sha == sha and each.context == name and each.state in ("pending", "running")
    ]
    if waiting and waiting[-1].state == state:
        raise rules.Refused(merge_rules.SAME_STATE, {"state": state})
    pipeline = _pipeline(world, repository, sha, ref, by, pipeline_id)
    if waiting:
        made = waiting[-1]
        made.state, made.at = state, world.now()
        made.description = description if description is not None else made.description
        made.target_url = target_url or made.target_url
    else:
        number = world.next_id("status")
        made = Status(number, sha, name, state, description, by, world.now(), target_url, pipeline.id)
        repository.statuses.append(made)
    _settle_pipeline(world, repository, pipeline, by)
    return made


def runs(
    world: World, change: Change, status: Literal["pending", "running", "success", "failed"], by: Account
) -> None:
    """GitLab: what the project's own CI says of a merge request; a pipeline of its own kind, for no branch."""
    place, ref = change.repository, f"refs/merge-requests/{change.number}/head"
    if not any((each.sha, each.ref) == (change.head, ref) for each in place.pipelines):
        number, now = world.next_id("pipeline"), world.now()
        made = Pipeline(number, change.head, ref, "pending", by, now, now, "merge_request_event")
        place.pipelines.append(made)
    post_status(world, place, change.head, status, "build", by, ref=ref)


def branches_with(repository: Repository, sha: str) -> list[str]:
    """Every branch that has this commit, by name."""
    commits = repository.history.commits
    return sorted(name for name, tip in repository.branches.items() if sha in git.ancestors(commits, tip))


def _pipeline(
    world: World, repository: Repository, sha: str, ref: str | None, by: Account, pipeline_id: int | None
) -> Pipeline:
    """The one that is named, else the newest of the commit on this branch, or a new one (External commit statuses)."""
    branch = ref or next(iter(branches_with(repository, sha)), "")
    known = [
        each
        for each in repository.pipelines
        if each.sha == sha and (each.id == pipeline_id if pipeline_id else each.ref == branch)
    ]
    if known:
        return known[-1]
    if pipeline_id:
        raise rules.Refused(rules.NOT_FOUND)
    made = Pipeline(world.next_id("pipeline"), sha, branch, "pending", by, world.now(), world.now())
    repository.pipelines.append(made)
    return made


def _settle_pipeline(world: World, repository: Repository, pipeline: Pipeline, by: Account) -> None:
    """It is what its newest statuses come to; told where that is something new."""
    newest = {each.context: each.state for each in repository.statuses if each.pipeline == pipeline.id}
    states = set(newest.values())
    before = pipeline.status
    if "running" in states or ("pending" in states and len(states) > 1):
        pipeline.status = "running"
    elif "pending" in states:
        pipeline.status = "pending"
    else:
        pipeline.status = (
            "failed" if "failed" in states else "canceled" if "canceled" in states else "success"
        )
    if pipeline.status != before or pipeline.status == "pending":
        pipeline.changed_at = world.now()
        world.tell(Happening("pipeline", pipeline.status, by, repository, subject=pipeline))


def _suite(world: World, repository: Repository, app_id: int, sha: str) -> int:
    """One suite per App and commit."""
    for run in repository.checks.values():
        if run.app_id == app_id and run.sha == sha:
            return run.suite_id
    return world.next_id("check")


def _fill(world: World, run: CheckRun, given: dict[str, Any]) -> None:
    if given.get("status") == "completed" and not (given.get("conclusion") or run.conclusion):
        raise rules.Refused(rules.CONCLUSION_MISSING)
    run.name = given.get("name", run.name)
    run.external_id = given.get("external_id", run.external_id)
    run.details_url = given.get("details_url", run.details_url)
    run.status = given.get("status", run.status)
    if given.get("conclusion"):
        run.status, run.conclusion, run.completed_at = "completed", given["conclusion"], world.now()
    elif run.status != "completed":
        run.conclusion, run.completed_at = None, None
    output = dict(given.get("output", {}))
    added = output.pop("annotations", [])
    if len(added) > ANNOTATION_LIMIT:
        raise rules.Refused(rules.MANY_ANNOTATIONS)
    there = run.output.get("annotations", [])
    run.output = {**run.output, **output, "annotations": [*there, *added]}
