"""Words to tell the story of a change with: `opened("11-23 09:00")`, `asked("11-23 09:10", "ben")`.

All instants are Berlin time in 2026, where people work from nine to five; `ana` is the author, `ben` and
`cyd` own the slot `@api`, `dot` and `eve` own `@web`. 20, 23 and 27 November are a Friday, Monday, Friday.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from zlib import crc32
from zoneinfo import ZoneInfo

from policies.calendars import Calendar
from policies.clocks import Obligation, State, Terms, fold
from policies.facts import (
    ChangeClosed,
    ChangeDrafted,
    ChangeMerged,
    ChangeOpened,
    ChangePushed,
    ChangeReadied,
    ChangeReopened,
    ChecksChanged,
    CommandGiven,
    Fact,
    Labelled,
    RemarkMade,
    ReviewAsked,
    ReviewDismissed,
    Reviewed,
    ReviewUnasked,
    SlotsChosen,
    ThreadChanged,
)
from policies.rules import Rules, read

BERLIN = Calendar("Europe/Berlin")
API = ("@api", 1, ("ben", "cyd"))
WEB = ("@web", 1, ("dot", "eve"))


def at(text: str) -> datetime:
    """An instant, from Berlin's clock: "11-23 09:00"."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def agreed(text: str = "") -> Rules:
    """Rules from YAML; a test's own mistakes in it are errors."""
    written = read(text.encode())
    assert written.problems == ()
    return written.rules


def terms(text: str = "", **more: object) -> Terms:
    return Terms(rules=agreed(text), **{"calendars": {"business": BERLIN}, **more})  # type: ignore[arg-type]


def state(facts: Iterable[Fact], now: str, under: Terms | None = None) -> State:
    return fold(facts, under or terms(), at(now))


def owed(
    found: State, kind: str, ledger: str = "slot", party: str | None = None, cycle: int = 1
) -> Obligation:
    """The one obligation of this kind."""
    matching = [
        each
        for each in found.obligations
        if (each.kind, each.ledger, each.cycle) == (kind, ledger, cycle) and party in (None, each.party)
    ]
    assert len(matching) == 1, [each.key for each in found.obligations]
    return matching[0]


def number(*parts: str) -> int:
    """A number for an object of the forge, the same for the same words."""
    return crc32(" ".join(parts).encode())


# --- What happens ------------------------------------------------------------------------------------


def opened(when: str, *, draft: bool = False, base: str = "main", bot: bool = False) -> Fact:
    return ChangeOpened(at=at(when), by="ana", by_bot=bot, draft=draft, base=base)


def slots(
    when: str, *chosen: tuple[str, int, tuple[str, ...]], guard: str = "", **more: dict[str, object]
) -> Fact:
    files = more.get("files", {})
    contents = more.get("contents", {})
    return SlotsChosen(
        at=at(when), head=when, slots=chosen or (API,), guard=guard,
        files=tuple(files.items()), contents=tuple(contents.items()),  # type: ignore[arg-type]
    )  # fmt: skip


def begun(
    when: str, *asked_people: str, chosen: tuple[tuple[str, int, tuple[str, ...]], ...] = (API,)
) -> list[Fact]:
    """A change opened with its reviewers chosen on the form."""
    return [opened(when), slots(when, *chosen), *(asked(when, who) for who in asked_people)]


def asked(when: str, who: str, *, by: str = "ana", usher: tuple[str, ...] | None = None) -> Fact:
    if usher is not None:
        return ReviewAsked(at=at(when), by="usher[bot]", by_bot=True, who=who, by_usher=True, slots=usher)
    return ReviewAsked(at=at(when), by=by, who=who)


def unasked(when: str, who: str) -> Fact:
    return ReviewUnasked(at=at(when), by="ana", who=who)


def reviewed(when: str, who: str, said: str = "commented", *, polled_since: str | None = None) -> Fact:
    return Reviewed(
        at=at(when), after=at(polled_since) if polled_since else None,
        by=who, review_id=number(when, who), state=said,  # type: ignore[arg-type]
    )  # fmt: skip


def inline(when: str, who: str, thread: str) -> Fact:
    return Reviewed(at=at(when), by=who, remark_id=number(when, who, thread), thread=thread)


def dismissed(when: str, review: Fact) -> Fact:
    assert isinstance(review, Reviewed)
    return ReviewDismissed(at=at(when), by="ana", review_id=review.review_id, who=review.by)


def commented(when: str, who: str, *, answers: bool = True, bot: bool = False) -> Fact:
    return RemarkMade(at=at(when), by=who, by_bot=bot, remark_id=number(when, who), answers=answers)


def command(when: str, who: str, text: str) -> Fact:
    verb, *words = text.split()
    return CommandGiven(at=at(when), by=who, remark_id=number(when, who, text), verb=verb, words=tuple(words))


def pushed(when: str, *, bot: bool = False, content: str = "", by: str = "ana") -> Fact:
    return ChangePushed(at=at(when), by=by, by_bot=bot, after_sha=when, content=content)


def resolved(when: str, thread: str, *, by: str = "ana", now: bool = True) -> Fact:
    return ThreadChanged(at=at(when), by=by, thread=thread, resolved=now)


def drafted(when: str, by: str = "ana") -> Fact:
    return ChangeDrafted(at=at(when), by=by)


def readied(when: str, by: str = "ana") -> Fact:
    return ChangeReadied(at=at(when), by=by)


def labelled(when: str, label: str, *, on: bool = True, by: str = "ana", bot: bool = False) -> Fact:
    return Labelled(at=at(when), by=by, by_bot=bot, label=label, on=on)


def checked(when: str, result: str, name: str = "ci") -> Fact:
    return ChecksChanged(at=at(when), name=name, state=result)  # type: ignore[arg-type]


def closed(when: str, by: str = "ana") -> Fact:
    return ChangeClosed(at=at(when), by=by)


def reopened(when: str) -> Fact:
    return ChangeReopened(at=at(when), by="ana")


def merged(when: str, by: str = "ana") -> Fact:
    return ChangeMerged(at=at(when), by=by)
