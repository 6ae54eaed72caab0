"""Whether a delivery comes from GitHub: its seal, checked over the bytes as they arrive.

GitHub seals each delivery with HMAC-SHA256 over the raw body and sends the digest in hexadecimal
("Validating webhook deliveries"). Several secrets may be valid at once, so that one can be replaced
without losing a delivery.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Sequence

_SEAL = re.compile(r"sha256=([0-9a-f]{64})")


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
