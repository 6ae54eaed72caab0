"""Words compared as a reader takes them: without case, emoji, punctuation or numbering."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_NUMBERING = re.compile(r"^\s*(?:\(?(?:\d+|[a-z])[.)]\s*)(?:\d+[.)]?\s*)*", re.IGNORECASE)
_SHORTCODE = re.compile(r":[a-z0-9_+-]+:", re.IGNORECASE)
_APOSTROPHES = str.maketrans("", "", "'’ʼ`")


def plain(text: str) -> str:
    """The words of a text with single spaces between and around them."""
    text = unicodedata.normalize("NFKC", text)
    text = _SHORTCODE.sub(" ", _NUMBERING.sub("", text)).translate(_APOSTROPHES).casefold()
    kept = "".join(each if _is_of_words(each) else " " for each in text)
    return f" {' '.join(kept.split())} "


def has_any(words: str, phrases: Iterable[str]) -> bool:
    """Whether text that `plain` made has one of the phrases, which it made too, as whole words."""
    return any(phrase in words for phrase in phrases)


def _is_of_words(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM" and not "\ufe00" <= character <= "\ufe0f"
