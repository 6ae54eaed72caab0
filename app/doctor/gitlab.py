"""Whether Usher's account on GitLab is as it needs to be: token, hooks, deliveries, limits, clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from app.doctor.checks import LITTLE_LEFT, Check, ago, failed, skew, warning, well
from app.forges.gitlab.client import GitLabClient
from app.forges.gitlab.setup import GitLabSetup, Hook, Place, token_problems
from app.rounds.gitlab_hooks import hook_places
from app.store.database import Database
from app.store.tables import delivery
from handlers.ports import Forbidden, ForgeError, Gone


async def check_gitlab(client: GitLabClient, database: Database) -> AsyncIterator[Check]:
    """Every line about GitLab, in the order in which one depends on the other."""
    account = await _account(client)
    for each in account:
        yield each
    if account[0].status == "failed":
        return
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
    yield await _deliveries(database)
    yield _budget(client)


@dataclass(frozen=True, slots=True)
class Trial:
    """What a token can do at a group or project. `options` are those of `usher gitlab connect` that connect it;
    empty where something has to be mended first.
    """

    checks: list[Check]
    options: str = ""


async def tried(client: GitLabClient, path: str) -> Trial:
    """Look whether this token could connect the group or project of this path. It changes nothing."""
    checks = await _account(client)
    if checks[0].status == "failed":
        return Trial(checks)
    setup = GitLabSetup(client)
    try:
        place = await _place(setup, path)
        if place is None:
            sees = f"{client.url} shows no group and no project {path!r} to this account."
            mend = "Compare the path, and make the account a member there with the role Developer."
            return Trial([*checks, failed("gitlab.place", sees, mend)])
        may = await _may_make_hooks(setup, place)
    except ForgeError as error:
        return Trial([*checks, failed("gitlab.place", f"GitLab does not answer: {error}.", "Try again.")])
    checks += [well("gitlab.place", f"It sees the {place.kind.removesuffix('s')} {place.path}."), may]
    if any(each.status == "failed" for each in checks):
        return Trial(checks)
    owner = "" if may.status == "well" else " --token-file OWNERS-TOKEN"
    return Trial(checks, f"--{place.kind.removesuffix('s')} {place.path}{owner}")


async def _place(setup: GitLabSetup, path: str) -> Place | None:
    for look in (setup.group, setup.project):
        try:
            return await look(path)
        except Gone:
            continue
    return None


async def _may_make_hooks(setup: GitLabSetup, place: Place) -> Check:
    who = "an Owner of the group" if place.kind == "groups" else "a Maintainer of the project"
    try:
        await setup.hooks(place)
    except (Forbidden, Gone) as error:
        if place.kind == "groups" and isinstance(error, Gone):
            return well("gitlab.hooks", "This GitLab has no hooks for groups, so each project gets one.")
        return warning(
            "gitlab.hooks",
            f"Hooks are made by {who}, which this account is not; it need not be.",
            "Put a token of such a person into a file, here OWNERS-TOKEN. It is used once and not kept.",
        )
    return well("gitlab.hooks", "It may make hooks there.")


async def _account(client: GitLabClient) -> list[Check]:
    """Whose token it is, whether it holds and suffices, and whether the clocks agree; one failure if it is nobody's."""
    try:
        us, token = await client.who_am_i(), await client.token_state()
    except ForgeError as error:
        return [
            failed(
                "gitlab.account",
                f"GitLab does not accept the token: {error}.",
                "Make a new one with scope `api` for Usher's account, set USHER_GITLAB_TOKEN, and start Usher again.",
            )
        ]
    mend = "Make a new token, set USHER_GITLAB_TOKEN, and start Usher again."
    said = failed if token is not None and "api" not in token.scopes else warning
    problems = [
        said("gitlab.token", problem, mend) for problem in token_problems(token, datetime.now(UTC).date())
    ]
    return [
        well("gitlab.account", f"The token is that of @{us.username} on {client.url}."),
        skew("gitlab.clock", "GitLab", client.clock.offset),
        *(
            problems
            or [
                well("gitlab.token", "The token has the scope that is needed and holds for a month at least.")
            ]
        ),
    ]


async def _deliveries(database: Database) -> Check:
    """By our own list: GitLab shows what it sent to those alone who may see the hook."""
    newest = (
        sa.select(delivery.c.event, (sa.func.now() - delivery.c.received_at).label("ago"))
        .where(delivery.c.forge == "gitlab")
        .order_by(delivery.c.id.desc())
        .limit(1)
    )
    async with database.begin() as connection:
        last = (await connection.execute(newest)).one_or_none()
    if last is None:
        return warning(
            "gitlab.deliveries",
            "Nothing was delivered yet, or nothing for a month.",
            "Open a merge request, or press “Test” at the hook on GitLab. If nothing comes, GitLab cannot reach "
            "USHER_PUBLIC_URL, or may not: an administrator allows addresses of your own network under "
            "“Outbound requests”.",
        )
    return well("gitlab.deliveries", f"The last delivery, {last.event}, came {ago(last.ago)} ago.")


def _budget(client: GitLabClient) -> Check:
    left = client.budget
    if left < LITTLE_LEFT:
        return warning(
            "gitlab.budget",
            f"{left:.0%} of this minute's requests are left; sweeps wait below {LITTLE_LEFT:.0%}.",
            "If it stays so, look for another user of Usher's token.",
        )
    return well("gitlab.budget", f"{left:.0%} of this minute's requests are left.")


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
    if not hook.verifies and hook.url.startswith("https:"):
        return warning(name, f"{place.path}: the hook does not check Usher's certificate.", repair)
    return well(name, f"{place.path}: the hook is on and sends what is needed.")
