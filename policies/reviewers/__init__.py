"""Who should look at this change, why, and why not the others."""

from policies.reviewers.choosing import choose, replay, seed, why
from policies.reviewers.guard import too_large
from policies.reviewers.slots import slots
from policies.reviewers.values import (
    FALLBACK,
    Candidate,
    Choice,
    Excluded,
    Occasion,
    OwnersMatch,
    Past,
    Pick,
    Reason,
    Slot,
)
from policies.reviewers.writers import writers

__all__ = [
    "FALLBACK",
    "Candidate",
    "Choice",
    "Excluded",
    "Occasion",
    "OwnersMatch",
    "Past",
    "Pick",
    "Reason",
    "Slot",
    "choose",
    "replay",
    "seed",
    "slots",
    "too_large",
    "why",
    "writers",
]
