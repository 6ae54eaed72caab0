"""The hand-written table of GitLab's API finds what is not in it, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from app.forges.sandbox.gitlab.hooks import FLAGS, GROUP_FLAGS
from app.forges.sandbox.gitlab.routing import ROUTES, Route
from tests.contract.gitlab import GitLabContract

M = "/api/v4/projects/shop%2Fapi/merge_requests/1"
P = "/api/v4/projects/7"


@pytest.fixture(scope="module")
def contract() -> GitLabContract:
    return GitLabContract()


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("GET", M, {}, None),
        ("get", f"{M}/notes", {"sort": "asc", "order_by": "updated_at", "per_page": "100"}, None),
        ("PUT", M, {}, {"reviewer_ids": [0]}),
        ("PUT", M, {}, {"add_labels": "one,two", "remove_labels": ["three"]}),
        ("POST", f"{M}/notes", {}, {"body": "Hello"}),
        ("POST", f"{M}/notes/5/award_emoji", {"name": "eyes"}, None),
        ("POST", f"{M}/notes/5/award_emoji", {}, {"name": "eyes"}),
        ("GET", f"{P}/repository/files/pay%2Fa.py", {"ref": "main"}, None),
        ("HEAD", f"{P}/repository/files/pay%2Fa.py", {"ref": "main"}, None),
        (
            "GET",
            f"{P}/repository/tree",
            {"recursive": "true", "pagination": "keyset", "page_token": "a"},
            None,
        ),
        ("GET", "/api/v4/groups/shop%2Fpay/members/all/9", {}, None),
        ("GET", "/api/v4/groups/5/merge_requests", {"state": "opened", "scope": "all"}, None),
        (
            "POST",
            f"{P}/statuses/abc",
            {},
            {"state": "success", "name": "usher", "target_url": "https://x.example"},
        ),
        ("POST", "/api/v4/groups/5/hooks", {}, {"url": "https://x.example", "member_events": True}),
        ("POST", "/api/v4/personal_access_tokens/self/rotate", {}, {"expires_at": "2027-01-01"}),
        ("POST", f"{P}/hooks/4/events/5/resend", {}, None),
        ("POST", "/api/graphql", {}, {"query": "{ project }", "variables": {"a": 1}}),
    ],
)
def test_good_requests_pass(
    contract: GitLabContract, method: str, path: str, query: dict[str, str], body: Any
) -> None:
    assert contract.check_request(method, path, query, body) == []


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "problem"),
    [
        ("GET", "/api/v4/projects/7/nothing", {}, None, "no such operation"),
        ("GET", "/projects/7", {}, None, "no such operation"),
        ("GET", "/api/v4/projects/shop/api", {}, None, "no such operation"),
        ("GET", f"{P}/repository/files/pay/a.py", {}, None, "no such operation"),
        ("PATCH", M, {}, {"title": "x"}, "no such operation"),
        ("GET", f"{M}/notes", {"since": "2026-01-01"}, None, "unknown parameter 'since'"),
        ("GET", f"{M}/notes", {"sort": "newest"}, None, "parameter 'sort'"),
        ("GET", f"{M}/notes", {"per_page": "101"}, None, "parameter 'per_page'"),
        ("GET", "/api/v4/groups/5/merge_requests", {"state": "open"}, None, "parameter 'state'"),
        ("GET", M, {}, {"title": "x"}, "a body where none is taken"),
        ("PUT", M, {}, {"reviewer_ids": ["ben"]}, "reviewer_ids"),
        ("PUT", M, {}, {"reviewers": [5]}, "reviewers"),
        ("PUT", M, {}, {"state_event": "closed"}, "state_event"),
        ("POST", f"{M}/notes", {}, None, "the body is missing"),
        ("POST", f"{M}/notes", {}, {"text": "Hello"}, "required"),
        ("POST", f"{P}/statuses/abc", {}, {"state": "failure"}, "state"),
        ("POST", f"{P}/statuses/abc", {}, {"state": "failed", "description": "x" * 256}, "description"),
        ("POST", f"{P}/hooks", {}, {"url": "https://x.example", "member_events": True}, "member_events"),
        ("GET", "/api/v4/groups/5/members/ben", {}, None, "parameter 'user_id'"),
        ("POST", f"{P}/merge_requests", {}, {"title": "x", "source_branch": "y"}, "required"),
        ("POST", f"{P}/merge_requests", {}, {"state_event": "close"}, "required"),
    ],
)
def test_bad_requests_are_named(
    contract: GitLabContract, method: str, path: str, query: dict[str, str], body: Any, problem: str
) -> None:
    found = contract.check_request(method, path, query, body)
    assert found
    assert any(problem in each for each in found), found


def test_answers_are_held_to_status_and_shape(contract: GitLabContract) -> None:
    award = {"id": 1, "name": "eyes", "user": {"id": 9, "username": "ben", "name": "Ben", "state": "active"}}
    whole = award | {"user": {**award["user"], "web_url": "https://x.example/ben"}}  # type: ignore[dict-item]
    path = f"{M}/notes/5/award_emoji"
    assert contract.check_response("POST", path, 201, whole) == []
    assert contract.check_response("POST", path, 200, whole)
    assert contract.check_response("POST", path, 201, award)
    assert contract.check_response("POST", path, 404, {"message": "404 Not found"}) == []
    assert contract.check_response("POST", path, 404, {"reason": "none"})
    assert contract.check_response("GET", f"{path}", 200, [whole]) == []


def test_webhooks_are_held_to_their_kind(contract: GitLabContract) -> None:
    assert contract.check_webhook("merge_request", {"object_kind": "merge_request"})
    assert contract.check_webhook("user_dances", {})
    member = {"event_name": "user_add_to_group", "group_id": 1, "group_path": "shop", "user_id": 2}
    whole = member | {"user_username": "ben", "group_access": "Developer"}
    assert contract.check_webhook("user_add_to_group", whole) == []
    assert contract.check_webhook("user_add_to_group", member)


def test_every_endpoint_of_the_sandbox_is_in_the_table(contract: GitLabContract) -> None:
    for route in ROUTES.known:
        assert contract.match(route.method, _example(route)) is not None, route


def test_every_flag_of_a_hook_is_in_the_table(contract: GitLabContract) -> None:
    for place, flags in (("projects", FLAGS), ("groups", FLAGS | GROUP_FLAGS)):
        body = {"url": "https://x.example", **dict.fromkeys(flags, True)}
        assert contract.check_request("POST", f"/api/v4/{place}/5/hooks", {}, body) == []


def _example(route: Route) -> str:
    return "/api/v4/" + "/".join("1" if piece.startswith("{") else piece for piece in route.pattern)
