"""The PostgreSQL that comes with Usher: shared, safe to start twice, private to its owner."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest

START = """
import sys, time
from pathlib import Path
from app.store import embedded
import psycopg
address = embedded.start(Path(sys.argv[1]))
with psycopg.connect(address) as connection:
    print(connection.execute("SELECT current_database()").fetchone()[0], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", START, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=30)


def server_pid(folder: Path) -> int:
    return int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def wait_until_gone(pid: int) -> None:
    for _ in range(200):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.05)
    raise AssertionError("the server still runs")


@pytest.mark.slow
def test_two_processes_that_start_together_share_one_server_and_the_last_one_stops_it(folder: Path) -> None:
    first, second = start(folder), start(folder)
    assert (said(first), said(second)) == ("usher", "usher")
    pid = server_pid(folder)
    end(first)
    assert psutil.pid_exists(pid)
    end(second)
    wait_until_gone(pid)


@pytest.mark.slow
def test_a_killed_process_leaves_a_server_that_the_next_one_takes_over_and_stops(folder: Path) -> None:
    killed = start(folder)
    assert said(killed) == "usher"
    pid = server_pid(folder)
    killed.kill()
    killed.communicate()
    after = start(folder)
    assert said(after) == "usher"
    assert server_pid(folder) == pid
    end(after)
    wait_until_gone(pid)


def test_the_server_is_private_and_not_on_the_network(postgres: str) -> None:
    folder = Path(postgres.partition("host=")[2])
    assert oct(folder.stat().st_mode & 0o777) == "0o700"
    with psycopg.connect(postgres) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            assert connection.execute(f"SHOW {setting}").fetchone() == ("on",)
