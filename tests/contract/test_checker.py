"""The contract finds what GitHub's description does not allow, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from app.forges.sandbox.github.routing import ROUTES, Route
from app.forges.sandbox.github.site import EVENTS
from tests.contract.checker import Contract
from tests.payloads.examples import github_examples

PULLS = "/repos/shop/api/pulls"


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract()


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("GET", f"{PULLS}/1", {}, None),
        ("get", PULLS, {"state": "open", "sort": "updated", "direction": "desc", "per_page": "100"}, None),
        ("POST", f"{PULLS}/1/requested_reviewers", {}, {"reviewers": ["ben"], "team_reviewers": []}),
        ("DELETE", f"{PULLS}/1/requested_reviewers", {}, {"reviewers": [], "team_reviewers": ["pay"]}),
        ("GET", "/repos/shop/api/contents/docs/deep/a.md", {"ref": "a/branch"}, None),
        ("GET", "/repos/shop/api/contents", {}, None),
        ("GET", "/repos/shop/api/commits/a/branch/check-runs", {"app_id": "7"}, None),
        ("GET", "/repos/shop/api/git/trees/abc", {"recursive": "1"}, None),
        ("GET", "/repositories/7", {}, None),
        ("GET", "/repositories/7/pulls", {"page": "2"}, None),
        ("POST", "/app/installations/7/access_tokens", {}, None),
        ("POST", "/app/installations/7/access_tokens", {}, {"permissions": {"issues": "write"}}),
        ("DELETE", "/repos/shop/api/issues/1/labels/needs%3A%20answer%2Fsoon", {}, None),
        (
            "POST",
            "/repos/shop/api/check-runs",
            {},
            {"name": "usher", "head_sha": "a", "status": "completed", "conclusion": "neutral"},
        ),
    ],
)
def test_good_requests_pass(
    contract: Contract, method: str, path: str, query: dict[str, str], body: Any
) -> None:
    assert contract.check_request(method, path, query, body) == []


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "problem"),
    [
        ("GET", "/repos/shop/api/nothing", {}, None, "no such operation"),
        ("PUT", f"{PULLS}/1", {}, None, "no such operation"),
        ("GET", f"{PULLS}/one", {}, None, "parameter 'pull_number'"),
        ("GET", PULLS, {"state": "opened"}, None, "parameter 'state'"),
        ("GET", PULLS, {"per_page": "many"}, None, "parameter 'per_page'"),
        ("GET", PULLS, {"limit": "5"}, None, "unknown parameter 'limit'"),
        ("GET", PULLS, {}, {"state": "open"}, "a body where none is taken"),
        ("POST", f"{PULLS}/1/requested_reviewers", {}, {"reviewer": ["ben"]}, "reviewer"),
        ("POST", f"{PULLS}/1/requested_reviewers", {}, {"reviewers": "ben"}, "array"),
        ("DELETE", f"{PULLS}/1/requested_reviewers", {}, {"team_reviewers": ["pay"]}, "required"),
        ("POST", "/repos/shop/api/issues/1/comments", {}, None, "the body is missing"),
        ("POST", "/repos/shop/api/issues/1/comments", {}, {"body": "x", "author": "me"}, "author"),
        (
            "POST",
            "/app/installations/7/access_tokens",
            {},
            {"permissions": {"everything": "write"}},
            "everything",
        ),
        ("POST", "/repos/shop/api/check-runs", {}, {"name": "usher"}, "required"),
        (
            "POST",
            "/repos/shop/api/check-runs",
            {},
            {"name": "u", "head_sha": "a", "output": {"words": ""}},
            "output",
        ),
        ("POST", "/repos/shop/api/check-runs", {}, {"name": "u", "head_sha": "a", "colour": "red"}, "colour"),
    ],
)
def test_bad_requests_are_named(
    contract: Contract, method: str, path: str, query: dict[str, str], body: Any, problem: str
) -> None:
    found = contract.check_request(method, path, query, body)
    assert found
    assert problem in found[0]


def test_answers_are_held_to_status_and_schema(contract: Contract) -> None:
    label = {"id": 1, "node_id": "x", "url": "https://api.example/x", "name": "bug", "color": "red"}
    whole = {**label, "default": False, "description": None}
    path = "/repos/shop/api/issues/1/labels"
    assert contract.check_response("POST", path, 200, [whole]) == []
    assert contract.check_response("POST", path, 201, [whole])
    assert contract.check_response("POST", path, 200, [label])
    assert contract.check_response("POST", path, 200, [{**whole, "id": "one"}])


def test_webhooks_are_held_to_their_event_and_action(contract: Contract) -> None:
    assert contract.check_webhook("pull_request", {"action": "opened"})
    assert contract.check_webhook("pull_request", {"action": "danced"})
    assert contract.check_webhook("unheard_of", {})


def test_every_endpoint_of_the_sandbox_is_one_that_github_describes(contract: Contract) -> None:
    for route in ROUTES.known:
        assert contract.match(route.method, _example(route)) is not None, route


def _example(route: Route) -> str:
    return "/" + "/".join("1" if piece.startswith("{") else piece for piece in route.pattern)


def test_all_of_githubs_examples_are_here() -> None:
    """And every event that Usher subscribes to is among them."""
    examples = github_examples()
    assert len(examples) == 329
    assert len({each.name for each in examples}) == 329
    assert set(EVENTS) <= {each.event for each in examples}
