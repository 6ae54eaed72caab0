"""Notices, once an hour, which permissions an account has not accepted yet, for the operations page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from app.forges.calls import items
from app.forges.github import needs
from app.forges.github.client import GitHubClient
from app.forges.json_values import text
from app.forges.json_values import time as instant
from app.rounds.schedule import Round
from app.store.chores import Chore


def watch_permissions(client: Callable[[], GitHubClient | None]) -> Round:
    """The round that asks GitHub for every installation, and notes what is missing: by account."""

    async def do(_chore: Chore) -> Mapping[str, Any]:
        github = client()
        if github is None:
            return {}
        missing: dict[str, str] = {}
        async for page in github.pages_as_app("/app/installations{?per_page}"):
            for each in items(page):
                if instant(each, "suspended_at") is not None:
                    continue
                names = [
                    f"{needed.title}: {needed.level}"
                    for needed in needs.missing_permissions(each.get("permissions") or {})
                ]
                if names:
                    where = text(each, "html_url")
                    missing[text(each, "account.login")] = (
                        f"has not accepted {', '.join(names)}; an owner accepts it at {where}"
                    )
        return {"missing": missing}

    return Round("permissions", timedelta(hours=1), do, at_start=timedelta(minutes=1))
