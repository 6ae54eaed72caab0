"""The catalogue follows the repositories: listed, changed, broken, withdrawn."""

from __future__ import annotations

import json

import pytest

from app.store.tables import entry, outcome
from tests.stories import Bot, Shop, defaults_of, names_its_guides

pytestmark = pytest.mark.slow


async def row_of(bot: Bot, repository_id: int):  # type: ignore[no-untyped-def]
    rows = await bot.rows(entry, entry.c.repository_id == repository_id)
    return rows[0] if rows else None


async def test_a_metadata_file_lists_the_repository_and_deleting_it_withdraws(bot: Bot, world: Shop) -> None:
    world.dora.commits(world.api, {"README.md": "# Shop API\n\n## Refunds\n\n" + "Words. " * 60})
    await bot.settled()
    first = await row_of(bot, world.api.id)
    assert first is not None
    assert not first.listed
    inner = {"title": "Payments", "skills": ["python"], "motivation": "One way to pay."}
    world.dora.commits(world.api, {"innersource.json": json.dumps(inner)})
    await bot.settled()
    listed = await row_of(bot, world.api.id)
    assert listed.listed
    assert listed.title == "Payments"
    assert listed.portal["_InnerSourceMetadata"]["skills"] == ["python"]
    points = {name: points for name, points, _ in listed.details["readiness"]}
    assert points["a README of 300 characters or more"] == 10
    world.dora.commits(world.api, {"innersource.json": '{\n  "title": 7\n}\n'})
    await bot.settled()
    broken = await row_of(bot, world.api.id)
    assert broken.listed  # as it was
    assert broken.title == "Payments"
    assert broken.details["problems"] == [
        ["innersource.json", 2, "`title` is not a text", 'Write "title": "…".']
    ]
    world.dora.commits(world.api, {"innersource.json": None})
    await bot.settled()
    assert not (await row_of(bot, world.api.id)).listed


async def test_manifests_say_what_is_provided_and_required(bot: Bot, world: Shop) -> None:
    files = {
        "package.json": '{"name": "@shop/pay", "dependencies": {"@shop/log": "1"}, "workspaces": ["packages/*"]}',
        "packages/core/package.json": '{"name": "@shop/pay-core"}',
        "examples/a/package.json": '{"name": "@shop/example", "dependencies": {"@shop/nothing": "1"}}',
        "broken/pyproject.toml": "[project\n",
    }
    world.dora.commits(world.api, files)
    await bot.settled()
    row = await row_of(bot, world.api.id)
    assert row.packages == ["npm:@shop/pay", "npm:@shop/pay-core"]
    assert row.requires == ["npm:@shop/log"]
    assert [problem[0] for problem in row.details["problems"]] == ["broken/pyproject.toml"]


async def test_what_became_of_a_change_is_noted(bot: Bot, world: Shop) -> None:
    change = world.ana.opens(world.api, touching=["docs/guide.md"], title="A better guide")
    await bot.settled()
    world.later("1h")
    await bot.settled()
    [waiting] = await bot.rows(outcome)
    assert (waiting.answered, waiting.pending, waiting.title) == (False, 1, "A better guide")
    world.later("2h")
    world.erin.reviews(change, "approve")
    await bot.settled()
    [answered] = await bot.rows(outcome)
    assert answered.answered
    assert (answered.kept, answered.missed, answered.pending) == (1, 0, 0)
    assert answered.waited == pytest.approx(3.0)
    assert answered.reviewers == ["erin"]
    world.dora.merges(change)
    await bot.settled()
    [merged] = await bot.rows(outcome)
    assert merged.merged_at == world.forge.now()


async def test_a_guide_of_the_organisation_is_shown_as_inherited(bot: Bot, world: Shop) -> None:
    defaults = defaults_of(world.forge)
    guides = {"CONTRIBUTING.md": "# Contributing\n\nWe answer within two days.\n"}
    world.forge.repository(defaults, files={**guides, **names_its_guides(world.forge)})
    world.dora.commits(world.api, {"innersource.json": "{}", "CONTRIBUTING.md": None})
    await bot.settled()
    row = await row_of(bot, world.api.id)
    [guide] = [each for each in row.details["documents"] if each["kind"] == "contributing"]
    assert (guide["provenance"], guide["repository"]) == ("inherited", defaults)
    assert guide["url"].endswith("/blob/HEAD/CONTRIBUTING.md")
    assert f"/{defaults}/" in guide["url"]
    assert "guidelines" not in row.portal["_InnerSourceMetadata"]
    assert row.portal["_InnerSourceMetadata"]["docs"] == guide["url"]
