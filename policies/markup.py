"""What a comment would do besides being read: whom it would notify, and which HTML it brings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

# Forges look for mentions in the text that they show: an escape or an entity in front of a name hides none. Only
# letters of ASCII before the sign make it a part of a word, and names of GitLab may begin with `_` or a dot.
_MENTION = re.compile(r"(?<!\w)@([\w.][\w.-]*)", re.ASCII)
# Where CommonMark sees the address of a link (`[^1]: @name`), forges see a footnote, which notifies.
_MARKDOWN = MarkdownIt("commonmark", {"maxNesting": 200}).enable("table").disable("reference")


@dataclass(frozen=True, slots=True)
class Effects:
    """The names that would be notified, as they are written; the tags, as they are written."""

    mentions: frozenset[str]
    html: frozenset[str]


def effects_of(body: str) -> Effects:
    """What a forge would make of this comment. Names inside code notify nobody.

    Indented lines are no code below a footnote, which CommonMark does not know: they are read as text, too.
    """
    mentions: set[str] = set()
    html: set[str] = set()
    for token in _each(_MARKDOWN.parse(body)):
        if token.type == "text":
            mentions.update(_named(token.content))
        elif token.type == "code_block":
            mentions |= effects_of("\n".join(line.lstrip() for line in token.content.splitlines())).mentions
        elif token.type in ("html_inline", "html_block"):
            html.update(re.findall(r"<[^>]*>?", token.content))
            mentions.update(_named(token.content))
    return Effects(frozenset(mentions), frozenset(html))


def _named(text: str) -> Iterator[str]:
    return (name for each in _MENTION.findall(text) if (name := each.rstrip(".-")))


def _each(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _each(token.children or ())
