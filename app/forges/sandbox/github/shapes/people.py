"""People, organisations, teams, and Apps in GitHub's JSON."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from app.forges.sandbox import rules
from app.forges.sandbox.github.site import Site, instant, node_id
from app.forges.sandbox.world import (
    Account,
    Installation,
    Organisation,
    Permission,
    Repository,
    Team,
    World,
    team_members,
)

_TYPES = {"person": "User", "organisation": "Organization", "bot": "Bot"}
# The five roles, and the four words that older parts of the API have for them.
LEGACY: dict[Permission, str] = {
    "none": "none",
    "read": "read",
    "triage": "read",
    "write": "write",
    "maintain": "write",
    "admin": "admin",
}


def user(site: Site, account: Account) -> dict[str, Any]:
    """`simple-user`."""
    login = account.login
    url = site.api(f"/users/{quote(login)}")
    page = f"/apps/{login.removesuffix('[bot]')}" if account.kind == "bot" else f"/{login}"
    return {
        "login": login,
        "id": account.id,
        "node_id": node_id(_TYPES[account.kind], account.id),
        "avatar_url": site.web(f"/avatars/u/{account.id}"),
        "gravatar_id": "",
        "url": url,
        "html_url": site.web(page),
        "followers_url": f"{url}/followers",
        "following_url": url + "/following{/other_user}",
        "gists_url": url + "/gists{/gist_id}",
        "starred_url": url + "/starred{/owner}{/repo}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": url + "/events{/privacy}",
        "received_events_url": f"{url}/received_events",
        "type": _TYPES[account.kind],
        "user_view_type": "public",
        "site_admin": False,
    }


def organization(site: Site, known: Organisation) -> dict[str, Any]:
    """`organization-simple`, as webhooks carry it."""
    url = site.api(f"/orgs/{known.login}")
    return {
        "login": known.login,
        "id": known.id,
        "node_id": node_id("Organization", known.id),
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": url + "/members{/member}",
        "public_members_url": url + "/public_members{/member}",
        "avatar_url": site.web(f"/avatars/u/{known.id}"),
        "description": None,
    }


def team(site: Site, known: Team, *, parent: bool = True) -> dict[str, Any]:
    """`team`; without `parent`, `team-simple`."""
    organisation = known.organisation
    url = site.api(f"/organizations/{organisation.id}/team/{known.id}")
    shape: dict[str, Any] = {
        "name": known.name,
        "id": known.id,
        "node_id": node_id("Team", known.id),
        "slug": known.slug,
        "description": "",
        "privacy": "secret" if known.secret else "closed",
        "notification_setting": "notifications_enabled",
        "url": url,
        "html_url": site.web(f"/orgs/{organisation.login}/teams/{known.slug}"),
        "members_url": url + "/members{/member}",
        "repositories_url": f"{url}/repos",
        "permission": "pull",
        "type": "organization",
        "organization_id": organisation.id,
    }
    if parent:
        shape["parent"] = team(site, known.parent, parent=False) if known.parent else None
    return shape


def team_full(site: Site, known: Team, repositories: int) -> dict[str, Any]:
    """`team-full`: one team asked for by itself."""
    organisation = known.organisation
    made = instant(organisation.created_at)
    counts = {"public_repos": 0, "public_gists": 0, "followers": 0, "following": 0}
    whole = {
        **organization(site, organisation),
        **counts,
        "has_organization_projects": False,
        "has_repository_projects": False,
        "html_url": site.web(f"/{organisation.login}"),
        "type": "Organization",
        "created_at": made,
        "updated_at": made,
        "archived_at": None,
    }
    return {
        **team(site, known),
        "members_count": len(team_members(known)),
        "repos_count": repositories,
        "created_at": made,
        "updated_at": made,
        "organization": whole,
    }


def profile(site: Site, world: World, known: Account) -> dict[str, Any]:
    """`public-user`."""
    made = instant(known.created_at)
    unknown = ("company", "location", "email", "hireable", "bio", "twitter_username")
    return {
        **user(site, known),
        **dict.fromkeys(unknown),
        "name": known.login,
        "email": known.address if known.shows_address else None,
        "blog": "",
        "public_repos": sum(each.visibility == "public" for each in world.owned_by(known)),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": made,
        "updated_at": made,
    }


def app(site: Site) -> dict[str, Any]:
    """`integration`."""
    known = site.registration
    return {
        "id": known.id,
        "client_id": known.client_id,
        "slug": known.slug,
        "node_id": node_id("App", known.id),
        "owner": user(site, known.owner),
        "name": known.slug.capitalize(),
        "description": None,
        "external_url": site.web(f"/apps/{known.slug}"),
        "html_url": site.web(f"/apps/{known.slug}"),
        "created_at": instant(known.created_at),
        "updated_at": instant(known.created_at),
        "permissions": dict(known.permissions),
        "events": list(known.events),
    }


def installation(site: Site, known: Installation) -> dict[str, Any]:
    account = known.account
    page = f"/organizations/{account.login}/settings/installations/{known.id}"
    return {
        "id": known.id,
        "account": user(site, account),
        "repository_selection": "all" if known.selected is None else "selected",
        "access_tokens_url": site.api(f"/app/installations/{known.id}/access_tokens"),
        "repositories_url": site.api("/installation/repositories"),
        "html_url": site.web(page),
        "app_id": site.registration.id,
        "client_id": site.registration.client_id,
        "app_slug": site.registration.slug,
        "target_id": account.id,
        "target_type": _TYPES[account.kind],
        "permissions": dict(known.permissions),
        "events": list(site.registration.events),
        "created_at": instant(known.created_at),
        "updated_at": instant(known.updated_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": user(site, known.suspended_by) if known.suspended_by else None,
        "suspended_at": instant(known.suspended_at),
    }


def permissions(have: Permission) -> dict[str, bool]:
    """The five switches of a role."""
    steps: list[tuple[str, Permission]] = [
        ("admin", "admin"),
        ("maintain", "maintain"),
        ("push", "write"),
        ("triage", "triage"),
        ("pull", "read"),
    ]
    return {word: rules.at_least(have, needed) for word, needed in steps}


def collaborator(site: Site, repository: Repository, who: Account) -> dict[str, Any]:
    """`repository-collaborator-permission`: everybody has one, be it `none`."""
    have = rules.access(repository, who)
    person = {**user(site, who), "permissions": permissions(have), "role_name": have}
    return {"permission": LEGACY[have], "role_name": have, "user": person}


def association(repository: Repository, who: Account) -> str:
    """`author_association`: how the author stands to the repository."""
    organisation = repository.organisation
    if who is repository.owner:
        return "OWNER"
    if organisation is not None and who.id in organisation.members:
        return "MEMBER"
    if who.id in repository.collaborators:
        return "COLLABORATOR"
    if any(change.merged and change.by is who for change in repository.changes):
        return "CONTRIBUTOR"
    return "NONE"
