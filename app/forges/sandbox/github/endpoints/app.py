"""REST: Apps, installations, their tokens and deliveries."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from app.forges.sandbox.courier import Sent
from app.forges.sandbox.github.answers import Problem
from app.forges.sandbox.github.calls import PAGE, PAGE_LIMIT, Call
from app.forges.sandbox.github.routing import endpoint
from app.forges.sandbox.github.shapes import people, repositories
from app.forges.sandbox.github.site import instant
from app.forges.sandbox.http import Answer
from app.forges.sandbox.world import Repository

SHOWN_BODY = 1_000  # characters of a receiver's answer that are kept


@endpoint("GET /app", caller="app")
def get_app(call: Call) -> Answer:
    count = len(call.world.installations)
    return Answer(200, {**people.app(call.site), "installations_count": count})


@endpoint("GET /app/installations", caller="app", is_list=True)
def list_installations(call: Call) -> Answer:
    known = list(call.world.installations.values())
    return call.page(known, lambda each: people.installation(call.site, each))


@endpoint("GET /app/installations/{installation_id}", caller="app")
def get_installation(call: Call) -> Answer:
    return Answer(200, people.installation(call.site, call.installation()))


@endpoint("GET /repos/{owner}/{repo}/installation", caller="app")
def find_installation(call: Call) -> Answer:
    """By JWT: where the App is installed on this repository."""
    place = call.world.repository(f"{call.params['owner']}/{call.params['repo']}")
    found = call.world.installation_on(place.owner) if place else None
    if place is None or found is None or not found.covers(place):
        raise Problem(404, "Not Found")
    return Answer(200, people.installation(call.site, found))


@endpoint("GET /orgs/{org}/installation", caller="app")
def find_organisation_installation(call: Call) -> Answer:
    found = call.world.installation_on(call.organisation())
    if found is None:
        raise Problem(404, "Not Found")
    return Answer(200, people.installation(call.site, found))


@endpoint("POST /app/installations/{installation_id}/access_tokens", caller="app")
def create_token(call: Call) -> Answer:
    token = call.desk.issue(call.installation(), call.world, call.body or {})
    body: dict[str, Any] = {
        "token": token.value,
        "expires_at": instant(token.expires_at),
        "permissions": dict(token.permissions),
        "repository_selection": "all",
    }
    if token.repositories is not None:
        chosen = [call.world.repositories[number] for number in sorted(token.repositories)]
        body["repository_selection"] = "selected"
        body["repositories"] = [repositories.repository(call.site, each) for each in chosen]
    elif token.installation.selected is not None:
        body["repository_selection"] = "selected"
    return Answer(201, body)


@endpoint("DELETE /installation/token")
def revoke_token(call: Call) -> Answer:
    call.desk.revoke(call.token)
    return Answer(204)


@endpoint("GET /installation/repositories", "metadata:read", is_list=True)
def list_repositories(call: Call) -> Answer:
    token = call.token

    def shape(each: Repository) -> dict[str, Any]:
        return {
            **repositories.repository(call.site, each),
            "permissions": {"admin": False, "maintain": False, "push": False, "triage": False, "pull": False},
        }

    seen = [each for each in call.world.repositories.values() if token.covers(each)]
    answer = call.page(seen, shape, wrap="repositories")
    selected = token.repositories is not None or token.installation.selected is not None
    answer.body["repository_selection"] = "selected" if selected else "all"
    return answer


# --- Deliveries -----------------------------------------------------------------------------------------


@endpoint("GET /app/hook/config", caller="app")
def get_hook(call: Call) -> Answer:
    url = call.courier.url or ""
    return Answer(200, {"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": url})


@endpoint("GET /app/hook/deliveries", caller="app", is_list=True)
def list_deliveries(call: Call) -> Answer:
    """Newest first, by cursor; `status=failure` means 400 to 599."""
    given = call.query.get("per_page", "")
    size = min(max(int(given) if given.isdigit() else PAGE, 1), PAGE_LIMIT)
    cursor = call.query.get("cursor")
    if cursor is not None and not re.fullmatch(r"v1_\d+", cursor):
        raise Problem(422, "Invalid cursor")
    listed = call.courier.listed(None if cursor is None else int(cursor[3:]))
    status = call.query.get("status")
    if status is not None:
        failed = status == "failure"
        listed = (each for each in listed if (400 <= each.status_code <= 599) == failed)
    shown = list(islice(listed, size + 1))
    headers = {}
    if len(shown) > size:
        kept = {name: value for name, value in call.query.items() if name in ("per_page", "status")}
        pairs = "".join(f"&{name}={value}" for name, value in kept.items())
        address = call.site.api(f"/app/hook/deliveries?cursor=v1_{shown[size].id}{pairs}")
        headers["Link"] = f'<{address}>; rel="next"'
    return Answer(200, [_delivery(each) for each in shown[:size]], headers)


@endpoint("GET /app/hook/deliveries/{delivery_id}", caller="app")
def get_delivery(call: Call) -> Answer:
    sent = _find(call)
    request = {"headers": sent.request_headers, "payload": sent.payload}
    response = {"headers": sent.response_headers, "payload": sent.response[:SHOWN_BODY]}
    return Answer(200, {**_delivery(sent), "url": call.courier.url, "request": request, "response": response})


@endpoint("POST /app/hook/deliveries/{delivery_id}/attempts", caller="app")
def redeliver(call: Call) -> Answer:
    call.courier.redeliver(_find(call))
    return Answer(202, {})


def _find(call: Call) -> Sent:
    number = call.number("delivery_id")
    found = next(call.courier.listed(number), None)
    if found is None or found.id != number:
        raise Problem(404, "Not Found")
    return found


def _delivery(sent: Sent) -> dict[str, Any]:
    """`hook-delivery-item`."""
    return {
        "id": sent.id,
        "guid": sent.guid,
        "delivered_at": instant(sent.at),
        "redelivery": sent.redelivery,
        "duration": sent.duration,
        "status": sent.status,
        "status_code": sent.status_code,
        "event": sent.event,
        "action": sent.action,
        "installation_id": sent.letter.installation,
        "repository_id": sent.letter.repository,
        "throttled_at": None,
    }
