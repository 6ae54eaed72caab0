"""A repository with a guideline to which nothing is lacking, and what becomes of it when something is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

from policies.facts import Tree
from policies.findings import Finding
from policies.guidelines import Facts, Files, Inspection, inspect, places, to_follow
from policies.guidelines.places import Defaults
from policies.rules import Guidelines

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
GUIDE = """\
# Contributing

- bugs and fixes
- words

## Set up

```sh
make install
```

## Test

```sh
make test
```

## Propose

Work on a branch.

## Review

One approval is enough.

## Response

We answer within one business day.

## Owners

@shop/pay

## Help

Ask in #pay, and be patient with us: there are only a few people here and we all have other things to do too.
"""
MAKEFILE = b"install:\n\ttrue\ntest:\n\ttrue\n"
FACTS = Facts(now=NOW, sla=Fraction(8))


def inspected(
    guide: str | None = GUIDE,
    *,
    others: Mapping[str, str] | None = None,
    facts: Facts = FACTS,
    rules: Guidelines | None = None,
    inherited: bool = False,
    **changed: object,
) -> Inspection:
    """What the check finds in the repository with this guideline and these other files."""
    contents = {"Makefile": MAKEFILE, **{path: text.encode() for path, text in (others or {}).items()}}
    if guide is not None and not inherited:
        contents["CONTRIBUTING.md"] = guide.encode()
    tree = Tree(tuple(contents))
    defaults = [Defaults("shop/.github", Tree(("CONTRIBUTING.md",)))] if inherited else []
    found = {kind: places.find(kind, facts.dialect, tree, defaults) for kind in places.KINDS}
    linked = None
    if guide is not None and not inherited:
        path = to_follow(guide.encode(), "CONTRIBUTING.md", tree, facts.place)
        linked = (path, contents[path]) if path else None
    files = Files(found, contents, None if guide is None else guide.encode(), linked)
    return inspect(files, tree, replace(facts, **changed), rules or Guidelines())  # type: ignore[arg-type]


def told(found: Inspection) -> list[tuple[str, str, str, int]]:
    """Kind, severity, subject and line of each finding."""
    return [(each.kind, each.severity, each.subject, each.line) for each in found.findings]


def kinds(found: Inspection) -> set[str]:
    return {each.kind for each in found.findings}


def only(found: Inspection) -> Finding:
    [finding] = found.findings
    return finding
