"""Deliveries that never came: the forge is asked what it tried, and for what we do not have, to try again.

GitHub tries once and keeps a list for three days. What is on the list and neither in the inbox nor on disk
is asked for again, whatever GitHub says became of it: an answer of 2xx that we do not remember is a loss, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app import logs, metrics
from app.rounds.schedule import Round
from app.store.chores import Chore
from app.store.database import Database
from app.store.tables import delivery
from handlers.ports import Attempt, ForgeError, Gone, Post

log = logs.get(__name__)

EVERY = timedelta(minutes=5)
OVERLAP = timedelta(minutes=10)
"""How far behind the last look the next one begins: lists lag, and clocks differ."""

LISTED = timedelta(days=3)
"""For so long GitHub keeps its list ("Redelivering webhooks"); Enterprise Server a week."""

AT_START = timedelta(minutes=1)
"""A process that starts looks at once, unless another one just did."""

SETTLED = timedelta(minutes=1)
"""A younger attempt may still be on its way to us."""

BURST = 100
"""Deliveries that are asked for in one look; where there are more, the next comes within a minute, which is about
what GitHub lets us write.
"""

MOST_KEPT = 5_000
"""So many that are still to be asked for are remembered from look to look. An outage of an hour may cost thousands,
and the list has a page for every hundred: it is read anew only once those are asked for.
"""

MOST_TRIES = 5
"""So often one delivery is asked for: what is too large for us never comes."""


def look_for_missed(
    forge: str,
    database: Database,
    post: Callable[[], Post | None],
    holds: Callable[[str, str, str], bool],
    *,
    hook: str = "",
) -> Round:
    """The round that looks for missed deliveries: at the start of each process, then every five minutes.

    `hook` is the one whose list `post` reads, where a forge has several.
    """
    look = MissedDeliveries(forge, database, post, holds, hook=hook)
    return Round(f"missed {forge} {hook}".strip(), EVERY, look, at_start=AT_START)


@dataclass(slots=True)
class MissedDeliveries:
    """Looks once. `post` is None while the forge is not connected; `holds` tells what waits on our disk."""

    forge: str
    database: Database
    post: Callable[[], Post | None]
    holds: Callable[[str, str, str], bool]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    hook: str = ""
    most_kept: int = MOST_KEPT
    _is_first: bool = True

    async def __call__(self, chore: Chore) -> Mapping[str, Any]:
        """One look; returns the note for the next: until when it looked, and what it asked for how often."""
        post = self.post()
        if post is None:
            return chore.note
        now, note = self.now(), chore.note
        asked = {each["attempt"]["delivery_id"]: _Asked.read(each) for each in note.get("asked", ())}
        tries = Counter({name: each.tries for name, each in asked.items()})
        newest = {name: each.attempt for name, each in asked.items()}
        until, full_at = note.get("until"), note.get("full_at")
        goes_on = any(each.tries == 0 for each in asked.values())
        if not goes_on:
            full = self._is_full(note, now)
            for attempt in await post.attempts(now - LISTED if full else self._since(note, now)):
                if attempt.delivery_id not in newest or newest[attempt.delivery_id].at < attempt.at:
                    newest[attempt.delivery_id] = attempt
            self._is_first, until = False, now.isoformat()
            full_at = until if full else full_at
        here = await self._here(newest)
        missing = sorted(
            (each for name, each in newest.items() if name not in here and each.at < now - SETTLED),
            key=lambda each: each.at,
        )
        wanted = fresh = [each for each in missing if tries[each.delivery_id] == 0]
        if not goes_on:  # whoever was asked for before is again once the list has shown what became of it
            wanted = [*fresh, *(each for each in missing if 0 < tries[each.delivery_id] < MOST_TRIES)]
        failed = await self._ask(post, wanted[:BURST], tries)
        recovered = len(here & asked.keys())
        self._tell(len(wanted), recovered, failed)
        left_out = fresh[self.most_kept :]
        if left_out:  # the list is read again from there
            until = left_out[0].at.isoformat()
        forgotten = {each.delivery_id for each in left_out}
        return {
            "looked_at": now.isoformat(),
            "until": until,
            "full_at": full_at,
            "asked": [
                _Asked(each, tries[each.delivery_id]).record()
                for each in missing
                if each.delivery_id not in forgotten and each.at > now - LISTED
            ],
            "soon": failed is None and len(wanted) > BURST,
            "missing": len(missing),
            "given_up": sum(tries[each.delivery_id] >= MOST_TRIES for each in missing),
            "recovered": note.get("recovered", 0) + recovered,
        }

    def _is_full(self, note: Mapping[str, Any], now: datetime) -> bool:
        """Whether to look at the whole list: at the start of a process, though only once a day over all."""
        before = note.get("full_at")
        return before is None or (self._is_first and datetime.fromisoformat(before) < now - timedelta(days=1))

    @staticmethod
    def _since(note: Mapping[str, Any], now: datetime) -> datetime:
        """Since the last look, which a database that was restored has forgotten: so it looks back further."""
        return max(datetime.fromisoformat(note["until"]) - OVERLAP, now - LISTED)

    async def _ask(self, post: Post, attempts: list[Attempt], tries: Counter[str]) -> ForgeError | None:
        """Have them delivered again, and count it; what kept the rest from being asked for, if anything did."""
        for attempt in attempts:
            try:
                await post.redeliver(attempt)
            except Gone:
                tries[attempt.delivery_id] = MOST_TRIES
            except ForgeError as error:
                return error
            else:
                tries[attempt.delivery_id] += 1
        return None

    async def _here(self, names: Collection[str]) -> set[str]:
        """Those that the inbox has, or that wait on disk for it."""
        # As one array: a busy organisation has more deliveries in three days than a statement takes parameters.
        listed = sa.cast(list(names), ARRAY(sa.Text))
        query = sa.select(delivery.c.delivery_id).where(
            delivery.c.forge == self.forge,
            delivery.c.hook == self.hook,
            delivery.c.delivery_id == sa.any_(listed),
        )
        async with self.database.begin() as connection:
            stored = set((await connection.execute(query)).scalars())
        return stored | {
            name for name in names if name not in stored and self.holds(self.forge, self.hook, name)
        }

    def _tell(self, missing: int, recovered: int, failed: ForgeError | None) -> None:
        metrics.sweep_success_timestamp_seconds.labels(self.forge).set(self.now().timestamp())
        if recovered:
            metrics.sweep_recovered.labels(self.forge).inc(recovered)
            log.info("missed deliveries came", forge=self.forge, deliveries=recovered)
        if missing:
            log.warning("deliveries are missing, and asked for again", forge=self.forge, deliveries=missing)
        if failed is not None:
            log.warning("the forge cannot be asked for more now", forge=self.forge, reason=str(failed))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What has not come yet, and how often it was asked for."""

    attempt: Attempt
    tries: int

    def record(self) -> dict[str, Any]:
        attempt = {**asdict(self.attempt), "at": self.attempt.at.isoformat()}
        return {"attempt": attempt, "tries": self.tries}

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> _Asked:
        attempt = record["attempt"]
        return cls(Attempt(**{**attempt, "at": datetime.fromisoformat(attempt["at"])}), record["tries"])
