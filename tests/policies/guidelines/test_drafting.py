"""A draft says what is known, and asks the rest; what it drafts passes the check."""

from __future__ import annotations

from fractions import Fraction

import pytest

from policies.facts import Tree
from policies.guidelines import Place, builds, drafting, links, markdown, sections
from policies.guidelines.drafting import Known
from policies.guidelines.sections import REQUIRED
from policies.owners import Dialect
from policies.rules import Governance, Guidelines

CONTENTS = {"Makefile": b"install:\n\ttrue\ntest:\n\ttrue\n"}
BUILT = builds.builds(Tree(tuple(CONTENTS)), CONTENTS)


def known(dialect: Dialect = "github", governance: Governance = "contributions_welcome") -> Known:
    return Known(
        name="api",
        branch="main",
        dialect=dialect,
        built=BUILT,
        contents=CONTENTS,
        governance=governance,
        owners=("@shop/pay",),
        owners_path="CODEOWNERS",
        channel="#pay",
        promise=Fraction(21),
        measured=True,
    )


@pytest.mark.parametrize("dialect", ["github", "gitlab"])
@pytest.mark.parametrize(
    "governance", ["issues_welcome", "contributions_welcome", "shared_write", "shared_ownership"]
)
def test_what_is_drafted_passes_the_check(dialect: Dialect, governance: Governance) -> None:
    rules = Guidelines(governance=governance)
    needed = sections.required(rules)
    draft = drafting.draft(None, "CONTRIBUTING.md", needed, known(dialect, governance))
    judged = sections.judge(markdown.read(draft.text.encode()), BUILT, rules)
    assert draft.questions == ()
    assert sections.quality(judged, rules) == 1


def test_what_is_not_known_is_a_question_and_never_a_placeholder() -> None:
    bare = Known("api", "main", "github", builds.Builds(), {}, "contributions_welcome")
    draft = drafting.draft(None, "CONTRIBUTING.md", REQUIRED, bare)
    assert len(draft.questions) == 6
    assert [heading for heading, _ in draft.sources] == ["What is welcome", "Propose a change"]


def test_what_the_guideline_says_already_stays_as_it_is() -> None:
    mine = "# Mine\n\nAsk me.  \n"
    draft = drafting.draft(mine, "CONTRIBUTING.md", ("response",), known())
    assert draft.text == "# Mine\n\nAsk me.\n\n## Response\n\nWe answer within three business days.\n"
    assert draft.added == "## Response\n\nWe answer within three business days."


@pytest.mark.parametrize(
    ("href", "mended"),
    [
        ("Docs/guide.md", "docs/guide.md"),
        ("Docs/guide.md#notes", "docs/guide.md#notes"),
        ("docs/guide.md#build-test", "docs/guide.md#build--test"),
        ("docs/gone.md", "docs/gone.md"),
    ],
)
def test_a_link_is_mended_only_where_it_is_certain_what_was_meant(href: str, mended: str) -> None:
    text = f"See [this]({href}).\n"
    documents = {
        "README.md": markdown.read(text.encode()),
        "docs/guide.md": markdown.read(b"# Build & test\n\n# Notes\n"),
    }
    tree = Tree(("README.md", "docs/guide.md"))
    broken = tuple(links.broken("README.md", tree, Place(), documents, "github"))
    assert drafting.with_links_mended(text, "README.md", broken)[0] == f"See [this]({mended}).\n"
