"""Backup and restore: one file, an empty database, and nothing is said twice for having been forgotten."""

from __future__ import annotations

import asyncio
import stat
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from app import main, serving
from app.errors import ForPeople
from app.forges.sandbox import Sandbox
from app.store import backup
from app.store.database import connect
from app.store.tables import effect, restoration
from tests.conftest import new_database
from tests.stories import Bot, Shop, said, settings_for

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """The reading of a log is the handlers' concern."""


async def test_what_was_said_after_the_backup_is_found_and_not_said_again(
    bot: Bot, world: Shop, forge: Sandbox, postgres: str, tmp_path: Path
) -> None:
    """Back up, go on for a day with requests, a comment and a reminder, lose everything, restore, sweep."""
    old = world.ana.opens(world.api, touching=["docs/guide.md"])
    await bot.settled()
    file = tmp_path / "usher.dump"
    await backup.backup(bot.usher.database, file)
    new = world.ana.opens(world.api, touching=["pay/refund.py"])
    await bot.settled()
    forge.later("25h")  # the reminder of the first change, and of the second
    await bot.settled()
    before = {change.number: (said(change), set(change.asked), list(change.history)) for change in (old, new)}
    assert len(before[old.number][0]) == 2

    empty = connect(new_database(postgres))
    await backup.restore(empty, file)
    settings = settings_for(forge, tmp_path)
    async with main.opened(settings, empty.conninfo, clock=forge.clock) as again:
        stop = asyncio.Event()
        working = asyncio.create_task(again.work.run(stop, concurrency=2))
        listener = serving.listen("127.0.0.1", 0)
        web = asyncio.create_task(serving.run_web(again, stop, listener))
        forge.webhook_url = f"{serving.address_of(listener)}/webhooks/github"
        for sent in list(forge.deliveries):  # as the sweep of what was missed asks for them
            forge.courier.redeliver(sent)
        restored = Bot(forge, again, serving.address_of(listener))
        await restored.settled()
        async with again.database.begin() as connection:
            known = set((await connection.execute(sa.select(effect.c.state))).scalars())
        stop.set()
        await asyncio.gather(working, web)
    await empty.close()
    for change in (old, new):
        comments, asked, history = before[change.number]
        assert said(change) == comments
        assert set(change.asked) == asked
        requests = [event for event in change.history if event.kind == "review_requested"]
        assert requests == [event for event in history if event.kind == "review_requested"]
    assert known <= {"done", "skipped"}


async def test_the_file_is_its_owners_alone_and_never_written_over(bot: Bot, tmp_path: Path) -> None:
    file = tmp_path / "usher.dump"
    size = await backup.backup(bot.usher.database, file)
    assert size == file.stat().st_size > 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(ForPeople, match="is there already"):
        await backup.backup(bot.usher.database, file)


async def test_a_database_that_is_not_empty_is_not_restored_into(bot: Bot, tmp_path: Path) -> None:
    file = tmp_path / "usher.dump"
    await backup.backup(bot.usher.database, file)
    with pytest.raises(ForPeople, match="not empty"):
        await backup.restore(bot.usher.database, file)


async def test_the_address_is_used_as_it_is_written_and_no_password_is_in_a_command_line(
    bot: Bot, tmp_path: Path
) -> None:
    """An address may say more than where: here a role to take, which there is not."""
    there = bot.usher.database.conninfo
    with_role = replace(bot.usher.database, conninfo=there + "&options=-crole%3Dnobody-has-this-role")
    with pytest.raises(ForPeople, match="nobody-has-this-role"):
        await backup.backup(with_role, tmp_path / "one.dump")
    assert not (tmp_path / "one.dump").exists()
    tool = tmp_path / "pg_dump"
    tool.write_text(
        '#!/bin/sh\necho "$@" > "$0.said"; echo "$PGPASSWORD" >> "$0.said"; echo refused >&2; exit 1\n'
    )
    tool.chmod(0o700)
    secret = replace(bot.usher.database, conninfo=there.replace("postgres:@", "postgres:hunter2@"))
    with pytest.raises(ForPeople, match="pg_dump failed: refused"):
        await backup.backup(secret, tmp_path / "two.dump", tools=tmp_path)
    arguments, password = (tmp_path / "pg_dump.said").read_text().splitlines()
    assert "hunter2" not in arguments
    assert password == "hunter2"
    (tmp_path / "no tool").mkdir()
    with pytest.raises(ForPeople, match="pg_dump cannot be run: No such file"):
        await backup.backup(secret, tmp_path / "three.dump", tools=tmp_path / "no tool")
    assert not (tmp_path / "three.dump").exists()


async def test_what_is_no_backup_leaves_the_database_empty(postgres: str, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("no dump")
    empty = connect(new_database(postgres))
    with pytest.raises(ForPeople, match="pg_restore failed"):
        await backup.restore(empty, file)
    with pytest.raises(ForPeople, match="There is no file"):
        await backup.restore(empty, tmp_path / "missing")
    async with empty.begin() as connection:
        assert not await connection.scalar(sa.text("SELECT to_regclass('tenant')"))
    await empty.close()


async def test_a_restore_is_noted(bot: Bot, postgres: str, tmp_path: Path) -> None:
    file = tmp_path / "usher.dump"
    await backup.backup(bot.usher.database, file)
    empty = connect(new_database(postgres))
    await backup.restore(empty, file)
    async with empty.begin() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(restoration)) == 1
    await empty.close()
