"""Who cannot be asked, and why not."""

from __future__ import annotations

from collections.abc import Iterable

from policies.facts import can_write, same
from policies.reviewers.values import Candidate, Occasion, Reason
from policies.rules import Reviewers


def unavailable(person: Candidate | None, occasion: Occasion, rules: Reviewers) -> Reason | None:
    """The first reason against asking somebody; None: they may be asked."""
    if person is None:
        return "left"
    login = same(person.login)
    checks: tuple[tuple[Reason, bool], ...] = (
        ("author", login == same(occasion.author)),
        ("bot", person.bot),
        ("committer", not rules.allow_committers and login in names(occasion.committers)),
        ("left", person.left),
        ("no_access", not _has_access(person, occasion.dialect)),
        ("declined", login in names(occasion.declined)),
        ("off_rotation", login in names(rules.off_rotation)),
        ("away", person.away),
        ("at_capacity", person.load >= rules.capacity),
    )
    return next((reason for reason, applies in checks if applies), None)


def _has_access(person: Candidate, dialect: str) -> bool:
    """GitHub lets everybody review who may read; GitLab's owners are direct members who may push."""
    if dialect == "gitlab":
        return person.direct and can_write(person.access)
    return person.access != "none"


def names(people: Iterable[str]) -> frozenset[str]:
    """The logins in the form in which they compare, with or without `@`."""
    return frozenset(same(person.lstrip("@")) for person in people)
