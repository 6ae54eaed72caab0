"""Group and project hooks: what each listens to, what it was sent, and when it is switched off."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from app.forges.sandbox import membership
from app.forges.sandbox.clock import WallClock
from app.forges.sandbox.courier import Courier, Letter, Sent
from app.forges.sandbox.edition import Edition
from app.forges.sandbox.membership import Group
from app.forges.sandbox.world import Repository, World

LISTED = timedelta(days=7)  # how long a delivery is shown (Project webhooks API, events)
FAILURES = 4  # in a row before a hook is put aside (Webhooks, auto-disabled)
FAILURES_FOR_GOOD = 40
FIRST_REST, LONGEST_REST = timedelta(minutes=1), timedelta(days=1)
OLD_REST = timedelta(minutes=10)  # before 17.11, after a 5xx

# What a hook can listen to: its flag, and whether it is on in a hook that does not say.
FLAGS = {
    "push_events": True,
    "tag_push_events": False,
    "merge_requests_events": False,
    "issues_events": False,
    "confidential_issues_events": False,
    "note_events": False,
    "confidential_note_events": False,
    "job_events": False,
    "pipeline_events": False,
    "wiki_page_events": False,
    "deployment_events": False,
    "feature_flag_events": False,
    "releases_events": False,
    "milestone_events": False,
    "emoji_events": False,
    "resource_access_token_events": False,
}
GROUP_FLAGS = {"member_events": False, "project_events": False, "subgroup_events": False}
# The flags' names in a hook's log (`trigger`).
TRIGGERS = {
    "push_events": "push_hooks",
    "merge_requests_events": "merge_request_hooks",
    "issues_events": "issue_hooks",
    "confidential_issues_events": "confidential_issue_hooks",
    "note_events": "note_hooks",
    "confidential_note_events": "confidential_note_hooks",
    "pipeline_events": "pipeline_hooks",
    "member_events": "member_hooks",
    "project_events": "project_hooks",
    "subgroup_events": "subgroup_hooks",
    "resource_access_token_events": "resource_access_token_hooks",
}

Alert = Literal["executable", "temporarily_disabled", "disabled"]


@dataclass(eq=False, slots=True)
class Hook:
    """One hook of a group or a project. An empty `url` is one that is not known yet: nothing is sent."""

    id: int
    place: Group | Repository
    url: str
    created_at: datetime
    events: dict[str, bool]
    token: str | None = None
    signing_token: str | None = None
    name: str | None = None
    description: str | None = None
    enable_ssl_verification: bool = True
    push_events_branch_filter: str = ""
    uuid: str = ""
    failures: int = 0
    disabled_until: datetime | None = None
    disabled: bool = False
    rest: timedelta = timedelta(0)  # how long it was put aside last
    log: list[Sent] = field(default_factory=list)

    def hears(self, repository: Repository | None, group: Group | None) -> bool:
        """Whether what happens there is of this hook's project, or inside its group."""
        if isinstance(self.place, Repository):
            return repository is self.place
        here = membership.group_of(repository) if repository is not None else group
        return here is not None and self.place in (here, *membership.above(here))


class Hooks:
    """All hooks. Whether one is put aside is decided by real time."""

    def __init__(self, world: World, wall: WallClock, courier: Courier) -> None:
        self._world = world
        self._wall = wall
        self._courier = courier
        self.known: dict[int, Hook] = {}
        courier.on_answer.append(self._answered)

    @property
    def edition(self) -> Edition:
        return self._world.edition

    def add(self, place: Group | Repository, url: str, events: dict[str, bool]) -> Hook:
        number = self._world.next_id("hook") + 10
        flags = FLAGS if isinstance(place, Repository) else FLAGS | GROUP_FLAGS
        made = Hook(number, place, url, self._world.now(), dict(flags) | events)
        made.uuid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"hook/{number}"))
        self.known[number] = made
        return made

    def of(self, place: Group | Repository) -> list[Hook]:
        return [each for each in self.known.values() if each.place is place]

    def listening(self, flag: str, repository: Repository | None, group: Group | None) -> Iterator[Hook]:
        """Those that hear of this now; a hook that is put aside hears nothing, and is told nothing later."""
        for hook in self.known.values():
            grouped = not isinstance(hook.place, Repository)
            if grouped and not self.edition.group_hooks:
                continue
            wanted = bool(hook.url) and hook.events.get(flag, False)
            if wanted and hook.hears(repository, group) and self.alert(hook) == "executable":
                yield hook

    def alert(self, hook: Hook) -> Alert:
        if hook.disabled:
            return "disabled"
        until = hook.disabled_until
        return "temporarily_disabled" if until is not None and until > self._wall.now() else "executable"

    def enable(self, hook: Hook) -> None:
        """A successful test does this."""
        hook.failures, hook.rest, hook.disabled, hook.disabled_until = 0, timedelta(0), False, None

    def listed(self, hook: Hook) -> list[Sent]:
        """The deliveries that are still shown, newest first."""
        oldest = self._wall.now() - LISTED
        return [each for each in reversed(hook.log) if each.at >= oldest and each.status != "pending"]

    # --- What became of a delivery --------------------------------------------------------------------

    def _answered(self, sent: Sent) -> None:
        hook = self.known.get(sent.letter.hook or 0)
        if hook is None:
            return
        hook.log.append(sent)
        if 200 <= sent.status_code < 300:
            self.enable(hook)
        elif self.edition.forgives_hooks:
            self._rest(hook)
        elif 400 <= sent.status_code < 500:
            hook.failures += 1
            hook.disabled = hook.failures >= FAILURES
        else:
            hook.disabled_until = self._wall.now() + OLD_REST

    def _rest(self, hook: Hook) -> None:
        """Webhooks, auto-disabled: after four failures a minute, then twice as long each time, up to a day."""
        hook.failures += 1
        if hook.failures >= FAILURES_FOR_GOOD:
            hook.disabled = True
        elif hook.failures >= FAILURES:
            hook.rest = min(hook.rest * 2, LONGEST_REST) if hook.rest else FIRST_REST
            hook.disabled_until = self._wall.now() + hook.rest

    # --- Proving where a letter comes from ------------------------------------------------------------

    def seal(self, letter: Letter, body: bytes) -> dict[str, str]:
        """Both the secret token and, where the version has it, a signature (Webhooks; Standard Webhooks)."""
        hook = self.known[letter.hook or 0]
        fields: dict[str, str] = {}
        if hook.token:
            fields["X-Gitlab-Token"] = hook.token
        if self.edition.names_deliveries:
            fields["Idempotency-Key"] = letter.guid
        if self.edition.signs and hook.signing_token:
            moment = str(int(self._wall.now().timestamp()))
            key = signing_key(hook.signing_token)
            signed = hmac.new(key or b"", f"{letter.guid}.{moment}.".encode() + body, hashlib.sha256).digest()
            fields |= {
                "webhook-id": letter.guid,
                "webhook-timestamp": moment,
                "webhook-signature": "v1," + base64.b64encode(signed).decode(),
            }
        return fields


def signing_key(token: str) -> bytes | None:
    """The 32 bytes of `whsec_…`; None where it is no such token."""
    if not token.startswith("whsec_"):
        return None
    try:
        key = base64.b64decode(token.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return None
    return key if len(key) == 32 else None
