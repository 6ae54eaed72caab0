"""Whether Usher's account on GitLab is as it needs to be: token, hooks, clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from app.doctor.checks import Check, failed, skew, warning, well
from app.forges.gitlab_client import GitLabClient
from app.forges.gitlab_setup import GitLabSetup, Hook, Place, token_problems
from app.gitlab_watch import hook_places
from app.store.database import Database
from handlers.ports import Forbidden, ForgeError, Gone


async def check_gitlab(client: GitLabClient, database: Database) -> AsyncIterator[Check]:
    """Every line about GitLab, in the order in which one depends on the other."""
    try:
        us, token = await client.who_am_i(), await client.token_state()
    except ForgeError as error:
        yield failed(
            "gitlab.account",
            f"GitLab does not accept USHER_GITLAB_TOKEN: {error}.",
            "Make a new token with scope `api` for Usher's account, set it, and start Usher again.",
        )
        return
    yield well("gitlab.account", f"Usher is @{us.username} on {client.url}.")
    yield skew("gitlab.clock", "GitLab", client.clock.offset)
    problems = token_problems(token, datetime.now(UTC).date())
    for problem in problems:
        yield warning(
            "gitlab.token", problem, "Make a new token, set USHER_GITLAB_TOKEN, and start Usher again."
        )
    if not problems:
        yield well("gitlab.token", "The token has the scope that is needed and holds for a month at least.")
    setup = GitLabSetup(client)
    unseen: list[str] = []
    places = await hook_places(database, setup, unseen)
    if not places and not unseen:
        yield failed("gitlab.hooks", "No group is connected.", "Run `usher gitlab connect --group GROUP`.")
    for place in places:
        async for each in _hooks(setup, place):
            yield each
    for name in unseen:
        yield warning(
            f"gitlab.hook.{name}",
            f"{name}: Usher's account may not see its hooks, so it cannot tell whether GitLab switched one off.",
            "Make it Owner of the group or Maintainer of the project, or look there yourself at times.",
        )


async def _hooks(setup: GitLabSetup, place: Place) -> AsyncIterator[Check]:
    name = f"gitlab.hook.{place.path}"
    repair = f"Run `usher gitlab connect --{place.kind.removesuffix('s')} {place.path}`."
    try:
        hooks = await setup.hooks(place)
    except (Forbidden, Gone):
        return
    if not hooks:
        yield failed(name, f"{place.path} has no hook that leads to Usher.", repair)
    for hook in hooks:
        yield _hook(name, place, hook, repair)


def _hook(name: str, place: Place, hook: Hook, repair: str) -> Check:
    if hook.alert != "executable":
        until = hook.disabled_until.isoformat() if hook.disabled_until else "for good"
        return failed(name, f"{place.path}: GitLab switched the hook off, until {until}.", repair)
    if hook.missing:
        return failed(name, f"{place.path}: the hook does not send {', '.join(hook.missing)}.", repair)
    if not hook.verifies:
        return warning(name, f"{place.path}: the hook does not check Usher's certificate.", repair)
    return well(name, f"{place.path}: the hook is on and sends what is needed.")
