"""What Usher's GitHub App may do and hears of, each with its reason: for the manifest, the doctor and the documents.

Permissions and events are named as in a manifest (Registering a GitHub App from a manifest). GitHub always
sends an App the events about its own installation; they cannot be listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["read", "write", "admin"]
_RANKS = {"none": 0, "read": 1, "write": 2, "admin": 3}


@dataclass(frozen=True, slots=True)
class Permission:
    """One permission. Without an `optional` one Usher says what a person should do instead of doing it."""

    name: str
    title: str
    level: Level
    why: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Webhook events, and what Usher learns from them."""

    names: tuple[str, ...]
    title: str
    why: str


PERMISSIONS = (
    Permission("metadata", "Metadata", "read", "GitHub requires it"),
    Permission("contents", "Contents", "read", "CODEOWNERS, `usher.yml` and guidelines of the base branch"),
    Permission(
        "pull_requests",
        "Pull requests",
        "write",
        "read changes, their files and reviews; request reviews",
    ),
    Permission(
        "issues",
        "Issues",
        "write",
        "the comment and the reminder (GitHub counts them as issue comments); the one tracking issue; labels",
    ),
    Permission("checks", "Checks", "write", "the checks on changes of owners, guidelines and rules"),
    Permission("statuses", "Commit statuses", "read", "whether a required check failed"),
    Permission("members", "Members (organisation)", "read", "who is in the teams that own code"),
    Permission(
        "contents", "Contents", "write", "propose a drafted guideline as a pull request", optional=True
    ),
    Permission(
        "email_addresses",
        "Email addresses (account)",
        "read",
        "know somebody on GitLab again who has the same verified address; no address is stored",
        optional=True,
    ),
)
EVENTS = (
    Event(("pull_request",), "Pull request", "opened, pushed, draft, ready, asked, closed"),
    Event(
        ("pull_request_review", "pull_request_review_comment", "pull_request_review_thread"),
        "Pull request review, review comment, review thread",
        "answers",
    ),
    Event(("issue_comment",), "Issue comment", "answers and commands in comments"),
    Event(("issues",), "Issues", "issues and their labels; the tracking issue was closed or changed"),
    Event(("push",), "Push", "CODEOWNERS, `usher.yml` or guidelines changed on the default branch"),
    Event(("check_suite", "status"), "Check suite, Status", "whether required checks pass"),
    Event(
        ("membership", "team", "team_add", "organization", "member"),
        "Membership, Team, Team add, Organization, Member",
        "who is in a team, who may do what",
    ),
    Event(("repository",), "Repository", "created, renamed, archived"),
)


def event_names() -> tuple[str, ...]:
    """Every event that the App subscribes to."""
    return tuple(name for event in EVENTS for name in event.names)


def manifest(*, name: str, public_url: str) -> dict[str, Any]:
    """The manifest from which GitHub makes the App. `name`: at most 34 characters, unique on GitHub."""
    return {
        "name": name,
        "url": public_url,
        "public": False,
        "redirect_url": f"{public_url}/setup/github/created",
        "setup_url": f"{public_url}/setup/github/installed",
        "setup_on_update": False,
        "callback_urls": [f"{public_url}/login/github/callback"],
        "hook_attributes": {"url": f"{public_url}/webhooks/github", "active": True},
        "default_permissions": {each.name: each.level for each in PERMISSIONS if not each.optional},
        "default_events": list(event_names()),
    }


def missing_permissions(granted: Mapping[str, Any]) -> tuple[Permission, ...]:
    """Needed permissions that were not granted, or not to the level that is needed."""
    return tuple(
        each
        for each in PERMISSIONS
        if not each.optional and _RANKS.get(str(granted.get(each.name, "none")), 0) < _RANKS[each.level]
    )


def missing_events(subscribed: object) -> tuple[str, ...]:
    """Needed events that the App does not subscribe to."""
    known = set(subscribed) if isinstance(subscribed, list | tuple) else set()
    return tuple(name for name in event_names() if name not in known)
