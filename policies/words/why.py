"""Why somebody was asked to review, or was not, as it is told to whoever wonders."""

from __future__ import annotations

from policies.text import Said, code

NO_CHOICE = "Nobody was chosen by Usher here yet."
UNAVAILABLE = "unavailable"
BECAUSE = {
    "owner": "owns files that are touched",
    "familiar": "knows these files",
    "fallback": "no owner of these files can be asked; named in the rules for that",
    "lead": "the owners cannot take it now; named in the rules for that",
    "trusted_committer": "welcomes guests here",
    "learner": "could come to know these files",
    "at_capacity": "is the least busy of people who all have enough to do",
}
"""Why somebody was asked."""
WHY_NOT = {
    "author": "it is their own change",
    "bot": "a bot answers nobody",
    "committer": "they wrote part of it",
    "left": "they left, or the forge would not ask them",
    "no_access": "they have no access to this repository",
    "declined": "they declined here",
    "off_rotation": "the rules take them off the rotation",
    "away": "they are away",
    "at_capacity": "they have enough to answer already",
}
"""Why somebody was not asked."""
FITS_LESS = {
    "familiarity": "others know these files better",
    "load": "others who know these files as well have less to answer",
    "people": "fewer people are enough, and others cover more of the files",
    "seed": "others fit equally well, and a draw decided that anybody can repeat",
    "covered": "somebody else answers for these files already",
    "better": "others fitted better",
}


def why_asked(login: str, reasons: tuple[Said, ...], areas: Said) -> str:
    """`` `ben` was asked: owns `pay/` (1 file); knows these files.``"""
    said = "; ".join(filter(None, (areas, *reasons)))
    return f"{code(login)} was asked: {said}."


def why_not_asked(login: str, reason: Said) -> str:
    """`` `carla` was not asked: they are away.``"""
    return f"{code(login)} was not asked: {reason}."


def why_nobody(login: str) -> str:
    """Somebody who has nothing to do with the change."""
    return f"{code(login)} was not asked: they own nothing that this change touches."


FROM_THE_RECORD = (
    "<sub>From the record of this choice, which was made again just now with the same result.</sub>"
)
