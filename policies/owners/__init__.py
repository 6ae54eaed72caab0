"""Who owns this path: CODEOWNERS of GitHub and GitLab, parsed, matched and explained.

`parse(content, dialect)` reads a file; `OwnersFile.match(path)` says who owns a path, `match_all(paths)` the
same for many, and `explain(path)` which lines that answer comes from.
"""

from policies.owners.answers import (
    Considered,
    Dialect,
    Explanation,
    Match,
    NearMiss,
    Problem,
    SectionMatch,
    Severity,
    Status,
)
from policies.owners.file import OwnersFile, parse

__all__ = [
    "Considered",
    "Dialect",
    "Explanation",
    "Match",
    "NearMiss",
    "OwnersFile",
    "Problem",
    "SectionMatch",
    "Severity",
    "Status",
    "parse",
]
