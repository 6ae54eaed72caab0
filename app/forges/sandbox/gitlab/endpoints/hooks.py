"""REST: Project webhooks and Group webhooks: making them, looking at what they were sent, sending it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from app.forges.sandbox import membership
from app.forges.sandbox.courier import Sent
from app.forges.sandbox.gitlab import webhooks
from app.forges.sandbox.gitlab.answers import Problem, forbidden, not_found
from app.forges.sandbox.gitlab.calls import Call
from app.forges.sandbox.gitlab.hooks import FLAGS, GROUP_FLAGS, Hook, signing_key
from app.forges.sandbox.gitlab.routing import endpoint
from app.forges.sandbox.gitlab.site import instant
from app.forges.sandbox.http import Answer
from app.forges.sandbox.membership import Group
from app.forges.sandbox.world import Repository

_STATUSES = {
    "successful": range(200, 300),
    "client_failure": range(400, 500),
    "server_failure": range(500, 600),
}


def _project(call: Call) -> Repository:
    """A Maintainer's."""
    project = call.project
    call.needs(project, "maintain")
    return project


def _group(call: Call) -> Group:
    """An Owner's, and Premium: Free has no such address at all."""
    group = call.group()
    if not call.site.edition.group_hooks:
        raise Problem(404, error="404 Not Found")
    have = membership.everyone(group).get(call.actor.id)
    if have is None or have[1] != "admin":
        raise forbidden()
    return group


def _hook(call: Call, place: Group | Repository) -> Hook:
    found = call.hooks.known.get(call.number("hook_id"))
    if found is None or found.place is not place:
        raise not_found()
    return found


def _list(call: Call, place: Group | Repository) -> Answer:
    return call.page(call.hooks.of(place), lambda each: _shape(call, each))


def _get(call: Call, place: Group | Repository) -> Answer:
    return Answer(200, _shape(call, _hook(call, place)))


def _add(call: Call, place: Group | Repository) -> Answer:
    url = _url(call.given("url", str))
    made = call.hooks.add(place, url, {})
    _fill(call, made)
    return Answer(201, _shape(call, made))


def _edit(call: Call, place: Group | Repository) -> Answer:
    hook = _hook(call, place)
    hook.url = _url(call.given("url", str))
    _fill(call, hook)
    return Answer(200, _shape(call, hook))


def _remove(call: Call, place: Group | Repository) -> Answer:
    del call.hooks.known[_hook(call, place).id]
    return Answer(204)


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Problem(422, {"error": ["Invalid url given"]})
    return text


def _fill(call: Call, hook: Hook) -> None:
    """What the body says; secrets are written and never read. Without signing, such a token is passed over."""
    for flag in hook.events:
        if flag in call.body:
            hook.events[flag] = call.given(flag, bool)
    hook.name = call.maybe("name", str) or hook.name
    hook.description = call.maybe("description", str) or hook.description
    if "token" in call.body:
        hook.token = call.maybe("token", str) or None
    signing = call.maybe("signing_token", str)
    if signing is not None and call.site.edition.signs:
        if signing and signing_key(signing) is None:
            raise Problem(422, {"error": ["Signing token must be whsec_ followed by 32 bytes in Base64"]})
        hook.signing_token = signing or None
    if "enable_ssl_verification" in call.body:
        hook.enable_ssl_verification = call.given("enable_ssl_verification", bool)
    hook.push_events_branch_filter = (
        call.maybe("push_events_branch_filter", str) or hook.push_events_branch_filter
    )


def _shape(call: Call, hook: Hook) -> dict[str, Any]:
    """`Hook`, `ProjectHook`, `GroupHook`."""
    whose = "project_id" if isinstance(hook.place, Repository) else "group_id"
    shape: dict[str, Any] = {
        "id": hook.id,
        "url": hook.url,
        "name": hook.name,
        "description": hook.description,
        "created_at": instant(hook.created_at),
        whose: hook.place.id,
        **hook.events,
        "push_events_branch_filter": hook.push_events_branch_filter,
        "branch_filter_strategy": "wildcard",
        "enable_ssl_verification": hook.enable_ssl_verification,
        "alert_status": call.hooks.alert(hook),
        "disabled_until": instant(hook.disabled_until),
        "url_variables": [],
        "custom_webhook_template": "",
        "custom_headers": [],
    }
    if call.site.edition.signs:
        shape |= {"token_present": hook.token is not None}
        shape |= {"signing_token_present": hook.signing_token is not None}
    return shape


# --- What it was sent -----------------------------------------------------------------------------------


def _events(call: Call, place: Group | Repository) -> Answer:
    hook = _hook(call, place)
    if not call.site.edition.resends:
        raise Problem(404, error="404 Not Found")
    found = call.hooks.listed(hook)
    wanted = call.query.get("status")
    if wanted in _STATUSES:
        found = [each for each in found if each.status_code in _STATUSES[wanted]]
    elif wanted is not None:
        found = [each for each in found if _status(each) == wanted]
    return call.page(found, lambda each: _event(hook, each))


def _status(sent: Sent) -> str:
    """A number as text, or "internal error" where there was no answer (`WebHookLog`)."""
    return str(sent.status_code) if sent.response_headers else "internal error"


def _event(hook: Hook, sent: Sent) -> dict[str, Any]:
    headers = dict(sent.request_headers)
    if "X-Gitlab-Token" in headers:
        headers["X-Gitlab-Token"] = "[REDACTED]"
    return {
        "id": sent.id,
        "url": hook.url,
        "trigger": sent.letter.trigger,
        "request_headers": headers,
        "request_data": sent.payload,
        "response_headers": {name.title(): value for name, value in sent.response_headers.items()},
        "response_body": sent.response,
        "execution_duration": sent.duration,
        "response_status": _status(sent),
    }


def _resend(call: Call, place: Group | Repository) -> Answer:
    """Under the same `Idempotency-Key`; five a minute. Answered once the receiver has answered."""
    hook = _hook(call, place)
    if not call.site.edition.resends:
        raise Problem(404, error="404 Not Found")
    call.limits.spend(call.caller, f"resend {place.id}", call.limits.allowance.hook_calls)
    found = next((each for each in hook.log if each.id == call.number("event_id")), None)
    if found is None:
        raise not_found()
    if call.hooks.alert(hook) == "disabled":
        raise Problem(422, "Hook execution failed. Ensure the hook is executable.")
    return Answer(201, {}, letter=call.courier.redeliver(found), conclude=_resent)


def _resent(sent: Sent) -> tuple[int, Any]:
    """What the receiver answered; without an answer, that there was none (`ResendService`)."""
    if not sent.response_headers:
        return 422, {"message": sent.status}
    return 201, {"response_status": sent.status_code}


def _test(call: Call, place: Group | Repository) -> Answer:
    """A made-up delivery of one kind; a good answer brings a hook back that was put aside."""
    hook = _hook(call, place)
    trigger = call.params["trigger"]
    if trigger not in FLAGS | GROUP_FLAGS:
        raise Problem(400, error="trigger does not have a valid value")
    call.limits.spend(call.caller, f"test {place.id}", call.limits.allowance.hook_calls)
    letter = webhooks.sample(call.site, hook, trigger, call.actor)
    if letter is None:
        raise Problem(422, "Ensure the project has merge requests.")
    return Answer(201, {}, letter=call.courier.send(letter), conclude=_tested)


def _tested(sent: Sent) -> tuple[int, Any]:
    return (201, {"message": "201 Created"}) if sent.response_headers else (422, {"message": sent.status})


# --- The addresses --------------------------------------------------------------------------------------


Action = Callable[[Call, Group | Repository], Answer]


def _register(request: str, action: Action, *, is_list: bool = False) -> None:
    """The same for projects and for groups."""
    method, _, path = request.partition(" ")

    def for_project(call: Call) -> Answer:
        return action(call, _project(call))

    def for_group(call: Call) -> Answer:
        return action(call, _group(call))

    endpoint(f"{method} /projects/{{id}}{path}", is_list=is_list)(for_project)
    endpoint(f"{method} /groups/{{id}}{path}", is_list=is_list)(for_group)


_register("GET /hooks", _list, is_list=True)
_register("POST /hooks", _add)
_register("GET /hooks/{hook_id}", _get)
_register("PUT /hooks/{hook_id}", _edit)
_register("DELETE /hooks/{hook_id}", _remove)
_register("GET /hooks/{hook_id}/events", _events, is_list=True)
_register("POST /hooks/{hook_id}/events/{event_id}/resend", _resend)
_register("POST /hooks/{hook_id}/test/{trigger}", _test)
