"""The endpoints, one file for each part of GitLab's REST documentation. Importing them registers them."""

from app.forges.sandbox.gitlab.endpoints import (
    groups,
    hooks,
    issues,
    merge_requests,
    notes,
    projects,
    repository,
    reviews,
    statuses,
    tokens,
    users,
)

__all__ = [
    "groups",
    "hooks",
    "issues",
    "merge_requests",
    "notes",
    "projects",
    "repository",
    "reviews",
    "statuses",
    "tokens",
    "users",
]
