"""What Usher asks of a new repository, and what it says to each answer."""

from __future__ import annotations

from datetime import datetime

from policies.text import code
from policies.words.times import instant

TITLE = "Shall other teams find this repository?"

SHARED = "**This repository is in the catalogue now.** Thank you."


def asked(closes: datetime, zone: str, command: str, *, again: bool) -> str:
    """The question, which is asked once; `again`: somebody said later, and this is the second time."""
    first = (
        "Somebody here asked to be asked again: " if again else "This repository is new, so Usher asks once: "
    )
    answers = [
        f"- {code(f'{command} yes')}: Usher says how, and offers to draft a guideline for newcomers.",
        f"- {code(f'{command} no')}: Usher closes this and never asks again.",
    ]
    if not again:
        answers.append(f"- {code(f'{command} later')}: Usher closes this and asks once more in 90 days.")
    return "\n\n".join(
        [
            f"{first}may other teams find it in the catalogue, use it, and offer changes? "
            "Nobody gets more access than they have now.",
            "\n".join(["Comment one of these:", "", *answers]),
            "<sub>Whoever can write to this repository can answer. No answer is fine too: "
            f"Usher then closes this on {instant(closes, zone)}, and does not ask again.</sub>",
        ]
    )


def yes(by: str, topic: str, command: str) -> str:
    """Somebody wants to share it: two things are left to do. `topic` is empty where no topic lists anything."""
    file = f"a file {code('innersource.json')} that holds {code('{}')}"
    how = f"Give this repository the topic {code(topic)}, or add {file}." if topic else f"Add {file}."
    return "\n\n".join(
        [
            f"{code(by)} said yes. Two things are left:",
            f"1. {how} That puts it into the catalogue; Usher itself may not change topics.\n"
            f"2. Comment {code(f'{command} draft contributing')} here, and Usher drafts a guideline for newcomers "
            "from what it knows of this repository.",
            "<sub>Usher closes this once the repository is in the catalogue, or after 14 days. "
            f"Changed your mind? {code(f'{command} no')} is fine.</sub>",
        ]
    )


def no(by: str, command: str) -> str:
    """Somebody does not want to."""
    return f"{code(by)} said no, and Usher does not ask again. {_still(command)}"


def later(by: str, command: str, *, again: bool) -> str:
    """Somebody wants to be asked later, which Usher does once."""
    then = (
        "Usher asked twice now, and does not ask a third time."
        if again
        else "Usher asks once more in 90 days."
    )
    return f"{code(by)} said later. {then} {_still(command)}"


def silent(command: str) -> str:
    """Nobody answered."""
    return f"Nobody answered, and that is fine: Usher does not ask again. {_still(command)}"


def _still(command: str) -> str:
    return f"Should that change, comment {code(f'{command} yes')} here."
