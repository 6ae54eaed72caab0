"""Keeps an eye on GitLab's hooks, which switch themselves off after failures, and on Usher's token.

Every five minutes: a hook that is off is tested, which brings it back, and what it could not deliver is sent
again, five a minute at most. Where Usher's token may not see the hooks, that is said once, and an Owner's
`usher gitlab connect` mends what is broken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app import logs, metrics
from app.forges.gitlab.client import GitLabClient
from app.forges.gitlab.setup import (
    MOST_RESENT,
    GitLabSetup,
    Hook,
    Place,
    days_left,
    token_problems,
    warning_due,
)
from app.rounds.schedule import Round
from app.store import tenants
from app.store.chores import Chore
from app.store.database import Database
from handlers.ports import ForgeError, Gone, Locked, Throttled

log = logs.get(__name__)

EVERY = timedelta(minutes=5)
AT_START = timedelta(minutes=1)


def watch_hooks(
    database: Database, client: Callable[[], GitLabClient | None], address: str | None = None
) -> Round:
    """The round that looks after the hooks of all groups. `address`: under which GitLab reaches us, if it is known."""
    return Round("gitlab hooks", EVERY, HookWatch(database, client, address), at_start=AT_START)


@dataclass(frozen=True, slots=True)
class HookWatch:
    """Looks once."""

    database: Database
    client: Callable[[], GitLabClient | None]
    address: str | None = None

    async def __call__(self, chore: Chore) -> Mapping[str, Any]:
        """Returns what the operations page shows: hooks by state, what was sent again, what could not be seen."""
        client = self.client()
        if client is None:
            return {}
        setup = GitLabSetup(client)
        seen: dict[str, str] = {}
        unseen: list[str] = []
        resent, marks = 0, dict(chore.note.get("marks", {}))
        for place in await hook_places(self.database, setup, unseen):
            try:
                for hook in (each for each in await setup.hooks(place) if self._is_ours(each)):
                    state = await self._look(setup, place, hook)
                    seen[f"{place.path} {hook.id}"] = state
                    if state == "executable" and resent < MOST_RESENT:
                        resent += await self._resend(setup, place, hook, marks, MOST_RESENT - resent)
            except (Locked, Throttled):
                raise  # it would be the same at every other place
            except ForgeError as error:
                unseen.append(place.path)
                log.info("hooks cannot be looked after", place=place.path, reason=str(error))
        if seen:
            metrics.hook_enabled.labels("gitlab").set(all(state == "executable" for state in seen.values()))
        problems, told = await self._token(client, str(chore.note.get("told", "")))
        left = {"hooks": seen, "unseen": unseen, "resent": resent, "token": problems}
        return {**left, "told": told, "marks": marks}

    def _is_ours(self, hook: Hook) -> bool:
        """Another Usher may have a hook at the same place, which it looks after itself."""
        return self.address is None or hook.url.startswith(f"{self.address}/")

    async def _look(self, setup: GitLabSetup, place: Place, hook: Hook) -> str:
        if hook.alert == "executable":
            return hook.alert
        back = await setup.wake(place, hook)
        until = hook.disabled_until.isoformat() if hook.disabled_until else "for good"
        if back:
            log.warning("a hook was switched off, and is on again", place=place.path, until=until)
            return "executable"
        log.error("a hook is switched off and stays so", place=place.path, until=until)
        return hook.alert

    async def _resend(
        self, setup: GitLabSetup, place: Place, hook: Hook, marks: dict[str, int], most: int
    ) -> int:
        """`marks`: by hook, up to which event all is well; moved on here."""
        failed = await setup.failed(place, hook, marks.get(str(hook.id), 0))
        marks[str(hook.id)] = failed.mark
        done = 0
        for event in failed.events[:most]:
            try:
                await setup.resend(place, hook, event)
            except ForgeError as error:
                log.info("an event was not sent again", place=place.path, reason=str(error))
                break
            done += 1
        return done

    async def _token(self, client: GitLabClient, told: str) -> tuple[list[str], str]:
        """What is wrong with the token, or soon will be, and of what the log was told by now: of each only once."""
        try:
            token = await client.token_state()
        except ForgeError as error:
            return [f"GitLab does not say how the token stands: {error}"], told
        today = datetime.now(UTC).date()
        left = days_left(token, today) if token else None
        if left is not None:
            metrics.credential_expiry_seconds.labels("gitlab").set(left * 86_400)
        problems = list(token_problems(token, today))
        due = warning_due(token, today)
        if due != told:
            for problem in problems:
                log.warning("the GitLab token needs somebody", problem=problem)
        return problems, due


async def hook_places(database: Database, setup: GitLabSetup, unseen: list[str]) -> list[Place]:
    """The groups that are connected, and where groups have no hooks, the projects we know there.

    What we may not look at is added to `unseen` by its name.
    """
    async with database.begin() as connection:
        groups = [each for each in await tenants.every(connection) if each.forge == "gitlab"]
    found: list[Place] = []
    for tenant in groups:
        if tenant.state != "active":
            continue
        try:
            place = await setup.group(tenant.account)
            try:
                await setup.hooks(place)
                found.append(place)
            except Gone:  # no group hooks in this tier
                found += await setup.projects(place)
        except ForgeError as error:
            unseen.append(tenant.account)
            log.debug("hooks cannot be seen", account=tenant.account, reason=str(error))
    return found
