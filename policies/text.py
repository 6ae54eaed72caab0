"""How texts of others are shown in comments, so that they can do nothing there but be read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Literal, NewType, TypeAlias
from urllib.parse import quote

from policies.markup import effects_of

LONGEST = 60_000
"""Characters of a comment; GitHub refuses more than 65,536."""

MOST_MENTIONS = 15
"""People whom one comment may notify."""

MARKER = "<!-- usher:"
"""How the hidden marker of a comment begins, by which Usher knows its own."""

Body = NewType("Body", str)
"""A comment that is safe to post; only `checked` makes one."""

Said: TypeAlias = str
"""Text that is safe in a comment as it is: our own sentence, or somebody's text after `code`, `user` or `mention`.

The words declare by it what they put into a sentence unchanged; a plain `str` is somebody's, and has to go
through one of these three first. `tests/test_words.py` reads every sentence for that.
"""

Plain: TypeAlias = str
"""Text that is not for a comment: for a page or a message, which escape by themselves, or a file that is proposed."""

_OUR_HTML = {"<sub>", "</sub>"}
_IN_ADDRESSES = "/:?#&=%+@~,;!$*"
_RUN = re.compile(r"`+")
_LIST_MARKS = re.compile(r"\A(?:[\s>*+-]|\d{1,9}[.)](?=\s))*")
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
BREAK = "\u200b"
"""A space without width. After a sign that begins a mention or a reference it keeps a forge from seeing one."""
_BEGINS = str.maketrans({
    "&": "&amp;", "<": "&lt;", ">": "&gt;",
    **{sign: f"{sign}{BREAK}" for sign in "@#!~%$"},
    **{sign: f"\\{sign}" for sign in "\\`*_[]"},
})  # fmt: skip


class UnsafeText(ValueError):
    """A comment that would do more than be read, or carry two markers. It is a bug, and is never posted."""


def code(text: str, *, most: int = 120) -> str:
    """Somebody's text in a code span: no mention, no Markdown, no HTML comes out of it.

    Control and direction characters, and bytes that are no UTF-8, become spaces; what is longer than `most`
    is cut in the middle.
    """
    plain = _seen(text, most) or " "
    longest = max((len(run) for run in _RUN.findall(plain)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{pad}{plain}{pad}{fence}"


def user(text: str, *, most: int = 500) -> str:
    """Somebody's text as a part of a sentence: what would be Markdown, HTML, a mention, a reference or a link is shown.

    Characters are treated as by `code`.
    """
    shown = _seen(text, most).translate(_BEGINS).replace("://", f":{BREAK}//")
    return f"{BREAK}{shown}" if shown.startswith("/") else shown


def sign_of_changes(dialect: Literal["github", "gitlab"]) -> Literal["#", "!"]:
    """What people write before a change's number: `#12`, on GitLab `!12`."""
    return "!" if dialect == "gitlab" else "#"


def sentence(text: str, *, most: int = 500) -> str:
    """A sentence of ours that quotes somebody: what stands between backticks is code, the rest is as by `user`.

    Where the backticks do not pair, because somebody's text has one, all of it is as by `user`.
    """
    pieces = _seen(text, most).split("`")
    if len(pieces) % 2 == 0 or not all(pieces[1::2]):
        return user(text)
    quoted = (code(each) if at % 2 else _between(each) for at, each in enumerate(pieces))
    return "".join(quoted)


def _between(text: str) -> str:
    """As by `user`, which takes the spaces off the ends; before and after code they belong to the sentence."""
    before = " " if text.startswith(" ") else ""
    after = " " if text.endswith(" ") and text.strip() else ""
    return f"{before}{user(text)}{after}"


def _seen(text: str, most: int) -> str:
    plain = "".join(" " if unicodedata.category(each) in _UNSEEN else each for each in text).strip()
    return plain if len(plain) <= most else f"{plain[: most // 2]}…{plain[-(most // 2 - 1) :]}"


def fenced(text: str, language: str) -> str:
    """Somebody's lines as a block of code, which nothing in them can end."""
    fence = "`" * max(4, 1 + max((len(run) for run in _RUN.findall(text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def link(text: Said, url: str) -> str:
    """A link to an address, some of which may be somebody's text."""
    return f"[{text}]({quote(url, safe=_IN_ADDRESSES)})"


def in_cell(text: str) -> str:
    """Text for a cell of a table, where a bar would end it even inside a code span."""
    return text.replace("|", "\\|")


def mention(login: str) -> str:
    """A mention that notifies. ValueError where the login is not one a forge would give."""
    if not re.fullmatch(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*", login):
        raise ValueError(f"not a login: {login!r}")
    return f"@{login}"


def listed(words: list[str] | tuple[str, ...]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 file`, `3 files`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def checked(body: str, *, mentions: Iterable[str] = ()) -> Body:
    """The comment, if it is safe to post; UnsafeText otherwise.

    It may notify the people in `mentions` and nobody else, and has no HTML but ours. No line begins with a slash,
    even inside a quote or a list, because a forge or another bot would take it for a command. It holds no
    marker, for it gets its own.
    """
    whole = _whole(body)
    found = effects_of(body)
    meant = {login.rstrip(".-").casefold() for login in mentions}
    if strangers := {login for login in found.mentions if login.casefold() not in meant}:
        raise UnsafeText(f"the comment would notify {', '.join(sorted(strangers))[:200]}")
    if len(found.mentions) > MOST_MENTIONS:
        raise UnsafeText("the comment would notify a crowd")
    if found.html - _OUR_HTML:
        raise UnsafeText("the comment has HTML of somebody else")
    return whole


def _whole(body: str) -> Body:
    if len(body) > LONGEST:
        raise UnsafeText("the comment is too long")
    if MARKER in body.casefold():
        raise UnsafeText("the comment holds a marker already")
    for line in body.splitlines():
        if _LIST_MARKS.sub("", line).startswith("/"):
            raise UnsafeText(f"a line begins with a command: {line[:80]!r}")
    return Body(body)


def sealed(body: Body, marker: str) -> str:
    """The comment with its marker, looked at once more as a whole: this is what leaves the house."""
    if not marker.startswith(MARKER) or "\n" in marker:
        raise UnsafeText("what is put under a comment is no marker")
    return f"{_whole(body)}\n\n{marker}"
