"""Each answer of GitHub becomes one of the errors that handlers know, or none."""

import json
import time
from typing import Any

import pytest

from app.forges.github.answers import limit, reason, refusal
from app.forges.http import Answer
from app.forges.limits import Limit
from app.forges.server_clock import ServerClock
from handlers import ports

JSON = {"content-type": "application/json; charset=utf-8"}
HTML = {"content-type": "text/html"}


def said(status: int, message: str = "", headers: dict[str, str] | None = None, **more: Any) -> Answer:
    return Answer(status, {**JSON, **(headers or {})}, json.dumps({"message": message, **more}).encode())


@pytest.mark.parametrize(
    ("answer", "read", "write"),
    [
        (said(200), None, None),
        (said(201), None, None),
        (Answer(204, {}), None, None),
        (Answer(200, HTML, b"<html>"), ports.Unavailable, ports.Unsure),
        (Answer(200, JSON, b'{"half": '), ports.Unavailable, ports.Unsure),
        (Answer(200, {}, b"{}"), ports.Unavailable, ports.Unsure),
        (said(301), ports.Gone, ports.Gone),
        (said(307), ports.Gone, ports.Gone),
        (said(400), ports.Refused, ports.Refused),
        (said(401, "Bad credentials"), ports.Locked, ports.Locked),
        (said(403, "Resource not accessible by integration"), ports.Forbidden, ports.Forbidden),
        (said(403, "This installation has been suspended"), ports.Suspended, ports.Suspended),
        (said(404), ports.Gone, ports.Gone),
        (Answer(404, HTML, b"a gateway's page"), ports.Unavailable, ports.Unsure),
        (said(405), ports.Refused, ports.Refused),
        (said(408), ports.Unavailable, ports.Unsure),
        (said(409), ports.Conflict, ports.Conflict),
        (said(410), ports.Gone, ports.Gone),
        (said(412), ports.Conflict, ports.Conflict),
        (said(418), ports.Refused, ports.Refused),
        (said(422), ports.Refused, ports.Refused),
        (said(451), ports.Gone, ports.Gone),
        (said(500), ports.Unavailable, ports.Unsure),
        (Answer(502, HTML, b"<html>"), ports.Unavailable, ports.Unsure),
        (said(503), ports.Unavailable, ports.Unsure),
        (said(599), ports.Unavailable, ports.Unsure),
    ],
    ids=lambda value: f"{value.status}" if isinstance(value, Answer) else "",
)
def test_what_an_answer_means(answer, read, write):
    for method, kind in (("GET", read), ("POST", write)):
        error = refusal(answer, method, "/x")
        assert (error if kind is None else type(error)) is kind


def test_a_missing_permission_is_named_where_github_names_it():
    answer = said(403, "Resource not accessible", {"x-accepted-github-permissions": "checks=write"})
    error = refusal(answer, "POST", "/x")
    assert error.permission == "checks=write"


def test_a_refusal_carries_githubs_own_sentence():
    answer = said(
        422,
        "Validation Failed",
        errors=["Reviews may only be requested from collaborators.", {"field": "base", "code": "invalid"}],
    )
    error = refusal(answer, "POST", "/repos/{owner}/{repo}/pulls")
    sentence = "Validation Failed; Reviews may only be requested from collaborators.; base invalid"
    assert error.reason == sentence
    assert str(error) == f"POST /repos/{{owner}}/{{repo}}/pulls was answered 422: {sentence}"


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"x"', b'{"message": 5, "errors": 7}', b"{", b"\xff"])
def test_an_answer_without_a_sentence_has_no_reason(body):
    assert reason(Answer(422, JSON, body)) == ""


def test_no_secret_and_no_novel_is_kept_as_a_reason():
    answer = said(422, "token ghs_" + "a" * 40 + " " + "x" * 9000)
    assert "aaaa" not in reason(answer)
    assert len(reason(answer)) <= 500


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            said(403, "You have exceeded a secondary rate limit", {"retry-after": "60"}),
            Limit("secondary", 60),
        ),
        (said(429, "", {"retry-after": "7", "x-ratelimit-remaining": "0"}), Limit("secondary", 7)),
        (said(403, "You have exceeded a secondary rate limit."), Limit("vague")),
        (said(403, "You have triggered an abuse detection mechanism"), Limit("vague")),
        (said(429, "Too many"), Limit("vague")),
        (Answer(429, HTML, b"<html>"), Limit("vague")),
        (said(429, "", {"retry-after": "Fri, 20 Nov 2026 16:00:00 GMT"}), Limit("vague")),
        (said(403, "Resource not accessible by integration"), None),
        (said(403, "", {"x-ratelimit-remaining": "17", "x-ratelimit-limit": "5000"}), None),
        (said(404, "rate limit exceeded", {"retry-after": "60"}), None),
        (said(200, "", {"x-ratelimit-remaining": "0"}), None),
    ],
)
def test_which_limit_an_answer_names(answer, expected):
    assert limit(answer, ServerClock()) == expected


def budget(remaining: str, reset: object) -> dict[str, str]:
    return {
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": remaining,
        "x-ratelimit-reset": str(reset),
    }


@pytest.mark.parametrize("off", [0, 3600, -3600])
def test_the_primary_limit_ends_by_the_forges_clock_and_a_second_later(off):
    """A host whose clock is an hour wrong still waits the right time."""
    true = time.time()
    clock = ServerClock(lambda: true + off)
    clock.offset = -off
    found = limit(said(403, "API rate limit exceeded", budget("0", int(true) + 90)), clock)
    assert found.kind == "primary"
    assert found.seconds == pytest.approx(91, abs=1)


@pytest.mark.parametrize("reset", [0, "soon", 10**30, "nan"])
def test_a_reset_that_makes_no_sense_is_no_endless_wait(reset):
    found = limit(said(403, "API rate limit exceeded", budget("0", reset)), ServerClock())
    assert found is not None
    assert 0 <= found.seconds <= 86_400


@pytest.mark.parametrize(
    ("answer", "usable"),
    [
        (said(200), True),
        (said(404), True),
        (said(422), True),
        (Answer(204, {}), True),
        (Answer(404, HTML, b"<html>"), True),
        (Answer(200, HTML, b"<html>"), False),
        (said(500), False),
    ],
)
def test_a_host_fails_when_it_gives_no_answer_of_its_own(answer, usable):
    assert answer.is_usable is usable


def test_the_forges_clock_is_learned_from_any_answer():
    clock = ServerClock(lambda: 1000.0)
    clock.learn({"date": "Thu, 01 Jan 1970 01:00:00 GMT"})
    assert clock.offset == pytest.approx(2600.5)
    assert clock.now() == pytest.approx(3600.5)
    for headers in ({}, {"date": "yesterday"}, {"date": "Thu, 99 Jan 1970 01:00:00 GMT"}):
        clock.learn(headers)
        assert clock.offset == pytest.approx(2600.5)
