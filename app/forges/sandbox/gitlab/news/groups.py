"""Members, projects and subgroups of groups, and the tokens that end soon."""

from __future__ import annotations

from typing import Any

from app.forges.sandbox import membership
from app.forges.sandbox.gitlab.calls import group_path
from app.forges.sandbox.gitlab.news.telling import News, place_of
from app.forges.sandbox.gitlab.shapes import projects
from app.forges.sandbox.gitlab.site import Site, told
from app.forges.sandbox.membership import Group
from app.forges.sandbox.world import (
    Happening,
    Organisation,
    Team,
)

_MEMBER_EVENTS = {
    "added": "user_add_to_group",
    "member_added": "user_add_to_group",
    "removed": "user_remove_from_group",
    "member_removed": "user_remove_from_group",
    "updated": "user_update_for_group",
}
_ROLES = {50: "Owner", 40: "Maintainer", 30: "Developer", 20: "Reporter", 10: "Guest", 5: "Minimal Access"}


def member(site: Site, happening: Happening) -> News | None:
    group, who = happening.subject or happening.organisation, happening.more["member"]
    name = _MEMBER_EVENTS.get(happening.action or "")
    if name is None or not isinstance(group, Team | Organisation):
        return None
    held = happening.more.get("had") or membership.direct(group)[who.id]
    path = group_path(group)
    payload = {
        "created_at": told(happening.by.created_at),
        "updated_at": told(site.world.now()),
        "group_name": path.rpartition("/")[2],
        "group_path": path.rpartition("/")[2],
        "group_id": group.id,
        "user_username": who.login,
        "user_name": who.login.title(),
        "user_email": "[REDACTED]",
        "user_id": who.id,
        "group_access": _ROLES[membership.LEVELS[held[1]]],
        "group_plan": None,
        "expires_at": None,
        "event_name": name,
    }
    return News("member_events", "Member Hook", payload)


def project(site: Site, happening: Happening) -> News | None:
    name = {"created": "project_create", "deleted": "project_destroy"}.get(happening.action or "")
    if name is None:
        return None
    place = place_of(happening)
    payload: dict[str, Any] = {
        "event_name": name,
        "created_at": told(place.created_at),
        "updated_at": told(place.updated_at),
        "name": place.name,
        "path": place.name,
        "path_with_namespace": place.full_name,
        "project_id": place.id,
        "project_namespace_id": projects.namespace(site, place)["id"],
        "owners": [{"name": "Root", "email": "[REDACTED]"}],
        "project_visibility": place.visibility,
    }
    return News("project_events", "Project Hook", payload)


def subgroup(site: Site, happening: Happening) -> News | None:
    name = {"created": "subgroup_create", "deleted": "subgroup_destroy"}.get(happening.action or "")
    if name is None:
        return None
    group: Team = happening.subject
    parent: Group = group.parent or group.organisation
    payload: dict[str, Any] = {
        "created_at": told(site.world.now()),
        "updated_at": told(site.world.now()),
        "event_name": name,
        "name": group.name,
        "path": group.slug,
        "full_path": group_path(group),
        "group_id": group.id,
        "parent_group_id": parent.id,
        "parent_name": group_path(parent).rpartition("/")[2],
        "parent_path": group_path(parent).rpartition("/")[2],
        "parent_full_path": group_path(parent),
    }
    return News("subgroup_events", "Subgroup Hook", payload)


def token(site: Site, happening: Happening) -> News:
    """`expiring_access_token`: a group's or project's token ends within a week."""
    token = happening.subject
    attributes = {
        "user_id": token.account.id,
        "created_at": told(token.created_at),
        "id": token.id,
        "name": token.name,
        "expires_at": token.expires_at.isoformat(),
    }
    payload: dict[str, Any] = {
        "object_kind": "access_token",
        "object_attributes": attributes,
        "event_name": "expiring_access_token",
    }
    group = happening.organisation
    if group is not None:
        payload["group"] = {"group_name": group.login, "group_path": group.login, "group_id": group.id}
    return News("resource_access_token_events", "Resource Access Token Hook", payload)
