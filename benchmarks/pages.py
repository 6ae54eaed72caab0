"""What the pages cost at 10,000 repositories and 1,000,000 facts: median and p95, and queries for each page.

One command. It fills the embedded PostgreSQL, starts the real web side on the loop of `usher serve`, signs somebody
in who may read all of it, and asks for each page in turn. The measure beside it is `SELECT 1` over HTTP through the
same server and database, in the same run. The exit code is 1 where a page takes more than 8 queries, or the p95 of
the search is more than 10 times the p95 of `SELECT 1`.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import httpx2
import psycopg
import sqlalchemy as sa
import uvloop
from fastapi import FastAPI

from app import logs, main, serving
from app.settings import FixedClock, read_settings
from app.store import embedded, schema, viewers
from app.store.database import connect
from app.store.viewers import Identity

REPOSITORIES, CHANGES, FACTS = 10_000, 100_000, 1_000_000
MOST_QUERIES, MOST_TIMES = 8, 10
ROUNDS, WARM_UP = 60, 3
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)

WORDS = (
    "retry",
    "logging",
    "payment",
    "http client",
    "design tokens",
    "queue",
    "parser",
    "cache",
    "mail",
    "search",
    "retyr",  # is called nothing: what comes closest is looked for
    "pament library",
)

PAGES = (
    "/", "/changes", "/changes/1/change:77:5", "/catalogue", "/catalogue?owner=org/team-7", "/r/github/org/cache-77",
    "/candidates", "/flow", "/flow?team=org/team-7", "/promises", "/wins/2026-11", "/operations", "/me",
    "/repos.json",
)  # fmt: skip

FILL = f"""
SET session_replication_role = replica;
INSERT INTO tenant (forge, host, installation, account, mode)
    VALUES ('github', 'https://api.example.org', 1, 'org', 'live');
INSERT INTO repository (tenant_id, id, name) SELECT 1, n, 'org/' || word || '-' || n
    FROM (SELECT n, (ARRAY['retry','logging','payment','http-client','design-tokens','queue','parser','cache','mail',
    'search'])[1 + n % 10] AS word FROM generate_series(1, {REPOSITORIES}) n) named;
INSERT INTO entry (tenant_id, repository_id, forge, name, listed, title, summary, language, owner, topics, packages,
    requires, readiness, standing, score, pushed_at, portal, details, search, checked_at)
    SELECT 1, id, 'github', name, id % 3 = 0 OR id = 77, initcap(replace(split_part(name, '/', 2), '-', ' ')),
    'What every team needs, number ' || id, (ARRAY['Go','Python','TypeScript','Java'])[1 + id % 4],
    'org/team-' || id % 60, ARRAY['inner-source', 'topic-' || id % 40], ARRAY['npm:@org/p' || id],
    ARRAY['npm:@org/p' || 1 + (id * 7) % 500], id % 100, (id * 31 % 1000) / 500.0, id % 900, now(),
    jsonb_build_object('id', id, 'full_name', name, '_InnerSourceMetadata', jsonb_build_object('score', id % 900)),
    jsonb_build_object('url', 'https://forge.example/' || name, 'description', 'x', 'private', false, 'archived', false,
        'forked_from', null, 'template', false, 'restricted', false, 'sole_owner', id % 5 = 0, 'guidelines', 0.5,
        'readiness', '[]'::jsonb, 'owner_source', 'owners', 'governance', '', 'lifecycle', '', 'channel', '',
        'skills', '[]'::jsonb, 'contributions', '[]'::jsonb, 'documents', '[]'::jsonb, 'participation', '[]'::jsonb,
        'problems', '[]'::jsonb, 'scopes', '["npm:@org/"]'::jsonb, 'declared', null),
    setweight(to_tsvector('simple', name || ' ' || translate(name, '-/', '  ')), 'A') ||
        setweight(to_tsvector('english', 'What every team needs, number ' || id || ' with retries and queues'), 'C'),
    now() FROM repository;
INSERT INTO blob_seen (tenant_id, sha, repository_id)
    SELECT 1, decode(md5((n % 180000)::text), 'hex'), 1 + n % {REPOSITORIES} FROM generate_series(1, 200000) n
    ON CONFLICT DO NOTHING;
INSERT INTO promise_made (tenant_id, repository_id, valid_from, text, hours)
    SELECT 1, n * 20, '2026-06-01', 'We answer within two business days.', 16 FROM generate_series(1, 400) n;
INSERT INTO kept (tenant_id, kind, name, value) SELECT 1, 'roster', 'org', jsonb_build_object('people', 600, 'teams',
    jsonb_agg(jsonb_build_array('org/team-' || n, '', (SELECT jsonb_agg(jsonb_build_array('p' || m, false))
    FROM generate_series(1, 10) m)))) FROM generate_series(0, 59) n;
INSERT INTO fact (tenant_id, subject, natural_key, rank, forge_time, actor, source, payload)
    SELECT 1, 'change:' || 1 + n % {REPOSITORIES} || ':' || 1 + (n / {REPOSITORIES}) % 10, 'remark:' || n, 5,
    timestamptz '2026-08-20' + n * interval '8 seconds', 'p' || n % 600, 'delivery',
    jsonb_build_object('kind', 'RemarkMade', 'remark_id', n, 'answers', true) FROM generate_series(1, {FACTS}) n;
INSERT INTO clock (tenant_id, subject, state, turn, projection, updated_at)
    SELECT 1, 'change:' || 1 + n % {REPOSITORIES} || ':' || 1 + n / {REPOSITORIES},
    CASE WHEN n % 20 = 0 THEN 'REVIEW' ELSE 'DONE' END, 'p' || n % 600, jsonb_build_object('title', 'Change ' || n,
        'repository', 'org/x', 'number', 1 + n / {REPOSITORIES}, 'author', 'p' || (n + 1) % 600, 'turn',
        jsonb_build_array('p' || n % 600), 'because', 'they were asked', 'due', null, 'zone', 'UTC', 'url', ''),
    timestamptz '2026-08-20' + n * interval '80 seconds' FROM generate_series(0, {CHANGES} - 1) n;
INSERT INTO obligation (tenant_id, key, subject, slot, kind, ledger, party, budget_s, t0, due_at, verdict)
    SELECT 1, subject || '|person', subject, '*', 'first_response', 'person', turn, 28800, updated_at,
    updated_at + interval '1 day', CASE WHEN state = 'DONE' THEN 'met' END FROM clock;
INSERT INTO outcome (tenant_id, repository_id, number, repository, title, author, origin, teams, owners, opened_at,
    ready_at, waited, answered, merged_at, kept, missed, pending, reviewers)
    SELECT 1, 1 + n % {REPOSITORIES}, 1 + n / {REPOSITORIES}, 'org/x', 'Change ' || n, 'p' || (n + 1) % 600,
    (ARRAY['guest','own','own','mixed'])[1 + n % 4], ARRAY['org/team-' || (n * 7) % 60], ARRAY['org/team-' || n % 60],
    at, at, (n * 37 % 800) / 10.0, n % 9 > 0, CASE WHEN n % 3 > 0 THEN at + interval '2 days' END,
    n % 2, (n + 1) % 5 / 4, 0,
    ARRAY['p' || n % 600] FROM (SELECT n, timestamptz '2026-01-01' + n * interval '280 seconds' AS at
    FROM generate_series(0, {CHANGES} - 1) n) made;
SET session_replication_role = DEFAULT;
ANALYZE;
"""


async def run() -> bool:
    folder = Path(tempfile.mkdtemp(prefix="usher-bench-"))
    try:
        address = embedded.start(folder)
        await _fill(address)
        return await _measure(address, folder)
    finally:
        embedded.stop(folder, delete=True)
        shutil.rmtree(folder, ignore_errors=True)


async def _fill(address: str) -> None:
    began = time.perf_counter()
    database = connect(address)
    await schema.migrate(database)
    await database.close()
    with psycopg.connect(address, autocommit=True, options="-c statement_timeout=0") as connection:
        connection.execute(FILL)
    print(
        f"{REPOSITORIES:,} repositories, {CHANGES:,} changes, {FACTS:,} facts, "
        f"filled in {time.perf_counter() - began:.0f} s"
    )


async def _measure(address: str, folder: Path) -> bool:
    settings = read_settings(data_dir=folder, port=0, operators="p7")
    async with main.opened(settings, address, clock=FixedClock(NOW)) as usher:
        plain = FastAPI()

        @plain.get("/select-1")
        async def select_one() -> int:
            async with usher.database.begin() as connection:
                return int(await connection.scalar(sa.text("SELECT 1")) or 0)

        usher.site._doors["/select-1"] = plain  # the same server, the same pool
        stop, listener = asyncio.Event(), serving.listen("127.0.0.1", 0)
        running = asyncio.create_task(serving.run_web(usher, stop, listener))
        async with usher.database.begin() as connection:
            number = await viewers.keep_viewer(
                connection, Identity("github", "https://api.example.org", 1, "p7")
            )
            reach: dict[tuple[int, int], Any] = {(1, each): "read" for each in range(1, REPOSITORIES + 1)}
            await viewers.keep_reach(connection, number, reach)
            secret = await viewers.start_session(connection, {number: b"x"})
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("ANALYZE")
        base = serving.address_of(listener)
        async with httpx2.AsyncClient(base_url=base, cookies={"usher": secret}, timeout=60) as client:
            good = await _pages(client, usher.database.engine)
        stop.set()
        await running
    return good


async def _pages(client: httpx2.AsyncClient, engine: Any) -> bool:
    askers: list[Any] = []  # the task that asked, for each query: beside pages, gauges ask for what they show
    sa.event.listen(
        engine.sync_engine, "before_cursor_execute", lambda *_: askers.append(asyncio.current_task())
    )
    searches = tuple(f"/catalogue?q={word}" for word in WORDS)
    seconds: dict[str, list[float]] = {path: [] for path in ("/select-1", "search", *PAGES)}
    queries: dict[str, int] = {}
    for turn in range(WARM_UP + ROUNDS):
        asked = {
            "/select-1": "/select-1",
            "search": searches[turn % len(searches)],
            **{path: path for path in PAGES},
        }
        for name, path in asked.items():
            askers.clear()
            others = asyncio.all_tasks()
            began = time.perf_counter()
            answer = await client.get(path)
            took = time.perf_counter() - began
            assert answer.status_code == 200, (path, answer.status_code)
            queries[name] = max(queries.get(name, 0), sum(each not in others for each in askers))
            if turn >= WARM_UP:
                seconds[name].append(took)
    print(f"\n{'page':<34}{'median':>10}{'p95':>10}{'× SELECT 1':>12}{'queries':>9}")
    basis = _p95(seconds["/select-1"])
    for name, values in seconds.items():
        ratio = _p95(values) / basis
        print(
            f"{name:<34}{median(values) * 1e3:>7.1f} ms{_p95(values) * 1e3:>7.1f} ms{ratio:>12.1f}{queries[name]:>9}"
        )
    slow = _p95(seconds["search"]) / basis
    many = [name for name, number in queries.items() if number > MOST_QUERIES]
    print(f"\nsearch: p95 is {slow:.1f} × that of SELECT 1 over HTTP (goal: {MOST_TIMES} or less)")
    print(f"pages with more than {MOST_QUERIES} queries: {', '.join(many) or 'none'}")
    return slow <= MOST_TIMES and not many


def _p95(values: list[float]) -> float:
    return quantiles(values, n=20)[-1]


if __name__ == "__main__":
    logs.configure("warning")
    sys.exit(0 if uvloop.run(run()) else 1)
