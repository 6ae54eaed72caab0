"""How GitLab sends: which header fields name a delivery, and how it is proven."""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Callable, Sequence

from app.forges.gitlab.hooks import HookName, secret_token, signing_key, signing_keys
from app.forges.signature import StandardSeal, claimed_signatures
from app.web.hooks import IDENTITY, Headers, Refusal, Seal

TOLERANCE = 300.0
"""Seconds by which a signed delivery may be older or newer than now ("Standard Webhooks")."""

_EVENT = b"x-gitlab-event"
_TOKEN = b"x-gitlab-token"
_ID, _TIME, _SIGNATURE = b"webhook-id", b"webhook-timestamp", b"webhook-signature"
_AGAIN = b"idempotency-key"
_SECONDS = re.compile(rb"[0-9]{1,12}")
_NAMED = re.compile(rb"[\x20-\x7e]{1,64}")


class GitLabSender:
    """The `Sender` of GitLab ("Webhooks", "Signing tokens").

    Hooks that `usher gitlab connect` made have a name, and secrets that follow from the master keys; the
    name's first letter alone decides how they are proven. The bare path serves a hook made by hand, with the
    signing tokens of the settings, or their secret tokens where there is no signing token. `clock` tells the
    time at GitLab, seconds since 1970.
    """

    forge = "gitlab"
    once = frozenset((_EVENT, _TOKEN, _ID, _TIME, _SIGNATURE, _AGAIN))
    kept: tuple[bytes, ...] = (
        _EVENT,
        b"x-gitlab-instance",
        b"x-gitlab-webhook-uuid",
        _ID,
        _AGAIN,
        b"user-agent",
    )

    def __init__(
        self,
        master_keys: Sequence[bytes],
        *,
        signing_tokens: Sequence[str] = (),
        secret_tokens: Sequence[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._master_keys = tuple(master_keys)
        self._bare_keys = tuple(key for token in signing_tokens if (key := signing_key(token)))
        self._bare_tokens = tuple(secret_tokens)
        self._clock = clock

    def serves(self, hook: str) -> bool:
        return hook == "" or HookName.parse(hook) is not None

    def is_ready(self, hook: str) -> bool:
        return hook != "" or bool(self._bare_keys or self._bare_tokens)

    def identity(self, headers: Headers, hook: str) -> tuple[str | None, str]:
        event = headers.get(_EVENT, b"").strip()
        if not _NAMED.fullmatch(event):
            raise Refusal(400, "headers", "X-Gitlab-Event is missing")
        if self._is_signed(hook):
            delivery = headers.get(_ID, b"")
            if not IDENTITY.fullmatch(delivery):
                raise Refusal(400, "headers", "Webhook-Id is missing")
            return delivery.decode("ascii"), event.decode("ascii")
        again = headers.get(_AGAIN, b"")
        if not again:
            return None, event.decode("ascii")
        if not IDENTITY.fullmatch(again):
            raise Refusal(400, "headers", "Idempotency-Key is malformed")
        return again.decode("ascii"), event.decode("ascii")

    def seal(self, headers: Headers, hook: str) -> Seal:
        name = HookName.parse(hook)
        if self._is_signed(hook):
            keys = signing_keys(self._master_keys, name) if name else self._bare_keys
            return self._signed(headers, keys)
        expected = [secret_token(key, name) for key in self._master_keys] if name else self._bare_tokens
        if not _is_one_of(headers.get(_TOKEN, b""), expected):
            raise Refusal(401, "signature", "X-Gitlab-Token is missing or wrong")
        return _Shown()

    def _is_signed(self, hook: str) -> bool:
        name = HookName.parse(hook)
        return name.scheme == "s" if name else bool(self._bare_keys)

    def _signed(self, headers: Headers, keys: Sequence[bytes]) -> Seal:
        at = headers.get(_TIME, b"")
        claimed = claimed_signatures(headers.get(_SIGNATURE, b"").decode("latin-1"))
        if not _SECONDS.fullmatch(at) or not claimed:
            raise Refusal(401, "signature", "Webhook-Timestamp or Webhook-Signature is missing or malformed")
        if abs(self._clock() - int(at)) > TOLERANCE:
            raise Refusal(401, "signature", "Webhook-Timestamp is more than five minutes away")
        return _Claim(StandardSeal(keys, headers[_ID] + b"." + at + b"."), claimed)


def _is_one_of(shown: bytes, expected: Sequence[str]) -> bool:
    """Whether a token is one of these; how long it takes tells nothing about which."""
    found = False
    for each in expected:
        found |= hmac.compare_digest(shown, each.encode())
    return found


class _Claim:
    scheme = "standard-webhooks"

    def __init__(self, seal: StandardSeal, claimed: tuple[bytes, ...]) -> None:
        self.update = seal.update
        self._seal, self._claimed = seal, claimed

    def fits(self) -> bool:
        return self._seal.matches(self._claimed)


class _Shown:
    """The token was right; it says nothing about the body."""

    scheme = "token"

    def update(self, piece: bytes) -> None:
        pass

    def fits(self) -> bool:
        return True
