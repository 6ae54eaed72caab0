"""Users, members and groups in GitLab's JSON."""

from __future__ import annotations

from typing import Any

from app.forges.sandbox.gitlab.calls import group_path
from app.forges.sandbox.gitlab.site import Site, instant
from app.forges.sandbox.membership import LEVELS, Group, above
from app.forges.sandbox.world import Account, Permission, Team


def user(site: Site, who: Account) -> dict[str, Any]:
    """`UserBasic`."""
    return {
        "id": who.id,
        "username": who.login,
        "public_email": "",
        "name": who.login.title(),
        "state": "blocked" if who.blocked else "active",
        "locked": False,
        "avatar_url": site.web(f"/uploads/-/system/user/avatar/{who.id}/avatar.png"),
        "web_url": site.web(f"/{who.login}"),
    }


def full(site: Site, who: Account) -> dict[str, Any]:
    """One user asked for by themselves."""
    return {
        **user(site, who),
        "created_at": instant(who.created_at),
        "bio": "",
        "location": "",
        "organization": "",
        "job_title": "",
        "bot": who.kind == "bot",
        "work_information": None,
        "followers": 0,
        "following": 0,
        "local_time": None,
    }


def myself(site: Site, who: Account) -> dict[str, Any]:
    """`GET /user`."""
    return {
        **full(site, who),
        "email": who.address or f"{who.login}@users.example",
        "is_admin": False,
        "can_create_group": True,
        "can_create_project": True,
        "two_factor_enabled": False,
        "external": False,
        "confirmed_at": instant(who.created_at),
    }


def status(who: Account) -> dict[str, Any]:
    """User status; `availability` is "busy" or null."""
    return {
        "emoji": "speech_balloon",
        "availability": "busy" if who.busy else None,
        "message": who.message,
        "message_html": who.message,
        "clear_status_at": None,
    }


def told(site: Site, who: Account) -> dict[str, Any]:
    """Somebody as webhooks name them; the address is hidden unless it is public."""
    return {
        "id": who.id,
        "name": who.login.title(),
        "username": who.login,
        "avatar_url": site.web(f"/uploads/-/system/user/avatar/{who.id}/avatar.png"),
        "email": "[REDACTED]",
    }


def member(site: Site, who: Account, permission: Permission) -> dict[str, Any]:
    return {
        **user(site, who),
        "access_level": LEVELS[permission],
        "created_at": instant(who.created_at),
        "created_by": None,
        "expires_at": None,
        "membership_state": "active",
    }


def group(site: Site, known: Group) -> dict[str, Any]:
    """`Group`."""
    path = group_path(known)
    parent = next(above(known), None)
    return {
        "id": known.id,
        "web_url": site.web(f"/groups/{path}"),
        "name": known.name if isinstance(known, Team) else known.login,
        "path": path.rpartition("/")[2],
        "description": "",
        "visibility": "private",
        "share_with_group_lock": False,
        "require_two_factor_authentication": False,
        "project_creation_level": "developer",
        "subgroup_creation_level": "maintainer",
        "mentions_disabled": None,
        "lfs_enabled": True,
        "default_branch": None,
        "default_branch_protection": 2,
        "avatar_url": None,
        "request_access_enabled": True,
        "full_name": path.replace("/", " / "),
        "full_path": path,
        "created_at": "2026-01-01T09:00:00.000Z",
        "parent_id": parent.id if parent else None,
        "marked_for_deletion_on": None,
    }
