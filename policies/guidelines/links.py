"""Where the links of a file lead: to files that are there, and to headings that have the anchors they name.

Anchors are made as each forge makes them. GitHub: html-pipeline, `toc_filter.rb`; GitLab:
`lib/gitlab/utils/markdown.rb` and `lib/banzai/filter/table_of_contents_legacy_filter.rb`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from posixpath import normpath
from urllib.parse import unquote, urlsplit

from policies.facts import Tree, same
from policies.guidelines.markdown import Document, Link
from policies.owners import Dialect

_LINES = re.compile(r"L\d+(?:C\d+)?(?:-L?\d+(?:C\d+)?)?")
_VIEWS = {"blob", "tree", "raw", "edit", "blame"}
_MARKDOWN = (".md", ".markdown", ".mdown", ".mkd")
_PUNCTUATION_KEPT = "- "


@dataclass(frozen=True, slots=True)
class Place:
    """The repository in which a file stands, for the links that name it in full.

    `web` is the address of the forge's pages, as in `https://github.com`; empty where it is not known.
    """

    name: str = ""
    branch: str = ""
    web: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A file or directory of the same repository, "" for the root, and the anchor in it, decoded."""

    path: str
    anchor: str = ""
    lines: bool = False


def slug(heading: str, dialect: Dialect) -> str:
    """The anchor of a heading with this text, where no other heading has it already."""
    kept = "".join(each for each in heading.strip().lower() if each in _PUNCTUATION_KEPT or _is_word(each))
    anchor = kept.replace(" ", "-")
    if dialect == "github":
        return anchor
    anchor = re.sub(r"-{2,}", "-", anchor)
    return f"anchor-{anchor}" if anchor.isdigit() else anchor


def anchors(document: Document, dialect: Dialect) -> frozenset[str]:
    """Every anchor of a file; headings of one text are told apart by `-1`, `-2` …

    Where such a name is also that of another heading, renderers count on in different ways; each is taken.
    """
    counts: dict[str, int] = {}
    counted: set[str] = set()
    free: set[str] = set()
    for heading in document.headings:
        name = slug(heading.text, dialect)
        count = number = counts[name] = counts.get(name, -1) + 1
        while _numbered(name, number) in free:
            number += 1
        counted.add(_numbered(name, count))
        free.add(_numbered(name, number))
    return document.ids | counted | free


def _numbered(name: str, number: int) -> str:
    return f"{name}-{number}" if number else name


def target(link: Link, path: str, place: Place) -> Target | None:
    """What of the same repository a link in the file `path` leads to; None where it leads elsewhere."""
    try:
        parts = urlsplit(link.href.strip())
    except ValueError:
        return None
    anchor = unquote(parts.fragment)
    if parts.scheme or parts.netloc:
        inside = _inside(parts.scheme, parts.netloc, parts.path, place)
        return None if inside is None else Target(inside, anchor, bool(_LINES.fullmatch(anchor)))
    there = unquote(parts.path)
    if not there:
        return Target(path, anchor) if parts.fragment else None
    folder = "" if there.startswith("/") else path.rpartition("/")[0]
    joined = normpath(f"{folder}/{there.lstrip('/')}".lstrip("/"))
    if joined.startswith(".."):
        return None  # pages of the forge, as in `../../issues`, climb out of the files
    return Target("" if joined == "." else joined, anchor, bool(_LINES.fullmatch(anchor)))


def external(document: Document) -> Iterator[tuple[str, str, Link]]:
    """Host, address without anchor, and link, for every link to another site."""
    for link in document.links:
        try:
            parts = urlsplit(link.href.strip())
            host = parts.hostname
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and host:
            yield host.lower(), parts._replace(fragment="").geturl(), link


def files_with_anchors(document: Document, path: str, place: Place) -> frozenset[str]:
    """The other Markdown files whose headings the links of this one name."""
    found = set()
    for link in document.links:
        led = target(link, path, place)
        if led is not None and led.anchor and led.path != path and led.path.lower().endswith(_MARKDOWN):
            found.add(led.path)
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Broken:
    """A link that leads nowhere; `suggestion` is what was probably meant."""

    link: Link
    anchor: bool
    suggestion: str = ""


def broken(
    path: str, tree: Tree, place: Place, documents: Mapping[str, Document], dialect: Dialect
) -> Iterator[Broken]:
    """The links of the file `path` that lead to no file, or to no heading of a file among `documents`."""
    if not tree.complete:
        return
    files = frozenset(tree.paths)
    folders = _folders(tree)
    by_case = {same(each): each for each in (*files, *folders)}
    known: dict[str, frozenset[str]] = {}
    for link in documents[path].links:
        led = target(link, path, place)
        if led is None:
            continue
        if led.path and led.path not in files and led.path not in folders:
            yield Broken(link, False, by_case.get(same(led.path), ""))
        elif led.anchor and not led.lines and led.path in documents:
            if led.path not in known:
                known[led.path] = anchors(documents[led.path], dialect)
            if not _has_anchor(led.anchor, known[led.path]):
                yield Broken(link, True, _close(led.anchor, known[led.path], dialect))


def _has_anchor(anchor: str, known: frozenset[str]) -> bool:
    return (
        anchor in ("top", "readme")
        or anchor.removeprefix("user-content-") in known
        or anchor.lower() in known
    )


def _close(anchor: str, known: frozenset[str], dialect: Dialect) -> str:
    bare = slug(anchor.replace("-", " "), "gitlab").strip("-")
    return next((each for each in sorted(known) if re.sub(r"-{2,}", "-", each).strip("-") == bare), "")


def _inside(scheme: str, host: str, path: str, place: Place) -> str | None:
    """The path in the repository that an address of the forge's pages shows; None for any other."""
    if scheme not in ("http", "https") or not (place.web and place.name and place.branch):
        return None
    web = urlsplit(place.web)
    prefix = f"{web.path.rstrip('/')}/{place.name}/"
    if same(host) != same(web.netloc) or not same(path).startswith(same(prefix)):
        return None
    view, _, rest = unquote(path[len(prefix) :]).removeprefix("-/").partition("/")
    if view not in _VIEWS or not f"{rest}/".startswith(f"{place.branch}/"):
        return None  # other branches and other pages are not looked at
    return rest[len(place.branch) :].strip("/")


def _folders(tree: Tree) -> frozenset[str]:
    found: set[str] = set()
    for path in tree.paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return frozenset(found)


def _is_word(character: str) -> bool:
    """Whether Ruby's `\\p{Word}` has it: letters, marks, decimal digits, connecting punctuation."""
    category = unicodedata.category(character)
    return category[0] in "LM" or category in ("Nd", "Pc")
