"""Signing in on a forge: the page on which a person says yes, and the codes that the browser carries back."""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from urllib.parse import urlencode

from app.forges.sandbox.clock import WallClock
from app.forges.sandbox.world import Account, World

CODE_LIFETIME = timedelta(minutes=10)

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Sign in to the sandbox</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:4rem auto;padding:0 1rem;
color-scheme:light dark}}a{{display:block;padding:.6rem 1rem;margin:.4rem 0;border:1px solid #8886;
border-radius:8px;text-decoration:none}}</style></head><body><h1>Who are you?</h1>
<p>This is the sandbox forge. Choose a person; <b>{app}</b> learns who you are, and what you may read.</p>
{people}</body></html>"""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code stands for that the browser carries back: who said yes, and how the asker proves itself."""

    account: Account
    redirect: str
    challenge: str
    expires_at: datetime
    scope: str = ""

    def proven(self, verifier: str) -> bool:
        """RFC 7636, S256; where no challenge was given, nothing has to be proven."""
        digest = hashlib.sha256(verifier.encode()).digest()
        return not self.challenge or self.challenge == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Grants:
    """The codes that were handed out and not exchanged yet. By real time."""

    def __init__(self, wall: WallClock, seed: int) -> None:
        self._wall = wall
        self._random = random.Random(seed)  # noqa: S311 - the codes of a sandbox guard nothing
        self._known: dict[str, Grant] = {}

    def back(self, who: Account, asked: Mapping[str, str]) -> str:
        """Where the browser goes with a fresh code, after this person said yes to what was asked."""
        redirect = asked.get("redirect_uri", "")
        code = f"{self._random.getrandbits(80):020x}"
        expires = self._wall.now() + CODE_LIFETIME
        challenge = asked.get("code_challenge", "")
        self._known[code] = Grant(who, redirect, challenge, expires, asked.get("scope", ""))
        return f"{redirect}?{urlencode({'code': code, 'state': asked.get('state', '')})}"

    def take(self, code: str) -> Grant | None:
        """What the code stands for; None where it is unknown, used or too old."""
        found = self._known.pop(code, None)
        return found if found is not None and found.expires_at > self._wall.now() else None


def page(world: World, app: str, asked: Mapping[str, str], hint: str) -> bytes:
    """One link for each person, which is the page again with their login as `hint`."""
    known = [each for each in world.accounts.values() if each.kind == "person"]
    links = "".join(
        f'<a href="?{escape(urlencode({**asked, hint: each.login}))}">{escape(each.login)}</a>'
        for each in sorted(known, key=lambda each: each.login)
    )
    return _PAGE.format(app=escape(app), people=links).encode()


def said_yes(world: World, login: str) -> Account | None:
    """The person of this login, if there is one."""
    who = world.account(login)
    return who if who is not None and who.kind == "person" else None
