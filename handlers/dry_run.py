"""In a dry run one check says what Usher would do; nothing else is written, and nobody is notified."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from handlers.perform import perform
from handlers.proofs import Desk
from handlers.records import DRY_RUN, Effect
from handlers.situation import Situation
from policies.actions import SetCheck
from policies.text import checked
from policies.words import dry_run as words

CHECK = "usher/dry-run"

FEATURE = "dry_run"
"""What a switch calls it."""


async def show_dry_run(situation: Situation, desk: Desk) -> None:
    """Keep the check on the newest commit true, and say on it when the dry run is over."""
    if desk.live:
        wanted = _over(situation)
    elif desk.shows and situation.is_open:
        wanted = _verdict(situation, await desk.effects.every())
    else:
        return
    if wanted is not None:
        # What GitLab has no room for stands in no comment of the change either, so its status leads to our page.
        place = replace(situation.change, url=desk.page or situation.change.url)
        # The one thing that is written in a dry run.
        await perform([wanted], place, replace(desk, live=True, feature=FEATURE))


def _over(situation: Situation) -> SetCheck | None:
    check = _check(situation, words.OVER_TITLE, words.OVER)
    key = f"{situation.change.subject}|{check.key}"
    was_shown = any(each.key == key and each.state == "done" for each in situation.effects)
    return check if was_shown else None


def _verdict(situation: Situation, effects: Sequence[Effect]) -> SetCheck | None:
    undone = [each for each in effects if _is_about(situation.change.head_sha, each)]
    asks = [each for each in undone if each.kind == "ask"]
    newest = max(asks, key=lambda each: str(each.payload["at"]), default=None)
    would = [{**each.payload, "kind": each.kind} for each in undone if each.kind != "ask" or each is newest]
    if not would:
        return None
    place = situation.repository.name
    return _check(situation, words.title(would), words.summary(would, place))


def _is_about(head: str, effect: Effect) -> bool:
    """Whether a dry run left it undone, on this commit if it is about one."""
    return effect.state == "skipped" and effect.note == DRY_RUN and effect.payload.get("head", head) == head


def _check(situation: Situation, title: str, summary: str) -> SetCheck:
    return SetCheck(CHECK, situation.change.head_sha, "neutral", title, checked(summary))
