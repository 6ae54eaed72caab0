"""Whether a comment answers somebody, or only gives a command or shows an emoji."""

from __future__ import annotations

import re
import unicodedata

_COMMAND = re.compile(r"/[a-z][a-z0-9_-]*(?:\s|$)", re.IGNORECASE)
_SHORTCODE = re.compile(r":[a-z0-9_+-]{1,50}:", re.IGNORECASE)
_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3")
_JOINERS = frozenset("\u200d\ufe0f\u20e3")
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)  # spell out the flags of regions


def is_answer(body: str, command: str = "/usher") -> bool:
    """Whether a comment says something: any line that is neither a command nor only emoji.

    `command` is the prefix of Usher's own commands. A line that starts with `/word` is a command too, to
    Usher or to another bot; a path such as `/lib/x.py` is not. An empty comment says nothing.
    """
    return any(not _is_command(line, command) and not _is_emoji(line) for line in body.splitlines())


def review_answers(state: str, body: str, command: str = "/usher") -> bool:
    """Whether a review answers: any verdict does, and a comment unless its words only give a command.

    Without words it is the cover of comments on lines, which answer.
    """
    return state != "commented" or not body.strip() or is_answer(body, command)


def _is_command(line: str, command: str) -> bool:
    words = line.split(maxsplit=1)
    return bool(words) and (words[0].casefold() == command.casefold() or bool(_COMMAND.match(line.strip())))


def _is_emoji(line: str) -> bool:
    """Whether nothing but emoji stands on the line, as characters or as `:shortcodes:`; true of an empty line."""
    rest = _KEYCAP.sub("", _SHORTCODE.sub("", line))
    return all(character.isspace() or _is_pictorial(character) for character in rest)


def _is_pictorial(character: str) -> bool:
    return (
        unicodedata.category(character) == "So"
        or character in _JOINERS
        or ord(character) in _SKIN_TONES
        or ord(character) in _TAGS
    )
