"""Sentences that are said on pages, in digests and to whoever gave a command, as people read them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from policies.words import digest, guests, reminders, thanks, warranty
from tests.stories import golden

DUE = datetime(2026, 11, 23, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("thanks_could_help", thanks.could_help("/usher")),
        ("thanks_in_own_words", thanks.in_own_words("ben", "ana", "We @shop/all waited for this.")),
        ("warranty_no_such_change", warranty.no_such_change("#12")),
        ("finding_owner_unknown", f"{guests.OWNER_UNKNOWN}\n\n{guests.OWNER_UNKNOWN_FIX}"),
        ("lead_told_unowned", reminders.tell_lead("dora", "fallback", DUE, "UTC")),
        ("digest_lead_unowned", digest.for_lead(DUE, "UTC", "fallback")),
        ("finding_overload", f"{guests.overload(5, 2.5, 2)}\n\n{guests.OVERLOAD_FIX}"),
    ],
)
def test_every_sentence_reads_well(name: str, text: str) -> None:
    golden(name, text)
