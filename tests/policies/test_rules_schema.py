"""Editors are told the same about usher.yml as its writers are by Usher."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from typer.testing import CliRunner

from app.cli import cli
from policies.rules import DEFAULTS, Rules, read, schema, telling
from tests.policies.test_rules import EVERY_DEFAULT

ROOT = Path(__file__).parents[2]
VALIDATOR = jsonschema_rs.validator_for(schema.schema())


def loaded(text: str | bytes) -> Any:
    """The file as an editor's YAML 1.2 reads it: no dates, no octal hours."""
    return json.loads(json.dumps(yaml.load(text, Loader=_Core)))


class _Core(yaml.SafeLoader):
    """YAML's core schema, as far as it differs: `2026-12-24` and `09:30` are text."""


_Core.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if not tag.endswith(("timestamp", "int", "float", "bool"))
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for tag, pattern, first in (
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?[0-9]+[.][0-9]+", "-+0123456789"),
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
):
    _Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))


def test_all_defaults_are_valid_and_so_is_an_empty_file() -> None:
    assert VALIDATOR.is_valid(loaded(EVERY_DEFAULT))
    assert VALIDATOR.is_valid(loaded("\n".join(telling.lines(DEFAULTS))))
    assert VALIDATOR.is_valid(None)


def test_ushers_own_rules_are_valid() -> None:
    assert VALIDATOR.is_valid(loaded((ROOT / ".github/usher.yml").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "text",
    [
        "reviws: {}",
        "reviews: {budget: {}}",
        "reviews: {settle: soon}",
        "reviews: {enabled: 'true'}",
        "reviews: {ci: stop}",
        "reviews: {resume_floor: 1.5}",
        "reviews: {max_files: many}",
        "reviews: {bases: main}",
        "reviews: {freeze: [{from: 2026-12-20}]}",
        "reviews: {digest_at: 9h}",
        "reviews: {areas: {a: {budgets: {asign: 1h}}}}",
        "calendars: {business: {week: {mo: []}}}",
        "calendars: {business: {week: {fri: ['9-17']}}}",
        "commands: {prefix: usher}",
        "guidelines: {exceptions: [{id: marker, owner: ana, until: 2026-12-24}]}",
        "support: {severities: {critical: {respond: soon}}}",
    ],
)
def test_what_usher_refuses_an_editor_underlines(text: str) -> None:
    assert read(text.encode()).problems
    assert not VALIDATOR.is_valid(loaded(text))


@pytest.mark.parametrize(
    "text",
    [
        "reviews: {budgets: {assign: false, merge: 2bd}, quiet_hours: ['18:00-24:00']}",
        "reviews: {quiet_hours: none, areas: {api: {owners: ['@a'], budgets: {merge: false}}}}",
        "calendars: {works: {zone: Europe/Berlin, week: {mon-fri: ['08:00-16:00']}, dates: {2026-12-24: []}}}",
        "guidelines: {fail_on: never, exceptions: [{id: m, owner: a, reason: b, until: 2026-12-24}]}",
        "catalogue: {list: false}",
        "catalogue: {list: null}",
        "support: {warranty: {days: 10}, severities: {critical: {label: urgent}}}",
    ],
)
def test_what_usher_takes_an_editor_takes(text: str) -> None:
    assert read(text.encode()).problems == ()
    assert VALIDATOR.is_valid(loaded(text))


def test_the_command_prints_the_published_schema() -> None:
    printed = CliRunner().invoke(cli, ["config", "schema"]).stdout
    assert json.loads(printed) == json.loads(
        (ROOT / "docs/schemas/usher.schema.json").read_text(encoding="utf-8")
    )


# --- What differs --------------------------------------------------------------------------------------


def test_what_differs_between_two_sets_of_rules_is_told_by_key() -> None:
    after = read(b"reviews: {settle: 1m, budgets: {merge: 2bd}}\ncalendars: {night: {zone: UTC}}\n").rules
    told = {each.key: (each.before, each.after) for each in telling.differences(Rules(), after)}
    assert told["reviews.settle"] == ("5m", "1m")
    assert told["reviews.budgets.merge"] == ("null", "2bd")
    assert told["calendars.night.zone"] == ("", "UTC")
    assert all(key.startswith(("reviews.settle", "reviews.budgets.merge", "calendars.night")) for key in told)


def test_a_file_can_be_checked_over_that_of_its_organisation(tmp_path: Path) -> None:
    above, own = tmp_path / "above.yml", tmp_path / "own.yml"
    above.write_text("calendars: {night: {zone: UTC}}\n")
    own.write_text("calendar_of: {people: {ana: night}}\nnoise: {writes_per_hour: 9}\n")
    alone = CliRunner().invoke(cli, ["config", "check", str(own)])
    assert "no calendar is called `night`" in alone.stdout
    merged = CliRunner().invoke(cli, ["config", "check", str(own), "--organisation", str(above)])
    assert merged.exit_code == 1
    assert (
        merged.stdout == f"{own}:2:1: noise: only the organisation's own file may set this. Remove it here.\n"
    )
    missing = CliRunner().invoke(
        cli, ["config", "check", str(own), "--organisation", str(tmp_path / "no.yml")]
    )
    assert missing.exit_code == 2
