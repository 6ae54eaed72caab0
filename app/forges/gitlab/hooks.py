"""Hooks that Usher makes at GitLab: their names, which are public, and the secrets that follow from them.

A name says how its deliveries are proven (`s-` signed, `p-` plain token), so nobody can choose the weaker
way, and for which top-level group the hook was made, so that no hook speaks for another's projects. Both are
beyond doubt, because the secret is derived from the whole name and a master key: checking a delivery needs
no database, and a new master key makes new secrets while the old ones still hold.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.keys import derived

_NAME = re.compile(r"([sp])-([1-9][0-9]{0,17})-([0-9a-f]{16})")

Scheme = Literal["s", "p"]


@dataclass(frozen=True, slots=True)
class HookName:
    """`s-77-0123456789abcdef`: scheme, number of the top-level group (or personal namespace), chance."""

    scheme: Scheme
    group: int
    chance: str

    def __str__(self) -> str:
        return f"{self.scheme}-{self.group}-{self.chance}"

    @classmethod
    def new(cls, scheme: Scheme, group: int) -> HookName:
        """A name that nobody had before."""
        return cls(scheme, group, secrets.token_hex(8))

    @classmethod
    def parse(cls, text: str) -> HookName | None:
        """The name that `str()` wrote; None for anything else."""
        found = _NAME.fullmatch(text)
        return cls(found[1], int(found[2]), found[3]) if found else None  # type: ignore[arg-type]


def signing_token(master_key: bytes, name: HookName) -> str:
    """The signing token of a hook in GitLab's form, `whsec_` and 32 bytes in base64."""
    return "whsec_" + base64.b64encode(derived(master_key, f"hook {name}")).decode("ascii")


def secret_token(master_key: bytes, name: HookName) -> str:
    """The plain secret token of a hook, for versions that do not sign."""
    return derived(master_key, f"hook {name}").hex()


def signing_keys(master_keys: Sequence[bytes], name: HookName) -> tuple[bytes, ...]:
    """The keys that may have signed a delivery of this hook, newest first."""
    return tuple(derived(key, f"hook {name}") for key in master_keys)


def signing_key(token: str) -> bytes | None:
    """The key in a signing token that somebody set by hand; None where it is not one."""
    try:
        return base64.b64decode(token.removeprefix("whsec_") + "==", validate=False) or None
    except ValueError:
        return None
