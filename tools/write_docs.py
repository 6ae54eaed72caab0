"""Writes the pages that are generated from the code: docs/settings.md and docs/rules.md (`make docs`)."""

from __future__ import annotations

import ast
import json
import runpy
import sys
from pathlib import Path
from typing import Any

from pydantic_core import PydanticUndefined

from app.forges.github.needs import EVENTS, PERMISSIONS
from app.settings import FROM_FILES, Settings
from policies.insights.formulas import FORMULAS
from policies.rules import Rules, schema, telling

DOCS = Path(__file__).parents[1] / "docs"
STORIES = Path(__file__).parents[1] / "tests" / "handlers"


def settings_page() -> str:
    """Every setting with its meaning and default."""
    rows = []
    for name, field in Settings.model_fields.items():
        file = f" or `USHER_{name.upper()}_FILE`" if name in FROM_FILES else ""
        rows.append(f"| `USHER_{name.upper()}`{file} | {_default(name, field)} | {field.description} |")
    return "\n".join(
        [
            "# Settings",
            "",
            "Usher reads its settings from the environment once, when it starts. A setting that may be given as",
            "a file holds the path of a file with the value, as container secrets are mounted; of the two only one may",
            "be set. A variable that is empty counts as unset, except `USHER_METRICS_ADDRESS` and",
            "`USHER_FORGE_RANGES`.",
            "",
            "| Setting | Default | Meaning |",
            "| :-- | :-- | :-- |",
            *rows,
            "",
            "Plain `http` addresses are taken for this machine only. `make docs` writes this page from the code.",
            "",
        ]
    )


def _default(name: str, field: Any) -> str:
    if name == "data_dir":
        return "the user's data directory"
    if field.default in (None, (), PydanticUndefined):
        return "–"
    return f"`{field.default:g}`" if isinstance(field.default, float) else f"`{field.default}`"


def rules_page() -> str:
    """Every key of usher.yml with its default."""
    lines = [
        "# What can be agreed: `usher.yml`",
        "",
        "A repository's rules live in `.github/usher.yml` on its default branch (GitLab: `.gitlab/usher.yml`).",
        "The base branch of a change counts, never the change itself. Every key has a default, so an empty",
        "file is complete. A line that cannot be used is reported with its number and keeps its default;",
        "it never disables the rest. `usher config check FILE` tells before you push.",
        "",
        "Durations: `30s`, `20m`, `4h`, `3d` are wall time; `8bh` and `2bd` are hours and days of the",
        "calendar that applies.",
        "",
        "Every key does something: a test looks for the place where each is read.",
        "",
        "```yaml",
        *telling.lines(Rules()),
        "```",
        "",
        "`make docs` writes this page from the code.",
        "",
    ]
    return "\n".join(lines)


def rules_schema() -> str:
    """The JSON Schema of usher.yml."""
    return json.dumps(schema.schema(), indent=2, ensure_ascii=False) + "\n"


GITHUB_APP = """\
# The GitHub App

`usher setup` prints a link on which Usher creates its App in two clicks: you see what it asks for, GitHub creates
it and hands over its keys, which are kept encrypted with `USHER_MASTER_KEYS`. The page then looks whether the App
is installed and its webhook arrives. `usher doctor` looks at the same whenever you like.

By hand: create it under *Settings → Developer settings → GitHub Apps* of your organisation, with

- the **webhook URL** `https://YOUR-HOST/webhooks/github`, content type `application/json`, and a secret of 16
  characters or more (`USHER_GITHUB_WEBHOOK_SECRETS`; several, comma separated, while you replace one);
- a **private key** (`USHER_GITHUB_PRIVATE_KEY`, or `…_FILE`); the App's number is `USHER_GITHUB_APP_ID`;
- for the [pages](pages.md), the **callback URL** `https://YOUR-HOST/login/github/callback`, the App's client ID
  (`USHER_GITHUB_CLIENT_ID`) and a client secret (`USHER_GITHUB_CLIENT_SECRET`, or `…_FILE`);
- the **setup URL** `https://YOUR-HOST/setup/github/installed`.

What is set in the environment wins over what was stored.

## Permissions

| Permission | Access | What for |
| :-- | :-- | :-- |
{needed}

Usher asks for a token of one repository at a time, and for writing only when it writes.

Not asked for at first; without it Usher says what a person should do instead:

| Permission | Access | What for |
| :-- | :-- | :-- |
{optional}

## Events

| Event | What Usher learns |
| :-- | :-- |
{events}

Events that Usher does not follow are acknowledged and put aside, so more of them do no harm.

## The first day

A new installation begins in a [dry run](dry-run.md) (`USHER_NEW_INSTALLATIONS=preview`): a check on each open change
says what Usher would do, and nothing else is written. A button, `usher live YOUR-ORGANISATION` or the name of one
repository ends it; what was noted for changes that are still open then happens.

`make docs` writes this page from the code.
"""


def github_app_page() -> str:
    """The permissions and events of the GitHub App, with their reasons."""

    def rows(optional: bool) -> str:
        chosen = [each for each in PERMISSIONS if each.optional == optional]
        return "\n".join(f"| {each.title} | {each.level} | {each.why} |" for each in chosen)

    events = "\n".join(f"| {each.title} | {each.why} |" for each in EVENTS)
    return GITHUB_APP.format(needed=rows(False), optional=rows(True), events=events)


def metrics_page() -> str:
    """Every measure with its formula, as the page `/measures` shows it."""
    parts = [
        "# Measures",
        "",
        "Each number on the pages is reckoned from what happened on the forge, over 90 days unless it says otherwise.",
        "Working hours are those of the calendar `business` in the repository's rules.",
        "",
    ]
    for each in FORMULAS:
        parts += [
            f'<a id="{each.key}"></a>',
            "",
            f"## {each.name}",
            "",
            each.says,
            "",
            "```text",
            each.formula,
            "```",
            "",
        ]
        parts += [each.details, ""] if each.details else []
        parts += [f"Source: {each.source}.", ""] if each.source else []
    return "\n".join(parts)


def parity_page() -> str:
    """What GitLab does as GitHub does, by the stories that the tests play on both."""
    only = runpy.run_path(str(STORIES / "only_github.py"))
    rows = []
    for path in sorted(STORIES.glob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        about = (ast.get_docstring(tree) or path.stem).splitlines()[0]
        told = [each for each in ast.walk(tree) if isinstance(each, ast.AsyncFunctionDef)]
        names = [each.name for each in sorted(told, key=lambda each: each.lineno)]
        stories = [name for name in names if name.startswith("test_")]
        missing = [(name, why) for name in stories if (why := only["why_not"](path.stem, name))]
        if path.stem == "test_gitlab":
            on_both = "GitLab only"
        elif len(missing) == len(stories):
            on_both = "GitHub only"
        else:
            on_both = "both, but these" if missing else "both"
        rows.append(f"| {about} | {on_both} |")
        rows += [f"| · {name.removeprefix('test_').replace('_', ' ')} | {why} |" for name, why in missing]
    return "\n".join(
        [
            "# GitHub and GitLab",
            "",
            "Each story of the tests is played on a sandbox GitHub and on a sandbox GitLab; those that are not are",
            "named here, each with the reason. [GitLab](gitlab.md) says how to connect one, and what is different.",
            "",
            "| Story | Played on |",
            "| :-- | :-- |",
            *rows,
            "",
            "`make docs` writes this page from the tests.",
            "",
        ]
    )


PAGES = {
    "parity.md": parity_page,
    "settings.md": settings_page,
    "metrics.md": metrics_page,
    "github-app.md": github_app_page,
    "rules.md": rules_page,
    "schemas/usher.schema.json": rules_schema,
}


def main() -> int:
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
        print(f"wrote docs/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
