"""Which team a repository belongs to. Where nothing says so it is not known, and nobody guesses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from policies.facts import Access, same
from policies.owners import Dialect, OwnersFile
from policies.team_tree import TeamTree

Source = Literal["rules", "catalog", "owners", "access", "group"]


@dataclass(frozen=True, slots=True)
class RepositoryOwner:
    """A team, and what says that the repository is theirs."""

    team: str
    source: Source


@dataclass(frozen=True, slots=True)
class Claims:
    """What may say to whom a repository belongs, each empty where it says nothing.

    `declared` is `support.owner` of `usher.yml`, `catalog` the `spec.owner` of `catalog-info.yaml`, `access`
    what each team was given in the repository, itself or through a team above it.
    """

    organisation: str
    dialect: Dialect = "github"
    declared: str = ""
    catalog: str = ""
    owners: OwnersFile | None = None
    access: Mapping[str, Access] | None = None


def named_owner(claims: Claims, tree: TeamTree) -> RepositoryOwner | None:
    """The owner by what people wrote down; None where nothing names a team that there is."""
    written: tuple[tuple[Source, tuple[str, ...]], ...] = (
        ("rules", (claims.declared,)),
        ("catalog", (claims.catalog,)),
        ("owners", owners_of_everything(claims.owners)),
    )
    for source, names in written:
        for name in filter(None, names):
            # A person who owns everything is no team; only names of teams have a slash in an owners file.
            if source == "owners" and "/" not in name:
                continue
            if (team := tree.find(name, claims.organisation)) is not None:
                return RepositoryOwner(team, source)
    return None


def home(claims: Claims, tree: TeamTree) -> RepositoryOwner | None:
    """On GitLab the group that the repository lives in, else the closest one around it that counts."""
    around = claims.organisation.split("/") if claims.dialect == "gitlab" else []
    for depth in range(len(around), 0, -1):
        if (team := tree.find("/".join(around[:depth]), "")) is not None:
            return RepositoryOwner(team, "group")
    return None


def granted_owner(claims: Claims, tree: TeamTree) -> RepositoryOwner | None:
    """The owner by what teams may do: the one team that administers it, else the one that maintains it.

    Of two equals neither is meant.
    """
    given = {same(name): access for name, access in (claims.access or {}).items()}
    for wanted in ("admin", "maintain"):
        holders = {name for name, access in given.items() if access == wanted and name in tree.teams}
        highest = [name for name in holders if same(tree.teams[name].parent) not in holders]
        if len(highest) == 1:
            return RepositoryOwner(tree.teams[highest[0]].name, "access")
        if highest:
            return None
    return None


def owners_of_everything(file: OwnersFile | None) -> tuple[str, ...]:
    """The owners of the last line that says `*`, as written; nobody where there is none."""
    lines = [rule for rule in file.rules if rule.pattern == "*" and not rule.excludes] if file else []
    return lines[-1].owners if lines else ()
