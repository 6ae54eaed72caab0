"""Other sites are asked whether a page is still there, with care about whom Usher calls."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from app.forges.sandbox.server import Server
from app.rounds.links import Answer, Sites, Unwelcome, is_public


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
    assert await INSIDE.ask(site.url + path) == Answer(reason, heard=path != "/slow")
    assert site.calls[0] == f"HEAD {path}"
    assert all("authorization" not in each and "cookie" not in each for each in site.headers)


@pytest.mark.parametrize("host", ["docs..example", ".example", "a" * 70 + ".example"])
async def test_a_name_that_no_site_can_have_is_not_looked_for(host: str) -> None:
    with pytest.raises(Unwelcome, match="no name"):
        await Sites().ask(f"https://{host}/page")


async def test_who_is_not_there_does_not_answer() -> None:
    assert await INSIDE.ask("http://127.0.0.1:9/") == Answer("ConnectError", heard=False)


async def test_a_redirect_to_another_site_is_an_answer_and_not_followed(site: Site) -> None:
    sites = Sites(frozenset({"127.0.0.1", "localhost"}))
    assert await sites.ask(site.url + "/away") == Answer("", heard=True)
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


# --- Over TLS ---------------------------------------------------------------------------------------------


@dataclass
class Secured:
    """A site over TLS with a certificate for `wiki.example`; `asked_for` are the names that clients asked for."""

    port: int
    authority: Path
    asked_for: list[str]
    heads: list[bytes]


@pytest.fixture
async def secured(tmp_path: Path) -> AsyncIterator[Secured]:
    key, ours = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    begin = datetime.now(UTC) - timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder(ours, ours, key.public_key(), x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("wiki.example")]), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    (tmp_path / "cert.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(plain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    site = Secured(0, tmp_path / "cert.pem", [], [])
    context.sni_callback = lambda _socket, name, _context: site.asked_for.append(name)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        site.heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    site.port = server.sockets[0].getsockname()[1]
    yield site
    server.close()


@pytest.mark.parametrize(
    ("name", "is_trusted", "reason"),
    [
        ("wiki.example", True, ""),
        ("wiki.example", False, "ConnectError"),
        ("other.example", True, "ConnectError"),
        ("127.0.0.1", True, "ConnectError"),
    ],
)
async def test_a_certificate_is_held_against_the_name_though_an_address_is_called(
    secured: Secured, monkeypatch: pytest.MonkeyPatch, name: str, is_trusted: bool, reason: str
) -> None:
    """Whom the operator trusts is named as for the forges."""

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(secured.authority))
    sites = Sites(frozenset({name}), resolve=resolve)
    assert await sites.ask(f"https://{name}:{secured.port}/how") == Answer(reason, heard=not reason)
    assert secured.asked_for == [None if name == "127.0.0.1" else name]
    for head in secured.heads:
        assert head.startswith(b"HEAD /how HTTP/1.1\r\n")
        assert f"host: wiki.example:{secured.port}\r\n".encode() in head.lower()
    assert bool(secured.heads) == (not reason)
