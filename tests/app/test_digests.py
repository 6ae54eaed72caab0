"""The morning's digest goes to mail and chat where the operator connected some, and to everybody's own page."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from app.errors import ForPeople
from app.rounds.digests import apprise_channels, digests
from app.rounds.schedule import Rounds
from app.settings import SettingsError
from tests.stories import Bot, Shop, settings_for

pytestmark = pytest.mark.slow


class Letterbox:
    """A chat service of the organisation: it takes messages over HTTP, or refuses them."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, dict[str, str]]] = []
        self.refuses = 0
        box = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if box.refuses:
                    box.refuses -= 1
                    self.send_response(503)
                else:
                    box.messages.append((self.path, json.loads(body)))
                    self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Tests are quiet."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.server.server_port}/to/{{login}}"


@pytest.fixture
def letterbox() -> Iterator[Letterbox]:
    box = Letterbox()
    yield box
    box.server.shutdown()
    box.server.server_close()


async def test_a_mornings_lines_go_out_in_one_message_and_once(
    bot: Bot, world: Shop, letterbox: Letterbox
) -> None:
    """The first try is refused; the message comes with the next round, and never again."""
    world.later("2h")
    for number in range(2):
        world.ana.opens(world.api, touching={f"docs/{number}.md": "x\n"})
    await bot.settled()
    world.later("22h")
    world.later("31m")
    await bot.settled()
    channels = apprise_channels((letterbox.address,))
    now = timedelta()
    page = "https://usher.example/me"
    rounds = [digests(bot.usher.database, world.forge.clock, channels, page=page, quiet=now, every=now)]
    letterbox.refuses = 1
    for _ in range(4):
        await Rounds(bot.usher.database, rounds).look()
    [(path, message)] = letterbox.messages
    assert path == "/to/erin"
    assert message["title"] == "Usher: 2 answers wait for you"
    assert message["message"].count("A first answer is promised for Tue 24 Nov 11:00 UTC") == 2
    assert "shop/api#1 · Change docs/0.md" in message["message"]
    assert page in message["message"]


async def test_what_was_told_stands_on_ones_own_page_for_a_week(bot: Bot, world: Shop) -> None:
    """Also where no channel is connected; and nobody else sees it."""
    world.later("2h")
    world.ana.opens(world.api, touching=["docs/guide.md"], title="A better guide")
    await bot.settled()
    world.later("22h")
    world.later("31m")
    await bot.settled()
    line = "A first answer is promised for Tue 24 Nov 11:00 UTC"
    async with bot.visited_by("Erin") as erins, bot.visited_by("dora") as doras:
        page = (await erins.get("/")).text
        assert "Told to you this week" in page
        assert line in page
        assert line not in (await doras.get("/")).text
        world.later("8d")
        await bot.settled()
        assert line not in (await erins.get("/")).text


def test_an_address_that_nobody_knows_is_refused_before_anything_starts() -> None:
    with pytest.raises(ForPeople, match="none that Apprise knows"):
        apprise_channels(("nonsense://{login}",))


def test_an_address_must_say_where_the_login_goes(tmp_path: Path, world: Shop) -> None:
    with pytest.raises(SettingsError, match=r"USHER_NOTIFY_URLS: .*login"):
        settings_for(world.forge, tmp_path, notify_urls="json://127.0.0.1/everybody")
