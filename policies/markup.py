"""What a comment would do besides being read: whom it would notify, and which HTML it brings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

# Forges look for mentions in the text that they show: an escape or an entity in front of a name hides none.
_MENTION = re.compile(r"(?<![\w@])@([A-Za-z0-9][\w.-]*)")
_MARKDOWN = MarkdownIt("commonmark", {"maxNesting": 200}).enable("table")


@dataclass(frozen=True, slots=True)
class Effects:
    """The names that would be notified, as they are written; the tags, as they are written."""

    mentions: frozenset[str]
    html: frozenset[str]


def effects_of(body: str) -> Effects:
    """What a forge would make of this comment. Names inside code notify nobody."""
    mentions: set[str] = set()
    html: set[str] = set()
    for token in _each(_MARKDOWN.parse(body)):
        if token.type == "text":
            mentions.update(name.rstrip(".-") for name in _MENTION.findall(token.content))
        elif token.type in ("html_inline", "html_block"):
            html.update(re.findall(r"<[^>]*>?", token.content))
            mentions.update(_MENTION.findall(token.content))
    return Effects(frozenset(mentions), frozenset(html))


def _each(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _each(token.children or ())
