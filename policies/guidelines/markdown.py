"""A Markdown file as its readers see it: headings, text, code and links, each with its line.

CommonMark with GitHub's tables. What is in a fence or an HTML comment is no heading, text or link.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

MOST_BYTES = 512 * 1024
"""No larger file is read as a guideline."""

MOST_BLOCKS = 2_000
"""So many headings, paragraphs and links of one file are looked at."""

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n.*?\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_ID = re.compile(r"""<[A-Za-z][^>]*?\s(?:id|name)\s*=\s*["']?([^"'\s>]+)""")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; `level` from 1, `text` as shown."""

    level: int
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph, a list item or the row of a table, as shown, line by line from line `line` on.

    `bare` is the same without what is shown as code. The cells of a row have ` | ` between them.
    """

    line: int
    shown: tuple[str, ...]
    bare: tuple[str, ...]

    @property
    def text(self) -> str:
        """All lines as one."""
        return " ".join(self.shown)

    def line_of(self, offset: int) -> int:
        """The line of the file in which the character at `offset` of `text` stands."""
        for number, each in enumerate(self.shown):
            if offset <= len(each):
                return self.line + number
            offset -= len(each) + 1
        return self.line


@dataclass(frozen=True, slots=True)
class Code:
    """A block of code, fenced or indented."""

    line: int
    content: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link or an image, and where it leads, as written."""

    href: str
    line: int


@dataclass(frozen=True, slots=True)
class Raw:
    """HTML as it stands in the file, without comments."""

    line: int
    content: str


@dataclass(frozen=True, slots=True)
class Document:
    """A file. `lists` are the lines where lists begin, `ids` the anchors that HTML in it sets."""

    headings: tuple[Heading, ...] = ()
    texts: tuple[Text, ...] = ()
    codes: tuple[Code, ...] = ()
    links: tuple[Link, ...] = ()
    raws: tuple[Raw, ...] = ()
    lists: tuple[int, ...] = ()
    ids: frozenset[str] = frozenset()
    lines: int = 0

    @property
    def length(self) -> int:
        """The number of characters that a reader sees."""
        shown = sum(len(each.text.strip()) for each in self.texts)
        return shown + sum(len(each.content) for each in self.codes) + sum(len(h.text) for h in self.headings)

    def region(self, heading: Heading) -> range:
        """The lines of a heading's section: until the next heading of its level or above."""
        for other in self.headings:
            if other.line > heading.line and other.level <= heading.level:
                return range(heading.line, other.line)
        return range(heading.line, self.lines + 1)

    def paragraph_region(self, line: int) -> range:
        """The lines between the two headings, of any level, that stand around a line."""
        starts = [1, *(each.line for each in self.headings)]
        start = max(each for each in starts if each <= line)
        ends = [each.line for each in self.headings if each.line > line]
        return range(start, min(ends, default=self.lines + 1))


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def read(content: bytes) -> Document:
    """The file's bytes as a document. Bytes that are no UTF-8 are shown as U+FFFD."""
    text = content.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    text = _FRONT_MATTER.sub(lambda match: "\n" * match[0].count("\n"), text)
    builder = _Builder()
    for token in _parser().parse(text):
        builder.take(token)
    return builder.document(text.count("\n") + 1)


class _Builder:
    """Takes the parser's blocks in their order."""

    def __init__(self) -> None:
        self._headings: list[Heading] = []
        self._texts: list[Text] = []
        self._codes: list[Code] = []
        self._links: list[Link] = []
        self._raws: list[Raw] = []
        self._lists: list[int] = []
        self._ids: set[str] = set()
        self._heading: Token | None = None
        self._row: list[Text] | None = None

    def take(self, token: Token) -> None:
        line = token.map[0] + 1 if token.map else 1
        match token.type:
            case "heading_open":
                self._heading = token
            case "heading_close":
                self._heading = None
            case "bullet_list_open" | "ordered_list_open":
                self._lists.append(line)
            case "tr_open":
                self._row = []
            case "tr_close":
                self._end_row()
            case "fence" | "code_block":
                self._codes.append(Code(line + (token.type == "fence"), token.content))
            case "html_block":
                self._html(token.content, line)
            case "inline":
                self._inline(token, line)

    def document(self, lines: int) -> Document:
        return Document(
            tuple(self._headings[:MOST_BLOCKS]),
            tuple(self._texts[:MOST_BLOCKS]),
            tuple(self._codes[:MOST_BLOCKS]),
            tuple(self._links[:MOST_BLOCKS]),
            tuple(self._raws[:MOST_BLOCKS]),
            tuple(self._lists[:MOST_BLOCKS]),
            frozenset(self._ids),
            lines,
        )

    def _inline(self, token: Token, line: int) -> None:
        shown, bare = [""], [""]
        for child in token.children or ():
            match child.type:
                case "text":
                    shown[-1] += child.content
                    bare[-1] += child.content
                case "code_inline":
                    shown[-1] += child.content
                    bare[-1] += " "
                case "softbreak" | "hardbreak":
                    shown.append("")
                    bare.append("")
                case "link_open":
                    self._links.append(Link(str(child.attrGet("href") or ""), line + len(shown) - 1))
                case "image":
                    self._links.append(Link(str(child.attrGet("src") or ""), line + len(shown) - 1))
                case "html_inline":
                    self._html(child.content, line + len(shown) - 1)
        if self._heading is not None:
            text = " ".join(shown).strip()
            self._headings.append(Heading(int(self._heading.tag[1]), text, line))
            return
        found = Text(line, tuple(shown), tuple(bare))
        if self._row is None:
            self._texts.append(found)
        else:
            self._row.append(found)

    def _end_row(self) -> None:
        cells, self._row = self._row or [], None
        if cells:
            shown = " | ".join(each.text for each in cells)
            bare = " | ".join(" ".join(each.bare) for each in cells)
            self._texts.append(Text(cells[0].line, (shown,), (bare,)))

    def _html(self, content: str, line: int) -> None:
        kept = _COMMENT.sub(lambda match: "\n" * match[0].count("\n"), content)
        self._ids |= set(_ID.findall(kept))
        if kept.strip():
            self._raws.append(Raw(line, kept))
