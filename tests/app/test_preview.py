"""`usher preview` says what Usher would do and does nothing; `usher replay` makes its choices again offline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.commands.preview import as_data, lines
from app.errors import ForPeople
from app.settling.preview import named_in, preview
from app.store.tables import decision, obligation
from tests.stories import Bot, Shop, said

pytestmark = pytest.mark.slow


@pytest.fixture
def mode() -> str:
    return "preview"


async def test_a_preview_asks_and_says_nothing_and_can_be_replayed(
    bot: Bot, world: Shop, tmp_path: Path
) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md", "pay/refund.py"], title="Refunds")
    await bot.settled()
    kept = [len(await bot.rows(table)) for table in (decision, obligation)]
    found = await preview(bot.usher.work.settling, f"https://forge.example/shop/api/pull/{change.number}")
    told = lines(found)
    assert told[0] == f"shop/api#{change.number} Refunds"
    assert any(line.startswith("would ask ") and "erin" in line for line in told)
    assert any(line.startswith("would comment:") for line in told)
    assert change.asked == set()
    assert said(change) == []
    assert [len(await bot.rows(table)) for table in (decision, obligation)] == kept
    shown = tmp_path / "preview.json"
    shown.write_text(json.dumps(as_data(found), default=str))
    again = CliRunner().invoke(cli, ["replay", str(shown), "--why", "@erin"])
    assert again.exit_code == 0, again.output
    assert "the same choice:" in again.output
    assert "`erin` was asked" in again.output
    data = json.loads(CliRunner().invoke(cli, ["replay", str(shown), "--json"]).output)
    assert data["decisions"][0]["same"] is True
    assert "erin" in {pick["person"] for pick in data["decisions"][0]["picks"]}


async def test_a_repository_that_is_not_known_is_said_so(bot: Bot, world: Shop) -> None:
    with pytest.raises(ForPeople, match="knows no repository 'else/where'"):
        await preview(bot.usher.work.settling, "https://forge.example/else/where/pull/1")


def test_a_record_that_was_tampered_with_comes_out_otherwise(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('[{"version": 1}]')
    result = CliRunner().invoke(cli, ["replay", str(broken)])
    assert isinstance(result.exception, ForPeople)
    assert "no record of a choice" in str(result.exception)


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://github.com/shop/api/pull/12", ("shop/api", 12)),
        ("https://github.com/shop/api/pull/12/files#diff", ("shop/api", 12)),
        ("https://git.example/group/sub/project/-/merge_requests/7", ("group/sub/project", 7)),
    ],
)
def test_addresses_of_changes_are_understood(url: str, named: tuple[str, int]) -> None:
    assert named_in(url) == named


def test_other_addresses_are_refused() -> None:
    for url in ("https://github.com/shop/api/issues/12", "http://[x", "", "nonsense"):
        with pytest.raises(ForPeople, match="not the address of a pull or merge request"):
            named_in(url)
