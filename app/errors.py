"""Errors for people: the message says what to mend, so no traceback is shown."""

from __future__ import annotations


class ForPeople(Exception):
    """Something that whoever runs Usher can mend. The message names it, and holds no secret."""
