"""Brings the morning's digest to mail and chat, where the operator connected some.

Everything is on everybody's page already; a message is a copy. One that may have gone out is not sent again.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import quote

from app import logs
from app.errors import ForPeople
from app.redaction import redact
from app.rounds.schedule import Round
from app.settings import PromiseClock
from app.store import digest_lines
from app.store.chores import Chore
from app.store.database import Database
from app.store.digest_lines import Unsent
from policies.words import digest as words

log = logs.get(__name__)

EVERY = timedelta(seconds=20)
QUIET = timedelta(seconds=15)
"""So long no further line must have come for somebody, so that a morning's lines are one message."""

STALE = timedelta(hours=12)
MOST_ATTEMPTS = 3


class Channel(Protocol):
    """A way to reach people."""

    def __call__(self, login: str, title: str, body: str) -> bool:
        """Send the message; whether it went out. It may take seconds."""
        ...


def digests(
    database: Database,
    clock: PromiseClock,
    channels: tuple[Channel, ...],
    *,
    page: str = "",
    quiet: timedelta = QUIET,
    every: timedelta = EVERY,
) -> Round:
    """The round that sends what waits. `page` is the address of everybody's own page, empty without one."""

    async def send(_chore: Chore) -> Mapping[str, Any]:
        async with database.begin() as connection:
            waiting = await digest_lines.unsent(connection, clock.now() - STALE, quiet, MOST_ATTEMPTS)
        sent = [await _send(database, each, channels, page) for each in waiting]
        return {"sent": sum(sent), "failed": len(sent) - sum(sent)}

    return Round("digests", every, send)


async def _send(database: Database, each: Unsent, channels: tuple[Channel, ...], page: str) -> bool:
    """Send one person's lines by every channel; whether any took them."""
    async with database.begin() as connection:
        await digest_lines.mark_sent(connection, each.effects)
    title = words.title(len(each.lines))
    body = words.message(each.lines, "/usher", page)
    took = False
    for channel in channels:
        try:
            took = await asyncio.to_thread(channel, each.person, title, body) or took
        except Exception as error:
            log.warning("a digest could not be sent", tenant=each.tenant_id, reason=redact(repr(error)))
    if not took:
        async with database.begin() as connection:
            await digest_lines.mark_unsent(connection, each.effects, "no channel took the message")
    return took


def apprise_channels(urls: tuple[str, ...]) -> tuple[Channel, ...]:
    """One channel for each address of Apprise, in which `{login}` stands for the person.

    Only the operator names addresses, so what is not named is never called. ForPeople where Apprise is not
    installed, or does not know an address.
    """
    if not urls:
        return ()
    try:
        import apprise
    except ImportError:
        raise ForPeople("USHER_NOTIFY_URLS needs Apprise: install Usher with the extra `notify`.") from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of modules that its services import
        known = [apprise.Apprise.instantiate(url.replace("{login}", "somebody")) for url in urls]
    if None in known:
        raise ForPeople("USHER_NOTIFY_URLS: one of the addresses is none that Apprise knows.")

    def through(template: str) -> Channel:
        def send(login: str, title: str, body: str) -> bool:
            post = apprise.Apprise()
            post.add(template.replace("{login}", quote(login, safe="")))
            return bool(post.notify(body=body, title=title, body_format=apprise.NotifyFormat.TEXT))

        return send

    return tuple(through(url) for url in urls)
