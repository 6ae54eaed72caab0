"""What Usher would do about one change or issue now: settled on paper, with nothing written anywhere.

Reads are real, at the forge and in the database; what would be written is kept here, to be shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from app.errors import ForPeople
from app.settling.lease import Settling
from app.settling.rulebooks import KeptDirectory, KeptRulebooks
from app.store import modes, tenants
from app.store.effects import SubjectEffects
from app.store.findings import RepositoryFindings
from app.store.subjects import SubjectLog, SubjectRecords
from app.store.tenants import Tenant
from handlers.proofs import Desk
from handlers.records import Effect, Effects, Held, Standing
from handlers.settle import settle_change
from handlers.situation import Reads
from policies.facts import Fact, RepositoryRef, Subject, in_order

_CHANGE = re.compile(r"/(?P<name>.+?)(?:/-)?/(?:pull|merge_requests)/(?P<number>\d+)(?:/.*)?")


@dataclass(frozen=True, slots=True)
class Planned:
    """Something that Usher would do, or write differently from what stands there now."""

    kind: str
    anew: bool
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Preview:
    """How a change stands, what Usher would do about it, and when it would look again."""

    subject: str
    standing: Standing
    planned: tuple[Planned, ...]
    decisions: tuple[Mapping[str, Any], ...]
    look_again: datetime | None


def named_in(url: str) -> tuple[str, int]:
    """The repository and number that an address of a change names; ForPeople where it names none."""
    try:
        found = _CHANGE.fullmatch(urlsplit(url).path.rstrip("/"))
    except ValueError:
        found = None
    if found is None:
        raise ForPeople(f"{url!r} is not the address of a pull or merge request.")
    return found["name"], int(found["number"])


async def preview(settling: Settling, url: str) -> Preview:
    """Settle the change at this address on paper. ForPeople where Usher does not know its repository."""
    name, number = named_in(url)
    async with settling.database.begin() as connection:
        found = await tenants.named(connection, name)
        mode = await modes.of_repository(connection, found[0].id, found[1].id) if found else "preview"
    if found is None:
        raise ForPeople(
            f"Usher knows no repository {name!r}: is it installed there, and did anything happen yet?"
        )
    return await _on_paper(settling, *found, number, live=mode == "live")


async def _on_paper(
    settling: Settling, tenant: Tenant, place: RepositoryRef, number: int, *, live: bool
) -> Preview:
    subject = Subject("change", place.id, number)
    database, now = settling.database, settling.clock.now()
    forge = settling.forge_of(tenant, None)
    records = PaperRecords(database, tenant.id, str(subject))
    effects = PaperEffects(SubjectEffects.of(database, tenant.id, str(subject), now), live)
    desk = Desk(
        forge=forge,
        effects=effects,
        log=PaperLog(SubjectLog(database, tenant.id, str(subject))),
        records=records,
        live=False,
        sign=lambda _key: ("",),
        now=now,
    )
    rulebooks = KeptRulebooks(database, tenant.id, forge, now, settling.defaults_project)
    findings = PaperFindings(database, tenant.id, place.id)
    reads = Reads(forge, KeptDirectory(database, tenant.id, forge), records, findings, rulebooks)
    look_again = await settle_change(subject, place, reads, rulebooks, desk)
    if records.standing is None:
        raise ForPeople(f"{place.name} has no change {number} that Usher may see.")
    return Preview(str(subject), records.standing, tuple(effects.planned), tuple(records.chosen), look_again)


# --- Paper ------------------------------------------------------------------------------------------------


@dataclass
class PaperLog:
    """The subject's facts, and those that would be added."""

    real: SubjectLog
    added: list[Fact] = field(default_factory=list)

    async def read(self) -> tuple[Fact, ...]:
        return in_order([*await self.real.read(), *self.added])

    async def add(self, facts: Iterable[Fact], source: Literal["poll", "usher"]) -> None:
        self.added += facts


@dataclass
class PaperEffects(Effects):
    """The subject's effects as they are; every other is planned and goes no further."""

    real: SubjectEffects
    live: bool  # otherwise everything was left undone until now
    planned: list[Planned] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    async def every(self) -> tuple[Effect, ...]:
        return await self.real.every()

    async def plan(self, key: str, kind: str, payload: Mapping[str, Any]) -> Effect:
        there = next((each for each in await self.every() if each.key == key), None)
        undone = there is None or there.state == "planned" or (there.state == "skipped" and not self.live)
        changed = (
            there is not None and there.state == "done" and there.payload.get("body") != payload.get("body")
        )
        if (undone or changed) and key not in self.seen:
            self.planned.append(Planned(kind, undone, payload))
        self.seen.add(key)
        return Effect(key, kind, "skipped", payload)

    async def reminders_before(self, effect: Effect, day: datetime) -> int:
        return 0

    async def sending(self, effect: Effect, feature: str) -> None:
        raise AssertionError("nothing is sent on paper")

    async def permit(self, effect: Effect, feature: str) -> None:
        raise AssertionError("nothing is written anew on paper")

    async def hold(self, effect: Effect, held: Held) -> None:
        """Nothing is held back on paper."""

    async def healed(self, effect: Effect, remote_id: int | None, twins: int) -> None:
        """Nothing is taken back on paper."""

    async def done(
        self,
        effect: Effect,
        remote_id: int | None = None,
        payload: Mapping[str, Any] | None = None,
        *,
        in_doubt: bool = False,
    ) -> None:
        """Nothing is done on paper."""

    async def unsure(self, effect: Effect, error: str) -> None:
        """Nothing is done on paper."""

    async def again(self, effect: Effect, error: str) -> None:
        """Nothing is done on paper."""

    async def skipped(self, effect: Effect, reason: str) -> None:
        """Nothing is done on paper."""

    async def refused(self, effect: Effect, error: str) -> None:
        """Nothing is done on paper."""


class PaperRecords(SubjectRecords):
    """Reads what is kept of the subject, and keeps nothing."""

    standing: Standing | None = None

    def __init__(self, *place: Any) -> None:
        super().__init__(*place)
        self.chosen: list[Mapping[str, Any]] = []

    async def keep_clock(self, standing: Standing, now: datetime) -> None:
        self.standing = standing

    async def keep_decision(self, record: Mapping[str, Any], now: datetime) -> None:
        self.chosen.append(record)

    async def _nothing(self, *_given: Any, **_named: Any) -> None:
        """Nothing is kept on paper."""

    keep_outcome = tell_repository = declare_away = withdraw_away = _nothing
    draft_thanks = decide_thanks = offer_help = be_silent = _nothing


class PaperFindings(RepositoryFindings):
    """Reads findings, and keeps none."""

    async def keep(self, findings: Any, now: datetime) -> Mapping[str, datetime]:
        """Nothing is kept on paper."""
        return {}

    async def links(self, addresses: Any) -> None:
        """Nobody is asked on paper."""
