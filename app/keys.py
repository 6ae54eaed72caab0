"""Keys that Usher makes or is given, and what is derived from them."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from app.settings import Settings

MARKER = "usher:1:"


def master_keys(settings: Settings) -> tuple[bytes, ...]:
    """The configured keys, newest first; else one that is made on first use and kept in the data directory."""
    if settings.master_keys:
        return tuple(key.get_secret_value().encode() for key in settings.master_keys)
    return (_own_key(settings.data_dir / "master.key"),)


def _own_key(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
        # Of two processes that start together one wins, and both read a whole key.
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text(encoding="ascii").strip().encode()


def marker(key: bytes, tenant_id: int, effect_key: str) -> str:
    """The hidden line by which Usher knows its own comment again, and which nobody else can make."""
    digest = hmac.new(key, f"{tenant_id}|{effect_key}".encode(), hashlib.sha256).digest()
    return f"<!-- {MARKER}{base64.b32encode(digest[:20]).decode('ascii').lower()} -->"
