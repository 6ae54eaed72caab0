"""What one change costs: requests and points at the forge, and how many subjects are settled in a second.

One command, about a minute. A whole Usher (server, worker, embedded PostgreSQL) watches a sandbox forge over loopback
HTTP; changes are opened, pushed to, reviewed and commented on. It prints the requests and points of a change
opened in a known repository against the goals (4 requests plus one for each further hundred files, 8 points of
GitHub's count an event), the share of reads that cost nothing while changes are looked at again of which nothing
happened (goal 80 %), and settle runs per second beside `GET`s of the forge per second in the same run. The exit code
is 1 where a goal is missed.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import httpx2
import sqlalchemy as sa

from app import logs, main, serving
from app.counting import READ, WRITE
from app.demo.story import settled
from app.forges.sandbox import Sandbox
from app.forges.sandbox.ledger import Exchange
from app.forges.sandbox.story import Person
from app.forges.sandbox.world import Repository
from app.settings import read_settings
from app.store import due, embedded
from app.store.tables import tenant

SECRET = "a-webhook-secret-of-a-benchmark"
CHANGES = 40
LARGE_FILES = 250
ROUNDS = 4
MOST_REQUESTS = 4
MOST_POINTS = 8
FREE_SHARE = 0.8


class Watched:
    """A forge, the Usher that watches it, and what was asked of the forge since the last look."""

    def __init__(self, forge: Sandbox, usher: main.Usher) -> None:
        self.forge, self.usher = forge, usher

    async def settled(self) -> None:
        await settled(self.forge, self.usher, 300)

    def asked(self) -> list[Exchange]:
        """What was called since the last look, but for the minting of tokens."""
        known = self.forge.ledger.exchanges
        found = [each for each in known if not each.path.endswith("/access_tokens")]
        known.clear()
        return found


def points(calls: list[Exchange]) -> int:
    return sum(READ if each.method == "GET" else WRITE for each in calls if each.status != 304)


def told(calls: list[Exchange]) -> str:
    kinds = Counter(f"{each.method} …/{each.path.rsplit('/', 1)[-1][:24]}" for each in calls)
    return ", ".join(f"{number}× {kind}" for kind, number in kinds.most_common(6))


async def measure(watched: Watched, api: Repository, people: list[Person]) -> bool:
    ana, ben = people
    good = True
    ana.opens(api, touching=["docs/a.md"])
    await watched.settled()
    cold = watched.asked()
    print(f"  the first change of a repository: {len(cold)} requests, {points(cold)} points")

    ana.opens(api, touching={"docs/b.md": "new\n"})
    await watched.settled()
    warm = watched.asked()
    good &= len(warm) <= MOST_REQUESTS
    print(f"  a change in a known repository:   {len(warm)} requests (goal ≤ {MOST_REQUESTS}): {told(warm)}")

    many = {f"docs/{number}.md": "new\n" for number in range(LARGE_FILES)}
    ana.opens(api, touching=many)
    await watched.settled()
    large = watched.asked()
    goal = MOST_REQUESTS + (LARGE_FILES - 1) // 100
    good &= len(large) <= goal
    print(f"  one of {LARGE_FILES} files:              {len(large)} requests (goal ≤ {goal})")

    events = len(watched.forge.deliveries)
    began = time.perf_counter()
    changes = [ana.opens(api, touching={f"docs/c{number}.md": "new\n"}) for number in range(CHANGES)]
    await watched.settled()
    for _ in range(ROUNDS):
        for number, change in enumerate(changes):
            if number % 2:
                ana.pushes(change, {f"docs/c{number}.md": f"{_}\n"})
            else:
                ben.comments(change, "A thought.")
        await watched.settled()
    seconds = time.perf_counter() - began
    busy = watched.asked()
    cost = points(busy) / max(len(watched.forge.deliveries) - events, 1)
    good &= cost < MOST_POINTS
    print(
        f"  points of an event, over {CHANGES} changes and {ROUNDS} rounds: {cost:.2f} (goal < {MOST_POINTS})"
    )

    reads: Counter[str] = Counter(each.cache for each in _reads(watched))
    repeated = reads["hit"] + reads["shared"]
    seen = Counter[str]()
    again = 0
    for each in busy:
        if each.method == "GET":
            again += seen[each.path] > 0
            seen[each.path] += 1
    free = sum(1 for each in busy if each.method == "GET" and each.status == 304)
    share = free / again if again else 1.0
    print(
        f"  of {again} repeated reads, after each of which something happened, {share:.0%} cost nothing; "
        f"{repeated} reads in all were answered by 304 or shared"
    )
    runs = CHANGES * (ROUNDS + 1)
    print(f"  settle runs per second: {runs / seconds:.1f}, with {len(busy) / seconds:.0f} requests a second")
    return await soak(watched, api) and good


async def soak(watched: Watched, api: Repository) -> bool:
    """Every open change is looked at again and again while nothing happens to it, as timers and sweeps do."""
    calls: list[Exchange] = []
    for number in range(ROUNDS + 1):
        async with watched.usher.database.begin() as connection:
            [tenant_id] = (await connection.execute(sa.select(tenant.c.id))).scalars()
            await due.touch_open(connection, tenant_id, api.id, timedelta())
        await watched.settled()
        calls += watched.asked() if number else []  # the first look reads what happened before
    reads = [each for each in calls if each.method == "GET"]
    share = sum(each.status == 304 for each in reads) / max(len(reads), 1)
    print(
        f"  looking again at what did not change: {share:.0%} of {len(reads)} reads cost nothing "
        f"(goal ≥ {FREE_SHARE:.0%})"
    )
    return bool(reads) and share >= FREE_SHARE and len(reads) == len(calls)


def _reads(watched: Watched) -> list[object]:
    client = watched.usher.github.client
    assert client is not None
    return [call for call, number in client.calls.items() for _ in range(number) if call.method == "GET"]


async def bare(forge: Sandbox, api: Repository) -> float:
    """How many requests a second the forge itself answers one after the other: the limit of all the above."""
    async with httpx2.AsyncClient(base_url=forge.url) as client:
        began = time.perf_counter()
        for _ in range(300):
            await client.get(f"/repos/{api.full_name}")
        return 300 / (time.perf_counter() - began)


async def run() -> bool:
    folder = Path(tempfile.mkdtemp(prefix="usher-benchmark-"))
    address = await asyncio.to_thread(embedded.start, folder)
    try:
        async with Sandbox(webhook_secret=SECRET) as forge:
            forge.organisation("shop")
            people = [forge.person(login, member_of="shop") for login in ("ana", "ben")]
            api = forge.repository(
                "shop/api",
                files={".github/CODEOWNERS": "* @ben\n", "CONTRIBUTING.md": "# Contributing\n"},
                collaborators={"ana": "write", "ben": "admin"},
            )
            settings = read_settings(
                data_dir=folder,
                github_api_url=forge.url,
                github_app_id=forge.app_id,
                github_private_key=forge.private_key,
                github_webhook_secrets=SECRET,
                github_write_seconds=0,
                github_writes_per_hour=1_000_000,
                github_reads_per_minute=1_000_000,
                gather_seconds=0.1,
                sweep_seconds=0.2,
                new_installations="live",
                metrics_address="",
            )
            async with main.opened(settings, address, clock=forge.clock) as usher:
                stop = asyncio.Event()
                listener = serving.listen("127.0.0.1", 0)
                forge.webhook_url = f"{serving.address_of(listener)}/webhooks/github"
                parts = [
                    asyncio.create_task(serving.run_web(usher, stop, listener)),
                    asyncio.create_task(usher.work.run(stop, concurrency=8)),
                ]
                good = await measure(Watched(forge, usher), api, people)
                print(f"  the forge alone answers {await bare(forge, api):.0f} requests a second, one by one")
                stop.set()
                await asyncio.gather(*parts)
                return good
    finally:
        await asyncio.to_thread(embedded.stop, folder, delete=True)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    logs.configure("error")
    print("settling, on a sandbox forge over loopback HTTP:")
    reached = asyncio.run(run())
    print("every goal is met" if reached else "a goal is MISSED")
    sys.exit(0 if reached else 1)
