"""A stranger's text as a terminal may show it: it must not steer what people see of the rest."""

from __future__ import annotations

_CONTROLS = [*range(0x20), *range(0x7F, 0xA0), *range(0x2028, 0x202A)]
_TURNS = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_VISIBLE = {each: f"\\u{each:04x}" for each in [*_CONTROLS, *_TURNS] if chr(each) not in "\n\t"}


def visible(text: str) -> str:
    r"""The text, in which what moves a cursor, ends a line or turns the order of writing round is written as `\u001b`.

    Line feeds and tabs stay.
    """
    return text.translate(_VISIBLE)
