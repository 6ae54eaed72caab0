"""What is listed, and what the portal and Backstage are told of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from policies.catalogue.entry import Described, DocumentFound, Entry, backstage, portal, search_words
from policies.catalogue.reading import Component, Declared, declared
from policies.catalogue.score import Readiness
from policies.facts import RepositoryRef
from policies.rules import Catalogue

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
PLAIN = Described(
    RepositoryRef(7, "shop/retry-kit"),
    url="https://forge.example/shop/retry-kit",
    description="Try again.",
    created_at=NOW,
    updated_at=NOW,
    pushed_at=NOW,
    licence="MIT License",
    licence_key="MIT",
)
INNER = Declared(inner={"title": "Retry", "logo": "./logo.svg", "language": "Python"}, has_inner=True)


@pytest.mark.parametrize(
    ("described", "said", "rules", "listed"),
    [
        (PLAIN, Declared(), Catalogue(), False),
        (replace(PLAIN, topics=("InnerSource",)), Declared(), Catalogue(), True),
        (PLAIN, INNER, Catalogue(), True),
        (PLAIN, Declared(), Catalogue(list=True), True),
        (PLAIN, INNER, Catalogue(list=False), False),
        (replace(PLAIN, archived=True), INNER, Catalogue(), False),
        (replace(PLAIN, fork=True), INNER, Catalogue(list=True), False),
        (PLAIN, declared({"publiccode.yml": b"name: x\n"}), Catalogue(), False),  # enriches, never lists
        (PLAIN, declared({"innersource.json": b"{"}), Catalogue(), False),
    ],
)
def test_what_is_listed(described: Described, said: Declared, rules: Catalogue, listed: bool) -> None:
    assert Entry("github", described, said, rules).is_listed is listed


def test_every_field_that_the_portal_reads_is_there() -> None:
    guide = DocumentFound("contributing", "own", ".github/CONTRIBUTING.md")
    entry = Entry("github", PLAIN, INNER, participation=(0,) * 52, documents=(guide,))
    told = portal(entry, NOW)
    assert told["id"] == 7
    assert told["language"] == "Python"  # the portal reads this one alone
    assert told["license"]["spdx_id"] == "MIT"
    inner = told["_InnerSourceMetadata"]
    assert inner["guidelines"] == ".github/CONTRIBUTING.md"
    assert inner["logo"] == "https://forge.example/shop/retry-kit/raw/main/logo.svg"
    assert len(inner["participation"]) == 52
    assert isinstance(inner["score"], int)


def test_what_is_not_known_is_left_out_and_never_empty() -> None:
    inner = portal(Entry("github", PLAIN), NOW)["_InnerSourceMetadata"]
    assert "participation" not in inner
    assert "guidelines" not in inner
    assert isinstance(inner["score"], int)


@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_an_inherited_guide_is_a_link_among_the_documents(forge: str) -> None:
    guide = DocumentFound("contributing", "inherited", "CONTRIBUTING.md", "shop/.github")
    entry = Entry(forge, PLAIN, documents=(guide,))  # type: ignore[arg-type]
    inner = portal(entry, NOW)["_InnerSourceMetadata"]
    assert "guidelines" not in inner
    assert inner["docs"].startswith("https://forge.example/shop/.github/")
    told = replace(entry, declared=Declared(inner={"docs": "https://d.example"}))
    assert portal(told, NOW)["_InnerSourceMetadata"]["docs"] == "https://d.example"


def test_a_gitlab_project_has_a_number_that_no_github_repository_has() -> None:
    told = portal(Entry("gitlab", PLAIN, INNER), NOW)
    assert told["id"] == "gl-7"
    assert told["_InnerSourceMetadata"]["logo"].startswith("https://forge.example/shop/retry-kit/-/raw/main/")


def test_backstage_hears_of_what_has_no_component_of_its_own() -> None:
    ready = Readiness(1.0, 0.0, channel=True, readme=False, licence=False)
    entry = Entry("github", PLAIN, readiness=ready, owner="shop/platform", packages=("npm:@shop/retry",))
    made = backstage(entry, "usher.internal")
    assert made is not None
    assert made["metadata"]["name"] == "retry-kit"
    assert made["metadata"]["annotations"] == {
        "github.com/project-slug": "shop/retry-kit",
        "usher.internal/readiness": "60",
    }
    assert made["spec"] == {"type": "library", "lifecycle": "production", "owner": "group:default/platform"}
    own = replace(entry, declared=Declared(components=(Component("retry"),)))
    assert backstage(own, "usher.internal") is None


def test_names_are_found_by_their_pieces() -> None:
    assert search_words("npm:@shop/httpRetryKit").split() == [
        "npm:@shop/httpRetryKit", "npm", "shop", "http", "Retry", "Kit",
    ]  # fmt: skip
