"""Who may do what on the forge, and with which words it says no. Pure.

Every refusal is one `Reason`: its answer on GitHub and where that is written down, `[k]` where it is
general knowledge of how the forge behaves. Checks either return or raise `Refused`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.forges.sandbox import git, membership
from app.forges.sandbox.world import (
    Account,
    Change,
    Comment,
    Issue,
    Kind,
    Organisation,
    Permission,
    Repository,
    Team,
    lineage,
    team_members,
)

COMMENT_LIMIT = 65_536  # characters
NOTE_LIMIT = 1_000_000  # characters of a comment on GitLab (Instance limits)
REVIEWER_LIMIT = 15  # names in one request for review
TOUCHED_LIMIT = 3_000  # files that GitHub lists of one change
REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")

_ORDER = membership.ORDER


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the forge says no: GitHub's status and sentence (`{}` are filled in), and the source of both."""

    status: int
    message: str
    source: str
    code: str | None = None  # of an entry in GitHub's `errors`: its message is ours, the answer's generic
    resource: str = ""
    field: str | None = None


@dataclass(eq=False)
class Refused(Exception):
    """The forge said no. `reason` is one of this file's; `details` fill its sentence."""

    reason: Reason
    details: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.reason.message.format(**self.details)


# --- The reasons ------------------------------------------------------------------------------------

NOT_FOUND = Reason(404, "Not Found", "REST: Troubleshooting, 404 for an existing resource")
FORBIDDEN = Reason(403, "Must have {needed} rights to Repository.", "[k]")
ARCHIVED = Reason(403, "Repository was archived so is read-only.", "Archiving repositories; wording [k]")
LOCKED = Reason(
    403, "Unable to create comment because issue is locked.", "Locking conversations; wording [k]"
)
ISSUES_OFF = Reason(410, "Issues are disabled for this repo", "REST: Issues, 410 Gone")

ASK_AUTHOR = Reason(422, "Review cannot be requested from pull request author.", "[k]")
ASK_STRANGER = Reason(
    422,
    "Reviews may only be requested from collaborators. One or more of the users or teams you specified is "
    "not a collaborator of the {repository} repository.",
    "REST: Review requests, 422; wording as in peter-evans/create-pull-request#4138",
)
ASK_TOO_MANY = Reason(422, "A pull request can have at most 15 requested reviewers.", "[k]")

CHANGE_EXISTS = Reason(
    422,
    "A pull request already exists for {label}.",
    "REST: Pulls, 422; wording [k]",
    "custom",
    "PullRequest",
)
NO_COMMITS = Reason(
    422, "No commits between {base} and {head}", "REST: Pulls, 422; wording [k]", "custom", "PullRequest"
)
NO_BASE = Reason(422, "", "REST: Pulls, 422", "invalid", "PullRequest", "base")
NO_HEAD = Reason(422, "", "REST: Pulls, 422", "invalid", "PullRequest", "head")
NO_TITLE = Reason(422, "", "REST: Pulls, 422", "missing_field", "PullRequest", "title")
CANNOT_REOPEN = Reason(422, "state cannot be changed. {why}", "[k]", "custom", "PullRequest", "state")
NOT_MERGEABLE = Reason(405, "Pull Request is not mergeable", "REST: Merge a pull request, 405")
DRAFT_MERGE = Reason(
    405,
    "Pull Request is still a draft",
    "About pull requests, drafts; wording as in lindell/multi-gitter#622",
)
HEAD_MOVED = Reason(
    409, "Head branch was modified. Review and try the merge again.", "REST: Merge a pull request, 409"
)
APPROVALS_MISSING = Reason(
    405,
    "At least {count} approving review is required by reviewers with write access.",
    "About protected branches; wording [k]",
)
CHECKS_MISSING = Reason(
    405, 'Required status check "{name}" is expected.', "About protected branches; wording [k]"
)

OWN_APPROVAL = Reason(
    422, "Can not approve your own pull request", "Approving a pull request; wording [k]", "sentence"
)
OWN_VERDICT = Reason(422, "Can not request changes on your own pull request", "[k]", "sentence")
REVIEW_BLANK = Reason(422, "Body can't be blank", "REST: Reviews, body required", "sentence")
NOT_DISMISSABLE = Reason(422, "Can not dismiss a {state} pull request review", "[k]")

NO_SUCH_LINE = Reason(
    422, "", "REST: Review comments, path; code [k]", "invalid", "PullRequestReviewComment", "path"
)
COMMENT_BLANK = Reason(422, "", "REST: Issue comments, 422", "missing_field", "IssueComment", "body")
COMMENT_LONG = Reason(
    422, "body is too long (maximum is 65536 characters)", "[k]", "unprocessable", "IssueComment", "data"
)
TITLE_MISSING = Reason(422, "", "REST: Issues, 422", "missing_field", "Issue", "title")
NO_REACTION = Reason(422, "", "REST: Reactions, 422", "invalid", "Reaction", "content")
NO_LABEL = Reason(404, "Label does not exist", "REST: Labels, 404; wording [k]")
NO_ASSIGNEE = Reason(422, "", "REST: Assignees, 422", "invalid", "Issue", "assignees")

NO_SUCH_COMMIT = Reason(422, "No commit found for SHA: {sha}", "[k]")
FOREIGN_CHECK = Reason(
    403,
    "Invalid app_id `{app_id}` - check run can only be modified by the GitHub App that created it.",
    "REST: Check runs; wording [k]",
)
MANY_ANNOTATIONS = Reason(
    422, "Invalid request.\n\nNo more than 50 items are allowed.", "REST: Create a check run; wording [k]"
)
CONCLUSION_MISSING = Reason(422, "Missing required field conclusion.", "REST: Check runs; wording [k]")

NO_REF = Reason(404, "No commit found for the ref {ref}", "REST: Contents, 404; wording [k]")
REF_EXISTS = Reason(422, "Reference already exists", "[k]")
REF_MALFORMED = Reason(422, "Reference name must start with 'refs/heads/' or 'refs/tags/'", "[k]")
OBJECT_MISSING = Reason(422, "Object does not exist", "[k]")
SHA_MISSING = Reason(422, 'Invalid request.\n\n"sha" wasn\'t supplied.', "REST: Contents, sha; wording [k]")
SHA_STALE = Reason(409, "{path} does not match {sha}", "REST: Contents, 409; wording [k]")
BRANCH_MISSING = Reason(404, "Branch {branch} not found", "[k]")
PUSH_REJECTED = Reason(422, "Update is not a fast forward", "REST: Git references; wording [k]")


# --- Access -----------------------------------------------------------------------------------------


def access(repository: Repository, who: Account) -> Permission:
    """The highest of base permission, team grants and collaboration (Repository roles for an organization).

    An App's bot has what its token has, which the face checks; here it may write. GitLab: `membership.py`.
    """
    if repository.kind == "gitlab":
        return membership.access(repository, who)
    if who.kind == "bot":
        return "write"
    if who is repository.owner:
        return "admin"
    grants: list[Permission] = ["none"]
    if repository.visibility == "public":
        grants.append("read")
    organisation = repository.organisation
    if organisation is not None and who.id in organisation.members:
        grants += _as_member(repository, organisation, who)
    if who.id in repository.collaborators:
        grants.append(repository.collaborators[who.id][1])
    return max(grants, key=_ORDER.index)


def _as_member(repository: Repository, organisation: Organisation, who: Account) -> list[Permission]:
    grants = [organisation.base_permission]
    if who.id in organisation.owners:
        grants.append("admin")
    if repository.visibility == "internal":
        grants.append("read")
    grants += [grant for team, grant in repository.teams.values() if who.id in team_members(team)]
    return grants


def team_access(repository: Repository, team: Team) -> Permission:
    """What the team was given, itself or through a team above it (About teams: nested teams)."""
    grants = [repository.teams[each.id][1] for each in lineage(team) if each.id in repository.teams]
    return max(grants, key=_ORDER.index, default="none")


def at_least(have: Permission, needed: Permission) -> bool:
    return _ORDER.index(have) >= _ORDER.index(needed)


def collaborates(repository: Repository, who: Account) -> bool:
    """Whether this account may be asked for a review: more than the reading that everybody has."""
    if who.kind != "person":
        return False
    if repository.visibility != "public":
        return at_least(access(repository, who), "read")
    organisation = repository.organisation
    inside = organisation is not None and who.id in organisation.members
    return inside or who.id in repository.collaborators or who is repository.owner


def may_see(repository: Repository, who: Account) -> None:
    """Hidden and missing are one answer."""
    if access(repository, who) == "none":
        raise Refused(NOT_FOUND)


def needs(repository: Repository, who: Account, needed: Permission) -> None:
    """See it, have this permission, and find it not archived."""
    has(repository, who, needed)
    not_archived(repository)


def has(repository: Repository, who: Account, needed: Permission) -> None:
    """See it and have this permission."""
    may_see(repository, who)
    if not at_least(access(repository, who), needed):
        raise Refused(FORBIDDEN, {"needed": needed})


def not_archived(repository: Repository) -> None:
    if repository.archived:
        raise Refused(ARCHIVED)


# --- Asking for reviews -------------------------------------------------------------------------------


def may_ask(change: Change, by: Account, people: list[Account | None]) -> None:
    """One bad name refuses all; None stands for a name that nobody has."""
    needs(change.repository, by, "triage")
    for account in people:
        if account is change.by:
            raise Refused(ASK_AUTHOR)
        if account is None or not collaborates(change.repository, account):
            raise Refused(ASK_STRANGER, {"repository": change.repository.full_name})


def may_ask_teams(change: Change, teams: list[Team | None]) -> None:
    """A team must have been given access to the repository."""
    for team in teams:
        if team is None or not at_least(team_access(change.repository, team), "read"):
            raise Refused(ASK_STRANGER, {"repository": change.repository.full_name})


def not_too_many_asked(names: set[str]) -> None:
    if len(names) > REVIEWER_LIMIT:
        raise Refused(ASK_TOO_MANY)


# --- Changes ----------------------------------------------------------------------------------------


def may_open(repository: Repository, by: Account, title: str) -> None:
    needs(repository, by, "read")
    if not title.strip():
        raise Refused(NO_TITLE)


def is_new(repository: Repository, base: str, head_repository: Repository, head_branch: str) -> None:
    """One open change for each pair of head and base."""
    if _already_open(repository, base, head_repository, head_branch):
        raise Refused(CHANGE_EXISTS, {"label": f"{head_repository.owner.login}:{head_branch}"})


def _already_open(repository: Repository, base: str, head_repository: Repository, head_branch: str) -> bool:
    return any(
        change.open
        and change.base == base
        and change.head_repository is head_repository
        and change.head_branch == head_branch
        for change in repository.changes
    )


def may_change(issue: Issue, by: Account) -> None:
    """Edit, close, draft: the author, or whoever may triage (Repository roles)."""
    if by is issue.by:
        needs(issue.repository, by, "read")
    else:
        needs(issue.repository, by, "triage")


def may_reopen(change: Change) -> None:
    """Not after a merge, nor once its branch is gone, was rewritten, or has another open change."""
    place, branch = change.head_repository, change.head_branch
    if change.merged:
        raise Refused(CANNOT_REOPEN, {"why": "The pull request has been merged."})
    if place is None or branch not in place.branches:
        raise Refused(CANNOT_REOPEN, {"why": f"The {branch} branch has been deleted."})
    if change.head not in git.ancestors(place.history.commits, place.branches[branch]):
        raise Refused(CANNOT_REOPEN, {"why": f"The {branch} branch was force-pushed or recreated."})
    if _already_open(change.repository, change.base, place, branch):
        raise Refused(CANNOT_REOPEN, {"why": "There is already an open pull request from this branch."})


def may_queue(change: Change, by: Account) -> None:
    needs(change.repository, by, "write")
    if not change.open or change.draft:
        raise Refused(NOT_MERGEABLE)


def may_merge(change: Change, by: Account, *, expected_head: str | None, conflicts: bool) -> None:
    needs(change.repository, by, "write")
    if change.merged or not change.open or conflicts:
        raise Refused(NOT_MERGEABLE)
    if change.draft:
        raise Refused(DRAFT_MERGE)
    if expected_head is not None and expected_head != change.head:
        raise Refused(HEAD_MOVED)
    protection = change.repository.protections.get(change.base)
    if protection is None:
        return
    if len(approvers(change)) < protection.approvals:
        raise Refused(APPROVALS_MISSING, {"count": protection.approvals})
    for name in protection.checks:
        if not _passed(change, name):
            raise Refused(CHECKS_MISSING, {"name": name})


def approvers(change: Change) -> set[str]:
    """Writers whose newest verdict is an approval; a plain comment is no verdict."""
    newest = {}
    for review in change.reviews:
        if review.state != "commented" and at_least(access(change.repository, review.by), "write"):
            newest[review.author] = review.state
    return {login for login, state in newest.items() if state == "approved"}


def _passed(change: Change, name: str) -> bool:
    repository = change.repository
    runs = [run for run in repository.checks.values() if run.sha == change.head and run.name == name]
    statuses = [each for each in repository.statuses if each.sha == change.head and each.context == name]
    if runs:
        return runs[-1].conclusion in ("success", "neutral", "skipped")
    return bool(statuses) and statuses[-1].state == "success"


# --- Reviews and remarks ------------------------------------------------------------------------------


def may_review(change: Change, by: Account, state: str, body: str) -> None:
    needs(change.repository, by, "read")
    if by is change.by and state == "approved":
        raise Refused(OWN_APPROVAL)
    if by is change.by and state == "changes_requested":
        raise Refused(OWN_VERDICT)
    if state != "approved" and not body.strip():
        raise Refused(REVIEW_BLANK)
    not_too_long(body)


def may_dismiss(change: Change, by: Account, state: str) -> None:
    needs(change.repository, by, "write")
    if state not in ("approved", "changes_requested"):
        raise Refused(NOT_DISMISSABLE, {"state": state})


def may_remark(change: Change, by: Account, path: str, body: str) -> None:
    """Only what the change touches can be remarked on."""
    needs(change.repository, by, "read")
    if path not in change.paths:
        raise Refused(NO_SUCH_LINE)
    readable(body)


def may_resolve(change: Change, by: Account) -> None:
    """The author, or whoever may write (Commenting on a pull request, resolving conversations)."""
    needs(change.repository, by, "read" if by is change.by else "write")


def may_comment(issue: Issue, by: Account, body: str) -> None:
    needs(issue.repository, by, "read")
    if issue.locked and not at_least(access(issue.repository, by), "write"):
        raise Refused(LOCKED)
    readable(body, issue.repository.kind)


def readable(body: str, kind: Kind = "github") -> None:
    if not body.strip():
        raise Refused(COMMENT_BLANK)
    not_too_long(body, NOTE_LIMIT if kind == "gitlab" else COMMENT_LIMIT)


def not_too_long(body: str, limit: int = COMMENT_LIMIT) -> None:
    if len(body) > limit:
        raise Refused(COMMENT_LONG)


def may_edit(comment: Comment, by: Account) -> None:
    """The author, or whoever may write to the repository (Managing disruptive comments).

    On GitLab a Maintainer (Permissions, "Edit comments (posted by any user)").
    """
    if comment.by is by:
        needs(comment.subject.repository, by, "read")
    else:
        needs(
            comment.subject.repository,
            by,
            "maintain" if comment.subject.repository.kind == "gitlab" else "write",
        )


def may_react(repository: Repository, by: Account, content: str) -> None:
    needs(repository, by, "read")
    if content not in REACTIONS:
        raise Refused(NO_REACTION)


# --- Files ------------------------------------------------------------------------------------------


def may_replace(path: str, have: str | None, given: str | None) -> None:
    """Replacing a file needs the name of the blob that is replaced."""
    if have is not None and given is None:
        raise Refused(SHA_MISSING)
    if given is not None and given != have:
        raise Refused(SHA_STALE, {"path": path, "sha": given})


def may_move(repository: Repository, branch: str, to: str, *, force: bool) -> None:
    """Forward only, unless forced."""
    if to not in repository.history.commits:
        raise Refused(OBJECT_MISSING)
    forward = repository.branches[branch] in git.ancestors(repository.history.commits, to)
    if not forward and not force:
        raise Refused(PUSH_REJECTED)
