"""GitLab's JSON as the states that handlers know: merge requests, reviewers, notes, files, projects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from app.forges.json_values import dig, flag, number, objects, text, texts, time
from app.forges.promised import required, when
from policies.catalogue.entry import Described
from policies.facts import (
    Access,
    BranchRules,
    Change,
    ChecksChanged,
    Issue,
    Person,
    Remark,
    Repository,
    RepositoryRef,
    Review,
    ReviewState,
    Thread,
    TouchedFile,
)
from policies.owners import Problem
from policies.text import sign_of_changes

GHOST = Person("ghost")
"""Whom GitLab shows where somebody deleted their account."""

WEEKS = 52
DEVELOPER = 30
"""The least access level with which somebody may push, and so own code and approve."""


_BOT = re.compile(
    r"(?:project|group)_\d+_bot(?:\d+|_[0-9a-f]+)?|service_account_\w+"
    r"|(?:(?:support|alert|visual-review|migration|automation|suggested-reviewers)-bot"
    r"|gitlab-(?:security|admin|llm)-bot|gitlabduo)\d*",
    re.IGNORECASE,
)
"""Users of access tokens, service accounts, and GitLab's own ("Internal users"), of whom GitLabDuo reviews."""

_DRAFT_TITLE = re.compile(r"\s*(?:\[draft\]|\(draft\)|draft:)", re.IGNORECASE)

PIPELINE = "pipeline"
"""The one check that GitLab can demand: that the newest pipeline succeeds."""

REVIEWER_STATES: Mapping[str, ReviewState] = {
    "review_started": "pending",
    "reviewed": "commented",
    "requested_changes": "changes_requested",
    "approved": "approved",
    "unapproved": "dismissed",
}
"""What a reviewer's state says of their review; `unreviewed` says that there is none."""

_LEVELS: tuple[tuple[int, Access], ...] = (
    (50, "admin"),
    (40, "maintain"),
    (DEVELOPER, "write"),
    (20, "triage"),
    (10, "read"),
)


def person(data: object, path: str = "author", *, us: str = "") -> Person:
    """Somebody by username; the ghost where nobody is named.

    GitLab tells in few places who is a bot. The users of access tokens and service accounts have names of
    their own kind; Usher's own account (`us`) may have any.
    """
    login = text(data, f"{path}.username")
    if not login:
        return GHOST
    suspended = text(data, f"{path}.state") in ("blocked", "banned", "deactivated", "ldap_blocked")
    return Person(login, bot=is_bot(login, us) or flag(data, f"{path}.bot"), suspended=suspended)


def is_bot(login: str, us: str = "") -> bool:
    """Whether an account of this name is no person: of an access token, a service account, or Usher's own."""
    return _BOT.fullmatch(login) is not None or (us != "" and login.casefold() == us.casefold())


def member(data: Mapping[str, Any], us: str = "") -> Person:
    """Somebody in a list of people."""
    return person({"author": data}, us=us)


def review_number(user_id: int, at: datetime) -> int:
    """A number for a review, since GitLab gives none: the same however often the review is told."""
    return (user_id % 2**30) << 33 | int(at.timestamp()) % 2**33


def is_draft(data: object) -> bool:
    """Whether a merge request is a draft: GitLab's word for it, the older word, else its title."""
    for word in ("draft", "work_in_progress"):
        said = dig(data, word)
        if isinstance(said, bool):
            return said
    return is_draft_title(text(data, "title"))


def is_draft_title(title: str) -> bool:
    """Whether a title makes a draft of its merge request."""
    return _DRAFT_TITLE.match(title) is not None


def repository_ref(data: object) -> RepositoryRef:
    """The project that this object describes."""
    return RepositoryRef(required(number(data, "id"), "id"), text(data, "path_with_namespace"))


def repository(data: object) -> Repository:
    """A project ("Retrieve a project"), or an item of a list of them."""
    return Repository(
        ref=repository_ref(data),
        default_branch=text(data, "default_branch") or "main",
        private=text(data, "visibility") != "public",
        archived=flag(data, "archived"),
        fork=bool(dig(data, "forked_from_project")),
    )


def described(data: object) -> Described:
    """A project with what the catalogue shows of it ("Retrieve a project")."""
    licence = dig(data, "license") or {}
    forked_from = number(data, "forked_from_project.id")
    return Described(
        ref=repository_ref(data),
        url=text(data, "web_url"),
        description=text(data, "description"),
        default_branch=text(data, "default_branch") or "main",
        private=text(data, "visibility") != "public",
        internal=text(data, "visibility") == "internal",
        archived=flag(data, "archived"),
        fork=forked_from is not None,
        topics=texts(data, "topics"),
        licence=text(licence, "name"),
        licence_key=text(licence, "key"),
        created_at=time(data, "created_at"),
        updated_at=time(data, "updated_at"),
        pushed_at=time(data, "last_activity_at"),
        stars=number(data, "star_count") or 0,
        forks=number(data, "forks_count") or 0,
        open_issues=number(data, "open_issues_count") or 0,
        avatar=text(data, "avatar_url") or text(data, "namespace.avatar_url"),
        forked_from=forked_from,
    )


def weeks(commits: Iterable[Mapping[str, Any]], now: datetime) -> tuple[int, ...]:
    """Commits of each of the last 52 weeks, oldest first, as GitHub counts them."""
    found = [0] * WEEKS
    for each in commits:
        at = time(each, "committed_date") or time(each, "created_at")
        ago = int((now - at) / timedelta(weeks=1)) if at else WEEKS
        if 0 <= ago < WEEKS:
            found[WEEKS - 1 - ago] += 1
    return tuple(found)


def change(
    data: object,
    ref: RepositoryRef,
    *,
    base_sha: str,
    standings: tuple[Review, ...] | None,
    approvers_told: bool = True,
    asked: tuple[str, ...],
    us: str = "",
) -> Change:
    """A merge request ("Retrieve a merge request"), or an item of their list.

    `asked` are the reviewers whose answer is still awaited and `standings` the others' opinions; GitLab keeps
    both in one list.
    """
    state = text(data, "state")
    return Change(
        repository=ref,
        number=required(number(data, "iid"), "iid"),
        title=text(data, "title"),
        author=person(data, us=us),
        base=text(data, "target_branch"),
        base_sha=base_sha,
        head_sha=text(data, "sha") or text(data, "diff_refs.head_sha"),
        opened_at=when(data, "created_at"),
        updated_at=when(data, "updated_at"),
        state="merged" if state == "merged" else "closed" if state == "closed" else "open",
        draft=is_draft(data),
        from_fork=number(data, "source_project_id") != number(data, "target_project_id"),
        labels=labels(data),
        asked=asked,
        touched_count=changes_count(data),
        mergeable=_mergeable(data),
        url=text(data, "web_url"),
        sign=sign_of_changes("gitlab"),
        body=text(data, "description"),
        standings=standings,
        approvers_told=approvers_told,
    )


def labels(data: object) -> tuple[str, ...]:
    """Names of labels; a list of names, or of objects where their details were asked for."""
    said = dig(data, "labels")
    found = said if isinstance(said, list) else []
    return tuple(each if isinstance(each, str) else text(each, "name") for each in found)


def changes_count(data: object) -> int | None:
    """How many files it touches, which GitLab tells as text; None where it does not know yet.

    Of "1000+" the diffs list 1,000, so that it counts as one more.
    """
    said = text(data, "changes_count")
    whole = said.removesuffix("+")
    return int(whole) + (whole != said) if whole.isascii() and whole.isdigit() else None


def _mergeable(data: object) -> bool | None:
    """Whether it merges without conflict; None while GitLab has not looked."""
    if text(data, "merge_status") in ("", "unchecked", "checking", "preparing", "cannot_be_merged_recheck"):
        return None
    conflicts = dig(data, "has_conflicts")
    return not conflicts if isinstance(conflicts, bool) else None


def standing(data: Mapping[str, Any], approved: Mapping[str, datetime | None], us: str = "") -> Review | None:
    """How a reviewer stands ("List merge request reviewers"); None for one whose answer is still awaited.

    `approved` tells when people approved, by username in lower case.
    """
    state = REVIEWER_STATES.get(text(data, "state"))
    by = member(dig(data, "user") or {}, us)
    at = approved.get(by.login.casefold()) if state == "approved" else None
    return Review(0, by, state, at) if state else None


def touched_file(data: Mapping[str, Any]) -> TouchedFile:
    """One file of a merge request ("List merge request diffs")."""
    new, old = text(data, "new_path"), text(data, "old_path")
    if flag(data, "new_file"):
        return TouchedFile(new, status="added", patch=text(data, "diff") or None)
    if flag(data, "deleted_file"):
        return TouchedFile(old or new, status="removed", patch=text(data, "diff") or None)
    if flag(data, "renamed_file") and old and old != new:
        return TouchedFile(new, old, "renamed", text(data, "diff") or None)
    return TouchedFile(new, patch=text(data, "diff") or None)


def remark(data: object, us: str = "") -> Remark:
    """A note ("List merge request notes"). It was edited where it was changed later than made."""
    made, changed = when(data, "created_at"), time(data, "updated_at")
    return Remark(
        id=required(number(data, "id"), "id"),
        by=person(data, us=us),
        body=text(data, "body"),
        at=made,
        edited=changed is not None and changed != made,
    )


def is_remark(data: Mapping[str, Any]) -> bool:
    """Whether a note is a comment that everybody reads: not the system's, not on a line, not internal."""
    on_line = text(data, "type") == "DiffNote"
    hidden = flag(data, "internal") or flag(data, "confidential")
    return not (flag(data, "system") or on_line or hidden)


def thread(data: Mapping[str, Any], us: str = "") -> Thread | None:
    """A discussion ("List merge request discussion items"); None for one that is not on lines."""
    notes = [each for each in objects(data, "notes") if text(each, "type") == "DiffNote"]
    if not notes:
        return None
    open_notes = [each for each in notes if flag(each, "resolvable") and not flag(each, "resolved")]
    resolved = not open_notes and flag(notes[0], "resolved")
    return Thread(
        text(data, "id"),
        tuple(remark(each, us) for each in notes),
        resolved,
        text(notes[-1], "resolved_by.username") if resolved else "",
        time(notes[-1], "resolved_at") if resolved else None,
    )


def owner_errors(data: Mapping[str, Any]) -> tuple[Problem, ...]:
    """One kind of error in a CODEOWNERS file, on each of its lines ("validateCodeownerFile" of GraphQL)."""
    code = text(data, "code")
    lines = dig(data, "lines")
    found = [line for line in lines if isinstance(line, int)] if isinstance(lines, list) else []
    message = code.replace("_", " ")
    return tuple(Problem(line, 1, code, "error", message, source="forge") for line in found)


def conclusion(said: str) -> Literal["pending", "success", "failure", "neutral", "cancelled"]:
    """What a pipeline's status says. Waiting for a person, or for a time, is no failure of the author's."""
    match said:
        case "success":
            return "success"
        case "skipped":
            return "neutral"
        case "canceled" | "canceling":
            return "cancelled"
        case "failed":
            return "failure"
        case _:
            return "pending"


def branch_rules(project: object, owners_approve: bool) -> BranchRules:
    """What a project ("Retrieve a project") asks before a merge, with what the protection of the branch does."""
    checks = (PIPELINE,) if flag(project, "only_allow_merge_if_pipeline_succeeds") else ()
    return BranchRules(
        checks,
        threads_resolved=flag(project, "only_allow_merge_if_all_discussions_are_resolved"),
        owners_approve=owners_approve,
    )


def demands_owners(protection: object, branch: str) -> bool:
    """Whether a protected branch, or pattern where `*` stands for anything, is this one and wants its code owners."""
    pattern = ".*".join(map(re.escape, text(protection, "name").split("*")))
    covers = re.fullmatch(pattern, branch, re.DOTALL) is not None
    return covers and flag(protection, "code_owner_approval_required")


def pipeline(data: Mapping[str, Any]) -> ChecksChanged | None:
    """The result of a pipeline ("List project pipelines")."""
    at = time(data, "updated_at") or time(data, "created_at")
    state = conclusion(text(data, "status"))
    return ChecksChanged(at=at, commit=text(data, "sha"), name=PIPELINE, state=state) if at else None


def issue(data: object, repository: RepositoryRef, us: str = "") -> Issue:
    """An issue ("Retrieve a project issue"), or an item of their list."""
    closer = dig(data, "closed_by")
    severity = text(data, "severity").casefold()
    return Issue(
        number=required(number(data, "iid"), "iid"),
        title=text(data, "title"),
        body=text(data, "description"),
        by=person(data, us=us),
        open=text(data, "state") != "closed",
        closed_at=time(data, "closed_at"),
        closed_by=person(data, "closed_by", us=us) if closer else None,
        repository=repository,
        opened_at=time(data, "created_at"),
        updated_at=time(data, "updated_at"),
        labels=labels(data),
        assigned=usernames(dig(data, "assignees")),
        severity="" if severity == "unknown" else severity,
        url=text(data, "web_url"),
    )


def access(level: int | None) -> Access:
    """What an access level allows: Guest and Planner read, Reporter is `triage`, Developer `write`."""
    return next((name for least, name in _LEVELS if level is not None and level >= least), "none")


def usernames(people: object) -> tuple[str, ...]:
    """The usernames of a list of people."""
    return tuple(login for each in objects(people) if (login := text(each, "username")))
