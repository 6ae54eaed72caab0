"""Keys that Usher makes or is given, and what is derived from them."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.errors import ForPeople
from app.settings import Settings

MARKER = "usher:1:"


class KeyLost(ForPeople):
    """Something was sealed with a master key that is not configured any more."""


def master_keys(settings: Settings) -> tuple[bytes, ...]:
    """The configured keys, newest first; else one that is made on first use and kept in the data directory."""
    if settings.master_keys:
        return tuple(key.get_secret_value().encode() for key in settings.master_keys)
    return (_own_key(settings.data_dir / "master.key"),)


def _own_key(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Not by the process's number alone: in containers every first process has the same.
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
        # Of two processes that start together one wins, and both read a whole key.
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text(encoding="ascii").strip().encode()


def derived(key: bytes, purpose: str) -> bytes:
    """32 bytes for one purpose ("hook s-…", "sealing"), from which neither the key nor another purpose's follow.

    HKDF-SHA256, RFC 5869.
    """
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"usher:{purpose}".encode()).derive(key)


class Seal:
    """Encrypts what is stored and must not be read from the database alone: keys and tokens of forges.

    Sealed with the newest master key; opened with whichever it was sealed with.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._box = MultiFernet([Fernet(base64.urlsafe_b64encode(derived(key, "sealing"))) for key in keys])

    def close(self, plain: str) -> bytes:
        """The text, encrypted and authenticated."""
        return self._box.encrypt(plain.encode())

    def open(self, sealed: bytes) -> str:
        """The text again; `KeyLost` where none of the master keys fits."""
        try:
            return self._box.decrypt(sealed).decode()
        except InvalidToken:
            raise KeyLost(
                "What is stored was encrypted with a master key that is not among USHER_MASTER_KEYS. "
                "Add the old key behind the new one, or connect the forge again."
            ) from None


def marker(key: bytes, tenant_id: int, effect_key: str) -> str:
    """The hidden line by which Usher knows its own comment again, and which nobody else can make."""
    digest = hmac.new(key, f"{tenant_id}|{effect_key}".encode(), hashlib.sha256).digest()
    return f"<!-- {MARKER}{base64.b32encode(digest[:20]).decode('ascii').lower()} -->"
