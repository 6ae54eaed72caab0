"""How texts of others are shown in comments, so that they can do nothing there but be read."""

from __future__ import annotations

import re
import unicodedata
from typing import NewType

LONGEST = 60_000
"""Characters of a comment; GitHub refuses more than 65,536."""

MOST_MENTIONS = 15
"""People whom one comment may notify."""

MARKER = "<!-- usher:"
"""How the hidden marker of a comment begins, by which Usher knows its own."""

Body = NewType("Body", str)
"""A comment that is safe to post; only `checked` makes one."""

_RUN = re.compile(r"`+")
_LIST_MARKS = re.compile(r"\A(?:[\s>*+-]|\d{1,9}[.)](?=\s))*")
_CODE = re.compile(r"(`+)[^`]{1,4096}\1")
_MENTION = re.compile(r"(?<![\w`@])@[A-Za-z0-9][\w.-]*")
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


class UnsafeText(ValueError):
    """A comment that would be read as a command, or carry two markers. It is a bug, and is never posted."""


def code(text: str, *, most: int = 120) -> str:
    """Somebody's text in a code span: no mention, no Markdown, no HTML comes out of it.

    Control and direction characters, and bytes that are no UTF-8, become spaces; what is longer than `most`
    is cut in the middle.
    """
    plain = "".join(" " if unicodedata.category(each) in _UNSEEN else each for each in text)
    plain = plain.strip() or " "
    if len(plain) > most:
        plain = f"{plain[: most // 2]}…{plain[-(most // 2 - 1) :]}"
    longest = max((len(run) for run in _RUN.findall(plain)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{pad}{plain}{pad}{fence}"


def in_cell(text: str) -> str:
    """Text for a cell of a table, where a bar would end it even inside a code span."""
    return text.replace("|", "\\|")


def mention(login: str) -> str:
    """A mention that notifies. ValueError where the login is not one a forge would give."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", login):
        raise ValueError(f"not a login: {login!r}")
    return f"@{login}"


def listed(words: list[str] | tuple[str, ...]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 file`, `3 files`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def checked(body: str) -> Body:
    """The comment, if it is safe to post; UnsafeText otherwise.

    No line may begin with a slash, even inside a quote or a list, because a forge or another bot would
    take it for a command. It holds no marker, for it gets its own, and notifies no crowd.
    """
    if len(body) > LONGEST:
        raise UnsafeText("the comment is too long")
    if MARKER in body.casefold():
        raise UnsafeText("the comment holds a marker already")
    for line in body.splitlines():
        if _LIST_MARKS.sub("", line).startswith("/"):
            raise UnsafeText(f"a line begins with a command: {line[:80]!r}")
    if len(set(_MENTION.findall(_CODE.sub("", body)))) > MOST_MENTIONS:
        raise UnsafeText("the comment would notify a crowd")
    return Body(body)


def sealed(body: Body, marker: str) -> str:
    """The comment with its marker, checked once more as a whole: this is what leaves the house."""
    if not marker.startswith(MARKER) or "\n" in marker:
        raise UnsafeText("what is put under a comment is no marker")
    return f"{checked(body)}\n\n{marker}"
