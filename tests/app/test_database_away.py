"""The database is stopped, killed, full or slow: what was acknowledged is there when it is back."""

from __future__ import annotations

import asyncio
import hashlib
import stat
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from app import main
from app.forges.sandbox import Sandbox
from app.receiving.intake import Intake
from app.receiving.spool import Spool, SpoolError, SpoolFull
from app.settings import SettingsError
from app.store import schema
from app.store.database import connect
from app.store.inbox import Incoming, take
from app.store.tables import delivery
from tests.app.receiving import Receiving, receiving
from tests.conftest import new_database
from tests.servers import Server
from tests.stories import settings_for

FORGES_WAIT = 10.0
"""Seconds, after which GitHub and GitLab take a delivery for failed."""


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    started = Server()
    database = connect(started.address)
    await schema.migrate(database)
    await database.close()
    yield started
    started.drop()


async def until_loaded(hook: Receiving) -> None:
    async with asyncio.timeout(30):
        while hook.intake.spool.files:
            await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_while_the_database_is_stopped_deliveries_wait_on_disk(server: Server) -> None:
    async with receiving(server.address) as hook:
        assert (await hook.post(x_github_delivery="before")).status_code == 202
        await asyncio.to_thread(server.stop)
        began = time.monotonic()
        answers = await asyncio.gather(*(hook.post(b"{}", x_github_delivery=f"away-{n}") for n in range(50)))
        later = await hook.post(b"{}", x_github_delivery="away-0")  # the forge's second attempt
        assert {answer.status_code for answer in [*answers, later]} == {202}
        assert time.monotonic() - began < 9
        assert hook.intake.spool.files == 50
        await asyncio.to_thread(server.start)
        await until_loaded(hook)
        rows = await take(hook.database)
        assert {row.delivery_id for row in rows} == {"before", *(f"away-{n}" for n in range(50))}
        assert {row.body for row in rows} == {b"{}"}
        async with hook.database.begin() as connection:
            ways = dict((await connection.execute(sa.select(delivery.c.delivery_id, delivery.c.via))).all())  # type: ignore[arg-type]
        assert (ways["before"], ways["away-7"]) == ("http", "spool")
        async with asyncio.timeout(20):  # and then the inbox takes them again
            while hook.intake.inbox.is_bypassed or await hook.stored() < 52:
                await hook.post(x_github_delivery="after")
                await asyncio.sleep(0.1)


@pytest.mark.slow
async def test_a_database_that_is_killed_has_kept_all_that_was_acknowledged(server: Server) -> None:
    acknowledged: set[str] = set()

    async def send(hook: Receiving, part: int) -> None:
        for number in range(60):
            name = f"{part}-{number}"
            if (await hook.post(b'{"pad":"%s"}' % (b"x" * 3000), x_github_delivery=name)).status_code == 202:
                acknowledged.add(name)

    async with receiving(server.address) as hook:
        sending = [asyncio.create_task(send(hook, part)) for part in range(8)]
        while len(acknowledged) < 100:
            await asyncio.sleep(0.005)
        await asyncio.to_thread(server.kill)
        await asyncio.gather(*sending)
        await asyncio.to_thread(server.start)
        await until_loaded(hook)
        async with hook.database.begin() as connection:
            kept = set((await connection.execute(sa.select(delivery.c.delivery_id))).scalars())
    assert len(acknowledged) == 8 * 60  # none was refused
    assert acknowledged <= kept


@pytest.mark.slow
async def test_a_database_that_hangs_keeps_nobody_waiting_longer_than_forges_do(address: str) -> None:
    async with receiving(address) as hook:
        await hook.post(x_github_delivery="before")
        with psycopg.connect(address) as blocker:
            blocker.execute("LOCK TABLE delivery IN ACCESS EXCLUSIVE MODE")
            async with asyncio.timeout(FORGES_WAIT):  # the lock is held until all are answered
                answers = await asyncio.gather(
                    *(hook.post(x_github_delivery=f"slow-{n}") for n in range(100))
                )
        assert {answer.status_code for answer in answers} == {202}
        await until_loaded(hook)
        assert await hook.stored() == 101


async def test_what_waited_on_disk_when_usher_stopped_is_loaded_when_it_starts(
    address: str, tmp_path: Path
) -> None:
    nowhere = address.replace("/test_", "/missing_")
    async with receiving(address, stored_in=nowhere, spool_in=tmp_path) as hook:
        assert (await hook.post(x_github_delivery="kept")).status_code == 202
    async with receiving(address, spool_in=tmp_path) as hook:
        await until_loaded(hook)
        assert [row.delivery_id for row in await take(hook.database)] == ["kept"]


async def test_where_the_disk_has_no_room_either_nothing_is_acknowledged(address: str) -> None:
    nowhere = address.replace("/test_", "/missing_")
    async with receiving(address, stored_in=nowhere, spool_bytes=400) as hook:
        answers = [await hook.post(x_github_delivery=f"{n}") for n in range(3)]
        assert [answer.status_code for answer in answers] == [202, 503, 503]
        assert answers[1].headers["retry-after"] == "60"


# --- The spool by itself ----------------------------------------------------------------------------------


def incoming(name: str, body: bytes = b"{}") -> Incoming:
    return Incoming("github", name, "ping", {"user-agent": "é"}, body, hashlib.sha256(body).digest(), "hmac")


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = Spool(tmp_path / "spool")
    opened.open()
    yield opened
    opened.close()


async def test_what_is_read_back_is_what_was_put(spool: Spool) -> None:
    for each in (incoming("one", b'{"a":\n1}'), incoming("two", b""), incoming("one", b'{"a":\n1}')):
        await spool.put(each)
    read = spool.read(64, 1_000_000)
    assert sorted(each.incoming.delivery_id for each in read) == ["one", "two"]
    assert {each.incoming.body for each in read} == {b'{"a":\n1}', b""}
    assert read[0].incoming.headers == {"user-agent": "é"}
    assert (spool.files, spool.holds("github", "", "one"), spool.holds("github", "", "three")) == (
        2,
        True,
        False,
    )
    spool.remove(read)
    assert (spool.files, spool.bytes, spool.holds("github", "", "one")) == (0, 0, False)


async def test_no_portion_is_larger_than_asked_for_unless_one_delivery_is(spool: Spool) -> None:
    for number in range(4):
        await spool.put(incoming(str(number), b"x" * 1000))
    assert len(spool.read(64, 3000)) == 2
    assert len(spool.read(64, 10)) == 1
    assert len(spool.read(3, 10_000)) == 3


async def test_nobody_else_can_read_it(spool: Spool, tmp_path: Path) -> None:
    await spool.put(incoming("one"))
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "spool").glob("*.delivery")}
    assert (stat.S_IMODE((tmp_path / "spool").stat().st_mode), modes) == (0o700, {0o600})


def test_a_directory_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(SpoolError, match=r"Run `chmod 700 "):
        Spool(tmp_path).open()


def test_what_is_no_directory_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SpoolError, match=r"USHER_SPOOL_DIR: cannot use .*file"):
        Spool(tmp_path / "file").open()


async def test_a_damaged_file_is_set_aside_and_stops_nobody(spool: Spool, tmp_path: Path) -> None:
    await spool.put(incoming("one", b"x" * 100))
    await spool.put(incoming("two"))
    [damaged] = [path for path in (tmp_path / "spool").glob("*.delivery") if path.stat().st_size > 300]
    damaged.write_bytes(damaged.read_bytes()[:-1])
    assert [each.incoming.delivery_id for each in spool.read(64, 10_000)] == ["two"]
    assert [path.suffix for path in (tmp_path / "spool").glob("*.damaged")] == [".damaged"]


async def test_a_file_that_cannot_be_read_stops_nobody(spool: Spool, tmp_path: Path) -> None:
    for number in range(3):
        await spool.put(incoming(str(number)))
    (tmp_path / "spool" / f"{'0' * 64}.delivery").mkdir()
    spool.look()
    assert {each.incoming.delivery_id for each in spool.read(64, 10_000)} == {"0", "1", "2"}
    assert (spool.files, spool.damaged) == (3, 1)


async def test_processes_of_one_number_do_not_write_into_each_others_files(
    spool: Spool, tmp_path: Path
) -> None:
    """In two containers on one volume both are process 1."""
    other = Spool(tmp_path / "spool")
    other.open()
    putting = [each.put(incoming(f"{n}-{each is spool}")) for n in range(20) for each in (spool, other)]
    await asyncio.gather(*putting)
    assert len(spool.read(64, 1_000_000)) == 40
    other.close()


async def test_what_the_database_cannot_hold_is_set_aside_and_the_rest_is_loaded(
    address: str, tmp_path: Path
) -> None:
    intake = Intake(address, Spool(tmp_path / "spool"), lambda: None)
    intake.spool.open()
    for number in range(5):
        await intake.spool.put(incoming(f"{number}"))
    await intake.spool.put(replace(incoming("longer"), event="e" * 65))
    assert await intake.load() == 5
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT count(*) FROM delivery WHERE via = 'spool'").fetchone() == (5,)
    assert (intake.spool.files, intake.spool.damaged) == (0, 1)
    intake.spool.close()


async def test_it_never_takes_the_last_room_of_a_volume(tmp_path: Path) -> None:
    crowded = Spool(tmp_path / "spool", least_free=0.9999)
    crowded.open()
    with pytest.raises(SpoolFull):
        await crowded.put(incoming("one"))
    assert list((tmp_path / "spool").glob("*.delivery")) == []
    crowded.close()


async def test_of_two_processes_on_one_volume_one_loads(address: str, tmp_path: Path) -> None:
    told: list[str] = []
    intakes = [Intake(address, Spool(tmp_path / "spool"), lambda: told.append("loaded")) for _ in range(2)]
    for each in intakes:
        each.spool.open()
    assert intakes[0].spool.volume == intakes[1].spool.volume
    for number in range(150):
        await intakes[0].spool.put(incoming(f"{number}"))
    numbers = await asyncio.gather(*(each.load() for each in intakes))
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT count(*) FROM delivery WHERE via = 'spool'").fetchone() == (150,)
    assert sum(numbers) == 150
    assert told
    for each in intakes:
        each.spool.close()


# --- Refusing to start --------------------------------------------------------------------------------------


async def test_a_database_that_forgets_what_it_committed_is_refused(
    postgres: str, forge: Sandbox, tmp_path: Path
) -> None:
    fresh = new_database(postgres, "usher")
    with psycopg.connect(fresh, autocommit=True) as connection:
        name = fresh.partition("?")[0].rpartition("/")[2]
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    with pytest.raises(SettingsError, match="synchronous_commit = off"):
        async with main.opened(settings_for(forge, tmp_path), fresh):
            pass


async def test_with_a_database_of_ones_own_a_safe_directory_must_be_named(
    address: str, forge: Sandbox, tmp_path: Path
) -> None:
    with pytest.raises(
        SettingsError, match="USHER_SPOOL_DIR: set it to a directory on a volume that outlives"
    ):
        async with main.opened(settings_for(forge, tmp_path, database_url=address)):
            pass
