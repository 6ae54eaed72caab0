"""Where links lead, and which anchors headings have on each forge."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.facts import Tree
from policies.guidelines import Place, links, markdown
from policies.guidelines.markdown import Link

PLACE = Place("shop/pay", "main", "https://forge.example")
TREE = Tree(("README.md", "docs/guide.md", "docs/Über uns.md", "src/a.py"))


@pytest.mark.parametrize(
    ("heading", "github", "gitlab"),
    [
        ("Build & test", "build--test", "build-test"),
        ("2026", "2026", "anchor-2026"),
        ("What's new?", "whats-new", "whats-new"),
        ("snake_case - and more", "snake_case---and-more", "snake_case-and-more"),
        ("Über uns", "über-uns", "über-uns"),
        ("日本語 の 見出し", "日本語-の-見出し", "日本語-の-見出し"),
        ("🚀 Launch", "-launch", "-launch"),
        ("1. Set up", "1-set-up", "1-set-up"),
        ("`make test`", "make-test", "make-test"),
        ("-c cmd", "-c-cmd", "-c-cmd"),
        ("  padded  ", "padded", "padded"),
        ("(a) [b] {c}", "a-b-c", "a-b-c"),
    ],
)
def test_the_anchor_of_a_heading(heading: str, github: str, gitlab: str) -> None:
    document = markdown.read(f"# {heading}\n".encode())
    assert links.anchors(document, "github") == {github}
    assert links.anchors(document, "gitlab") == {gitlab}


def test_headings_of_one_text_are_told_apart() -> None:
    document = markdown.read(
        b"# Notes\n\n## Notes\n\n## *Notes*\n\n<a name='mine'></a>\n\n<h2 id=\"own\">x</h2>\n"
    )
    assert links.anchors(document, "github") == {"notes", "notes-1", "notes-2", "mine", "own"}


def test_a_hidden_heading_has_no_anchor() -> None:
    document = markdown.read(b"```\n# Code\n```\n\n<!--\n# Comment\n-->\n\n    # Indented\n\nUnder\n=====\n")
    assert links.anchors(document, "github") == {"under"}


@pytest.mark.parametrize(
    ("href", "path", "leads"),
    [
        ("guide.md", "docs/x.md", "docs/guide.md"),
        ("../README.md", "docs/x.md", "README.md"),
        ("./guide.md?plain=1#top", "docs/x.md", "docs/guide.md"),
        ("/src/a.py#L10-L12", "docs/x.md", "src/a.py"),
        ("docs/%C3%9Cber%20uns.md", "README.md", "docs/Über uns.md"),
        ("#help", "README.md", "README.md"),
        (".", "docs/x.md", "docs"),
        ("../../issues", "docs/x.md", None),
        ("mailto:pay@shop.example", "README.md", None),
        ("https://forge.example/shop/pay/blob/main/docs/guide.md#x", "README.md", "docs/guide.md"),
        ("https://forge.example/shop/pay/-/blob/main/docs/guide.md", "README.md", "docs/guide.md"),
        ("https://FORGE.example/Shop/Pay/tree/main/docs", "README.md", "docs"),
        ("https://forge.example/shop/pay/blob/v1/docs/gone.md", "README.md", None),
        ("https://forge.example/shop/pay/issues", "README.md", None),
        ("https://forge.example/shop/payments/blob/main/x.md", "README.md", None),
        ("https://[broken", "README.md", None),
        ("//forge.example/x", "README.md", None),
    ],
)
def test_what_a_link_leads_to(href: str, path: str, leads: str | None) -> None:
    led = links.target(Link(href, 1), path, PLACE)
    assert (None if led is None else led.path) == leads


@pytest.mark.parametrize(
    ("href", "broken", "suggestion"),
    [
        ("docs/guide.md", False, ""),
        ("Docs/guide.md", True, "docs/guide.md"),
        ("docs", False, ""),
        ("docs/", False, ""),
        ("src/a.py#L3", False, ""),
        ("docs/guide.md#build--test", False, ""),
        ("docs/guide.md#build-test", True, "build--test"),
        ("docs/guide.md#user-content-build--test", False, ""),
        ("docs/guide.md#Build--Test", False, ""),
        ("docs/unread.md", True, ""),
        ("https://forge.example/shop/pay/blob/main/gone.md", True, ""),
        ("https://elsewhere.example/gone.md", False, ""),
    ],
)
def test_a_broken_link_and_what_was_meant(href: str, broken: bool, suggestion: str) -> None:
    documents = {
        "README.md": markdown.read(f"[x](<{href}>)\n".encode()),
        "docs/guide.md": markdown.read(b"# Build & test\n"),
    }
    found = list(links.broken("README.md", TREE, PLACE, documents, "github"))
    assert [(each.link.href, each.suggestion) for each in found] == ([(href, suggestion)] if broken else [])


def test_of_a_cut_list_of_files_nothing_is_said() -> None:
    documents = {"README.md": markdown.read(b"[x](gone.md)\n")}
    assert list(links.broken("README.md", Tree((), complete=False), PLACE, documents, "github")) == []


@given(st.binary(max_size=400))
def test_any_bytes_are_read(content: bytes) -> None:
    document = markdown.read(content)
    documents = {"README.md": document}
    for dialect in ("github", "gitlab"):
        list(links.broken("README.md", TREE, PLACE, documents, dialect))  # type: ignore[arg-type]
    assert all(1 <= each.line <= document.lines for each in document.headings)
    assert all(1 <= each.line <= document.lines for each in document.texts)
