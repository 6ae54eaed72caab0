"""What a welcoming repository has, and lacks: which files count, what they say, what is missing.

`places` finds the files as each forge does, `markdown` reads them, `sections` judges what they say, `promises`
reads when an answer is promised, `builds` knows which commands are real, `links` and `leftovers` find what is
broken, and `inspecting` makes findings of all of it.
"""

from policies.guidelines.inspecting import (
    Facts,
    Files,
    Inspection,
    Measured,
    anchored,
    docs_hints,
    elsewhere,
    inspect,
    sla_hours,
    to_follow,
    to_read,
)
from policies.guidelines.links import Place

__all__ = [
    "Facts",
    "Files",
    "Inspection",
    "Measured",
    "Place",
    "anchored",
    "docs_hints",
    "elsewhere",
    "inspect",
    "sla_hours",
    "to_follow",
    "to_read",
]
