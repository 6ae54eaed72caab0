"""What happened to an issue or change, as its timeline tells it later."""

from __future__ import annotations

from typing import Any

from app.forges.sandbox.world import Account, Event, Issue, World


def touch(world: World, issue: Issue) -> None:
    """It was changed now."""
    issue.updated_at = world.now()


def note(world: World, issue: Issue, kind: str, by: Account, **more: Any) -> None:
    """Write a line into its history; `kind` in GitHub's words."""
    touch(world, issue)
    issue.history.append(Event(world.next_id("event"), kind, by, world.now(), more))
