"""Other sites are asked whether a page is still there, with care about whom Usher calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from app.forges.sandbox.server import Server
from app.links import Sites, Unwelcome, is_public


class Site:
    """A site that notes who called what."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.headers: list[dict[str, str]] = []
        routes = [Route("/{path:path}", self.answer, methods=["GET", "HEAD"])]
        self.server = Server(Starlette(routes=routes))
        self.url = self.server.url

    async def answer(self, request: Request) -> Response:
        self.calls.append(f"{request.method} {request.url.path}")
        self.headers.append(dict(request.headers))
        match request.url.path:
            case "/there":
                return PlainTextResponse("here")
            case "/only-get":
                return PlainTextResponse("", 200 if request.method == "GET" else 405)
            case "/moved":
                return RedirectResponse("/there", 301)
            case "/moved-to-nothing":
                return RedirectResponse("/nothing", 302)
            case "/round":
                return RedirectResponse("/round", 302)
            case "/away":
                return RedirectResponse(self.url.replace("127.0.0.1", "localhost") + "/secret", 302)
            case "/moved-to-no-address":
                return PlainTextResponse("", 302, {"location": "http://[x"})
            case "/closed":
                return PlainTextResponse("sign in", 401)
            case "/broken":
                return PlainTextResponse("", 503)
            case "/slow":
                await asyncio.sleep(5)
                return PlainTextResponse("late")
            case _:
                return PlainTextResponse("", 404)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    await site.server.start()
    yield site
    await site.server.stop()


INSIDE = Sites(frozenset({"127.0.0.1"}), seconds=0.5)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/there", ""),
        ("/only-get", ""),
        ("/moved", ""),
        ("/moved-to-no-address", ""),
        ("/closed", ""),
        ("/round", ""),
        ("/nothing", "status 404"),
        ("/moved-to-nothing", "status 404"),
        ("/broken", "status 503"),
        ("/slow", "no answer within 0.5 s"),
    ],
)
async def test_what_counts_as_an_answer(site: Site, path: str, reason: str) -> None:
    assert await INSIDE.ask(site.url + path) == reason
    assert site.calls[0] == f"HEAD {path}"
    assert all("authorization" not in each and "cookie" not in each for each in site.headers)


@pytest.mark.parametrize("host", ["docs..example", ".example", "a" * 70 + ".example"])
async def test_a_name_that_no_site_can_have_is_not_looked_for(host: str) -> None:
    with pytest.raises(Unwelcome, match="no name"):
        await Sites().ask(f"https://{host}/page")


async def test_who_is_not_there_does_not_answer() -> None:
    assert await INSIDE.ask("http://127.0.0.1:9/") == "ConnectError"


async def test_a_redirect_to_another_site_is_an_answer_and_not_followed(site: Site) -> None:
    sites = Sites(frozenset({"127.0.0.1", "localhost"}))
    assert await sites.ask(site.url + "/away") == ""
    assert site.calls == ["HEAD /away"]


@pytest.mark.parametrize(
    ("address", "behind"),
    [
        ("http://127.0.0.1/", None),
        ("http://localhost/", None),
        ("http://0x7f000001/", None),
        ("http://[::1]/", None),
        ("http://169.254.169.254/latest/meta-data/", None),
        ("http://wiki.example/", ["10.0.0.1"]),
        ("http://wiki.example/", ["93.184.216.34", "192.168.0.1"]),
        ("http://wiki.example/", ["fe80::1%eth0"]),
        ("http://wiki.example/", ["::ffff:10.0.0.1"]),
        ("http://wiki.example/", ["64:ff9b::a00:1"]),
        ("http://wiki.example:8080/", ["93.184.216.34"]),
        ("http://ana:secret@wiki.example/", ["93.184.216.34"]),
        ("ftp://wiki.example/", ["93.184.216.34"]),
        ("http:///nowhere", None),
    ],
)
async def test_only_public_addresses_are_called(address: str, behind: list[str] | None) -> None:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        assert behind is not None
        return behind

    sites = Sites(resolve=resolve) if behind else Sites()
    with pytest.raises(Unwelcome):
        await sites.ask(address)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("::", False),
        ("::1", False),
        ("fc00::1", False),
        ("fe80::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("no address", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) == public
