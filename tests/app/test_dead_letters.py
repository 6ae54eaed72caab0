"""A delivery that cannot be read stops nobody else, is tried three times, and then waits for a person."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from app.aside import Aside, Hung
from app.forges.github.events import GitHubDoor
from app.receiving import trial
from app.receiving.drain import Drain
from app.store import audit, dead, due, inbox, retention
from app.store.database import Database
from app.store.inbox import Incoming
from app.store.tables import delivery, delivery_body, tenant
from app.store.tables import due as due_table
from handlers.ports import Delivery, Reading


class Door:
    """Reads like GitHub's, except what a test says goes wrong."""

    def __init__(self, wrong: Callable[[Delivery], None]) -> None:
        self._wrong = wrong

    def facts(self, delivery: Delivery) -> Reading:
        self._wrong(delivery)
        return GitHubDoor().facts(delivery)


def nothing_wrong(_delivery: Delivery) -> None:
    """As it should be."""


async def dies(_forge: str, _event: str, _body: bytes) -> bool:
    """Who reads this dies of it."""
    return False


def drain(
    database: Database,
    wrong: Callable[[Delivery], None] = nothing_wrong,
    patience: float = 20,
    survives: Callable[[str, str, bytes], Awaitable[bool]] = trial.survives,
) -> Drain:
    return Drain(
        database,
        doors={"github": Door(wrong)},
        hosts={"github": "https://api.example.org"},
        new_tenants="live",
        gather=timedelta(),
        own_logins={"github": lambda: ""},
        aside=Aside(patience),
        survives=survives,
    )


@pytest.fixture
async def line(address: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
        yield connection


async def put(line: psycopg.AsyncConnection[Any], *names: str, body: bytes = b'{"zen": "."}') -> None:
    sha256 = hashlib.sha256(body).digest()
    await inbox.insert(line, [Incoming("github", each, "ping", {}, body, sha256, "hmac") for each in names])


async def later(line: psycopg.AsyncConnection[Any]) -> None:
    """The pauses between the attempts are over."""
    await line.execute("UPDATE delivery SET next_at = now() WHERE state = 'new'")


async def states(database: Database) -> dict[str, str]:
    async with database.begin() as connection:
        rows = await connection.execute(sa.select(delivery.c.delivery_id, delivery.c.state))
        return {row.delivery_id: row.state for row in rows}


async def letters(database: Database) -> list[dead.DeadLetter]:
    async with database.begin() as connection:
        return await dead.every(connection)


async def test_a_body_that_is_no_json_object_is_dead_at_once(
    database: Database, line: psycopg.AsyncConnection[Any]
) -> None:
    await put(line, "broken", body=b'{"a": ')
    await put(line, "nan", body=b'{"a": NaN}')
    await put(line, "list", body=b"[1]")
    await put(line, "fine")
    await drain(database)()
    assert await states(database) == {"broken": "dead", "nan": "dead", "list": "dead", "fine": "ignored"}
    assert {each.reason.partition(":")[0] for each in await letters(database)} == {"malformed"}


async def test_what_kills_the_process_is_dead_after_three_times_and_kills_nobody_with_it(
    database: Database, line: psycopg.AsyncConnection[Any]
) -> None:
    """Each death leaves every delivery that was taken along half read."""
    await put(line, *(f"innocent-{number}" for number in range(5)), "killer")

    class Killed(BaseException):
        """The process is gone, and with it whatever it meant to write."""

    def kill(delivery: Delivery) -> None:
        if delivery.delivery_id == "killer":
            raise Killed

    # The first time all six were taken together, and none was read.
    assert len(await inbox.take(database)) == 6
    deaths = 0
    for _ in range(3):
        await later(line)
        try:
            await drain(database, kill, survives=dies)()
        except Killed:
            deaths += 1
    assert deaths == 2
    assert await states(database) == {
        **{f"innocent-{number}": "ignored" for number in range(5)},
        "killer": "dead",
    }
    [letter] = await letters(database)
    assert (letter.reason, letter.what, letter.attempts) == ("poison", "ping", 4)


async def test_what_was_read_by_three_who_died_of_something_else_is_read_in_the_end(
    database: Database, line: psycopg.AsyncConnection[Any]
) -> None:
    """Machines lose power, and the kernel kills what takes too much memory: that is no delivery's fault."""
    await put(line, "innocent")
    for death in range(3):
        assert len(await inbox.take(database, again=death > 0)) == 1  # and whoever took it is gone
        await later(line)
    await drain(database)()
    assert await states(database) == {"innocent": "ignored"}


async def test_a_trial_ends_with_the_one_who_reads() -> None:
    """Also where the body says nothing that can be read; only death and endless reading tell against it."""
    assert await trial.survives("github", "ping", b'{"zen": "."}')
    assert await trial.survives("gitlab", "Push Hook", b'{"a": NaN}')
    killed = [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]
    assert not await trial.survives("github", "ping", b"{}", command=killed)
    endless = [sys.executable, "-c", "import time; time.sleep(60)"]
    assert not await trial.survives("github", "ping", b"{}", command=endless, seconds=0.3)


async def test_what_fails_is_tried_three_times_and_its_error_holds_no_secret(
    database: Database, line: psycopg.AsyncConnection[Any]
) -> None:
    await put(line, "unlucky")
    secret = "ghs_" + "x" * 40

    def fail(_delivery: Delivery) -> None:
        raise RuntimeError(f"no idea what {secret} means")

    for number in range(3):
        assert (await states(database))["unlucky"] == "new", number
        await drain(database, fail)()
        await later(line)
    [letter] = await letters(database)
    assert (letter.reason, letter.attempts) == ("failed: RuntimeError", 3)
    assert letter.error == "RuntimeError('no idea what [redacted] means')"


async def test_what_hangs_stops_nobody(database: Database, line: psycopg.AsyncConnection[Any]) -> None:
    await put(line, "hangs", "fine")
    release = threading.Event()

    def hang(delivery: Delivery) -> None:
        if delivery.delivery_id == "hangs":
            release.wait()

    for _ in range(3):
        await drain(database, hang, patience=0.1)()
        assert (await states(database))["fine"] == "ignored"
        await later(line)
    release.set()
    [letter] = await letters(database)
    assert letter.reason == "failed: Hung"


async def test_after_a_call_that_hangs_the_next_one_has_a_thread() -> None:
    aside, release = Aside(0.1), threading.Event()
    with pytest.raises(Hung):
        await aside(release.wait)
    assert await aside(max, 1, 2) == 2
    with pytest.raises(ZeroDivisionError):
        await aside(lambda: 1 / 0)
    release.set()


async def test_replayed_once_mended_it_is_read(
    database: Database, line: psycopg.AsyncConnection[Any]
) -> None:
    await put(line, "broken", body=b"{")
    await drain(database)()
    [letter] = await letters(database)
    await line.execute(
        "UPDATE delivery_body SET data = '{}', codec = 'raw'"
    )  # as if the reader had learnt it
    async with database.begin() as connection:
        assert await dead.replay(connection, letter, "cli:root")
        assert not await dead.replay(connection, letter, "cli:root")  # a second click
    await drain(database)()
    assert (await states(database))["broken"] == "ignored"
    assert await letters(database) == []


async def dead_subject(database: Database, attempts: int = 13) -> str:
    """A subject that failed as often as it may."""
    async with database.begin() as connection:
        tenant_id = await connection.scalar(
            sa.insert(tenant)
            .values(forge="github", host="https://api.example.org", installation=1, account="shop")
            .returning(tenant.c.id)
        )
        await connection.execute(
            sa.insert(due_table).values(
                tenant_id=tenant_id,
                subject="change:7:12",
                generation=3,
                settled_generation=2,
                attempts=attempts,
                reason="Unavailable: 502",
                dead_at=sa.func.now(),
            )
        )
    return f"{tenant_id}:change:7:12"


async def test_a_dead_subject_is_settled_again_when_it_is_replayed(database: Database) -> None:
    letter_id = await dead_subject(database)
    async with database.begin() as connection:
        letter = await dead.find(connection, letter_id)
        assert letter is not None
        assert (letter.what, letter.account, letter.reason) == ("change:7:12", "shop", "Unavailable: 502")
        assert await dead.replay(connection, letter, "cli:root")
        assert await due.seconds_until_ready(connection, letter.since) == 0


async def test_a_dropped_subject_rests_until_something_happens(database: Database) -> None:
    letter_id = await dead_subject(database)
    async with database.begin() as connection:
        letter = await dead.find(connection, letter_id)
        assert letter is not None
        assert await dead.drop(connection, letter, "cli:root")
        assert await due.seconds_until_ready(connection, letter.since) is None
        await due.touch(connection, int(letter_id.partition(":")[0]), "change:7:12", timedelta())
        assert await due.seconds_until_ready(connection, letter.since) == 0


@pytest.mark.parametrize("wrong", ["", "x", "1:2:3:4", "-1", "1" * 30, "٣", "7"])
async def test_an_id_that_is_none_finds_nothing(database: Database, wrong: str) -> None:
    async with database.begin() as connection:
        assert await dead.find(connection, wrong) is None


# --- The command ----------------------------------------------------------------------------------------


def usher(address: str, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LOGNAME": "ops",
        "USHER_DATABASE_URL": address,
        "USHER_DATA_DIR": str(folder),
    }
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "dead", *command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.slow
async def test_an_operator_looks_replays_and_drops(
    address: str, database: Database, line: psycopg.AsyncConnection[Any], tmp_path: Path
) -> None:
    assert usher(address, tmp_path, "list").stdout == "Nothing was given up.\n"
    await put(line, "broken", body=b'{"title": "\x1b[2J')
    await drain(database)()
    subject = await dead_subject(database)
    listed = json.loads(usher(address, tmp_path, "list", "--json").stdout)
    assert [(each["table"], each["what"]) for each in listed] == [
        ("due", "change:7:12"),
        ("delivery", "ping"),
    ]
    number = listed[1]["id"]
    shown = usher(address, tmp_path, "show", number).stdout
    assert '{"title": "\\u001b[2J' in shown  # a stranger's bytes do not steer the terminal
    assert usher(address, tmp_path, "replay", number).stdout == f"1 will be tried again: {number}.\n"
    assert json.loads(usher(address, tmp_path, "drop", subject, "--json").stdout) == {"drop": [subject]}
    again = usher(address, tmp_path, "drop", subject)
    assert (again.returncode, again.stderr) == (
        2,
        f"There is no dead letter '{subject}'; `usher dead list` shows them.\n",
    )
    assert usher(address, tmp_path, "replay").returncode == 2
    async with database.begin() as connection:
        rows = (
            await connection.execute(sa.text("SELECT actor, action, object FROM audit ORDER BY id"))
        ).all()
        assert [tuple(row) for row in rows] == [
            ("cli:ops", "replay", f"delivery {number}"),
            ("cli:ops", "drop", f"due {subject}"),
        ]


# --- The audit log ----------------------------------------------------------------------------------------

TAMPERED = {
    "a row that was changed": ("UPDATE audit SET actor = 'somebody else' WHERE id = 2", 2),
    "a row that was removed": ("DELETE FROM audit WHERE id = 2", 2),
    "the first row removed": ("DELETE FROM audit WHERE id = 1", 1),
    "a later moment": ("UPDATE audit SET at = at + interval '1 second' WHERE id = 3", 3),
    "nothing": ("SELECT 1", None),
}


@pytest.mark.parametrize("case", TAMPERED)
async def test_a_row_that_was_tampered_with_does_not_fit(database: Database, case: str) -> None:
    statement, broken = TAMPERED[case]
    for number in range(4):
        async with database.begin() as connection:
            await audit.note(
                connection,
                actor="cli:root",
                action="drop",
                object=f"delivery {number}",
                before={"state": "dead", "reason": "ü"},
                after={"state": "ignored"},
            )
    async with database.begin() as connection:
        await connection.execute(sa.text(statement))
        assert await audit.first_broken(connection) == broken


# --- How long things are kept -----------------------------------------------------------------------------


async def test_bodies_go_after_a_week_rows_after_a_month_dead_letters_after_three(
    database: Database, line: psycopg.AsyncConnection[Any]
) -> None:
    for state in ("done", "ignored", "dead", "new"):
        for days in (1, 8, 31, 91):
            await put(line, f"{state}-{days}")
            await line.execute(
                "UPDATE delivery SET state = %s, done_at = now() - make_interval(days => %s) WHERE delivery_id = %s",
                [state, days, f"{state}-{days}"],
            )
    note = await retention.tidy(database, {}, step=1)
    async with database.begin() as connection:
        rows = set((await connection.execute(sa.select(delivery.c.delivery_id))).scalars())
        joined = sa.join(delivery, delivery_body, delivery.c.id == delivery_body.c.delivery)
        bodies = set(
            (await connection.execute(sa.select(delivery.c.delivery_id).select_from(joined))).scalars()
        )
    new = {f"new-{days}" for days in (1, 8, 31, 91)}
    kept = {"done-1", "ignored-1", "dead-1", "dead-8", "dead-31"}
    assert rows == {"done-8", "ignored-8"} | kept | new
    assert bodies == kept | new
    assert (note["bodies"], note["rows"]) == (6, 5)
    again = await retention.tidy(database, note)
    assert (again["bodies"], again["rows"]) == (0, 0)
