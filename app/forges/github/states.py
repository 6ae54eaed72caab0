"""GitHub's JSON as the states that handlers know: changes, reviews, remarks, files, repositories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from app.forges.json_values import dig, flag, number, objects, text, texts, time
from app.forges.promised import required, when
from policies.catalogue.entry import Described
from policies.facts import (
    Access,
    Blob,
    BranchRules,
    Change,
    ChecksChanged,
    Commit,
    Issue,
    Person,
    Remark,
    Repository,
    RepositoryRef,
    Review,
    ReviewState,
    TouchedFile,
    Tree,
)
from policies.owners import Problem

GHOST = Person("ghost")
"""Whom GitHub shows where somebody deleted their account."""


_STATUS = {"added": "added", "copied": "added", "removed": "removed", "renamed": "renamed"}


def person(data: object, path: str = "user") -> Person:
    """Somebody by login; the ghost where nobody is named."""
    login = text(data, f"{path}.login")
    if not login:
        return GHOST
    return Person(login, bot=text(data, f"{path}.type") == "Bot" or login.endswith("[bot]"))


def member(data: Mapping[str, Any]) -> Person:
    """Somebody in a list of people ("List team members")."""
    return person({"user": data})


def repository_ref(data: object) -> RepositoryRef:
    """The repository that this object describes."""
    return RepositoryRef(required(number(data, "id"), "id"), text(data, "full_name"))


def repository(data: object) -> Repository:
    """A repository ("Get a repository")."""
    return Repository(
        ref=repository_ref(data),
        default_branch=text(data, "default_branch") or "main",
        private=flag(data, "private"),
        archived=flag(data, "archived"),
        fork=flag(data, "fork"),
    )


def described(data: object) -> Described:
    """A repository with what the catalogue shows of it ("Get a repository")."""
    licence = dig(data, "license") or {}
    return Described(
        ref=repository_ref(data),
        url=text(data, "html_url"),
        description=text(data, "description"),
        default_branch=text(data, "default_branch") or "main",
        private=flag(data, "private"),
        internal=text(data, "visibility") == "internal",
        archived=flag(data, "archived"),
        fork=flag(data, "fork"),
        template=flag(data, "is_template"),
        topics=texts(data, "topics"),
        language=text(data, "language"),
        licence=text(licence, "name"),
        licence_key=text(licence, "spdx_id"),
        created_at=time(data, "created_at"),
        updated_at=time(data, "updated_at"),
        pushed_at=time(data, "pushed_at"),
        stars=number(data, "stargazers_count") or 0,
        forks=number(data, "forks_count") or 0,
        subscribers=number(data, "subscribers_count") or 0,
        open_issues=number(data, "open_issues_count") or 0,
        avatar=text(data, "owner.avatar_url"),
        forked_from=number(data, "parent.id"),
    )


def weeks(data: object) -> tuple[int, ...] | None:
    """Commits of each of 52 weeks, oldest first ("Get the weekly commit count"); None while they are counted."""
    counts = dig(data, "all") if isinstance(data, Mapping) else None
    if not isinstance(counts, list) or not counts:
        return None
    return tuple(each if isinstance(each, int) else 0 for each in counts)


def change(data: object, asked_for: RepositoryRef) -> Change:
    """A pull request ("Get a pull request"), or an item of their list, which has no count of files."""
    base = dig(data, "base.repo")
    ref = repository_ref(base) if base else asked_for
    merged = flag(data, "merged") or time(data, "merged_at") is not None
    return Change(
        repository=ref,
        number=required(number(data, "number"), "number"),
        title=text(data, "title"),
        author=person(data),
        base=text(data, "base.ref"),
        base_sha=text(data, "base.sha"),
        head_sha=text(data, "head.sha"),
        opened_at=when(data, "created_at"),
        updated_at=when(data, "updated_at"),
        state="merged" if merged else "closed" if text(data, "state") == "closed" else "open",
        draft=flag(data, "draft"),
        from_fork=number(data, "head.repo.id") != ref.id,
        labels=tuple(text(label, "name") for label in objects(data, "labels")),
        asked=logins(data, "requested_reviewers"),
        asked_teams=tuple(f"{ref.owner}/{text(team, 'slug')}" for team in objects(data, "requested_teams")),
        touched_count=number(data, "changed_files"),
        commit_count=number(data, "commits"),
        mergeable=mergeable if isinstance(mergeable := dig(data, "mergeable"), bool) else None,
        url=text(data, "html_url"),
        body=text(data, "body"),
    )


def commit(data: Mapping[str, Any]) -> Commit:
    """One commit of a pull request ("List commits on a pull request")."""
    return Commit(text(data, "sha"), text(data, "commit.message"), text(data, "author.login"))


def branch_rules(rulesets: Iterable[Mapping[str, Any]], branch: object) -> BranchRules:
    """What "Get rules for a branch" lists, with what "Get a branch" tells of its older protection."""
    checks = list(texts(branch, "protection.required_status_checks.contexts"))
    threads = owners = False
    for rule in rulesets:
        given = dig(rule, "parameters")
        match text(rule, "type"):
            case "required_status_checks":
                checks += [text(each, "context") for each in objects(given, "required_status_checks")]
            case "pull_request":
                threads = threads or flag(given, "required_review_thread_resolution")
                owners = owners or flag(given, "require_code_owner_review")
    return BranchRules(tuple(dict.fromkeys(filter(None, checks))), threads, owners)


def check_run(data: Mapping[str, Any]) -> ChecksChanged | None:
    """A check run ("List check runs for a Git reference"); one that runs is pending since it began."""
    at = time(data, "completed_at") or time(data, "started_at")
    if at is None:
        return None
    done = text(data, "status") == "completed"
    state = conclusion(text(data, "conclusion")) if done else "pending"
    return ChecksChanged(at=at, commit=text(data, "head_sha"), name=text(data, "name"), state=state)


def commit_status(data: Mapping[str, Any], commit: str) -> ChecksChanged | None:
    """One status ("Get the combined status for a specific reference")."""
    at = time(data, "updated_at") or time(data, "created_at")
    if at is None:
        return None
    return ChecksChanged(
        at=at, commit=commit, name=text(data, "context"), state=conclusion(text(data, "state"))
    )


def conclusion(said: str) -> Literal["pending", "success", "failure", "neutral", "cancelled"]:
    """How a check ended. Waiting for a person's approval is no failure of the author's."""
    match said:
        case "success":
            return "success"
        case "neutral" | "skipped":
            return "neutral"
        case "cancelled" | "stale":
            return "cancelled"
        case "" | "pending" | "action_required":
            return "pending"
        case _:
            return "failure"


def touched_file(data: Mapping[str, Any]) -> TouchedFile:
    """One file of a pull request ("List pull requests files"). A copy leaves its source alone."""
    status = _STATUS.get(text(data, "status"), "modified")
    return TouchedFile(
        path=text(data, "filename"),
        old_path=text(data, "previous_filename") or None if status == "renamed" else None,
        status=status,  # type: ignore[arg-type]
        patch=text(data, "patch") or None,
    )


def review(data: Mapping[str, Any]) -> Review | None:
    """A review ("List reviews for a pull request"); None where it is not submitted yet."""
    state = review_state(text(data, "state"))
    at = time(data, "submitted_at")
    if state in (None, "pending") or at is None:
        return None
    return Review(
        required(number(data, "id"), "id"),
        person(data),
        state,
        at,
        commit=text(data, "commit_id"),
        body=text(data, "body"),
    )


def review_state(said: str) -> ReviewState | None:
    """A review's state: upper case in answers, lower case in deliveries; None for one we do not know."""
    state = said.lower()
    return state if state in get_args(ReviewState) else None  # type: ignore[return-value]


def remark(data: object) -> Remark:
    """A comment ("List issue comments")."""
    return Remark(
        id=required(number(data, "id"), "id"),
        by=person(data),
        body=text(data, "body"),
        at=when(data, "created_at"),
        app_id=number(data, "performed_via_github_app.id"),
        url=text(data, "html_url"),
        edited=time(data, "updated_at") not in (None, time(data, "created_at")),
    )


def issue(data: object, repository: RepositoryRef) -> Issue:
    """An issue ("Get an issue"), or an item of their list."""
    return Issue(
        number=required(number(data, "number"), "number"),
        title=text(data, "title"),
        body=text(data, "body"),
        by=person(data),
        open=text(data, "state") != "closed",
        closed_at=time(data, "closed_at"),
        closed_by=person(data, "closed_by") if dig(data, "closed_by") else None,
        app_id=number(data, "performed_via_github_app.id"),
        repository=repository,
        opened_at=time(data, "created_at"),
        updated_at=time(data, "updated_at"),
        labels=tuple(text(label, "name") for label in objects(data, "labels")),
        assigned=logins(data, "assignees"),
        url=text(data, "html_url"),
    )


def tree(data: object) -> Tree:
    """The files of a recursive tree ("Get a tree"), submodules among them."""
    entries = [each for each in objects(data, "tree") if text(each, "type") != "tree"]
    blobs = (
        Blob(text(each, "path"), text(each, "sha"), number(each, "size") or 0)
        for each in entries
        if text(each, "type") == "blob"
    )
    paths = tuple(text(each, "path") for each in entries)
    return Tree(paths, complete=not flag(data, "truncated"), blobs=tuple(blobs))


def owner_error(data: Mapping[str, Any]) -> Problem:
    """One error of a CODEOWNERS file ("List CODEOWNERS errors").

    Its message goes on with a picture of the line, which is left out.
    """
    line, column = number(data, "line") or 1, number(data, "column") or 1
    said = text(data, "suggestion") or text(data, "message").partition("\n")[0].rstrip(": ")
    return Problem(line, column, text(data, "kind"), "error", said, source="forge")


def access(data: object) -> Access:
    """What somebody may do ("Get repository permissions for a user"): the role, else the old permission."""
    for said in (text(data, "role_name"), text(data, "permission")):
        if said in get_args(Access):
            return said  # type: ignore[return-value]
    return "none"


def logins(data: object, path: str) -> tuple[str, ...]:
    """The logins of a list of people."""
    return tuple(login for each in objects(data, path) if (login := text(each, "login")))
