"""Deliveries that never came are asked for again, and changes that moved in silence are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from app.rounds.compare import Comparing
from app.rounds.missed import BURST, MOST_TRIES, MissedDeliveries
from app.store.chores import Chore
from app.store.tables import delivery, due
from handlers.ports import Attempt, Gone
from policies.facts import RepositoryRef
from tests.stories import Bot, Shop, said

pytestmark = pytest.mark.slow


class Looks:
    """Looks for missed deliveries, each time five minutes later, as the round does."""

    def __init__(self, bot: Bot, holds: Callable[[str, str, str], bool] = lambda *_: False) -> None:
        self.time = datetime.now(UTC) + timedelta(minutes=2)  # what was sent just now counts as settled
        self.note: dict[str, object] = {}
        self._looks = MissedDeliveries(
            "github", bot.usher.database, lambda: bot.usher.github.app, holds, now=lambda: self.time
        )

    async def look(self) -> dict[str, object]:
        chore = Chore("missed github", self.time, None, None, self.note)
        self.note = dict(await self._looks(chore))
        self.time += timedelta(minutes=5)
        return self.note


async def test_a_delivery_that_found_no_connection_is_asked_for_and_does_its_work(
    world: Shop, bot: Bot
) -> None:
    await bot.settled()
    world.forge.courier.losses = 1.0
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    assert change.asked == set()
    world.forge.courier.losses = 0.0
    looks = Looks(bot)
    first = await looks.look()
    await bot.settled()
    assert change.asked == {"erin"}
    assert first["missing"] == len([sent for sent in world.forge.deliveries if sent.status_code == 502])
    second = await looks.look()
    assert (second["missing"], second["recovered"], second["asked"]) == (0, first["missing"], [])


async def test_a_delivery_that_was_answered_and_is_not_here_is_a_loss_too(world: Shop, bot: Bot) -> None:
    """So it is after a backup was restored."""
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    async with bot.usher.database.begin() as connection:
        await connection.execute(sa.delete(delivery))
        await connection.execute(sa.update(due).values(settled_generation=due.c.generation))
    note = await Looks(bot).look()
    await bot.settled()
    assert note["missing"]
    async with bot.usher.database.begin() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(delivery))
    assert change.asked == {"erin"}
    assert len(said(change)) == 1


async def test_what_came_or_waits_on_disk_is_not_asked_for(world: Shop, bot: Bot) -> None:
    world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    assert (await Looks(bot).look())["missing"] == 0
    async with bot.usher.database.begin() as connection:
        await connection.execute(sa.delete(delivery))
    sent = len(world.forge.deliveries)
    assert (await Looks(bot, holds=lambda *_: True).look())["missing"] == 0
    assert len(world.forge.deliveries) == sent


class Stubborn:
    """A forge whose deliveries never arrive."""

    def __init__(self, number: int) -> None:
        self.at = datetime.now(UTC) - timedelta(hours=1)
        self.names = [f"lost-{n}" for n in range(number)]
        self.asked: list[str] = []
        self.gone: set[str] = set()

    async def attempts(self, since: datetime) -> tuple[Attempt, ...]:
        if self.at < since:
            return ()
        return tuple(Attempt(n, name, "push", self.at, False) for n, name in enumerate(self.names))

    async def redeliver(self, attempt: Attempt) -> None:
        if attempt.delivery_id in self.gone:
            raise Gone("it is not listed any more")
        self.asked.append(attempt.delivery_id)


async def test_each_look_asks_for_so_many_and_none_is_asked_for_for_ever(bot: Bot) -> None:
    post, time = Stubborn(BURST + 30), datetime.now(UTC)
    looks = MissedDeliveries("github", bot.usher.database, lambda: post, lambda *_: False, now=lambda: time)
    post.gone = {"lost-3"}
    note: dict[str, object] = {}
    asked_before = 0
    for _ in range(4 * MOST_TRIES):
        note = dict(await looks(Chore("missed github", time, None, None, note)))
        assert len(post.asked) - asked_before <= BURST
        asked_before = len(post.asked)
        time += timedelta(minutes=5)
    assert {post.asked.count(name) for name in post.names if name != "lost-3"} == {MOST_TRIES}
    assert (note["missing"], note["given_up"], note["recovered"]) == (BURST + 30, BURST + 30, 0)


# --- Comparing ----------------------------------------------------------------------------------------------


@contextmanager
def silence(world: Shop) -> Iterator[None]:
    """The forge sends nothing of what happens, and lists nothing either."""
    url, world.forge.webhook_url = world.forge.webhook_url, None
    yield
    world.forge.webhook_url = url


async def compare(bot: Bot, world: Shop) -> int:
    async with bot.usher.database.begin() as connection:
        [tenant_id] = (await connection.execute(sa.text("SELECT id FROM tenant"))).scalars()
    comparing = Comparing(bot.usher.database, bot.usher.forges, timedelta())
    drifted = await comparing.repository(tenant_id, RepositoryRef(world.api.id, world.api.full_name))
    await bot.settled()
    return drifted


async def test_a_change_whose_events_were_never_sent_is_found(world: Shop, bot: Bot) -> None:
    known = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    with silence(world):
        silent = world.ana.opens(world.api, touching=["docs/other.md"])
        world.ana.pushes(known, "pay/refund.py")
    assert await compare(bot, world) == 2
    assert silent.asked == {"erin"}
    assert known.asked & {"ben", "carla"}
    assert len(said(silent)) == 1
    assert await compare(bot, world) == 0


async def test_a_change_that_was_closed_in_silence_is_nobodys_turn_any_more(world: Shop, bot: Bot) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    with silence(world):
        world.ana.closes(change)
    assert await compare(bot, world) == 1
    assert {each.verdict for each in await bot.obligations(change)} != {None}
    assert await compare(bot, world) == 0


async def test_what_usher_wrote_itself_is_no_drift_and_makes_it_write_nothing(world: Shop, bot: Bot) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    before = await bot.effects(change)
    assert await compare(bot, world) == 0
    assert await bot.effects(change) == before
