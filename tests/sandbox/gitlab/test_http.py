"""How GitLab answers over HTTP: paths, pages, marks, limits, and what a proxy in between does."""

from __future__ import annotations

from types import SimpleNamespace

import httpx2
import pytest

from app.forges.sandbox import GitLabSandbox
from app.forges.sandbox.faults import Fault
from tests.sandbox.gitlab.conftest import Caller, caller

P = "/projects/shop%2Fapi"
M = f"{P}/merge_requests/1"


async def test_a_project_is_named_by_number_or_by_its_quoted_path(bot: Caller, shop: SimpleNamespace) -> None:
    """Without regard to case; an unquoted path is no address at all."""
    for name in (str(shop.api.id), "shop%2Fapi", "SHOP%2fApi"):
        assert (await bot(f"GET /projects/{name}")).json()["id"] == shop.api.id
    answer = await bot("GET /projects/shop/api")
    assert (answer.status_code, answer.json()) == (404, {"error": "404 Not Found"})
    assert (await bot(f"GET {P}/merge_requests/one")).status_code == 400


@pytest.mark.parametrize("prefix", ["/gitlab"])
async def test_a_gitlab_may_lie_below_a_path(
    forge: GitLabSandbox, client: httpx2.AsyncClient, bot: Caller, shop: SimpleNamespace
) -> None:
    """Every address in answers, pages and payloads begins with it."""
    assert forge.url.endswith("/gitlab")
    shop.ana.opens(shop.api, "docs/a.md")
    answer = await bot(f"GET {P}/merge_requests?per_page=1")
    assert answer.json()[0]["web_url"].startswith(f"{forge.url}/shop/api/-/merge_requests/1")
    assert f"<{forge.url}/api/v4/projects" in answer.headers["link"]
    outside = await client.get(forge.site.origin + "/api/v4/user", headers={"PRIVATE-TOKEN": forge.token})
    assert outside.status_code == 404
    assert forge.ledger.calls("GET")[0].path == f"/api/v4{P}/merge_requests"


async def test_pages_are_linked_and_counted(bot: Caller, shop: SimpleNamespace) -> None:
    for name in "abcde":
        shop.ana.reports(shop.api, name)
    answer = await bot(f"GET {P}/issues?per_page=2&page=2&sort=asc")
    assert [each["title"] for each in answer.json()] == ["c", "d"]
    headers = {name: answer.headers[f"x-{name}"] for name in ("page", "next-page", "prev-page", "per-page")}
    assert headers == {"page": "2", "next-page": "3", "prev-page": "1", "per-page": "2"}
    assert (answer.headers["x-total"], answer.headers["x-total-pages"]) == ("5", "3")
    assert [each.split("rel=")[1] for each in answer.headers["link"].split(", ")] == [
        '"prev"',
        '"next"',
        '"first"',
        '"last"',
    ]
    assert "sort=asc" in answer.headers["link"]
    last = await bot(f"GET {P}/issues?per_page=2&page=3")
    assert (last.headers["x-next-page"], 'rel="next"' in last.headers["link"]) == ("", False)
    assert len((await bot(f"GET {P}/issues?per_page=1000")).json()) == 5


async def test_totals_may_be_missing(forge: GitLabSandbox, bot: Caller, shop: SimpleNamespace) -> None:
    """Above ten thousand entries they always are; the next page is linked all the same."""
    forge.site.counts_lists = False
    for name in "abc":
        shop.ana.reports(shop.api, name)
    answer = await bot(f"GET {P}/issues?per_page=2")
    assert "x-total" not in answer.headers
    assert answer.headers["x-next-page"] == "2"
    assert 'rel="next"' in answer.headers["link"]
    assert 'rel="last"' not in answer.headers["link"]


async def test_what_has_not_changed_is_304(bot: Caller, shop: SimpleNamespace) -> None:
    """It counts against the limit like any other answer."""
    first = await bot(f"GET {P}")
    again = await bot(f"GET {P}", if_none_match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert int(again.headers["ratelimit-observed"]) == int(first.headers["ratelimit-observed"]) + 1
    shop.api.topics.append("new")
    assert (await bot(f"GET {P}", if_none_match=first.headers["etag"])).status_code == 200


async def test_requests_are_limited_by_the_minute(
    forge: GitLabSandbox, bot: Caller, shop: SimpleNamespace
) -> None:
    forge.gitlab.limits.allowance.requests = 3
    answers = [await bot("GET /user") for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert [each.headers["ratelimit-remaining"] for each in answers] == ["2", "1", "0", "0"]
    assert answers[-1].headers["ratelimit-limit"] == "3"
    assert 0 < int(answers[-1].headers["retry-after"]) <= 61
    assert int(answers[-1].headers["ratelimit-reset"]) > forge.wall.now().timestamp()


async def test_notes_are_limited_by_user(
    forge: GitLabSandbox, client: httpx2.AsyncClient, bot: Caller, shop: SimpleNamespace
) -> None:
    shop.ana.opens(shop.api, "docs/a.md")
    forge.gitlab.limits.allowance.notes = 2
    statuses = [(await bot(f"POST {M}/notes", {"body": "x"})).status_code for _ in range(3)]
    assert statuses == [201, 201, 429]
    said = (await bot(f"POST {M}/notes", {"body": "x"})).json()
    assert "too many times" in said["message"]["error"]
    assert (await caller(forge, client, shop.ben)(f"POST {M}/notes", {"body": "x"})).status_code == 201


async def test_limits_on_request(forge: GitLabSandbox, bot: Caller, shop: SimpleNamespace) -> None:
    shop.ana.opens(shop.api, "docs/a.md")
    forge.faults.block(30)
    assert (await bot(f"GET {M}")).status_code == 200
    refused = await bot(f"POST {M}/notes", {"body": "x"})
    assert (refused.status_code, int(refused.headers["retry-after"]) > 25) == (429, True)
    forge.faults.clear()
    forge.faults.exhaust(30)
    assert (await bot(f"GET {M}")).status_code == 429


async def test_every_answer_is_dated_by_the_forges_own_clock(forge: GitLabSandbox, bot: Caller) -> None:
    forge.wall.later("1w")
    assert forge.wall.now().strftime("%d %b %Y") in (await bot("GET /user")).headers["date"]


async def test_faults_come_before_or_after_the_effect(
    forge: GitLabSandbox, bot: Caller, shop: SimpleNamespace
) -> None:
    change = shop.ana.opens(shop.api, "docs/a.md")
    forge.faults.next(Fault(status=502, html=True), method="POST", path="/notes")
    answer = await bot(f"POST {M}/notes", {"body": "One"})
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html")
    assert change.remarks == []
    forge.faults.next(Fault(cut=True, after_effect=True), method="POST")
    with pytest.raises(httpx2.TransportError):
        await bot(f"POST {M}/notes", {"body": "Two"})
    assert [each.body for each in change.remarks] == ["Two"]
    assert [each.told for each in forge.ledger.calls("POST", "/notes")] == [False, False]


async def test_reads_may_lag(forge: GitLabSandbox, bot: Caller, shop: SimpleNamespace) -> None:
    forge.faults.read_lag = 60
    shop.ana.opens(shop.api, "docs/a.md")
    assert (await bot(f"GET {M}")).status_code == 404
    forge.faults.read_lag = 0
    assert (await bot(f"GET {M}")).status_code == 200


async def test_bodies_may_be_json_or_a_form(
    client: httpx2.AsyncClient, forge: GitLabSandbox, shop: SimpleNamespace
) -> None:
    url, headers = f"/api/v4{P}/issues", {"PRIVATE-TOKEN": forge.token}
    form = await client.post(url, data={"title": "By form", "confidential": "true"}, headers=headers)
    assert (form.status_code, form.json()["confidential"]) == (201, True)
    for content in (b"{", b"[1]"):
        json = {**headers, "Content-Type": "application/json"}
        assert (await client.post(url, content=content, headers=json)).status_code == 400


async def test_the_owners_file_is_checked_over_graphql(
    forge: GitLabSandbox, client: httpx2.AsyncClient, shop: SimpleNamespace
) -> None:
    """First what cannot be read; only a file without such lines is looked at for people."""
    query = """query ($path: ID!, $ref: String!) { project(fullPath: $path) { repository {
        validateCodeownerFile(ref: $ref, path: "CODEOWNERS") { total validationErrors { code lines } } } } }"""

    async def errors() -> object:
        answer = await client.post(
            "/api/graphql",
            json={"query": query, "variables": {"path": "shop/api", "ref": "main"}},
            headers={"PRIVATE-TOKEN": forge.token},
        )
        assert answer.status_code == 200
        found = answer.json()["data"]["project"]["repository"]["validateCodeownerFile"]
        return {each["code"]: each["lines"] for each in found["validationErrors"]}

    assert await errors() == {}
    text = "# fine\n/a\n/b oops\n[no end\n^[One][2] @ben\n[] @ben\n[Two][ ]\n/c @nobody\n"
    shop.ben.commits(shop.api, {"CODEOWNERS": text})
    assert await errors() == {
        "missing_entry_owner": [2],
        "malformed_entry_owner": [3],
        "invalid_section_format": [4],
        "invalid_approval_requirement": [5, 7],
        "missing_section_name": [6],
    }
    shop.ben.commits(shop.api, {"CODEOWNERS": "/a @nobody\n/b @ana\n/c @ben\n"})
    assert await errors() == {"inaccessible_owner": [1], "owner_without_permission": [2]}
