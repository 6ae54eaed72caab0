"""What a sweep costs when 100 answers are due: among 10,000 open obligations, and among 1,000,000.

One command, under two minutes. It fills two databases of the embedded PostgreSQL, calls in turn the functions
that the worker calls, and prints the ratio of the medians, which should stay under 1.5. Beside it stand the
part of the time that PostgreSQL itself took, the pages it looked at, which no other load on the machine
disturbs, and the same questions answered by reading every row. The exit code is 1 if a ratio misses the
goal, or a plan reads a whole table.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store import due, embedded, schema
from app.store.database import Database, connect

SIZES = {"10,000": 10_000, "1,000,000": 1_000_000}
DUE = 100
TENANTS = 40
GOAL = 1.5
REPETITIONS = 300
EXPLAINED = 30
SWEEPS = 15
WARM_UP = 10

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
"""The present of the clock of promises."""

NEXT = NOW + timedelta(days=1)
GATHER = timedelta(seconds=1)

FILL = """
SET session_replication_role = replica;  -- every row has its tenant: the check of each would take a minute
INSERT INTO tenant (forge, host, installation, account, mode)
    SELECT 'github', 'https://api.example.org', n, 'org-' || n, 'live' FROM generate_series(1, {tenants}) n;
INSERT INTO due (tenant_id, subject, generation, settled_generation, due_at, not_before)
    SELECT {tenant}, {subject}, 3, 3, {due_at}, now() - interval '1 hour' FROM generate_series(0, {rows} - 1) n;
INSERT INTO obligation (tenant_id, key, subject, slot, kind, ledger, party, budget_s, t0, due_at)
    SELECT {tenant}, {subject} || '|first_response|person|@api|' || {person} || '|1', {subject}, '@api',
           'first_response', 'person', {person}, 28800, {due_at} - interval '1 day', {due_at}
    FROM generate_series(0, {rows} - 1) n;
INSERT INTO clock (tenant_id, subject, state, turn, projection, updated_at)
    SELECT {tenant}, {subject}, 'REVIEW', {person}, jsonb_build_object('title', 'Change ' || n, 'due', {due_at}),
           {now} FROM generate_series(0, {rows} - 1) n;
SET session_replication_role = DEFAULT;
"""
# A hundred promises, spread over the whole table, fell due in the last hours; all others do so within the next
# month, in no order.
DUE_AT = """{now} + CASE WHEN n % {apart} = 0 THEN make_interval(mins => -1 - n / {apart})
                         ELSE make_interval(secs => 60 + (n::bigint * 7919) % (30 * 86400)) END"""

# Reading these whole is right: they have one row for each tenant, however many obligations are open.
A_ROW_PER_TENANT = ("tenant", "budget")

# What the same question costs without the indexes; nothing else about the statements is changed.
EVERY_ROW = "SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_bitmapscan = off"

Call = Callable[[AsyncConnection], Awaitable[object]]


@dataclass
class Size:
    """A database with so many open obligations."""

    name: str
    database: Database
    first: tuple[int, str] = (0, "")  # a subject that is due


@dataclass
class Figures:
    """Seconds of every call by the name of the size, and what PostgreSQL did for one."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in SIZES})
    inside: dict[str, float] = field(default_factory=dict)
    pages: dict[str, int] = field(default_factory=dict)
    nodes: dict[str, list[str]] = field(default_factory=dict)

    @property
    def typical(self) -> dict[str, float]:
        return {name: median(seconds) for name, seconds in self.seconds.items()}


# --- Two databases ----------------------------------------------------------------------------------------


async def filled(server: str, name: str, rows: int) -> Size:
    address = server.replace("/usher?", f"/sweep_{rows}?")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(f"sweep_{rows}")))
    database = connect(address, pool_size=1)
    await schema.migrate(database)
    words = {
        "rows": str(rows),
        "tenants": str(TENANTS),
        "now": f"'{NOW.isoformat()}'::timestamptz",
        "tenant": f"1 + n / {rows // DUE} % {TENANTS}",
        "apart": str(rows // DUE),
        "subject": "'change:' || n / 100 || ':' || n",
        "person": "'person-' || n / 5",
    }
    words["due_at"] = DUE_AT.format(**words)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(FILL.format(**words))
        connection.execute("VACUUM (ANALYZE)")
    return Size(name, database, (1, "change:0:0"))


# --- What the worker calls --------------------------------------------------------------------------------


async def take(connection: AsyncConnection, size: Size) -> due.Lease:
    lease = await due.lease(connection, *size.first, NOW)
    assert lease is not None, "the subject is not due"
    return lease


def calls(size: Size, lease: due.Lease) -> dict[str, Call]:
    """The functions of `app.store.due` that the worker calls, each as it calls them."""
    return {
        "ready": lambda connection: due.ready(connection, NOW),
        "seconds_until_ready": lambda connection: due.seconds_until_ready(connection, NOW),
        "running": due.running,
        "lease": lambda connection: due.lease(connection, *size.first, NOW),
        "settled": lambda connection: due.settled(connection, lease, NEXT, GATHER),
    }


async def sweep(size: Size) -> int:
    """Settle all that is due, one transaction for each step as in the worker; returns how many."""
    number = 0
    while True:
        async with size.database.begin() as connection:
            found = await due.ready(connection, NOW)
        if not found:
            return number
        for tenant_id, subject in found:
            async with size.database.begin() as connection:
                lease = await due.lease(connection, tenant_id, subject, NOW)
            assert lease is not None, "the sweep found what is not due"
            async with size.database.begin() as connection:
                await due.settled(connection, lease, NEXT, GATHER)
            number += 1


async def make_due_again(size: Size) -> None:
    query = sa.text(
        "UPDATE due SET due_at = :now - make_interval(mins => 1) WHERE due_at = :next AND fence > 0"
    )
    async with size.database.begin() as connection:
        await connection.execute(query, {"now": NOW, "next": NEXT})


# --- Measuring ------------------------------------------------------------------------------------------


async def timed(size: Size, call: Call, before: str = "") -> float:
    """Seconds of one call in a transaction that is then forgotten; `before` is not measured."""
    async with size.database.engine.connect() as connection:
        for statement in before.split("; ") if before else ():
            await connection.execute(sa.text(statement))
        start = time.perf_counter()
        await call(connection)
        took = time.perf_counter() - start
        await connection.rollback()
    return took


async def explain(size: Size, call: Call, figures: Figures) -> None:
    """Note what PostgreSQL does for one call: the seconds, the pages it looks at, and the plans' nodes."""
    seen: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, _x: object, _many: object) -> None:
        seen.append((statement, parameters))

    async with size.database.engine.connect() as connection:
        with listening(size, note):
            await call(connection)
        await connection.rollback()
        rounds = [await plans(connection, seen) for _ in range(EXPLAINED)]
        await connection.rollback()
    figures.inside[size.name] = median(sum(each["Execution Time"] for each in told) for told in rounds) / 1000
    tops = [each["Plan"] for each in rounds[-1]]
    figures.pages[size.name] = sum(top["Shared Hit Blocks"] + top["Shared Read Blocks"] for top in tops)
    figures.nodes[size.name] = [node for top in tops for node in accesses(top)]


async def plans(connection: AsyncConnection, statements: list[tuple[str, Any]]) -> list[dict[str, Any]]:
    """What PostgreSQL tells about running each of these; afterwards all is as before."""
    told = []
    async with connection.begin_nested() as before:
        for statement, parameters in statements:
            asked = f"EXPLAIN (ANALYZE, TIMING OFF, BUFFERS, FORMAT JSON) {statement}"
            told += (await connection.exec_driver_sql(asked, parameters)).scalar_one()
        await before.rollback()
    return told


@contextmanager
def listening(size: Size, note: Callable[..., None]) -> Iterator[None]:
    engine = size.database.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def accesses(plan: dict[str, Any]) -> Iterator[str]:
    """How a plan reaches tables: `Index Scan due_wake`, `Seq Scan due`."""
    if plan["Node Type"].endswith("Scan") and ("Index Name" in plan or "Relation Name" in plan):
        yield f"{plan['Node Type']} {plan.get('Index Name') or plan['Relation Name']}"
    for part in plan.get("Plans", ()):
        yield from accesses(part)


async def measure(sizes: list[Size]) -> tuple[dict[str, Figures], dict[str, Figures]]:
    """Each function by index and by reading every row; the two sizes take turns, so that noise meets both."""
    by_index: dict[str, Figures] = {}
    by_reading: dict[str, Figures] = {}
    made: dict[str, dict[str, Call]] = {}
    for size in sizes:
        async with size.database.begin() as connection:
            made[size.name] = calls(size, await take(connection, size))
        async with size.database.begin() as connection:
            await connection.execute(
                sa.text("UPDATE due SET leased_until = NULL WHERE leased_until IS NOT NULL")
            )
    for name in made[sizes[0].name]:
        figures = by_index[name] = Figures()
        for turn in range(-WARM_UP, REPETITIONS):
            for size in sizes:
                took = await timed(size, made[size.name][name])
                if turn >= 0:
                    figures.seconds[size.name].append(took)
        for size in sizes:
            await explain(size, made[size.name][name], figures)
        if name in ("ready", "seconds_until_ready"):
            slow = by_reading[name] = Figures()
            for _ in range(5):
                for size in sizes:
                    slow.seconds[size.name].append(await timed(size, made[size.name][name], EVERY_ROW))
    return by_index, by_reading


async def measure_sweeps(sizes: list[Size]) -> Figures:
    figures = Figures()
    for turn in range(-1, SWEEPS):
        for size in sizes:
            start = time.perf_counter()
            number = await sweep(size)
            took = time.perf_counter() - start
            assert number == DUE, f"{number} subjects were settled, not {DUE}"
            await make_due_again(size)
            if turn >= 0:
                figures.seconds[size.name].append(took)
    return figures


# --- Telling ------------------------------------------------------------------------------------------


def row(name: str, seconds: dict[str, float], told: str = "") -> str:
    cells = "".join(f"{seconds[size] * 1000:>14,.2f} ms" for size in SIZES)
    return f"  {name:<38}{cells}{ratio(seconds):>9.2f}  {told}"


def ratio(seconds: dict[str, float]) -> float:
    small, large = (seconds[size] for size in SIZES)
    return large / small


def verdict(*seconds: dict[str, float]) -> str:
    return "reached" if all(ratio(each) <= GOAL for each in seconds) else "MISSED"


def show(by_index: dict[str, Figures], by_reading: dict[str, Figures], sweeps: Figures) -> bool:
    """Print the tables; returns whether every goal was reached."""
    head = "".join(f"{name + ' open':>17}" for name in SIZES)
    print(f"\n{f'{DUE} due; median of {REPETITIONS} calls':<40}{head}    ratio  goal {GOAL}")
    for name, figures in by_index.items():
        print(row(name, figures.typical, verdict(figures.typical)))
    print(f"\nThe part inside PostgreSQL, median of {EXPLAINED}, and the pages it looked at")
    for name, figures in by_index.items():
        print(row(name, figures.inside, " → ".join(f"{figures.pages[size]:,}" for size in SIZES)))
    print(f"\nWhole sweeps, all {DUE} settled and committed; median of {SWEEPS}")
    print(row("sweep", sweeps.typical, verdict(sweeps.typical)))
    print("\nThe same questions, answered by reading every row; median of 5")
    for name, figures in by_reading.items():
        print(row(name, figures.typical))
    print("\nHow PostgreSQL finds the rows among 1,000,000")
    reading = []
    for name, figures in by_index.items():
        nodes = list(dict.fromkeys(figures.nodes["1,000,000"]))
        print(f"  {name:<38}{', '.join(nodes)}")
        whole = [node.removeprefix("Seq Scan ") for node in nodes if node.startswith("Seq Scan ")]
        reading += [name for table in whole if table not in A_ROW_PER_TENANT]
    for name in reading:
        print(f"  {name} reads a whole table: MISSED")
    return not reading and verdict(*(each.typical for each in (*by_index.values(), sweeps))) == "reached"


async def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="usher-bench-"))
    sizes: list[Size] = []
    try:
        server = embedded.start(folder)
        for name, rows in SIZES.items():
            start = time.perf_counter()
            sizes.append(await filled(server, name, rows))
            print(f"Filled a database with {name} open obligations in {time.perf_counter() - start:.1f} s.")
        by_index, by_reading = await measure(sizes)
        return 0 if show(by_index, by_reading, await measure_sweeps(sizes)) else 1
    finally:
        for size in sizes:
            await size.database.close()
        embedded.stop(folder, delete=True)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
