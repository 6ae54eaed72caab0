"""What a template left for somebody to fill in, and nobody did."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from policies.guidelines.markdown import Document

_IN_TEXT = re.compile(
    r"\b(?:TODO|TBD|FIXME)\b"
    r"|(?<!\w)_{4,}(?!\w)"
    r"|\bREPLACE_WITH_\w+"
    r"|\{\{[^{}\n]{1,80}\}\}"
    r"|\[INSERT[^\]\n]{0,80}\]"
)
_IN_HTML = re.compile(r"<team>|<your\b[^<>\n]{0,80}>", re.IGNORECASE)
_IN_LINKS = re.compile(r"REPLACE_WITH_\w+|\{\{[^{}\n]{1,80}\}\}|(?:<|%3[Cc])your\b[^<>\n]{0,80}")


@dataclass(frozen=True, slots=True)
class Leftover:
    """A placeholder, as it stands in the file."""

    text: str
    line: int


def leftovers(document: Document) -> Iterator[Leftover]:
    """The placeholders of a file. What is shown as code is an example, not a placeholder."""
    for heading in document.headings:
        yield from _found(_IN_TEXT, heading.text, heading.line)
    for text in document.texts:
        for number, line in enumerate(text.bare):
            yield from _found(_IN_TEXT, line, text.line + number)
    for raw in document.raws:
        for number, line in enumerate(raw.content.split("\n")):
            yield from _found(_IN_HTML, line, raw.line + number)
            yield from _found(_IN_TEXT, re.sub(r"<[^>]*>", " ", line), raw.line + number)
    for link in document.links:
        yield from _found(_IN_LINKS, link.href, link.line)


def _found(pattern: re.Pattern[str], text: str, line: int) -> Iterator[Leftover]:
    for match in pattern.finditer(text):
        yield Leftover(match[0], line)
