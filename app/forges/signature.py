"""Whether a delivery comes from the forge: its seal, checked over the bytes as they arrive.

GitHub seals each delivery with HMAC-SHA256 over the raw body and sends the digest in hexadecimal
("Validating webhook deliveries"); GitLab's signing tokens follow Standard Webhooks. Several secrets may be
valid at once, so that one can be replaced without losing a delivery. The library `standardwebhooks` is not
used to verify: it wants the whole body as text, refuses bytes that are no UTF-8 with another error, and knows
one secret. Tests sign with it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Iterable, Sequence

_SEAL = re.compile(r"sha256=([0-9a-f]{64})")
_MOST_SIGNATURES = 8
_DIGEST_BYTES = 32


def claimed_digest(header_value: str) -> bytes | None:
    """The 32 bytes that `X-Hub-Signature-256` claims; None unless it is `sha256=` and 64 lower-case digits.

    It costs nothing and needs no body, so an unsealed request can be refused unread. The older SHA-1
    header is never looked at.
    """
    seal = _SEAL.fullmatch(header_value)
    return bytes.fromhex(seal[1]) if seal else None


class GitHubSeal:
    """The seal of one body under every valid secret, fed piece by piece."""

    def __init__(self, secrets: Sequence[str | bytes]) -> None:
        keys = [secret.encode() if isinstance(secret, str) else secret for secret in secrets]
        if not all(keys):
            raise ValueError("an empty webhook secret would let everybody in")
        self._hashes = [hmac.new(key, digestmod="sha256") for key in keys]

    def update(self, piece: bytes) -> None:
        """Add the next piece of the body."""
        for each in self._hashes:
            each.update(piece)

    def matches(self, claimed: bytes) -> bool:
        """Whether one of the secrets sealed exactly these bytes.

        Every secret is compared, in constant time: how long it takes tells nothing about which one fits.
        """
        found = False
        for each in self._hashes:
            found |= hmac.compare_digest(each.digest(), claimed)
        return found


def valid_github_signature(
    secrets: Sequence[str | bytes], header_value: str, body: bytes | Iterable[bytes]
) -> bool:
    """Whether `header_value` is the seal of `body` (whole, or in pieces) under one of `secrets`."""
    claimed = claimed_digest(header_value)
    if claimed is None:
        return False
    seal = GitHubSeal(secrets)
    for piece in (body,) if isinstance(body, bytes) else body:
        seal.update(piece)
    return seal.matches(claimed)


def github_signature(secret: str | bytes, body: bytes) -> str:
    """The header value with which GitHub would seal `body`."""
    key = secret.encode() if isinstance(secret, str) else secret
    return "sha256=" + hmac.new(key, body, "sha256").hexdigest()


# --- Standard Webhooks --------------------------------------------------------------------------------


def claimed_signatures(header_value: str) -> tuple[bytes, ...]:
    """The digests that `webhook-signature` claims: its `v1,<base64>` entries, separated by blanks.

    Entries of other versions are passed over, and so is what is no digest; more than eight are not looked at.
    """
    found = (_digest(entry) for entry in header_value.split(" ")[:_MOST_SIGNATURES])
    return tuple(digest for digest in found if digest is not None)


def _digest(entry: str) -> bytes | None:
    version, _, encoded = entry.partition(",")
    if version != "v1":
        return None
    try:
        digest = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return digest if len(digest) == _DIGEST_BYTES else None


class StandardSeal:
    """The seal of one message under every valid key, fed piece by piece; `start` is `{id}.{timestamp}.`."""

    def __init__(self, keys: Sequence[bytes], start: bytes) -> None:
        if not all(keys):
            raise ValueError("an empty signing key would let everybody in")
        self._hashes = [hmac.new(key, start, "sha256") for key in keys]

    def update(self, piece: bytes) -> None:
        """Add the next piece of the body."""
        for each in self._hashes:
            each.update(piece)

    def matches(self, claimed: Sequence[bytes]) -> bool:
        """Whether one of the keys made one of the claimed digests; every pair is compared, in constant time."""
        found = False
        for each in self._hashes:
            digest = each.digest()
            for one in claimed:
                found |= hmac.compare_digest(digest, one)
        return found
