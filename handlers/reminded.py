"""What was already said at one place: the steps of the ladder that were carried out, and what was heard today."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

from handlers.leads import leads
from handlers.situation import Scene
from policies.reminders import Heard, Reminders, Said, Step
from policies.reminders import remind as due_rungs

STEPS: dict[str, Step] = {step: step for step in get_args(Step)}


def look(scene: Scene, reminded: Mapping[str, int] | None = None) -> Reminders:
    """Which steps are due, and when to look again. `reminded`: how many reminders each person had today."""
    told = heard(scene, reminded or {})
    return due_rungs(scene.state, scene.rulebook.rules, said(scene), told, scene.now, leads=leads(scene))


def said(scene: Scene) -> tuple[Said, ...]:
    """The steps that were carried out, by the effects that carry their name: `<obligation>|<step>`."""
    found = []
    for effect in scene.effects:
        name = effect.payload.get("step") or effect.payload.get("occasion") or ""
        obligation, bar, step = name.rpartition("|")
        if bar and step in STEPS and effect.state in ("done", "sending", "uncertain"):
            found.append(Said(obligation, STEPS[step], datetime.fromisoformat(effect.payload["at"])))
    return tuple(found)


def heard(scene: Scene, reminded: Mapping[str, int]) -> Heard:
    """What was said today: on this change, but for answers to commands, and to each person anywhere."""
    since = today(scene)
    comments = [
        each
        for each in scene.effects
        if each.kind == "say"
        and each.state in ("done", "sending", "uncertain")
        and not each.payload["step"].startswith("command|")
        and datetime.fromisoformat(each.payload["at"]) >= since
    ]
    return Heard(
        mentions=reminded,
        comments=len({each.remote_id or each.key for each in comments}),
        mentions_here=sum(bool(each.payload["to"]) for each in comments),
    )


def has_room(scene: Scene, mentions: int) -> bool:
    """Whether one more comment that mentions so many people may be said here today."""
    noise, told = scene.rulebook.rules.noise, heard(scene, {})
    fits = told.mentions_here + mentions <= noise.mentions_per_subject_day
    return told.comments < noise.comments_per_subject_day and fits


def room_again(scene: Scene) -> datetime | None:
    """When what was too much for today may be said; None: there is room for all that one comment may hold."""
    return None if has_room(scene, mentions=1) else today(scene) + timedelta(days=1)


def today(scene: Scene) -> datetime:
    """When today began, in the calendar that applies to the change."""
    business = scene.rulebook.calendars.get("business")
    zone = ZoneInfo(business.zone if business else "UTC")
    return scene.now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
