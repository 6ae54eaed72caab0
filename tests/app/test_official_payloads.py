"""GitHub's 329 published example deliveries: each is acknowledged, read, and ends; none is told twice."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from app.forges.github.events import GitHubDoor
from app.receiving.drain import Drain
from app.store.tables import delivery, due, fact
from tests.app.receiving import receiving

EXAMPLES = Path(__file__).parents[1] / "payloads" / "github.jsonl.gz"


def examples() -> list[tuple[str, bytes]]:
    with gzip.open(EXAMPLES, "rt", encoding="utf-8") as lines:
        read = [json.loads(line) for line in lines]
    return [(each["event"], json.dumps(each["payload"]).encode()) for each in read]


async def test_every_official_example_is_taken_and_comes_to_an_end(address: str) -> None:
    sent = examples()
    assert len(sent) == 329
    async with receiving(address) as hook:
        drain = Drain(
            hook.database,
            doors={"github": GitHubDoor()},
            hosts={"github": "https://api.github.com"},
            new_tenants="live",
            gather=timedelta(),
            own_logins={"github": str},
        )
        for round_of_posts in range(2):
            answers = await asyncio.gather(
                *(
                    hook.post(body, x_github_event=event, x_github_delivery=f"example-{number}")
                    for number, (event, body) in enumerate(sent)
                )
            )
            assert {answer.status_code for answer in answers} == {202}
            await drain()
            if round_of_posts == 0:
                before = await _told(hook.database)
        async with hook.database.begin() as connection:
            states = Counter((await connection.execute(sa.select(delivery.c.state))).scalars())
            reasons = (
                await connection.execute(sa.select(delivery.c.reason).where(delivery.c.state == "ignored"))
            ).scalars()
            assert all(reasons)
        assert set(states) == {"done", "ignored"}
        assert sum(states.values()) == 329
        assert await _told(hook.database) == before


async def _told(database: object) -> tuple[int, int]:
    """How many facts there are, and how often subjects were touched."""
    async with database.begin() as connection:  # type: ignore[attr-defined]
        facts = await connection.scalar(sa.select(sa.func.count()).select_from(fact))
        touches = await connection.scalar(sa.select(sa.func.sum(due.c.generation)))
        assert facts
        assert touches
        return facts, touches
