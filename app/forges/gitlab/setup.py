"""The hooks of a GitLab group or project: found, made, repaired, tested, and what of them failed sent again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from app.forges.calls import items
from app.forges.gitlab.client import GitLabClient, TokenState
from app.forges.gitlab.hooks import HookName, secret_token, signing_token
from app.forges.json_values import dig, flag, number, text, time
from handlers.ports import ForgeError, Gone

WARN_DAYS = (30, 14, 7, 1)
"""So many days before a token ends it is said."""

OF_PROJECTS = (
    "push_events",
    "merge_requests_events",
    "issues_events",
    "confidential_issues_events",
    "note_events",
    "confidential_note_events",
    "pipeline_events",
)
OF_GROUPS = (
    *OF_PROJECTS,
    "member_events",
    "project_events",
    "subgroup_events",
    "resource_access_token_events",
)
TRIGGER = "push_events"
"""The kind of made-up delivery by which a hook is tested, which Usher reads and ignores."""

MOST_RESENT = 5
"""Deliveries that GitLab sends again in a minute ("Resend a group hook event")."""

EVENTS_A_PAGE, MOST_EVENTS = 20, 2_000
"""Each is listed with all that was sent and answered, so a hundred may be more than one answer holds."""

_PATH = "/webhooks/gitlab"
_SIGNS_SINCE = (19, 0)

Alert = Literal["executable", "temporarily_disabled", "disabled"]


@dataclass(frozen=True, slots=True)
class Place:
    """A group or project that a hook stands at. `root` is the number of the group or user at the top."""

    kind: Literal["groups", "projects"]
    id: int
    path: str
    root: int


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook that leads to Usher. `name` is None where it was made by hand."""

    id: int
    url: str
    name: HookName | None
    events: Mapping[str, bool]
    alert: Alert
    disabled_until: datetime | None
    verifies: bool

    @property
    def missing(self) -> tuple[str, ...]:
        """The events that it does not send and should."""
        return tuple(name for name, on in self.events.items() if not on)


@dataclass(frozen=True, slots=True)
class Failed:
    """The events of a hook whose newest attempt was not answered with 2xx, oldest first.

    `mark` is the number of an event; up to it nothing has to be looked at again.
    """

    events: tuple[int, ...]
    mark: int


@dataclass(frozen=True, slots=True)
class Connected:
    """What became of a hook: `made`, `repaired`, or as it should be."""

    place: Place
    url: str
    outcome: Literal["made", "repaired", "well"]
    mended: tuple[str, ...] = ()
    signed: bool = True


class GitLabSetup:
    """Looks after hooks with the client's token, which needs more rights for it than Usher's own work does."""

    def __init__(self, client: GitLabClient) -> None:
        self._client = client

    async def group(self, path: str) -> Place:
        """The group; `Gone` where it is missing or hidden."""
        said = await self._client.get("groups/{group}", group=path, with_projects=False)
        full = text(said, "full_path")
        return Place("groups", number(said, "id") or 0, full, await self._root(full, number(said, "id") or 0))

    async def project(self, path: str) -> Place:
        """The project; `Gone` where it is missing or hidden."""
        said = await self._client.get("projects/{name}", name=path)
        full = text(said, "path_with_namespace")
        root = await self._root(full.rpartition("/")[0], number(said, "namespace.id") or 0)
        return Place("projects", number(said, "id") or 0, full, root)

    async def projects(self, group: Place) -> tuple[Place, ...]:
        """Every project in the group and the groups in it, archived ones aside."""
        options = {"include_subgroups": True, "with_shared": False, "archived": False}
        listed = await self._client.list("groups/{group}/projects", group=group.id, **options)
        return tuple(
            Place("projects", number(each, "id") or 0, text(each, "path_with_namespace"), group.root)
            for each in listed
        )

    async def _root(self, path: str, own: int) -> int:
        top = path.partition("/")[0]
        if top == path:
            return own
        return number(await self._client.get("groups/{group}", group=top), "id") or 0

    async def hooks(self, place: Place) -> tuple[Hook, ...]:
        """The hooks here that lead to some Usher; what we may not see is raised as the forge says it."""
        listed = await self._client.list(f"{place.kind}/{{id}}/hooks", id=place.id)
        found = (_hook(each, OF_GROUPS if place.kind == "groups" else OF_PROJECTS) for each in listed)
        return tuple(each for each in found if each is not None)

    async def ensure(self, place: Place, address: str, master_key: bytes) -> Connected:
        """Let the place have one hook to `address`, with the right events and a secret of its own.

        What is there already is repaired: its events, its secret, and whether it is switched on.
        """
        signs = await self._client.version() >= _SIGNS_SINCE
        ours = [each for each in await self.hooks(place) if each.url.startswith(f"{address}{_PATH}")]
        there = next((each for each in ours if each.name and each.name.group == place.root), None)
        wanted: Literal["s", "p"] = "s" if signs else "p"
        mended: list[str] = []
        name = there.name if there and there.name else HookName.new(wanted, place.root)
        if there is not None:
            mended += [f"the event {event}" for event in there.missing]
            mended += ["that it was switched off"] if there.alert != "executable" else []
            if name.scheme != wanted and signs:
                name = HookName.new(wanted, place.root)
                mended.append("that it was not signed")
        body = _body(place, f"{address}{_PATH}/{name}", name, master_key)
        outcome: Literal["made", "repaired", "well"] = (
            "made" if there is None else "repaired" if mended else "well"
        )
        template = f"{place.kind}/{{id}}/hooks"
        if there is None:
            await self._client.write("POST", template, body, id=place.id)
        else:  # the secret cannot be read back, so it is always set
            await self._client.write("PUT", template + "/{hook}", body, id=place.id, hook=there.id)
            if there.alert != "executable":
                await self.wake(place, there)
        return Connected(place, str(body["url"]), outcome, tuple(mended), signed=name.scheme == "s")

    async def wake(self, place: Place, hook: Hook) -> bool:
        """Send a made-up delivery: a good answer switches the hook on again. Returns whether it came back."""
        try:
            template = f"{place.kind}/{{id}}/hooks/{{hook}}/test/{TRIGGER}"
            await self._client.write("POST", template, id=place.id, hook=hook.id)
            said = await self._client.get(f"{place.kind}/{{id}}/hooks/{{hook}}", id=place.id, hook=hook.id)
        except ForgeError:
            return False
        return _alert(said) == "executable"

    async def failed(self, place: Place, hook: Hook, mark: int = 0) -> Failed:
        """What GitLab could not deliver in the last week, after the event of this number."""
        newest: dict[str, tuple[int, bool]] = {}
        try:
            async for each in self._events(place, hook, mark):
                answered = text(each, "response_status").startswith("2")
                newest.setdefault(_identity(each), (number(each, "id") or 0, answered))
        except Gone:  # before 17.3
            return Failed((), mark)
        events = sorted(event for event, answered in newest.values() if not answered)
        last = max((event for event, _ in newest.values()), default=mark)
        return Failed(tuple(events), events[0] - 1 if events else last)

    async def _events(self, place: Place, hook: Hook, mark: int) -> AsyncIterator[Mapping[str, Any]]:
        """The newest first, down to the mark."""
        template = f"{place.kind}/{{id}}/hooks/{{hook}}/events"
        seen = 0
        async for page in self._client.pages(template, id=place.id, hook=hook.id, per_page=EVENTS_A_PAGE):
            for each in items(page):
                if (number(each, "id") or 0) <= mark or seen == MOST_EVENTS:
                    return
                seen += 1
                yield each

    async def resend(self, place: Place, hook: Hook, event: int) -> None:
        """Have one event sent again, under the same id."""
        template = f"{place.kind}/{{id}}/hooks/{{hook}}/events/{{event}}/resend"
        await self._client.write("POST", template, id=place.id, hook=hook.id, event=event)


def token_problems(token: TokenState | None, today: date) -> tuple[str, ...]:
    """What is wrong with Usher's own token, or will be soon, each as a sentence with what to do."""
    if token is None:
        return ()
    found = []
    if "api" not in token.scopes:
        has = ", ".join(token.scopes) or "none"
        found.append(f"The token has the scopes {has}; Usher needs `api`. Make a new one with it.")
    left = days_left(token, today)
    if left is not None and left < 0:
        found.append("The token has ended. Make a new one and set USHER_GITLAB_TOKEN.")
    elif left is not None and left <= WARN_DAYS[0]:
        when = f"on {token.expires:%d %B %Y}" if token.expires else ""
        days = "today" if left == 0 else "in 1 day" if left == 1 else f"in {left} days"
        found.append(f"The token ends {days}, {when}. Make a new one and set USHER_GITLAB_TOKEN before that.")
    return tuple(found)


def warning_due(token: TokenState | None, today: date) -> str:
    """What `token_problems` amount to now; it is another text each time that somebody should hear of them again.

    That is at each of WARN_DAYS, when the token has ended, and with a token that lacks something else. Empty: nothing
    is wrong.
    """
    if token is None or not token_problems(token, today):
        return ""
    left = days_left(token, today)
    reached = [] if left is None else [days for days in WARN_DAYS if left <= days]
    step = "ended" if left is not None and left < 0 else min(reached, default="")
    return f"{token.expires} {step} {' '.join(token.scopes)}"


def days_left(token: TokenState, today: date) -> int | None:
    """How many days the token still holds; None where it never ends."""
    return None if token.expires is None else (token.expires - today).days


def _identity(event: Mapping[str, Any]) -> str:
    headers = dig(event, "request_headers")
    named = (
        {str(name).lower(): str(value) for name, value in headers.items()}
        if isinstance(headers, dict)
        else {}
    )
    return named.get("webhook-id") or named.get("idempotency-key") or str(number(event, "id"))


def _hook(data: Mapping[str, Any], events: Sequence[str]) -> Hook | None:
    url = text(data, "url")
    before, found, rest = url.partition(_PATH)
    if not found or not before:
        return None
    return Hook(
        id=number(data, "id") or 0,
        url=url,
        name=HookName.parse(rest.strip("/")),
        events={event: flag(data, event) for event in events if event in data},
        alert=_alert(data),
        disabled_until=time(data, "disabled_until"),
        verifies=flag(data, "enable_ssl_verification"),
    )


def _alert(data: object) -> Alert:
    said = text(data, "alert_status")
    return said if said in ("temporarily_disabled", "disabled") else "executable"  # type: ignore[return-value]


def _body(place: Place, url: str, name: HookName, master_key: bytes) -> dict[str, object]:
    """A hook as it should be; before 19.0 there is no signing token, and a plain one is shown instead."""
    events = OF_GROUPS if place.kind == "groups" else OF_PROJECTS
    secret: dict[str, object] = (
        {"signing_token": signing_token(master_key, name)}
        if name.scheme == "s"
        else {"token": secret_token(master_key, name)}
    )
    return {
        "url": url,
        **dict.fromkeys(events, True),
        "enable_ssl_verification": url.startswith("https:"),
        **secret,
    }
