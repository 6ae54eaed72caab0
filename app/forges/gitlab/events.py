"""What a delivery from GitLab says: which subjects to look at again, and what happened to them when.

"Webhook events". A delivery only wakes: what a merge request is like now is read from the API. So an action
we do not know still wakes its subject, and a payload that lacks something gives fewer facts, never an
error. Times are the object's own. A hook of a group and one of a project tell the same event in the same
words, so the facts of both are the same facts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic_core import from_json

from app.forges.gitlab import states
from app.forges.json_values import dig, flag, number, objects, text, texts, time
from handlers.ports import AccountChange, Delivery, Reading, Touch
from policies.boxes import clicks
from policies.catalogue.worth import changes_entry
from policies.facts import (
    ChangeClosed,
    ChangeDrafted,
    ChangeMerged,
    ChangeOpened,
    ChangePushed,
    ChangeReadied,
    ChangeReopened,
    ChangeRetargeted,
    ChangeRetitled,
    ChecksChanged,
    CommandTyped,
    Fact,
    FilesPushed,
    IssueAssigned,
    IssueClosed,
    IssueMoved,
    IssueOpened,
    IssueReopened,
    Labelled,
    PeopleChanged,
    Person,
    Remark,
    RemarkEdited,
    RemarkMade,
    RepositoryRef,
    ReviewAsked,
    ReviewDismissed,
    Reviewed,
    ReviewUnasked,
    SeveritySet,
    Subject,
    TokenExpiring,
)
from policies.gaps import in_commands
from policies.guidelines.places import changes_guides
from policies.remarks import is_answer, review_answers

SETTINGS_PATHS = frozenset(("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS", ".gitlab/usher.yml"))

UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of facts that GitLab dates nowhere, and from which no clock is computed."""

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GitLabDoor:
    """Reads deliveries.

    `command` is the prefix of commands: a comment of nothing else answers nobody. `us` tells Usher's own
    username, empty while it is not known: GitLab does not say that its account is a bot's.
    """

    command: str = "/usher"
    us: Callable[[], str] = str

    def facts(self, delivery: Delivery) -> Reading:
        """What the delivery says; ValueError where its body is not a JSON object."""
        payload = from_json(delivery.body, allow_inf_nan=False)
        if not isinstance(payload, dict):
            raise ValueError("the body of the delivery is not a JSON object")  # noqa: TRY004
        return read(payload, command=self.command, us=self.us())


@dataclass(frozen=True, slots=True)
class _Told:
    """A payload while it is read."""

    payload: Payload
    where: Reading
    command: str
    us: str

    @property
    def about(self) -> Mapping[str, Any]:
        """The `object_attributes`."""
        found = dig(self.payload, "object_attributes")
        return found if isinstance(found, Mapping) else {}

    @property
    def action(self) -> str:
        return text(self.about, "action")

    @property
    def user(self) -> Person:
        return states.person(self.payload, "user", us=self.us)

    @property
    def at(self) -> datetime | None:
        """When what is told happened, as far as GitLab dates it."""
        return time(self.about, "updated_at") or time(self.about, "created_at")

    def by(self, at: datetime, who: Person | None = None) -> dict[str, Any]:
        """The fields that every fact has. Nobody is named where GitLab names nobody."""
        who = self.user if who is None else who
        return {"at": at, "by": "" if who == states.GHOST else who.login, "by_bot": who.bot}


def read(payload: Payload, *, command: str = "/usher", us: str = "") -> Reading:
    """What a payload says. It never raises: what is missing or odd is left out."""
    kind = text(payload, "object_kind") or text(payload, "event_name")
    told = _Told(payload, _where(payload), command, us)
    reader = _READERS.get(kind)
    if reader is None:
        return replace(told.where, ignored=f"Usher does not follow the event {kind!r}")
    return reader(told)


def _where(payload: Payload) -> Reading:
    """Which project and top-level group the payload names. Only events of groups name no project."""
    repository_id = number(payload, "project.id") or number(payload, "project_id")
    name = text(payload, "project.path_with_namespace") or text(payload, "path_with_namespace")
    group = text(payload, "group.full_path") or text(payload, "full_path")
    return Reading(
        account=(name or group).partition("/")[0] or None,
        repository=RepositoryRef(repository_id, name) if repository_id and name else None,
        default_branch=text(payload, "project.default_branch") or None,
    )


# --- Merge requests -----------------------------------------------------------------------------------


def _merge_request(told: _Told) -> Reading:
    at = told.at
    return _touch(told.where, "change", number(told.about, "iid"), _change_facts(told, at) if at else [])


def _change_facts(told: _Told, at: datetime) -> list[Fact]:
    match told.action:
        case "open":
            return _opened(told)
        case "reopen":
            return [ChangeReopened(**told.by(at))]
        case "close":
            return [ChangeClosed(**told.by(at))]
        case "merge":
            return [ChangeMerged(**told.by(at))]
        case "approved" | "approval":
            return _approved(told, at)
        case "unapproved" | "unapproval":
            return _unapproved(told, at)
        case "update":
            return [*_pushed(told, at), *_changed(told, at)]
        case _:
            return []


def _opened(told: _Told) -> list[Fact]:
    """Only the author's number is told; whoever opened it in another's name is not taken for the author."""
    at, about = time(told.about, "created_at"), told.about
    author = number(about, "author_id")
    if at is None or author is None or author != number(told.payload, "user.id"):
        return []
    base, head = text(about, "target_branch"), text(about, "last_commit.id")
    opened = ChangeOpened(**told.by(at), draft=states.is_draft(about), base=base, head=head)
    asked = states.usernames(dig(told.payload, "reviewers"))
    return [opened, *(ReviewAsked(**told.by(at), who=login) for login in asked)]


def _pushed(told: _Told, at: datetime) -> list[Fact]:
    """Only an update with `oldrev` is a push."""
    before, after = text(told.about, "oldrev"), text(told.about, "last_commit.id")
    return [ChangePushed(**told.by(at), before=before, after_sha=after)] if before and after else []


def _changed(told: _Told, at: datetime) -> list[Fact]:
    facts: list[Fact] = []
    who, changes = told.by(at), dig(told.payload, "changes")
    if dig(changes, "target_branch") is not None:
        facts.append(ChangeRetargeted(**who, base=text(told.about, "target_branch")))
    if dig(changes, "title") is not None:
        facts.append(ChangeRetitled(**who, title=text(told.about, "title")))
    draft = _drafted(changes)
    if draft is not None:
        facts.append((ChangeDrafted if draft else ChangeReadied)(**who))
    facts += _labelled(changes, who)
    return [*facts, *_reviewers(told, at)]


def _drafted(changes: object) -> bool | None:
    """Whether it became a draft (True) or ready; None where neither. Older versions change only the title."""
    for word in ("draft", "work_in_progress"):
        now = dig(changes, f"{word}.current")
        if isinstance(now, bool):
            return now
    before, after = (
        states.is_draft_title(text(changes, f"title.{each}")) for each in ("previous", "current")
    )
    return after if before != after and dig(changes, "title.current") is not None else None


def _labelled(changes: object, who: dict[str, Any]) -> list[Fact]:
    before, after = (
        {text(label, "title"): None for label in objects(each) if text(label, "title")}
        for each in _before_and_after(changes, "labels")
    )
    return [
        *(Labelled(**who, label=name, on=False) for name in before if name not in after),
        *(Labelled(**who, label=name, on=True) for name in after if name not in before),
    ]


def _before_and_after(changes: object, name: str) -> tuple[object, object]:
    """A change of a list comes as `{previous, current}`, from some versions as a list of the two."""
    said = dig(changes, name)
    if isinstance(said, list) and len(said) == 2:
        return said[0], said[1]
    return dig(said, "previous"), dig(said, "current")


# --- Reviewers ----------------------------------------------------------------------------------------


def _reviewers(told: _Told, at: datetime) -> list[Fact]:
    """Who was asked, asked again, taken off, or answered, by what each was before and is now."""
    previous, current = _before_and_after(dig(told.payload, "changes"), "reviewers")
    before = {number(each, "id"): each for each in objects(previous)}
    after = {number(each, "id"): each for each in objects(current)}
    facts: list[Fact] = []
    for user_id, now in after.items():
        facts += _reviewer(told, at, before.get(user_id), now)
    for user_id, then in before.items():
        if user_id not in after and (login := text(then, "username")):
            facts.append(ReviewUnasked(**told.by(at), who=login))
    return facts


def _reviewer(
    told: _Told, at: datetime, before: Mapping[str, Any] | None, now: Mapping[str, Any]
) -> list[Fact]:
    who = states.member(now, told.us)
    if who == states.GHOST:
        return []
    asked: list[Fact] = [ReviewAsked(**told.by(at), who=who.login)]
    if before is None or flag(now, "re_requested"):
        return asked
    was, state = text(before, "state"), text(now, "state")
    if was == state or not was or not state:
        return []
    if state == "unreviewed":
        return asked
    review = states.REVIEWER_STATES.get(state)
    if review == "dismissed":
        return [ReviewDismissed(**told.by(at), who=who.login)]
    return _reviewed(told, at, now, review) if review else []


def _reviewed(told: _Told, at: datetime, who: Mapping[str, Any], state: Any) -> list[Fact]:
    user_id = number(who, "id")
    if user_id is None or state == "pending":
        return []
    commit = text(told.about, "last_commit.id")
    by = told.by(at, states.member(who, told.us))
    return [Reviewed(**by, review_id=states.review_number(user_id, at), state=state, commit=commit)]


def _approved(told: _Told, at: datetime) -> list[Fact]:
    """`approval` is somebody's, `approved` the one that made it enough; both are by whoever sent them."""
    user = dig(told.payload, "user")
    if flag(told.about, "system") or not isinstance(user, Mapping):
        return []
    return _reviewed(told, at, user, "approved")


def _unapproved(told: _Told, at: datetime) -> list[Fact]:
    """Somebody took an approval back; where a push did it, the sender pushed and the states tell whose it was."""
    if not flag(told.about, "system"):
        return [ReviewDismissed(**told.by(at), who=told.user.login)]
    lost = (each for each in objects(told.payload, "reviewers") if text(each, "state") == "unapproved")
    return [ReviewDismissed(**told.by(at), who=login) for login in states.usernames(tuple(lost))]


# --- Comments -----------------------------------------------------------------------------------------


def _note(told: _Told) -> Reading:
    about = told.about
    kind: Literal["change", "issue"]
    match text(about, "noteable_type"):
        case "MergeRequest":
            kind, named = "change", number(told.payload, "merge_request.iid")
        case "Issue" | "WorkItem":
            kind, named = "issue", number(told.payload, "issue.iid")
        case other:
            return replace(told.where, ignored=f"a comment on another thing ({other or 'unknown'})")
    if flag(about, "system"):
        return _touch(told.where, kind, named, [])
    on_line = kind == "change" and text(about, "type") == "DiffNote"
    facts = _note_facts(told, on_line=on_line)
    remark = _remark(told) if any(isinstance(fact, RemarkMade | Reviewed) for fact in facts) else None
    if remark is not None:
        facts = [*facts, *in_commands(remark, "line" if on_line else "remark")]
    return replace(_touch(told.where, kind, named, facts), remark=None if on_line else remark)


def _note_facts(told: _Told, *, on_line: bool) -> list[Fact]:
    about = told.about
    remark_id, made = number(about, "id"), time(about, "created_at")
    if not remark_id or made is None:
        return []
    if not _is_new(about):
        at = told.at or made
        return (
            []
            if on_line
            else [RemarkEdited(**told.by(at), remark_id=remark_id), *_clicks(told, remark_id, at)]
        )
    if on_line:
        thread = text(about, "discussion_id") or str(remark_id)
        commit = text(about, "commit_id") or text(about, "position.head_sha")
        answers = review_answers("commented", text(about, "note"), told.command)
        inline = Reviewed(**told.by(made), commit=commit, remark_id=remark_id, thread=thread, answers=answers)
        return [inline]
    answers = is_answer(text(about, "note"), told.command) and not _is_hidden(about)
    return [RemarkMade(**told.by(made), remark_id=remark_id, answers=answers)]


def _clicks(told: _Told, remark_id: int, at: datetime) -> tuple[CommandTyped, ...]:
    """The boxes that are ticked in another's comment; whether it is our own is seen when they are heard.

    GitLab does not say what the comment was before: Usher empties every box that it heard.
    """
    if told.user.bot or number(told.about, "author_id") == number(told.payload, "user.id"):
        return ()
    return clicks(told.user.login, remark_id, at, None, text(told.about, "note"))


def _is_new(about: Mapping[str, Any]) -> bool:
    """Older versions do not say whether a note is new or was edited."""
    action = text(about, "action")
    return action == "create" if action else time(about, "created_at") == time(about, "updated_at")


def _is_hidden(about: Mapping[str, Any]) -> bool:
    """What only members read answers nobody outside, and Usher's answer to it would be read by all."""
    return flag(about, "internal") or flag(about, "confidential")


def _remark(told: _Told) -> Remark | None:
    """The comment, if a person wrote it themselves and everybody may read it."""
    about, user = told.about, told.user
    own = number(about, "author_id") == number(told.payload, "user.id") is not None
    if not own or user.bot or user == states.GHOST or _is_hidden(about):
        return None
    at = time(about, "created_at")
    remark_id = number(about, "id")
    return Remark(remark_id, user, text(about, "note"), at) if at and remark_id else None


# --- Issues -------------------------------------------------------------------------------------------


def _issue(told: _Told) -> Reading:
    named = number(told.about, "iid")
    at = told.at
    return _touch(told.where, "issue", named, _issue_facts(told, at) if at else [])


def _issue_facts(told: _Told, at: datetime) -> list[Fact]:
    about = told.about
    match told.action:
        case "open":
            author = number(about, "author_id")
            opener = told.user if author == number(told.payload, "user.id") else states.GHOST
            return [IssueOpened(**told.by(time(about, "created_at") or at, opener))]
        case "close":
            moved = number(about, "moved_to_id") is not None
            return [(IssueMoved if moved else IssueClosed)(**told.by(time(about, "closed_at") or at))]
        case "reopen":
            return [IssueReopened(**told.by(at))]
        case "update":
            return _issue_changed(told, at)
        case _:
            return []


def _issue_changed(told: _Told, at: datetime) -> list[Fact]:
    changes, who = dig(told.payload, "changes"), told.by(at)
    facts = _labelled(changes, who)
    before, after = map(states.usernames, _before_and_after(changes, "assignees"))
    facts += [IssueAssigned(**who, who=login, on=False) for login in before if login not in after]
    facts += [IssueAssigned(**who, who=login, on=True) for login in after if login not in before]
    if dig(changes, "severity") is not None:
        said = text(changes, "severity.current").casefold()
        facts.append(SeveritySet(**who, severity="" if said == "unknown" else said))
    if dig(changes, "moved_to_id.current") is not None:
        facts.append(IssueMoved(**who))
    return facts


# --- Pipelines ----------------------------------------------------------------------------------------


def _pipeline(told: _Told) -> Reading:
    """A merge request's pipeline names it; a branch's names only the commit."""
    about = told.about
    at = time(about, "finished_at") or time(about, "created_at")
    commit = text(about, "sha")
    if at is None or not commit:
        return replace(told.where, ignored="a pipeline without a time or a commit")
    fact = ChecksChanged(
        **told.by(at), commit=commit, name=states.PIPELINE, state=states.conclusion(text(about, "status"))
    )
    target = number(told.payload, "merge_request.target_project_id")
    named = number(told.payload, "merge_request.iid")
    here = told.where.repository is not None and target in (None, told.where.repository.id)
    if named and here:
        return _touch(told.where, "change", named, [fact])
    return replace(told.where, by_commit=(fact,))


# --- Projects and people ------------------------------------------------------------------------------


def _push(told: _Told) -> Reading:
    payload, where = told.payload, told.where
    if text(payload, "ref") != f"refs/heads/{where.default_branch}":
        return replace(where, ignored="a push to another branch than the default one")
    commits = objects(payload, "commits")
    changed = _pushed_paths(payload, commits)
    login = text(payload, "user_username")
    fact = FilesPushed(
        at=(time(commits[-1], "timestamp") if commits else None) or UNDATED,
        by=login,
        by_bot=states.is_bot(login, told.us),
        branch=where.default_branch or "",
        before=text(payload, "before"),
        after_sha=text(payload, "after"),
        settings=changed is None or not changed.isdisjoint(SETTINGS_PATHS),
        shown=changed is None or changes_entry(changed) or changes_guides(changed, "gitlab"),
    )
    return _touch(where, "repository", None, [fact])


def _pushed_paths(payload: Payload, commits: tuple[Mapping[str, Any], ...]) -> frozenset[str] | None:
    """The paths that the push's commits name; None where GitLab left commits out (it lists 20 at most)."""
    if not commits or number(payload, "total_commits_count") != len(commits):
        return None
    kinds = ("added", "modified", "removed")
    return frozenset(path for commit in commits for kind in kinds for path in texts(commit, kind))


def _project(told: _Told) -> Reading:
    """A project came to a group, or went."""
    where = told.where
    if where.repository is None:
        return replace(where, ignored="the payload names no project")
    if text(told.payload, "event_name") == "project_destroy":
        return replace(where, account_change=AccountChange("repositories", removed=(where.repository,)))
    return replace(where, account_change=AccountChange("repositories", added=(where.repository,)))


def _member(told: _Told) -> Reading:
    """Somebody's place in a group changed. Only the last part of the group's path is told: any may be meant."""
    at = time(told.payload, "updated_at") or time(told.payload, "created_at") or UNDATED
    fact = PeopleChanged(at=at, who=text(told.payload, "user_username"))
    return replace(told.where, touches=(Touch(Subject("account"), (fact,)),))


def _subgroup(told: _Told) -> Reading:
    """A group came or went: whoever names it as an owner may mean somebody else now."""
    at = time(told.payload, "updated_at") or time(told.payload, "created_at") or UNDATED
    fact = PeopleChanged(at=at, team=text(told.payload, "full_path"))
    return replace(told.where, touches=(Touch(Subject("account"), (fact,)),))


def _token(told: _Told) -> Reading:
    """A token of the group or project ends soon; whether it is Usher's own, the API tells."""
    at = time(told.about, "created_at") or UNDATED
    fact = TokenExpiring(at=at, name=text(told.about, "name"), expires=text(told.about, "expires_at"))
    return replace(told.where, touches=(Touch(Subject("account"), (fact,)),))


# --- Steps --------------------------------------------------------------------------------------------


def _touch(
    where: Reading, kind: Literal["change", "issue", "repository"], named: int | None, facts: list[Fact]
) -> Reading:
    """The reading that touches one subject, or says which part of its name is missing."""
    if where.repository is None:
        return replace(where, ignored="the payload names no project")
    if kind != "repository" and not named:
        return replace(where, ignored=f"the payload names no {kind}")
    subject = Subject(kind, where.repository.id, named or 0)
    return replace(where, touches=(Touch(subject, tuple(facts)),))


_READERS: Mapping[str, Callable[[_Told], Reading]] = {
    "merge_request": _merge_request,
    "note": _note,
    "issue": _issue,
    "work_item": _issue,
    "pipeline": _pipeline,
    "push": _push,
    "project_create": _project,
    "project_destroy": _project,
    "user_add_to_group": _member,
    "user_update_for_group": _member,
    "user_remove_from_group": _member,
    "subgroup_create": _subgroup,
    "subgroup_destroy": _subgroup,
    "access_token": _token,
    "expiring_access_token": _token,
}
