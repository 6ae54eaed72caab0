"""What a delivery from GitHub says: which subjects to look at again, and what happened to them when.

"Webhook events and payloads". A delivery only wakes: what a change is like now is read from the API. So
an action we do not know still wakes its subject, and a payload that lacks something gives fewer facts,
never an error. Times are the object's own; where GitHub sends none (a request, a push, a label, a draft),
the `updated_at` of the change stands in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic_core import from_json

from app.forges.github import states
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
    ChangeQueued,
    ChangeReadied,
    ChangeReopened,
    ChangeRetargeted,
    ChangeRetitled,
    ChecksChanged,
    CommandPlace,
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
    RemarkRemoved,
    RepositoryRef,
    ReviewAsked,
    ReviewDismissed,
    Reviewed,
    ReviewUnasked,
    Subject,
    ThreadChanged,
)
from policies.gaps import in_commands
from policies.guidelines.places import changes_guides
from policies.remarks import is_answer, review_answers

SETTINGS_PATHS = frozenset((".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".github/usher.yml"))

UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of facts about teams and members: GitHub gives none, and no clock is computed from them."""

_MOST_COMMITS = 2048  # a push of more lists only these ("push")

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GitHubDoor:
    """Reads deliveries. `command` is the prefix of commands: a comment of nothing else answers nobody."""

    command: str = "/usher"

    def facts(self, delivery: Delivery) -> Reading:
        """What the delivery says; ValueError where its body is not a JSON object."""
        payload = from_json(delivery.body, allow_inf_nan=False)
        if not isinstance(payload, dict):
            raise ValueError("the body of the delivery is not a JSON object")  # noqa: TRY004
        return read(delivery.event, payload, command=self.command)


def read(event: str, payload: Payload, *, command: str = "/usher") -> Reading:
    """What an event's payload says. It never raises: what is missing or odd is left out."""
    where = _where(payload)
    if event == "ping":
        return replace(where, ignored="a ping: the webhook works")
    if event in _SPEAKING:
        return _SPEAKING[event](payload, where, command)
    reader = _READERS.get(event)
    if reader is None:
        return replace(where, ignored=f"Usher does not follow the event {event!r}")
    return reader(payload, where)


def _where(payload: Payload) -> Reading:
    """Which installation, account and repository the payload names. Only some payloads name all."""
    owner = text(payload, "repository.owner.login") or text(payload, "repository.owner.name")
    accounts = (owner, text(payload, "organization.login"), text(payload, "installation.account.login"))
    repository_id, name = number(payload, "repository.id"), text(payload, "repository.name")
    return Reading(
        installation=number(payload, "installation.id"),
        account=next(filter(None, accounts), None),
        repository=RepositoryRef(repository_id, f"{owner}/{name}") if repository_id else None,
        default_branch=text(payload, "repository.default_branch") or None,
    )


# --- Changes ------------------------------------------------------------------------------------------


def _pull_request(payload: Payload, where: Reading) -> Reading:
    return _touch_change(payload, where, _change_facts(payload, where))


def _change_facts(payload: Payload, where: Reading) -> list[Fact]:
    change = dig(payload, "pull_request")
    updated = time(change, "updated_at")
    action = text(payload, "action")
    if action == "opened":
        return _opened(change)
    if action == "closed":
        return _closed(payload, change)
    if updated is None:
        return []
    who = _by(states.person(payload, "sender"), updated)
    match action:
        case "reopened":
            return [ChangeReopened(**who)]
        case "synchronize":
            after = text(payload, "after") or text(change, "head.sha")
            return [ChangePushed(**who, before=text(payload, "before"), after_sha=after)]
        case "edited":
            return _edited(payload, change, who)
        case "ready_for_review":
            return [ChangeReadied(**who)]
        case "converted_to_draft":
            return [ChangeDrafted(**who)]
        case "review_requested" | "review_request_removed":
            return _asked(payload, where, who)
        case "labeled" | "unlabeled":
            return [Labelled(**who, label=text(payload, "label.name"), on=action == "labeled")]
        case "enqueued" | "dequeued":
            return [ChangeQueued(**who, on=action == "enqueued")]
        case _:
            return []


def _opened(change: object) -> list[Fact]:
    at = time(change, "created_at")
    if at is None:
        return []
    head, base = text(change, "head.sha"), text(change, "base.ref")
    return [ChangeOpened(**_by(states.person(change), at), draft=flag(change, "draft"), base=base, head=head)]


def _closed(payload: Payload, change: object) -> list[Fact]:
    merged = flag(change, "merged") or time(change, "merged_at") is not None
    at = time(change, "merged_at" if merged else "closed_at") or time(change, "updated_at")
    kind = ChangeMerged if merged else ChangeClosed
    return [kind(**_by(states.person(payload, "sender"), at))] if at else []


def _edited(payload: Payload, change: object, who: dict[str, Any]) -> list[Fact]:
    facts: list[Fact] = []
    if dig(payload, "changes.base") is not None:
        facts.append(ChangeRetargeted(**who, base=text(change, "base.ref")))
    if dig(payload, "changes.title") is not None:
        facts.append(ChangeRetitled(**who, title=text(change, "title")))
    return facts


def _asked(payload: Payload, where: Reading, who: dict[str, Any]) -> list[Fact]:
    """GitHub sends one event for each person or team, and names only that one."""
    kind = ReviewAsked if text(payload, "action") == "review_requested" else ReviewUnasked
    facts: list[Fact] = []
    if login := text(payload, "requested_reviewer.login"):
        facts.append(kind(**who, who=login))
    if slug := text(payload, "requested_team.slug"):
        facts.append(kind(**who, team=f"{where.account}/{slug}"))
    return facts


def _review(payload: Payload, where: Reading, command: str) -> Reading:
    review_id = number(payload, "review.id")
    author = states.person(payload, "review.user")
    facts: list[Fact] = []
    match text(payload, "action"):
        case "submitted":
            at, state = (
                time(payload, "review.submitted_at"),
                states.review_state(text(payload, "review.state")),
            )
            if review_id and at and state:
                body = text(payload, "review.body")
                given = Reviewed(
                    **_by(author, at),
                    review_id=review_id,
                    state=state,
                    commit=text(payload, "review.commit_id"),
                    answers=review_answers(state, body, command),
                )
                facts = [given, *_typed(payload, "review", Remark(review_id, author, body, at))]
        case "dismissed":
            at = time(payload, "pull_request.updated_at")
            if review_id and at:
                sender = _by(states.person(payload, "sender"), at)
                facts = [ReviewDismissed(**sender, review_id=review_id, who=author.login)]
    return _touch_change(payload, where, facts)


def _inline_comment(payload: Payload, where: Reading, command: str) -> Reading:
    remark_id, at = number(payload, "comment.id"), time(payload, "comment.created_at")
    author, body = states.person(payload, "comment.user"), text(payload, "comment.body")
    facts: list[Fact] = []
    if text(payload, "action") == "created" and remark_id and at:
        inline = Reviewed(
            **_by(author, at),
            review_id=number(payload, "comment.pull_request_review_id") or 0,
            commit=text(payload, "comment.commit_id"),
            remark_id=remark_id,
            thread=str(number(payload, "comment.in_reply_to_id") or remark_id),
            answers=review_answers("commented", body, command),
        )
        facts = [inline, *_typed(payload, "line", Remark(remark_id, author, body, at))]
    return _touch_change(payload, where, facts)


def _typed(payload: Payload, where: CommandPlace, words: Remark) -> tuple[CommandTyped, ...]:
    """The commands in a review or a comment on a line, where its author sent it and is nobody's bot."""
    own = words.by == states.person(payload, "sender") and words.by != states.GHOST
    return in_commands(words, where) if own else ()


def _thread(payload: Payload, where: Reading) -> Reading:
    at = time(payload, "updated_at") or time(payload, "pull_request.updated_at")
    action = text(payload, "action")
    comments = objects(payload, "thread.comments")
    # Only the comments tell which thread it is: an inline comment's event does not name its thread.
    first = number(comments[0], "id") if comments else None
    thread = str(first) if first else text(payload, "thread.node_id")
    facts: list[Fact] = []
    if at and thread and action in ("resolved", "unresolved"):
        began = text(comments[0], "user.login") if comments else ""
        sender = _by(states.person(payload, "sender"), at)
        facts = [ThreadChanged(**sender, thread=thread, who=began, resolved=action == "resolved")]
    return _touch_change(payload, where, facts)


def _touch_change(payload: Payload, where: Reading, facts: list[Fact]) -> Reading:
    found = number(payload, "number") or number(payload, "pull_request.number")
    return _touch(where, "change", found, facts)


# --- Comments and issues ------------------------------------------------------------------------------


def _issue_comment(payload: Payload, where: Reading, command: str) -> Reading:
    """A comment on a change says so only by `issue.pull_request`; any other is on an issue."""
    kind: Literal["change", "issue"] = "change" if dig(payload, "issue.pull_request") is not None else "issue"
    facts = _remark_facts(payload, command)
    reading = _touch(where, kind, number(payload, "issue.number"), facts)
    if not any(isinstance(fact, RemarkMade) for fact in facts) or not _is_senders_own(payload):
        return reading
    remark = states.remark(payload["comment"])
    reading = _touch(where, kind, number(payload, "issue.number"), [*facts, *in_commands(remark)])
    return replace(reading, remark=remark)


def _remark_facts(payload: Payload, command: str) -> list[Fact]:
    remark_id = number(payload, "comment.id")
    sender = states.person(payload, "sender")
    if not remark_id:
        return []
    match text(payload, "action"):
        case "created":
            at, answers = (
                time(payload, "comment.created_at"),
                is_answer(text(payload, "comment.body"), command),
            )
            author = states.person(payload, "comment.user")
            return [RemarkMade(**_by(author, at), remark_id=remark_id, answers=answers)] if at else []
        case "edited":
            at = time(payload, "comment.updated_at")
            if at is None:
                return []
            edited = RemarkEdited(**_by(sender, at), remark_id=remark_id)
            return [edited, *_ticked(payload, sender, remark_id, at)]
        case "deleted":
            at = time(payload, "issue.updated_at")
            return [RemarkRemoved(**_by(sender, at), remark_id=remark_id)] if at else []
        case _:
            return []


def _ticked(payload: Payload, sender: Person, remark_id: int, at: datetime) -> tuple[CommandTyped, ...]:
    """The boxes that a person ticked in a bot's comment; whether it is our own is seen when they are heard."""
    if sender.bot or not states.person(payload, "comment.user").bot:
        return ()
    before = text(payload, "changes.body.from") or None
    return clicks(sender.login, remark_id, at, before, text(payload, "comment.body"))


def _is_senders_own(payload: Payload) -> bool:
    author, sender = states.person(payload, "comment.user"), states.person(payload, "sender")
    return author == sender and not author.bot and author != states.GHOST


def _issues(payload: Payload, where: Reading) -> Reading:
    issue = dig(payload, "issue")
    updated = time(issue, "updated_at")
    sender = states.person(payload, "sender")
    facts: list[Fact] = []
    match text(payload, "action"):
        case "opened" if at := time(issue, "created_at"):
            facts = [IssueOpened(**_by(states.person(issue), at))]
        case "closed" if at := time(issue, "closed_at") or updated:
            facts = [IssueClosed(**_by(sender, at))]
        case "reopened" if updated:
            facts = [IssueReopened(**_by(sender, updated))]
        case "transferred" if updated:
            facts = [IssueMoved(**_by(sender, updated))]
        case ("assigned" | "unassigned") as action if updated and (who := text(payload, "assignee.login")):
            facts = [IssueAssigned(**_by(sender, updated), who=who, on=action == "assigned")]
        case ("labeled" | "unlabeled") as action if updated:
            facts = [
                Labelled(**_by(sender, updated), label=text(payload, "label.name"), on=action == "labeled")
            ]
    return _touch(where, "issue", number(issue, "number"), facts)


# --- Checks -------------------------------------------------------------------------------------------


def _check_suite(payload: Payload, where: Reading) -> Reading:
    """A suite names the changes of its own repository; one of a fork's change names none, only the commit."""
    suite = dig(payload, "check_suite")
    at = time(suite, "updated_at")
    if text(payload, "action") != "completed" or at is None:
        return replace(where, ignored="a check suite that is not completed")
    fact = ChecksChanged(
        at=at,
        commit=text(suite, "head_sha"),
        name=text(suite, "app.slug") or text(suite, "app.name"),
        state=states.conclusion(text(suite, "conclusion")),
    )
    named = [_named_here(change, where) for change in objects(suite, "pull_requests")]
    touches = tuple(_touch_of(where, "change", found, [fact]) for found in named if found)
    return replace(where, touches=touches) if touches else replace(where, by_commit=(fact,))


def _named_here(change: Mapping[str, Any], where: Reading) -> int | None:
    """The change's number, unless it goes to another repository of the same network."""
    base = number(change, "base.repo.id")
    here = where.repository is not None and base in (None, where.repository.id)
    return number(change, "number") if here else None


def _status(payload: Payload, where: Reading) -> Reading:
    at = time(payload, "updated_at") or time(payload, "created_at")
    if at is None:
        return replace(where, ignored="a commit status without a time")
    fact = ChecksChanged(
        **_by(states.person(payload, "sender"), at),
        commit=text(payload, "sha"),
        name=text(payload, "context"),
        state=states.conclusion(text(payload, "state")),
    )
    return replace(where, by_commit=(fact,))


# --- Repositories -------------------------------------------------------------------------------------


def _push(payload: Payload, where: Reading) -> Reading:
    if text(payload, "ref") != f"refs/heads/{where.default_branch}":
        return replace(where, ignored="a push to another branch than the default one")
    at = time(payload, "repository.pushed_at") or time(payload, "repository.updated_at")
    facts: list[Fact] = []
    if at:
        changed = _pushed_paths(payload)
        pushed = FilesPushed(
            **_by(states.person(payload, "sender"), at),
            branch=where.default_branch or "",
            before=text(payload, "before"),
            after_sha=text(payload, "after"),
            settings=changed is None or not changed.isdisjoint(SETTINGS_PATHS),
            shown=changed is None or changes_entry(changed) or changes_guides(changed, "github"),
        )
        facts = [pushed]
    return _touch(where, "repository", None, facts)


def _pushed_paths(payload: Payload) -> frozenset[str] | None:
    """The paths that the push's commits name; None where the list cannot be trusted to be whole.

    A forced push also takes commits away, which are not listed.
    """
    commits = objects(payload, "commits")
    if flag(payload, "forced") or not commits or len(commits) >= _MOST_COMMITS:
        return None
    kinds = ("added", "modified", "removed")
    return frozenset(path for commit in commits for kind in kinds for path in texts(commit, kind))


def _repository(payload: Payload, where: Reading) -> Reading:
    if text(payload, "action") == "deleted" and where.repository:
        return replace(where, account_change=AccountChange("repositories", removed=(where.repository,)))
    return _touch(where, "repository", None, [])


# --- People -------------------------------------------------------------------------------------------


def _team(payload: Payload, where: Reading) -> Reading:
    """A team, its members or its repositories changed."""
    slug = text(payload, "team.slug")
    team = f"{where.account}/{slug}" if slug and where.account else ""
    return _people_changed(payload, where, team=team, who=text(payload, "member.login"))


def _organization(payload: Payload, where: Reading) -> Reading:
    """Somebody joined or left, or the organisation was renamed."""
    return _people_changed(payload, where, who=text(payload, "membership.user.login"))


def _member(payload: Payload, where: Reading) -> Reading:
    """Somebody's rights in a repository changed."""
    return _people_changed(payload, where, who=text(payload, "member.login"))


def _people_changed(payload: Payload, where: Reading, *, team: str = "", who: str = "") -> Reading:
    at = time(payload, "repository.updated_at") or UNDATED
    fact = PeopleChanged(**_by(states.person(payload, "sender"), at), team=team, who=who)
    return _touch(where, "repository" if where.repository else "account", None, [fact])


# --- The installation itself --------------------------------------------------------------------------

_INSTALLATION: Mapping[str, Literal["joined", "left", "suspended", "resumed"]] = {
    "created": "joined",
    "deleted": "left",
    "suspend": "suspended",
    "unsuspend": "resumed",
}


def _installation(payload: Payload, where: Reading) -> Reading:
    kind = _INSTALLATION.get(text(payload, "action"))
    if kind is None:
        return _touch(where, "account", None, [])  # new permissions: what was forbidden may be tried again
    given = _refs(payload, "repositories") if kind == "joined" else ()
    return replace(where, account_change=AccountChange(kind, added=given))


def _installation_repositories(payload: Payload, where: Reading) -> Reading:
    added, removed = _refs(payload, "repositories_added"), _refs(payload, "repositories_removed")
    return replace(where, account_change=AccountChange("repositories", added, removed))


def _installation_target(payload: Payload, where: Reading) -> Reading:
    """The account was renamed."""
    return _touch(
        replace(where, account=text(payload, "account.login") or where.account), "account", None, []
    )


def _refs(payload: Payload, path: str) -> tuple[RepositoryRef, ...]:
    found = ((number(each, "id"), text(each, "full_name")) for each in objects(payload, path))
    return tuple(RepositoryRef(id, name) for id, name in found if id)


# --- Steps --------------------------------------------------------------------------------------------


def _touch(
    where: Reading,
    kind: Literal["change", "issue", "repository", "account"],
    named: int | None,
    facts: list[Fact],
) -> Reading:
    """The reading that touches one subject, or says which part of its name is missing."""
    if kind != "account" and where.repository is None:
        return replace(where, ignored="the payload names no repository")
    if kind in ("change", "issue") and not named:
        return replace(where, ignored=f"the payload names no {kind}")
    return replace(where, touches=(_touch_of(where, kind, named, facts),))


def _touch_of(
    where: Reading,
    kind: Literal["change", "issue", "repository", "account"],
    named: int | None,
    facts: list[Fact],
) -> Touch:
    repository_id = where.repository.id if where.repository and kind != "account" else 0
    return Touch(Subject(kind, repository_id, named or 0), tuple(facts))


def _by(person: Person, at: datetime) -> dict[str, Any]:
    """The fields that every fact has. Nobody is named where GitHub names nobody."""
    return {"at": at, "by": "" if person == states.GHOST else person.login, "by_bot": person.bot}


_SPEAKING: Mapping[str, Callable[[Payload, Reading, str], Reading]] = {
    "issue_comment": _issue_comment,
    "pull_request_review": _review,
    "pull_request_review_comment": _inline_comment,
}
"""The events that carry somebody's words, in which commands may be."""

_READERS: Mapping[str, Callable[[Payload, Reading], Reading]] = {
    "pull_request": _pull_request,
    "pull_request_review_thread": _thread,
    "issues": _issues,
    "check_suite": _check_suite,
    "status": _status,
    "push": _push,
    "repository": _repository,
    "membership": _team,
    "team": _team,
    "team_add": _team,
    "organization": _organization,
    "member": _member,
    "installation": _installation,
    "installation_repositories": _installation_repositories,
    "installation_target": _installation_target,
}
