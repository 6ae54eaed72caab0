"""Who stands in for an owner who is gone: whoever reviewed those files, and nobody else."""

from __future__ import annotations

import pytest

from policies import owners, successors
from policies.findings import Finding
from policies.owners import Dialect
from policies.successors import Reviewed

FILE = "# All\n* @dora\ndocs/ @erin @ana\npay/ @erin # soon\nfree/ @shop/gone\n"
REVIEWS = (
    Reviewed("ben", (("docs/a.md",), ("docs/b.md",), ("pay/a.py",))),
    Reviewed("cyd", (("docs/a.md",),)),
    Reviewed("max", (("docs/a.md",), ("docs/b.md",), ("docs/c.md",))),
)


def gone(owner: str, line: int = 3) -> Finding:
    return Finding("owner_left", "high", "CODEOWNERS", owner, line, 1, "", "")


def after(findings: list[Finding], *, able: str = "ben cyd", dialect: Dialect = "github") -> str:
    file = owners.parse(FILE.encode(), dialect)
    found = successors.successions(file, findings, REVIEWS, frozenset(able.split()))
    return successors.written(FILE, found)


def test_at_most_two_who_reviewed_most_take_the_place_and_the_old_name_is_kept_as_a_comment() -> None:
    assert after([gone("@erin")]) == (
        "# All\n* @dora\n# emeritus: @erin\ndocs/ @ben @cyd @ana\n"
        "# emeritus: @erin\npay/ @ben # soon\nfree/ @shop/gone\n"
    )


def test_who_cannot_write_is_nobodys_successor() -> None:
    assert "@max" not in after([gone("@erin")])


@pytest.mark.parametrize("finding", [gone("@shop/gone", 5), gone("@stranger")])
def test_without_somebody_who_reviewed_a_line_stays_as_it_is(finding: Finding) -> None:
    assert after([finding]) == FILE


def test_other_ailments_edit_nothing() -> None:
    silent = Finding("owner_email", "low", "CODEOWNERS", "@erin", 3, 1, "", "")
    assert after([silent]) == FILE


def test_every_line_keeps_an_owner() -> None:
    file = owners.parse(after([gone("@erin")]).encode(), "github")
    assert all(rule.owners for rule in file.rules)
    assert file.problems == ()
