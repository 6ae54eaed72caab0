"""Whether the GitHub App is as Usher needs it: key, permissions, events, webhook, installations, limits, clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from app.doctor.checks import LITTLE_LEFT, Check, ago, failed, skew, skipped, warning, well
from app.forges.calls import items
from app.forges.github import needs
from app.forges.github.app import GitHubApp
from app.forges.github.client import GitHubClient
from app.forges.json_values import number, text
from app.forges.json_values import time as instant
from handlers.ports import ForgeError

_RECENT = timedelta(hours=1)


async def check_github(client: GitHubClient, public_url: str | None) -> AsyncIterator[Check]:
    """Every line about the App, in the order in which one depends on the other."""
    try:
        app = (await client.as_app("GET", "/app")).json()
    except ForgeError as error:
        yield failed(
            "github.app",
            f"GitHub does not know this App by its key: {error}.",
            "Compare USHER_GITHUB_APP_ID and USHER_GITHUB_PRIVATE_KEY with the App's settings page.",
        )
        yield skew("clock", "GitHub", client.clock.offset)
        return
    page = text(app, "html_url")
    yield well("github.app", f"{text(app, 'name')} ({page}), App {number(app, 'id')}.")
    yield skew("clock", "GitHub", client.clock.offset)
    yield _permissions(app, page)
    yield _events(app, page)
    yield await _hook_address(client, public_url, page)
    yield await _deliveries(client, page)
    async for each in _installations(client, page):
        yield each


def _permissions(app: Mapping[str, Any], page: str) -> Check:
    missing = needs.missing_permissions(app.get("permissions") or {})
    if missing:
        names = ", ".join(f"{each.title}: {each.level} ({each.why})" for each in missing)
        return failed("github.permissions", f"The App lacks {names}.", f"Grant it at {page}/permissions.")
    return well("github.permissions", "The App has every permission that is needed.")


def _events(app: Mapping[str, Any], page: str) -> Check:
    missing = needs.missing_events(app.get("events"))
    if missing:
        return failed(
            "github.events",
            f"The App does not subscribe to {', '.join(missing)}.",
            f"Tick them at {page}/permissions, below “Subscribe to events”.",
        )
    return well("github.events", "The App subscribes to every event that is needed.")


async def _hook_address(client: GitHubClient, public_url: str | None, page: str) -> Check:
    try:
        address = text((await client.as_app("GET", "/app/hook/config")).json(), "url")
    except ForgeError as error:
        return warning("github.webhook", f"GitHub does not show the webhook: {error}.", f"Look at {page}.")
    if not address:
        return failed("github.webhook", "The App has no webhook address.", f"Set it at {page}.")
    if public_url is None:
        return warning(
            "github.webhook",
            f"GitHub delivers to {address}.",
            "Set USHER_PUBLIC_URL, so that Usher can tell whether this is its own address.",
        )
    if (wanted := f"{public_url}/webhooks/github") != address:
        return failed(
            "github.webhook", f"GitHub delivers to {address}, not to {wanted}.", f"Correct it at {page}."
        )
    return well("github.webhook", f"GitHub delivers to {address}.")


async def _deliveries(client: GitHubClient, page: str) -> Check:
    """By GitHub's own list: that they arrived somewhere proves that the webhook is reachable."""
    try:
        attempts = await GitHubApp(client).attempts(datetime.now(UTC) - timedelta(days=3))
    except ForgeError as error:
        return skipped("github.deliveries", f"GitHub does not list its deliveries: {error}.")
    if not attempts:
        return warning(
            "github.deliveries",
            "GitHub delivered nothing in three days.",
            "Install the App, or open a pull request, and look again.",
        )
    last = attempts[0]
    since = ago(datetime.now(UTC) - last.at)
    if last.answered:
        refused = sum(not each.answered for each in attempts)
        more = f" {refused} of {len(attempts)} in three days were not answered." if refused else ""
        return well("github.deliveries", f"The last delivery, {last.event}, was answered {since} ago.{more}")
    return failed(
        "github.deliveries",
        f"The last delivery, {last.event} {since} ago, was not accepted here.",
        f"See what GitHub got at {page}/advanced: a time-out means that the address cannot be reached from "
        "GitHub, 401 that the webhook secret differs.",
    )


async def _installations(client: GitHubClient, page: str) -> AsyncIterator[Check]:
    found: list[Mapping[str, Any]] = []
    try:
        async for page_of in client.pages_as_app("/app/installations{?per_page}"):
            found += items(page_of)
    except ForgeError as error:
        yield skipped("github.installations", f"GitHub does not list the installations: {error}.")
        return
    if not found:
        yield failed(
            "github.installations", "The App is installed nowhere.", f"Install it: {page}/installations/new"
        )
    for each in found:
        account, where = text(each, "account.login"), text(each, "html_url")
        if instant(each, "suspended_at") is not None:
            yield failed(
                f"github.installation.{account}", f"{account} suspended the App.", f"Resume: {where}"
            )
        elif missing := needs.missing_permissions(each.get("permissions") or {}):
            names = ", ".join(f"{needed.title}: {needed.level}" for needed in missing)
            yield failed(
                f"github.installation.{account}",
                f"{account} has not accepted {names}.",
                f"An owner of {account} accepts it at {where}.",
            )
        else:
            yield await _budget(client, number(each, "id") or 0, account)


async def _budget(client: GitHubClient, installation: int, account: str) -> Check:
    name = f"github.installation.{account}"
    try:
        await client.lists(installation, "/installation/repositories{?per_page}", per_page=1)
    except ForgeError as error:
        return failed(name, f"{account}: its repositories cannot be read: {error}.", "Install the App anew.")
    left = client.budget(installation)
    if left < LITTLE_LEFT:
        return warning(
            name,
            f"{account}: {left:.0%} of this hour's requests are left; sweeps wait below {LITTLE_LEFT:.0%}.",
            "If it stays so, look for another user of the App's key.",
        )
    return well(name, f"{account}: installed, {left:.0%} of this hour's requests are left.")
