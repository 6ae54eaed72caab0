"""Why somebody was asked to look at a change, or was not, in a sentence for whoever wonders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from policies.facts import same
from policies.reviewers.choosing import replay, why
from policies.reviewers.values import Choice, Excluded, Pick
from policies.words import why as words

_KNOWN_TO_ALL = ("author", "bot", "committer")


def told(records: Sequence[Mapping[str, Any]], person: str, areas: str, *, full: bool) -> str:
    """Why this person was asked, or was not, from the records of all choices, the newest first.

    `areas` is what they own of the change, in words, or empty. Without `full` nothing is said of people that
    outsiders should not learn: that they are away, have much to do, or declined.
    """
    choices = [replay(dict(record)) for record in records]
    for choice in choices:
        if isinstance(pick := why(choice, person), Pick):
            return words.why_asked(pick.person, _because(pick, areas, full), areas)
    newest = choices[0]
    excluded = why(newest, person)
    if isinstance(excluded, Excluded):
        reason = excluded.reason
        open_to_all = full or reason in _KNOWN_TO_ALL
        return words.why_not_asked(
            excluded.person, words.WHY_NOT[reason] if open_to_all else words.UNAVAILABLE
        )
    return _fits_less(newest, person, full)


def asked_in(records: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Everybody whom these choices picked, each once."""
    picks = [pick["person"] for record in records for pick in record["picks"]]
    return tuple({same(person): person for person in picks}.values())


def is_reproduced(record: Mapping[str, Any]) -> bool:
    """Whether the choice, made again from its record, comes out the same."""
    again = replay(dict(record)).record
    return bool(again["picks"] == record["picks"] and again["excluded"] == record["excluded"])


def _because(pick: Pick, areas: str, full: bool) -> tuple[str, ...]:
    left_out = {"owner"} if areas else set()
    if not full:
        left_out.add("at_capacity")
    reasons = [*pick.because, *(["familiar"] if pick.level else [])]
    return tuple(words.BECAUSE[reason] for reason in reasons if reason not in left_out)


def _fits_less(choice: Choice, person: str, full: bool) -> str:
    record = choice.record
    owns = any(same(person) in map(same, slot["people"]) for slot in record["slots"])
    ranked = {same(entry["person"]): entry for entry in record["ranked"]}
    entry = ranked.get(same(person))
    if entry is None:
        return words.why_not_asked(person, words.FITS_LESS["covered"]) if owns else words.why_nobody(person)
    picked = [ranked[same(pick.person)] for pick in choice.picks if same(pick.person) in ranked]
    rivals = [each for each in picked if set(each["slots"]) & set(entry["slots"])] or picked
    reason = _first_difference(entry, rivals)
    if not full and reason == "load":
        reason = "better"
    return words.why_not_asked(entry["person"], words.FITS_LESS[reason])


def _first_difference(entry: Mapping[str, Any], rivals: Sequence[Mapping[str, Any]]) -> str:
    """By what others were preferred, in the order in which it counts."""
    if not rivals:
        return "better"
    if max(len(each["slots"]) for each in rivals) > len(entry["slots"]):
        return "people"
    if max(each["level"] for each in rivals) > entry["level"]:
        return "familiarity"
    if min(each["load"] for each in rivals) < entry["load"]:
        return "load"
    return "seed"
