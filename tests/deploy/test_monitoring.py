"""Alerts and dashboard: every expression parses, and names only metrics and labels that Usher has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import promql_parser
import pytest
import yaml
from prometheus_client.metrics_core import Metric
from typer.main import get_command

from app import metrics
from app.cli import cli

DEPLOY = Path(__file__).parents[2] / "deploy"
ENDINGS = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}
NOT_OURS = {"up"}


def alerts() -> list[dict]:  # type: ignore[type-arg]
    groups = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict]:  # type: ignore[type-arg]
    board = json.loads((DEPLOY / "grafana" / "usher.json").read_text(encoding="utf-8"))
    return [each for each in board["panels"] if each["type"] != "row"]


def expressions() -> list[str]:
    return [each["expr"] for each in alerts()] + [
        target["expr"] for panel in panels() for target in panel["targets"]
    ]


def selectors(node: object) -> Iterator[promql_parser.VectorSelector]:
    """Every metric that an expression reads."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    for name in ("expr", "lhs", "rhs", "vector_selector"):
        if (inner := getattr(node, name, None)) is not None:
            yield from selectors(inner)
    for each in getattr(node, "args", None) or ():
        yield from selectors(each)


def ours() -> dict[str, set[str]]:
    """The series that Usher shows, with the labels of each."""
    found: dict[str, set[str]] = {}
    for collector in metrics.registry._collector_to_names:
        described: Metric = next(iter(collector.describe()))
        labels = set(getattr(collector, "_labelnames", ()))
        for ending in ENDINGS[described.type]:
            found[described.name + ending] = labels | ({"le"} if ending == "_bucket" else set())
    return found


@pytest.mark.parametrize("expression", expressions())
def test_it_parses_and_names_only_what_usher_shows(expression: str) -> None:
    known = ours()
    read = list(selectors(promql_parser.parse(expression)))
    assert read, "an expression that reads nothing says nothing"
    for each in read:
        if each.name in NOT_OURS:
            continue
        assert each.name in known, each.name
        for matcher in each.matchers.matchers:
            assert matcher.name in known[each.name], f"{each.name} has no label {matcher.name}"


def test_every_alert_says_what_is_wrong_and_where_to_begin() -> None:
    commands = get_command(cli).commands  # type: ignore[attr-defined]
    for each in alerts():
        said = each["annotations"]
        assert said["summary"].endswith("."), each["alert"]
        assert said["description"].endswith((".", "?", ").")), each["alert"]
        assert said["runbook"].split()[1] in commands, each["alert"]
        assert each["labels"]["severity"] in ("page", "warn"), each["alert"]


def test_no_two_panels_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
