"""What people are told whom the forge's list of reviewers has no room for."""

from __future__ import annotations

from policies.text import code, listed, mention


def asked_by_name(people: tuple[str, ...], command: str) -> str:
    """People are asked in a comment, because GitLab's free tier lists one reviewer."""
    who = listed([mention(person) for person in people])
    return (
        f"{who}, please look at this change too. GitLab lists only one reviewer here, so this comment is how "
        "you are asked; the comment above says what for and until when.\n\n"
        f"A comment or an approval of yours is an answer. Later? Comment {code(f'{command} eta fri 15:00')}. "
        f"Not you? Comment {code(f'{command} decline')}: somebody else is asked, and you are not asked here again."
    )
