"""One repository in the catalogue: what the forge says, what it says of itself, and what follows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from policies.catalogue.reading import Component, Declared
from policies.catalogue.score import Liveliness, Readiness, activity, utf16_units
from policies.facts import RepositoryRef, same
from policies.rules import Catalogue

Forge = Literal["github", "gitlab"]


@dataclass(frozen=True, slots=True)
class Described:
    """A repository as its forge describes it ("Get a repository"; GitLab: "Get a single project")."""

    ref: RepositoryRef
    url: str = ""
    description: str = ""
    default_branch: str = "main"
    private: bool = True
    internal: bool = False  # private to outsiders, open to everybody inside
    archived: bool = False
    fork: bool = False
    template: bool = False
    topics: tuple[str, ...] = ()
    language: str = ""
    licence: str = ""  # its name
    licence_key: str = ""  # SPDX
    created_at: datetime | None = None
    updated_at: datetime | None = None
    pushed_at: datetime | None = None
    stars: int = 0
    forks: int = 0
    subscribers: int = 0
    open_issues: int = 0
    avatar: str = ""
    forked_from: int | None = None


@dataclass(frozen=True, slots=True)
class DocumentFound:
    """A document of the repository. `inherited` names the repository that it is taken from, `by` who says so."""

    kind: str
    provenance: Literal["own", "inherited", "linked", "absent"]
    path: str = ""
    repository: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A repository as the catalogue knows it; `participation` None: the forge has not counted yet."""

    forge: Forge
    described: Described
    declared: Declared = field(default_factory=Declared)
    rules: Catalogue = field(default_factory=Catalogue)
    participation: tuple[int, ...] | None = None
    documents: tuple[DocumentFound, ...] = ()
    readiness: Readiness = field(default_factory=Readiness)
    owner: str | None = None
    owner_source: str = ""
    governance: str = ""
    channel: str = ""
    headings: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()

    # --- What is shown, in the order of precedence: innersource.json, publiccode.yml, the forge -----------------

    @property
    def name(self) -> str:
        return self.described.ref.name

    @property
    def title(self) -> str:
        return str(self.declared.inner.get("title") or self.declared.public.get("name") or self._short_name)

    @property
    def motivation(self) -> str:
        return str(self.declared.inner.get("motivation") or self.declared.public.get("description") or "")

    @property
    def description(self) -> str:
        return self.described.description or self.declared.public.get("description", "")

    @property
    def language(self) -> str:
        return str(self.declared.inner.get("language") or self.described.language)

    @property
    def skills(self) -> tuple[str, ...]:
        return tuple(self.declared.inner.get("skills", ()))

    @property
    def contributions(self) -> tuple[str, ...]:
        return tuple(self.declared.inner.get("contributions", ()))

    @property
    def lifecycle(self) -> str:
        component = self.component
        return self.declared.public.get("status", "") or (component.lifecycle if component else "")

    @property
    def component(self) -> Component | None:
        """The first component of the repository's own `catalog-info.yaml`."""
        return self.declared.components[0] if self.declared.components else None

    @property
    def guide(self) -> DocumentFound | None:
        """The contribution guide, its own or inherited."""
        return next(
            (each for each in self.documents if each.kind == "contributing" and each.provenance != "absent"),
            None,
        )

    @property
    def is_listed(self) -> bool:
        """Not archived, not a fork; by its topic, a valid `innersource.json`, or `catalogue.list: true`.

        Other metadata files enrich an entry and never list one.
        """
        if self.described.archived or self.described.fork or self.rules.list is False:
            return False
        topics = {same(topic) for topic in self.rules.topics}
        has_topic = any(same(topic) in topics for topic in self.described.topics)
        return bool(self.rules.list) or self.declared.has_inner or has_topic

    @property
    def _short_name(self) -> str:
        return self.name.rpartition("/")[2]

    def link_to(self, document: DocumentFound) -> str:
        """The page of a document on the forge; empty where it is absent."""
        if document.provenance == "absent":
            return ""
        where = self.described.url
        if document.repository:
            where = where.removesuffix(self.name) + document.repository
        blob = "-/blob" if self.forge == "gitlab" else "blob"
        branch = "HEAD" if document.repository else quote(self.described.default_branch)
        return f"{where}/{blob}/{branch}/{quote(document.path)}"

    def score(self, now: datetime) -> int:
        """The activity score; see `score.activity`."""
        about, guide = self.described, self.guide
        created = about.created_at or now
        return activity(
            Liveliness(
                forks=about.forks,
                subscribers=about.subscribers,
                stars=about.stars,
                open_issues=about.open_issues,
                updated_at=about.updated_at or created,
                created_at=created,
                participation=self.participation,
                text_units=max(utf16_units(self.description), utf16_units(self.motivation)),
                own_guide=guide is not None and guide.provenance == "own",
            ),
            now,
        )


# --- What others read ------------------------------------------------------------------------------------------


def portal(entry: Entry, now: datetime) -> dict[str, Any]:
    """The entry as the SAP InnerSource portal reads it from `repos.json`.

    The portal builds links to the forge's files from `guidelines`, so that is given for the repository's own
    guide on GitHub alone; any other guide stands in `docs`, unless the repository names its documentation itself.
    """
    about = entry.described
    return {
        "id": about.ref.id if entry.forge == "github" else f"gl-{about.ref.id}",
        "name": about.ref.name.rpartition("/")[2],
        "full_name": about.ref.name,
        "html_url": about.url,
        "description": entry.description or None,
        "default_branch": about.default_branch,
        "created_at": _iso(about.created_at),
        "updated_at": _iso(about.updated_at),
        "pushed_at": _iso(about.pushed_at),
        "stargazers_count": about.stars,
        "watchers_count": about.stars,
        "forks_count": about.forks,
        "subscribers_count": about.subscribers,
        "open_issues_count": about.open_issues,
        "language": entry.language or None,
        "license": {"key": about.licence_key.lower(), "name": about.licence, "spdx_id": about.licence_key}
        if about.licence
        else None,
        "owner": {"login": about.ref.name.rpartition("/")[0], "avatar_url": about.avatar},
        "_InnerSourceMetadata": _metadata(entry, now),
    }


def _metadata(entry: Entry, now: datetime) -> dict[str, Any]:
    guide = entry.guide
    found: dict[str, Any] = {**entry.declared.inner, "topics": list(entry.described.topics)}
    if entry.participation:
        found["participation"] = list(entry.participation)
    if guide is not None:
        if guide.provenance == "own" and entry.forge == "github":
            found["guidelines"] = guide.path
        else:
            found.setdefault("docs", entry.link_to(guide))
    if found.get("logo"):
        found["logo"] = _absolute(entry, str(found["logo"]))
    found["score"] = entry.score(now)
    found["x-usher"] = {
        "owner": entry.owner,
        "owner_source": entry.owner_source or None,
        "readiness": round(entry.readiness.points, 1),
        "governance": entry.governance or None,
        "lifecycle": entry.lifecycle or None,
        "channel": entry.channel or None,
        "packages": list(entry.packages),
    }
    return found


def _absolute(entry: Entry, logo: str) -> str:
    """The address of the logo; a path leads to the file of the default branch."""
    if re.match(r"https?://", logo):
        return logo
    raw = "-/raw" if entry.forge == "gitlab" else "raw"
    return f"{entry.described.url}/{raw}/{quote(entry.described.default_branch)}/{quote(logo.lstrip('./'))}"


def backstage(entry: Entry, annotation: str) -> dict[str, Any] | None:
    """A Backstage `Component` for the entry; None where the repository has a `catalog-info.yaml` of its own."""
    if entry.declared.components:
        return None
    about = entry.described
    slug = "github.com/project-slug" if entry.forge == "github" else "gitlab.com/project-slug"
    owner = entry.owner.rpartition("/")[2] if entry.owner else "unknown"
    return {
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": {
            "name": _component_name(about.ref.name),
            "title": entry.title,
            "description": entry.description or entry.motivation or entry.title,
            "annotations": {slug: about.ref.name, f"{annotation}/readiness": f"{entry.readiness.points:.0f}"},
            "links": [{"url": about.url, "title": "Repository"}],
            "tags": [topic for topic in about.topics if re.fullmatch(r"[a-z0-9+#]+(-[a-z0-9+#]+)*", topic)],
        },
        "spec": {
            "type": "library" if entry.packages else "service",
            "lifecycle": entry.lifecycle or "production",
            "owner": f"group:default/{owner}",
        },
    }


def _component_name(name: str) -> str:
    """At most 63 of letters, digits, `-_.`, with a letter or digit at both ends (Backstage: entity names)."""
    kept = re.sub(r"[^A-Za-z0-9._-]+", "-", name.rpartition("/")[2])[:63].strip("-_.")
    return kept or "repository"


def search_words(packages: Mapping[str, Any] | tuple[str, ...] | str) -> str:
    """Names, and their pieces: split at `-_/.@:` and where a small letter meets a capital."""
    names = (packages,) if isinstance(packages, str) else tuple(packages)
    found: list[str] = []
    for name in names:
        pieces = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", re.sub(r"[-_/.@:]+", " ", name))
        found += [name, pieces]
    return " ".join(found)


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")
