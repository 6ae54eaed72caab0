"""How GitHub sends: which header fields name a delivery, and how its body is sealed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.forges.signature import GitHubSeal, claimed_digest
from app.web.hooks import EVENT, IDENTITY, Headers, Refusal, Seal

_SIGNATURE = b"x-hub-signature-256"


class GitHubSender:
    """The `Sender` of GitHub ("Webhook events and payloads", "Validating webhook deliveries").

    `secrets` are valid at once, newest first, and may change while we run. The older SHA-1 seal is never looked at.
    """

    forge = "github"
    once = frozenset((b"x-github-event", b"x-github-delivery", _SIGNATURE))
    kept: tuple[bytes, ...] = (
        b"x-github-hook-id",
        b"x-github-hook-installation-target-id",
        b"x-github-hook-installation-target-type",
        b"user-agent",
    )

    def __init__(self, secrets: Callable[[], Sequence[str]]) -> None:
        self._secrets = secrets

    def serves(self, hook: str) -> bool:
        return hook == ""

    def is_ready(self, hook: str) -> bool:
        return bool(self._secrets())

    def identity(self, headers: Headers, hook: str) -> tuple[str | None, str]:
        event, delivery = headers.get(b"x-github-event", b""), headers.get(b"x-github-delivery", b"")
        if not EVENT.fullmatch(event):
            raise Refusal(400, "headers", "X-GitHub-Event is missing")
        if not IDENTITY.fullmatch(delivery):
            raise Refusal(400, "headers", "X-GitHub-Delivery is missing")
        return delivery.decode("ascii"), event.decode("ascii")

    def seal(self, headers: Headers, hook: str) -> Seal:
        claimed = claimed_digest(headers.get(_SIGNATURE, b"").decode("latin-1"))
        if claimed is None:
            raise Refusal(401, "signature", "X-Hub-Signature-256 is missing or malformed")
        return _Claim(GitHubSeal(self._secrets()), claimed)


class _Claim:
    scheme = "hmac-sha256"

    def __init__(self, seal: GitHubSeal, claimed: bytes) -> None:
        self.update = seal.update
        self._seal, self._claimed = seal, claimed

    def fits(self) -> bool:
        return self._seal.matches(self._claimed)
