"""Health: alive, ready, and in detail for operators; metrics for collectors; a log that stops nobody."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import psycopg
import pytest

from app import logs, metrics
from app.settings import SettingsError, read_settings
from app.store.database import connect
from tests.app.test_processes import all_read, running
from tests.stories import SECRET, Bot, Shop

TOKEN = "an-operators-token-that-nobody-guesses"
BEARER = {"authorization": f"Bearer {TOKEN}"}
ELSEWHERE = {"x-forwarded-for": "203.0.113.9"}  # what a proxy adds for somebody who is not on this machine


# --- For whom -------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_details_are_for_operators(world: Shop, address: str, tmp_path: Path) -> None:
    async with (
        running(world.forge, address, tmp_path, "serve", "--no-worker", operator_token=TOKEN) as process,
        httpx2.AsyncClient(base_url=process.url) as client,
    ):
        assert (await client.get("/livez")).text == "alive\n"
        assert (await client.get("/readyz")).text == "ready\n"
        wrong = {"authorization": f"Bearer {TOKEN[:-1]}x"}
        for headers in ({}, wrong, {"authorization": f"Basic {TOKEN}"}):
            refused = await client.get("/healthz", headers=headers)
            assert refused.status_code == 401
            assert "USHER_OPERATOR_TOKEN" in refused.text
        world.ana.opens(world.api, touching=["docs/guide.md"])
        await world.forge.idle()
        details = (await client.get("/healthz", headers=BEARER)).json()
        assert (details["status"], details["ready"], details["problems"]) == ("ok", True, [])
        assert details["inbox"]["unread"] == len(world.forge.deliveries)
        assert details["forges"]["github"] == {"connected": True, "login": "usher[bot]"}

        assert (await client.get("/metrics")).status_code == 200  # from this machine
        assert (await client.get("/metrics", headers=ELSEWHERE)).status_code == 401
        told = await client.get("/metrics", headers={**ELSEWHERE, **BEARER})
        assert f'usher_inbox_rows{{state="new"}} {len(world.forge.deliveries)}.0' in told.text


async def test_what_needs_somebody_is_said_in_a_sentence(bot: Bot) -> None:
    async with bot.usher.database.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO delivery (forge, delivery_id, event, headers, body_sha256, body_bytes, scheme, state, reason,"
            " done_at) VALUES ('github', 'x', 'ping', '{}', '', 0, '', 'dead', 'malformed: no JSON', now())"
        )
        await connection.exec_driver_sql(
            "INSERT INTO chore (name, error) VALUES ('missed elsewhere', 'Unavailable: 502')"
        )
    await bot.usher.stock.refresh()
    page = (await bot.usher.stock.metrics()).decode()
    assert 'usher_dead_letters{reason="malformed",table="delivery"} 1.0' in page
    found = bot.usher.stock.operations
    assert found is not None
    assert found.dead == {("delivery", "malformed"): 1}
    assert [each.name for each in found.overdue()] == ["missed elsewhere"]


# --- What is counted ------------------------------------------------------------------------------------

OF_RECEIVING = (
    *("webhook_requests_total", "webhook_ack_seconds", "webhook_body_bytes", "inbox_duplicates_total"),
    *("inbox_rows", "inbox_oldest_seconds", "spool_files", "spool_bytes", "event_age_seconds"),
    *("settle_seconds", "due_oldest_seconds", "effects_uncertain", "dead_letters", "forge_requests_total"),
    *("sweep_success_timestamp_seconds", "sweep_recovered_total", "reconcile_drift_total", "hook_enabled"),
    "clock_offset_seconds",
)


def test_every_name_is_the_one_that_was_agreed_and_none_names_a_tenant() -> None:
    families = {family.name: family for family in metrics.registry.collect()}
    for name in OF_RECEIVING:
        assert f"usher_{name.removesuffix('_total')}" in families, name
    for collector in metrics.registry._names_to_collectors.values():
        assert not {"tenant", "account", "repository"} & set(getattr(collector, "_labelnames", ()))


# --- Ready while the database is away -------------------------------------------------------------------


async def test_without_a_database_it_is_ready_while_the_spool_has_room(
    bot: Bot, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    health = f"{bot.url}/readyz"
    async with httpx2.AsyncClient() as client:
        assert (await client.get(health)).status_code == 200
        with database_gone(address):
            for method in ("GET", "HEAD"):  # watchers use either
                assert (await client.request(method, health)).status_code == 200
            signed_in = {"cookie": "usher=whoever-this-is", "accept": "text/html"}
            page = await client.get(f"{bot.url}/changes", headers=signed_in)
            assert (page.status_code, page.headers["retry-after"]) == (503, "30")
            assert "Nothing is lost; please try again in a minute." in page.text
            assert page.headers["x-content-type-options"] == "nosniff"
            bot.usher.intake.spool._most_bytes = 0  # type: ignore[union-attr]
            full = await client.get(health)
            assert (full.status_code, full.text) == (
                503,
                "The database is away, and the spool has no room.\n",
            )
        assert (await client.get(health)).status_code == 200
    caplog.clear()  # the worker rightly says that its connections were cut


@contextlib.contextmanager
def database_gone(address: str):  # type: ignore[no-untyped-def]
    """Nobody can connect to the database any more, and whoever is connected is thrown out."""
    name = address.partition("?")[0].rpartition("/")[2]
    admin = address.replace(f"/{name}?", "/postgres?")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        try:
            yield
        finally:
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


# --- The log --------------------------------------------------------------------------------------------


def line(text: str) -> logging.LogRecord:
    return logging.LogRecord("usher", logging.INFO, "", 0, text, None, None)


def test_nobodys_text_steers_the_terminal_of_whoever_reads_the_log() -> None:
    said = r"title='\x1b[2J\x9b\u202egnp.exe', names=['\x1b]0;'], token='glpat-" + "x" * 20 + "'"
    for form in ("console", "json"):
        program = (
            f"from app import logs; logs.configure('info', '{form}'); logs.get('x').info('seen', {said})"
        )
        ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
        told = ended.stderr.decode()
        assert "seen" in told
        assert "u001b[2J" in told
        assert not {"\x1b", "\x9b", "\u202e"} & set(told)
        assert "glpat-" not in told


def test_a_log_that_nobody_reads_stops_nobody_and_says_later_what_it_dropped() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        handler = logs.Unblocked(stream, most=5)
        before = metrics.log_lines_dropped._value.get()
        began = time.monotonic()
        for number in range(500):
            handler.emit(line(f"{number} " + "x" * 4000))
        assert time.monotonic() - began < 5
        assert metrics.log_lines_dropped._value.get() > before + 300
        os.set_blocking(reading, False)
        got = b""
        until = time.monotonic() + 10
        while b"log lines were dropped" not in got and time.monotonic() < until:
            with contextlib.suppress(BlockingIOError):
                got += os.read(reading, 65_536)
            handler.emit(line("more"))
            time.sleep(0.001)
        os.close(reading)
    assert b"log lines were dropped, because nobody took them." in got


def test_a_log_whose_stream_is_closed_ends_nothing() -> None:
    stream = io.StringIO()
    handler = logs.Unblocked(stream)
    stream.close()
    for text in ("one", "two"):
        handler.emit(line(text))
    handler.flush()
    assert not handler._lines.unfinished_tasks  # whoever writes them has lived on


@pytest.mark.slow
async def test_a_process_whose_log_nobody_reads_answers_all_the_same(
    world: Shop, address: str, tmp_path: Path
) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 4096)
    os.set_blocking(writing, True)  # it is full, and the first line that is written there waits for ever
    async with (
        running(world.forge, address, tmp_path, "serve", stderr=writing, log_level="debug") as process,
        httpx2.AsyncClient(base_url=process.url) as client,
    ):
        world.ana.opens(world.api, touching=["docs/guide.md"])
        await world.forge.idle()
        await all_read(address)
        assert {sent.status_code for sent in world.forge.deliveries} == {202}
        assert (await client.get("/readyz")).status_code == 200
        process.process.terminate()
        async with asyncio.timeout(20):
            assert await process.process.wait() == 0  # and it still ends cleanly
    for end in (reading, writing):
        os.close(end)


# --- Secrets --------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_no_secret_is_in_the_log_the_pages_the_metrics_or_the_database(
    world: Shop, address: str, tmp_path: Path
) -> None:
    """Canaries in every place where a secret may be, and everything that can go wrong with them."""
    master = "master-canary-" + "m" * 32
    canaries = [SECRET, TOKEN, master, "ghs_" + "c" * 40, "whsec_" + "c" * 32, "glpat-" + "c" * 24]
    settings = {"operator_token": TOKEN, "master_keys": master, "log_level": "debug"}
    async with (
        running(world.forge, address, tmp_path, "serve", **settings) as process,
        httpx2.AsyncClient(base_url=process.url) as client,
    ):
        change = world.ana.opens(world.api, touching=["docs/guide.md"])
        world.ana.comments(change, f"/usher eta {canaries[3]} {canaries[5]}")
        await world.forge.idle()
        for where in ("/webhooks/github", "/nowhere", "/login", "/healthz"):
            query = f"?token={canaries[3]}&code={canaries[4]}"
            headers = {"authorization": f"Bearer {canaries[5]}", "x-github-event": canaries[3]}
            await client.post(where + query, headers=headers, json={"secret": canaries[4]})
        await all_read(address)
        seen = [
            (await client.get(path, headers=BEARER)).text
            for path in ("/healthz", "/metrics", "/", "/readyz", "/repos.json")
        ]
        process.process.terminate()
        seen.append(await process.output())
    assert "delivery read" in seen[-1]

    database = connect(address)
    async with database.begin() as connection:
        for table in ("delivery", "due", "chore", "audit"):
            rows = (await connection.exec_driver_sql(f"SELECT * FROM {table}")).all()
            seen.append(repr(rows))
    await database.close()
    for canary in canaries:
        for text in seen:
            assert canary not in text


@pytest.mark.parametrize(
    ("setting", "value"),
    [("operator_token", "short"), ("metrics_address", "9464"), ("metrics_address", "127.0.0.1:x")],
)
def test_a_setting_that_cannot_be_is_named(setting: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"USHER_{setting.upper()}: must be") as refused:
        read_settings(**{setting: value})
    assert value == "9464" or value not in str(refused.value)


@pytest.mark.slow
async def test_metrics_have_a_place_of_their_own(world: Shop, address: str, tmp_path: Path) -> None:
    from tests.app.test_processes import free_port

    place = f"127.0.0.1:{free_port()}"
    async with (
        running(world.forge, address, tmp_path, "work", metrics_address=place),
        httpx2.AsyncClient() as client,
    ):
        async with asyncio.timeout(30):
            while True:
                with contextlib.suppress(httpx2.TransportError):
                    answer = await client.get(f"http://{place}/metrics", headers=ELSEWHERE)
                    break
                await asyncio.sleep(0.05)
        assert "usher_due_oldest_seconds 0.0" in answer.text
        assert (await client.get(f"http://{place}/")).status_code == 404
