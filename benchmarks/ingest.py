"""How fast deliveries are taken: Usher, which keeps each, beside Probot and a bare FastAPI route, which keep none.

One command, a few minutes. Each server in turn gets signed pull requests of 25 KB over 64 connections, three
rounds of all servers in an order that changes, and the medians are compared. Each runs as its own process on
the first core; the load comes from the second. Usher is the whole `usher serve --no-worker` with a PostgreSQL
that flushes every commit, and the database's own use of the processor is shown beside Usher's. Probot is 14
with a handler that does nothing, installed by npm from its lock file on first use.

The goals are ratios to Probot: at least 1.5 times its throughput, with a 99th percentile of at most a fifth.
The exit code is 1 where one is missed. `--seconds`, `--rounds` and `--connections` change the size, `--together`
puts PostgreSQL on Usher's core.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psutil
import psycopg
import uvloop
from isal import isal_zlib
from pydantic_core import from_json

from app.forges.signature import GitHubSeal, github_signature
from app.store import embedded, inbox
from app.store.inbox import Incoming

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from tests.payloads.examples import github_examples  # noqa: E402

SECRET = "a-webhook-secret-of-a-benchmark"
SIZE = 25_000
BODIES = 64
GOAL_RATE, GOAL_P99 = 1.5, 0.2

FASTAPI = """
import hashlib, hmac, json, os
from fastapi import FastAPI, Request, Response

app = FastAPI()
secret = os.environ["SECRET"].encode()

@app.post("/webhooks/github")
async def hook(request: Request) -> Response:
    body = await request.body()
    sealed = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(sealed, request.headers.get("x-hub-signature-256", "")):
        return Response(status_code=401)
    json.loads(body)
    return Response(status_code=202)
"""


# --- What is sent -----------------------------------------------------------------------------------------


def bodies() -> list[bytes]:
    """Pull requests of 25 KB as GitHub sends them, their text filled up with words, no two the same."""
    example = next(each.payload for each in github_examples() if each.event == "pull_request")
    words = json.dumps(example)
    found = []
    for number in range(BODIES):
        payload = json.loads(words)
        payload["number"] = number
        payload["pull_request"]["body"] = ""
        missing = SIZE - len(json.dumps(payload, separators=(",", ":")).encode())
        text = "".join(f"{hashlib.md5(f'{number}.{part}'.encode()).hexdigest()[:7]} " for part in range(4000))
        payload["pull_request"]["body"] = text[: max(missing, 0)]
        found.append(json.dumps(payload, separators=(",", ":")).encode())
    return found


def requests(port: int) -> list[tuple[bytes, bytes]]:
    """Each body as a request in two pieces, between which its own GUID belongs."""
    found = []
    for body in bodies():
        head = (
            f"POST /webhooks/github HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: GitHub-Hookshot/044aadd\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nAccept: */*\r\n"
            f"X-GitHub-Event: pull_request\r\nX-GitHub-Hook-ID: 1\r\nX-Hub-Signature-256: "
            f"{github_signature(SECRET, body)}\r\nX-GitHub-Delivery: "
        )
        found.append((head.encode(), b"\r\n\r\n" + body))
    return found


# --- The load -----------------------------------------------------------------------------------------------


@dataclass
class Heard:
    """What came of a run. Latencies in seconds."""

    latencies: list[float] = field(default_factory=list)
    wrong: dict[bytes, int] = field(default_factory=dict)


class Caller(asyncio.Protocol):
    """One connection that sends the next delivery as soon as the last was answered."""

    def __init__(self, letters: list[tuple[bytes, bytes]], heard: Heard, number: int) -> None:
        self._letters, self._heard, self._next = letters, heard, number
        self._answer = b""
        self.stopping = False
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        before, after = self._letters[self._next % len(self._letters)]
        self._next += 1
        self._sent = time.perf_counter()
        self._transport.write(before + str(uuid.uuid4()).encode() + after)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, end, rest = self._answer.partition(b"\r\n\r\n")
        if not end or not _is_whole(head, rest):
            return
        status = head[9:12]
        if status in (b"200", b"202"):
            self._heard.latencies.append(time.perf_counter() - self._sent)
        else:
            self._heard.wrong[status] = self._heard.wrong.get(status, 0) + 1
        self._answer = b""
        if self.stopping:
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.stopping:
            self._heard.wrong[b"lost"] = self._heard.wrong.get(b"lost", 0) + 1
        if not self.ended.done():
            self.ended.set_result(None)


def _is_whole(head: bytes, rest: bytes) -> bool:
    lower = head.lower()
    at = lower.find(b"content-length:")
    if at >= 0:
        return len(rest) >= int(lower[at + 15 :].split(b"\r\n")[0])
    return b"transfer-encoding: chunked" not in lower or rest.endswith(b"0\r\n\r\n")


async def load(port: int, connections: int, seconds: float) -> Heard:
    """Keep so many connections busy for so long."""
    heard, letters = Heard(), requests(port)
    loop = asyncio.get_running_loop()
    callers = [
        (await loop.create_connection(lambda n=n: Caller(letters, heard, n * 7), "127.0.0.1", port))[1]
        for n in range(connections)
    ]
    await asyncio.sleep(seconds)
    for each in callers:
        each.stopping = True
    await asyncio.wait([each.ended for each in callers], timeout=15)
    return heard


# --- The servers --------------------------------------------------------------------------------------------


@dataclass
class Server:
    """One that is measured. `helpers` are processes that work for it elsewhere: the database's."""

    name: str
    process: psutil.Process
    port: int
    helpers: Callable[[], list[psutil.Process]] = list

    def seconds(self) -> float:
        """Of the processor, used so far by the server itself."""
        return _seconds(self.process)

    def helper_seconds(self) -> float:
        return sum(_seconds(each) for each in self.helpers())


def _seconds(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        times = process.cpu_times()
        return times.user + times.system
    return 0.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(name: str, command: list[str], folder: Path, core: int, **environment: str) -> Iterator[Server]:
    """Start a server on one core, wait until it listens, and end it afterwards."""
    port = free_port()
    kept = {"PATH": os.environ["PATH"], "HOME": str(folder), "SECRET": SECRET, "PORT": str(port)}
    command = [part.replace("{port}", str(port)) for part in command]
    environment = {key: value.replace("{port}", str(port)) for key, value in environment.items()}
    with (folder / f"{name}.log".replace(" ", "-")).open("wb") as log:
        child = subprocess.Popen(command, env={**kept, **environment}, cwd=folder, stdout=log, stderr=log)
    try:
        process = psutil.Process(child.pid)
        process.cpu_affinity([core])
        until = time.monotonic() + 60
        while True:
            if child.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"{name} did not start:\n{Path(log.name).read_text()[-2000:]}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield Server(name, process, port)
    finally:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def installed_probot() -> Path:
    """Probot, installed by npm into a folder outside of what is versioned."""
    folder = HERE.parent / ".cache" / "probot"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "noop.mjs"):
        shutil.copy(HERE / "probot" / name, folder / name)
    marker = folder / ".installed"
    wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    if not marker.exists() or marker.read_text() != wanted:
        print("Installing Probot …", flush=True)
        options = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        subprocess.run(["npm", "ci", *options], cwd=folder, check=True)
        marker.write_text(wanted)
    return folder


def database_processes(folder: Path) -> list[psutil.Process]:
    """PostgreSQL with all its children."""
    number = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
    parent = psutil.Process(number)
    return [parent, *parent.children(recursive=True)]


# --- Measuring ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """One server under load. Times in milliseconds, per delivery or of its answer."""

    rate: float
    p50: float
    p99: float
    longest: float
    own_ms: float
    helper_ms: float
    megabytes: float
    wrong: dict[bytes, int]


def measure(server: Server, connections: int, seconds: float) -> Run:
    uvloop.run(load(server.port, connections, 1.0))  # warm up
    own, others = server.seconds(), server.helper_seconds()
    began = time.perf_counter()
    heard = uvloop.run(load(server.port, connections, seconds))
    spent = time.perf_counter() - began
    latencies = sorted(heard.latencies) or [float("inf")]
    number = len(latencies)
    return Run(
        rate=number / spent,
        p50=1000 * latencies[number // 2],
        p99=1000 * latencies[min(int(number * 0.99), number - 1)],
        longest=1000 * latencies[-1],
        own_ms=1000 * (server.seconds() - own) / number,
        helper_ms=1000 * (server.helper_seconds() - others) / number,
        megabytes=server.process.memory_info().rss / 2**20,
        wrong=heard.wrong,
    )


def shares(address: str) -> dict[str, float]:
    """Milliseconds of the processor for one delivery's parts, each by itself, the least of many: others on the
    machine do not disturb it much.
    """
    body = bodies()[0]
    rows = [
        Incoming(
            "github", str(uuid.uuid4()), "pull_request", {"user-agent": "x"}, body, b"x" * 32, "hmac-sha256"
        )
        for _ in range(inbox.BATCH)
    ]

    def sign() -> None:
        seal = GitHubSeal([SECRET])
        seal.update(body)
        seal.matches(b"x" * 32)

    async def commit() -> float:
        async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
            spent = []
            for _ in range(30):
                fresh = [
                    Incoming(
                        each.forge,
                        str(uuid.uuid4()),
                        each.event,
                        each.headers,
                        each.body,
                        each.body_sha256,
                        "h",
                    )
                    for each in rows
                ]
                began = time.thread_time()
                await inbox.insert(connection, fresh)
                spent.append((time.thread_time() - began) / len(fresh))
            return 1000 * min(spent)

    return {
        "signature (HMAC-SHA256)": _each(sign),
        "SHA-256 of the body": _each(lambda: hashlib.sha256(body).digest()),
        "compression, as it is stored": _each(lambda: isal_zlib.compress(body, 1)),
        "compression by zlib, for comparison": _each(lambda: zlib.compress(body, 1)),
        "parse (by the worker, after the answer)": _each(lambda: from_json(body, allow_inf_nan=False)),
        "handing over to be committed, one of 64, with compression": uvloop.run(commit()),
    }


def _each(call: Callable[[], object]) -> float:
    spent = []
    for _ in range(400):
        began = time.thread_time()
        call()
        spent.append(time.thread_time() - began)
    return 1000 * min(spent)


def main() -> int:
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--seconds", type=float, default=8.0)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--connections", type=int, default=64)
    asked.add_argument("--together", action="store_true", help="PostgreSQL on Usher's core, too")
    asked.add_argument("--without-probot", action="store_true", help="where there is no npm")
    options = asked.parse_args()
    cores = sorted(psutil.Process().cpu_affinity())
    serving, loading = cores[0], cores[-1]
    folder = Path(tempfile.mkdtemp(prefix="usher-ingest-"))
    runs: dict[str, list[Run]] = {}
    try:
        address = embedded.start(folder)
        helpers = [serving if options.together else loading]
        for process in database_processes(folder):
            with contextlib.suppress(psutil.Error):  # some end by themselves
                process.cpu_affinity(helpers)  # backends inherit it from their parent
        os.sched_setaffinity(0, {loading})
        (folder / "bare.py").write_text(FASTAPI)
        python = sys.executable
        probot = None if options.without_probot else installed_probot()
        environment = {
            "USHER_DATABASE_URL": address,
            "USHER_DATA_DIR": str(folder),
            "USHER_SPOOL_DIR": str(folder / "spool"),
            "USHER_PORT": "{port}",
            "USHER_METRICS_ADDRESS": "",
            "USHER_GITHUB_WEBHOOK_SECRETS": SECRET,
            "USHER_LOG_LEVEL": "warning",
            "PYTHONPATH": str(HERE.parent),
        }
        bare = [
            python,
            "-m",
            "uvicorn",
            "bare:app",
            "--port",
            "{port}",
            "--no-access-log",
            "--log-level",
            "warning",
        ]
        with contextlib.ExitStack() as stack:

            def start(name: str, command: list[str], where: Path = folder, **more: str) -> Server:
                return stack.enter_context(running(name, command, where, serving, **more))

            servers = [
                start("Usher", [python, "-m", "app.cli", "serve", "--no-worker", "--migrate"], **environment),
                start("FastAPI, nothing kept", bare),
            ]
            servers[0].helpers = lambda: database_processes(folder)
            if probot is not None:
                servers.append(
                    start("Probot, nothing kept", ["node", "noop.mjs"], probot, NODE_ENV="production")
                )
            for number in range(options.rounds):
                for server in servers[number % len(servers) :] + servers[: number % len(servers)]:
                    run = measure(server, options.connections, options.seconds)
                    runs.setdefault(server.name, []).append(run)
                    print(
                        f"  round {number + 1}: {server.name}: {run.rate:,.0f}/s, p99 {run.p99:.0f} ms",
                        flush=True,
                    )
        parts = shares(address)
        with psycopg.connect(address) as connection:
            kept = connection.execute("SELECT count(*) FROM delivery").fetchone()
    finally:
        embedded.stop(folder, delete=True)
        shutil.rmtree(folder, ignore_errors=True)
    return tell(runs, parts, kept[0] if kept else 0, options.connections)


def tell(runs: dict[str, list[Run]], parts: dict[str, float], kept: int, connections: int) -> int:
    def mid(name: str, what: str) -> float:
        return median(getattr(run, what) for run in runs[name])

    print(f"\n{connections} connections, {SIZE / 1000:g} KB each, medians of {len(runs['Usher'])} rounds\n")
    print(f"{'':24}{'per second':>12}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}{'CPU ms':>9}{'RSS MB':>9}")
    for name in runs:
        print(
            f"{name:24}{mid(name, 'rate'):>12,.0f}{mid(name, 'p50'):>9.1f}{mid(name, 'p99'):>9.1f}"
            f"{mid(name, 'longest'):>9.0f}{mid(name, 'own_ms'):>9.3f}{mid(name, 'megabytes'):>9.0f}"
        )
    print(
        f"\nPostgreSQL used {mid('Usher', 'helper_ms'):.3f} ms of a processor for each of Usher's deliveries;"
    )
    print(
        f"{kept:,} deliveries were in the inbox at the end.\n\nWhat one delivery's parts take by themselves:"
    )
    for name, spent in parts.items():
        print(f"  {spent:7.3f} ms  {100 * spent / mid('Usher', 'own_ms'):4.0f} % of Usher's CPU  {name}")
    wrong = {name: run.wrong for name, each in runs.items() for run in each if run.wrong}
    if wrong:
        print(f"\nAnswers that were not 2xx: {wrong}")
    failed = bool(wrong.get("Usher"))
    for name in runs:
        if name == "Usher":
            continue
        rate, p99 = mid("Usher", "rate") / mid(name, "rate"), mid("Usher", "p99") / mid(name, "p99")
        print(f"\nUsher / {name}: throughput {rate:.2f}, p99 {p99:.2f}", end="")
        if name.startswith("Probot"):
            met = rate >= GOAL_RATE and p99 <= GOAL_P99
            failed |= not met
            print(f" (goals: ≥ {GOAL_RATE}, ≤ {GOAL_P99}: {'met' if met else 'MISSED'})", end="")
    print()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
