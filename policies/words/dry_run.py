"""What Usher says in a dry run: what it would do if it were live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from policies.text import BREAK, Body, Plain, Said, code, listed

MOST_NAMES = 3
MOST_QUOTED, LONGEST_QUOTE = 5, 6_000
"""How many comments are shown in full, and how many characters of one."""

Would = Mapping[str, Any]
"""What an action holds, with its `kind`."""

OVER_TITLE = "The dry run is over"
OVER = "Usher is live here now, and does what it said it would."


def title(would: Sequence[Would]) -> Plain:
    """`Dry run: would ask ben and carla to review`."""
    asked = [person for each in would if each["kind"] == "ask" for person in each["people"]]
    if asked:
        return f"Dry run: would ask {_names(asked)} to review"
    return (
        "Dry run: would comment" if any(_said(each) for each in would) else "Dry run: see what Usher would do"
    )


def summary(would: Sequence[Would], repository: str) -> str:
    """Everything that Usher would do on this change as it is, with the words of each comment."""
    lines = [f"- {_line(each)}" for each in would]
    quoted = [_quoted(each["body"]) for each in would if _said(each)][:MOST_QUOTED]
    heard = (
        "This is what it would say:"
        if len(quoted) == 1
        else "This is what it would say, one after the other:"
    )
    return "\n\n".join(
        [
            "Usher is in a **dry run** here. It writes nothing but this check, asks nobody and reminds nobody. "
            "Live, it would:",
            "\n".join(lines),
            *([heard] if quoted else []),
            *quoted,
            "Does it look right? Whoever administers this repository makes Usher live on its page, or an operator "
            f"with {code(f'usher live {repository}')}. This check blocks nothing.",
        ]
    )


def _line(each: Would) -> str:
    match each["kind"]:
        case "ask":
            return f"ask {listed([code(who) for who in each['people']])} to review"
        case "release":
            return (
                f"take the request to {listed([code(who) for who in (*each['people'], *each['teams'])])} back"
            )
        case "sticky":
            return "write its one comment, and keep it up to date"
        case "say" if each["to"]:
            return f"remind {code(each['to'])} in a comment"
        case "say":
            return "comment"
        case "digest":
            return f"put a line into the digest of {code(each['to'])}"
        case "label":
            put = f"put {listed([code(name) for name in each['add']])} on" if each["add"] else ""
            took = f"take {listed([code(name) for name in each['remove']])} off" if each["remove"] else ""
            return " and ".join(part for part in (put, took) if part)
        case "check":
            how = f"{code(each['conclusion'])}: {code(each['title'])}"
            return f"set the check {code(each['name'])} to {how}"
        case "nod":
            return "answer a command with a reaction"
        case "propose":
            return f"propose {code(each['title'])} as a draft"
        case kind:
            return code(str(kind))


def _said(each: Would) -> bool:
    return each["kind"] in ("sticky", "say")


def _quoted(body: Body) -> Said:
    """A comment as a quotation that notifies nobody; what is too long ends at the end of a line."""
    whole = body.replace("@", f"@{BREAK}")
    shown = whole if len(whole) <= LONGEST_QUOTE else f"{whole[:LONGEST_QUOTE].rpartition(chr(10))[0]}\n…"
    quoted = shown.replace("\n", "\n> ").replace("> \n", ">\n")
    return f"> {quoted}"


def _names(people: Sequence[str]) -> Plain:
    rest = len(people) - MOST_NAMES
    named = [*people[:MOST_NAMES], *([f"{rest} more"] if rest > 0 else [])]
    return listed(named)
