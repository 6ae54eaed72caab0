"""What each answer of GitLab means, over HTTP: whom Usher believes, how long it waits, and what it tells nobody."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

import pytest

from app.forges.gitlab.client import GitLabClient, TokenState
from app.forges.limits import Pace
from handlers.ports import Conflict, Forbidden, Gone, Locked, Refused, Throttled, Unavailable, Unsure
from tests.app.forges.raw_server import said, server

TOKEN = "glpat-" + "s" * 20
PAGE = "<html>Please wait</html>"


class Naps:
    """Waits for nothing, and remembers how long it should have."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


class GitLab:
    """A client, and what it asked of a GitLab that gives these answers in turn, below a path."""

    def __init__(self, client: GitLabClient, asked: list[bytes]) -> None:
        self.client = client
        self._asked = asked

    @property
    def asked(self) -> list[str]:
        """Method and path of each request."""
        return [each.decode().partition(" HTTP/")[0] for each in self._asked]


@asynccontextmanager
async def gitlab(*answers: bytes) -> AsyncIterator[GitLab]:
    async with server(*answers) as (base, asked):
        client = GitLabClient(url=f"{base}/git/", token=TOKEN, pace=Pace(0), sleep=Naps())
        async with client:
            yield GitLab(client, asked)


# --- What an answer means -------------------------------------------------------------------------------

MEANINGS = [
    ("expired", said(401, {"error": "invalid_token"}), Locked, Locked),
    ("not allowed", said(403, {"message": "403 Forbidden"}), Forbidden, Forbidden),
    ("hidden", said(404, {"message": "404 Project Not Found"}), Gone, Gone),
    ("removed", said(410, {"message": "410 Gone"}), Gone, Gone),
    ("moved", said(301, headers={"Location": "BASE/git/api/v4/projects/8"}), Gone, Gone),
    ("taken", said(409, {"message": "409 Conflict"}), Conflict, Conflict),
    ("changed", said(412, {"message": "412 Precondition Failed"}), Conflict, Conflict),
    ("invalid", said(400, {"message": "400 Bad request"}), Refused, Refused),
    ("not that way", said(405, {"message": "405 Method Not Allowed"}), Refused, Refused),
    ("too large, says the proxy", said(413, PAGE), Refused, Refused),
    ("refused", said(422, {"message": "no"}), Refused, Refused),
    ("out of order", said(500, {"message": "500 Internal Server Error"}), Unavailable, Unsure),
    ("being deployed", said(502, PAGE), Unavailable, Unsure),
    ("a page", said(200, PAGE), Unavailable, Unsure),
    ("half", said(200, {})[:-1] + b"[", Unavailable, Unsure),
    ("nothing", b"", Unavailable, Unsure),
    ("late", said(408, {}), Unavailable, Unsure),
    ("a gateway that knows no such host", said(404, "default backend - 404"), Unavailable, Unsure),
    ("a gateway that lets nobody in", said(403, "Forbidden"), Unavailable, Unsure),
    (
        "a page to sign in on",
        said(302, PAGE, {"Location": "BASE/git/users/sign_in"}),
        Unavailable,
        Unavailable,
    ),
]


@pytest.mark.parametrize(
    ("answer", "read", "write"), [row[1:] for row in MEANINGS], ids=[row[0] for row in MEANINGS]
)
async def test_what_an_answer_means_to_a_read_and_to_a_write(answer, read, write):
    async with gitlab(answer, answer) as there:
        with pytest.raises(read) as of_read:
            await there.client.get("projects/{id}", id=7)
        with pytest.raises(write) as of_write:
            await there.client.write("POST", "projects/{id}/issues", {"title": "x"}, id=7)
        assert (type(of_read.value), type(of_write.value)) == (read, write)
        assert there.asked == ["GET /git/api/v4/projects/7", "POST /git/api/v4/projects/7/issues"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"message": "400 Bad request"}, "400 Bad request"),
        (
            {"message": ["Another open merge request already exists: !4"]},
            "Another open merge request already exists: !4",
        ),
        ({"message": {"title": ["is too long", "is odd"]}}, "title is too long; title is odd"),
        ({"message": {"error": "too many"}}, "error too many"),
        ({"error": "title is missing"}, "title is missing"),
        ({"error": "invalid_grant", "error_description": "It was revoked."}, "It was revoked."),
        ({"message": None}, ""),
        (["no"], ""),
        (7, ""),
    ],
)
async def test_a_refusal_says_why_in_gitlabs_own_words(body, reason):
    async with gitlab(said(422, body)) as there:
        with pytest.raises(Refused) as refused:
            await there.client.write("PUT", "projects/{id}", {}, id=7)
    assert refused.value.reason == reason
    assert str(refused.value).startswith("PUT projects/{id} was answered 422")


async def test_a_scope_that_the_token_lacks_is_named():
    lacking = {"error": "insufficient_scope", "error_description": "more than that", "scope": "api read_api"}
    async with gitlab(said(403, lacking), said(403, {**lacking, "scope": None})) as there:
        for named in ("api read_api", "api"):
            with pytest.raises(Forbidden) as refused:
                await there.client.get("user")
            assert refused.value.permission == named


@pytest.mark.parametrize("status", [200, 404, 422, 500])
async def test_no_error_shows_the_token(status):
    echo = (
        said(status, {"message": f"You sent {TOKEN}", "error": TOKEN}) if status != 200 else said(200, TOKEN)
    )
    async with gitlab(echo) as there:
        with pytest.raises(Exception, match="was answered") as error:
            await there.client.write("POST", "user", {})
        assert b"private-token: " + TOKEN.encode() in there._asked[0].lower()
    assert TOKEN not in f"{error.value!r}{error.value}{error.value.__cause__!r}"
    assert TOKEN not in repr(there.client)


# --- Limits ---------------------------------------------------------------------------------------------


LIMITS = [
    ("told how long", 429, {"Retry-After": "30"}, 30),
    ("told until when", 429, {"RateLimit-Reset": "+40"}, 41),
    ("told both", 429, {"Retry-After": "30", "RateLimit-Reset": "+300"}, 30),
    ("told nothing", 429, {}, 60),
    ("told nonsense", 429, {"Retry-After": "soon", "RateLimit-Reset": "later"}, 60),
    ("told a date", 429, {"Retry-After": "Fri, 20 Nov 2026 16:00:00 GMT"}, 60),
    ("told next year", 429, {"Retry-After": "31536000"}, 86_400),
    ("refused for a while", 403, {"Retry-After": "30"}, 30),
    ("refused until the minute is over", 403, {"RateLimit-Remaining": "0", "RateLimit-Reset": "+40"}, 41),
]
"""`+40` stands for the instant in so many seconds."""


@pytest.mark.parametrize(
    ("status", "headers", "seconds"), [row[1:] for row in LIMITS], ids=[row[0] for row in LIMITS]
)
async def test_a_limit_is_waited_for_and_nothing_is_called_meanwhile(status, headers, seconds):
    at = headers.get("RateLimit-Reset", "")
    if at.startswith("+"):
        headers = {**headers, "RateLimit-Reset": str(int(time.time()) + int(at))}
    async with gitlab(said(status, {"message": "Retry later"}, headers)) as there:
        for write in (False, True, False):
            with pytest.raises(Throttled) as held:
                await (there.client.write("POST", "x") if write else there.client.get("x"))
            waits = (held.value.until - datetime.now(UTC)).total_seconds()
            assert seconds - 3 < waits <= seconds + 1
        assert len(there.asked) == 1


async def test_a_limit_on_notes_stops_writes_and_reads_go_on():
    left = {"Retry-After": "30", "RateLimit-Remaining": "1900", "RateLimit-Limit": "2000"}
    async with gitlab(said(429, {"message": "Retry later"}, left), said(200, {"id": 7})) as there:
        with pytest.raises(Throttled):
            await there.client.write("POST", "projects/{id}/notes", {}, id=7)
        assert await there.client.get("projects/{id}", id=7) == {"id": 7}
        with pytest.raises(Throttled):
            await there.client.write("POST", "projects/{id}/notes", {}, id=7)
        assert len(there.asked) == 2
        assert there.client.budget == 0.95


async def test_a_plain_refusal_with_its_budget_is_no_limit():
    budget = {"RateLimit-Remaining": "1999", "RateLimit-Limit": "2000"}
    async with gitlab(said(403, {"message": "403 Forbidden"}, budget), said(200, {})) as there:
        with pytest.raises(Forbidden):
            await there.client.get("x")
        assert await there.client.get("x") == {}


async def test_after_five_failures_nothing_is_called_for_a_while():
    async with gitlab(*[said(503, PAGE)] * 5) as there:
        for number in range(7):
            with pytest.raises(Unavailable if number < 5 else Throttled):
                await there.client.get("x")
        assert (len(there.asked), there.client.is_held_back) == (5, True)


# --- Lists ----------------------------------------------------------------------------------------------


async def test_pages_follow_the_link_below_gitlabs_own_path():
    first = said(200, [{"id": 1}], {"Link": '<BASE/git/api/v4/x?id_after=1&per_page=100>; rel="next"'})
    async with gitlab(first, said(200, [{"id": 2}, "odd", None])) as there:
        listed = await there.client.list("x", pagination="keyset", order_by="id")
        assert [each["id"] for each in listed] == [1, 2]
        assert there.asked == [
            "GET /git/api/v4/x?per_page=100&pagination=keyset&order_by=id",
            "GET /git/api/v4/x?id_after=1&per_page=100",
        ]


async def test_pages_follow_their_number_where_no_link_came():
    pages = (said(200, [{"id": n}], {"X-Next-Page": "2" if n == 1 else ""}) for n in (1, 2))
    async with gitlab(*pages) as there:
        assert [each["id"] for each in await there.client.list("x", state="opened")] == [1, 2]
        assert there.asked[1] == "GET /git/api/v4/x?per_page=100&state=opened&page=2"


@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.1:9/git/api/v4/x?page=2",
        "https://gitlab.example/git/api/v4/x?page=2",
        "BASE/api/v4/x?page=2",
        "BASE/git/api/../admin",
        "BASE/git/-/oauth",
    ],
)
async def test_a_next_page_elsewhere_is_never_asked_for(link):
    async with gitlab(said(200, [], {"Link": f'<{link}>; rel="next"'})) as there:
        with pytest.raises(Unavailable, match="away from"):
            await there.client.list("x")
        assert len(there.asked) == 1


@pytest.mark.parametrize(
    "next_page",
    [{"X-Next-Page": "2"}, {"Link": '<BASE/git/api/v4/x?per_page=100>; rel="next"'}],
    ids=["by number", "by link"],
)
async def test_a_list_that_turns_in_a_circle_is_left(next_page):
    async with gitlab(*[said(200, [], next_page)] * 3) as there:
        with pytest.raises(Unavailable, match="no end"):
            await there.client.list("x")
        assert len(there.asked) <= 2


# --- Who and what ---------------------------------------------------------------------------------------


async def test_somebodys_number_is_asked_once_and_names_ignore_case():
    found = said(200, [{"id": 3, "username": "bennet"}, {"id": 7, "username": "Ben"}])
    async with gitlab(found, said(200, {"message": "odd"})) as there:
        assert [await there.client.user_id(name) for name in ("ben", "BEN")] == [7, 7]
        assert await there.client.user_id("carla") is None
        assert there.asked == ["GET /git/api/v4/users?username=ben", "GET /git/api/v4/users?username=carla"]


@pytest.mark.parametrize(
    ("told", "state"),
    [
        (
            said(200, {"scopes": ["api"], "expires_at": "2027-02-01", "name": "usher"}),
            TokenState(("api",), date(2027, 2, 1), "usher"),
        ),
        (said(200, {"scopes": ["api"], "expires_at": None}), TokenState(("api",), None)),
        (said(200, {"scopes": "api", "expires_at": "some day"}), TokenState((), None)),
        (said(404, {"message": "404 Not found"}), None),
    ],
)
async def test_what_the_token_may_do_and_until_when(told, state):
    async with gitlab(told) as there:
        assert await there.client.token_state() == state


@pytest.mark.parametrize(("said_is", "known"), [("18.9.1-ee", (18, 9)), ("17.11", (17, 11)), ("x", (0, 0))])
async def test_the_version_of_gitlab(said_is, known):
    async with gitlab(said(200, {"version": said_is})) as there:
        assert await there.client.version() == known


async def test_a_query_of_graphql_reads_and_never_leaves_a_doubt():
    answers = (
        said(200, {"data": {"x": 1}}),
        said(200, {"data": None, "errors": [{"message": "no such field"}]}),
        said(502, PAGE),
        b"",
    )
    async with gitlab(*answers) as there:
        assert await there.client.ask_graph("query { x }", {"a": "b"}) == {"x": 1}
        for _ in range(3):
            with pytest.raises(Unavailable):
                await there.client.ask_graph("query { x }", {})
        assert there.asked[0] == "POST /git/api/graphql"
        assert json.loads(there._asked[0].partition(b"\r\n\r\n")[2])["variables"] == {"a": "b"}


@pytest.mark.parametrize("piece", ["../admin", "a/../../b", "%2e%2e", "a b", "a?b=c", "a#b", "ü"])
async def test_a_name_is_one_piece_of_the_address_whatever_is_in_it(piece):
    async with gitlab(said(200, {})) as there:
        try:
            await there.client.get("groups/{group}", group=piece)
        except Refused:
            assert there.asked == []
            return
        [asked] = there.asked
        assert asked.count("/") == 5
        assert "?" not in asked
        assert "#" not in asked
