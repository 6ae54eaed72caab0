"""Which step of the reminders is due now, to whom, and when it may be said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from policies.clocks import State
from policies.rules import Rules

Step = Literal["sticky", "digest", "mention", "backup", "reassign"]


@dataclass(frozen=True, slots=True)
class Said:
    """A step that was carried out, or decided against, for an obligation."""

    obligation: str
    step: Step
    at: datetime
    to: str = ""


@dataclass(frozen=True, slots=True)
class Rung:
    """A step that is due now.

    `to` is a login, or "lead"; empty for steps that edit the sticky comment or ask a backup. `as_digest`:
    the mention has to go to the sticky comment and the digest, because a cap was reached.
    """

    obligation: str
    step: Step
    to: str
    slot: str
    as_digest: bool = False
    replace: tuple[str, ...] = ()  # at `reassign`: people whose own time is used up

    @property
    def key(self) -> str:
        """The key of the effect: once per obligation, whatever happens."""
        return f"{self.obligation}|{self.step}"


@dataclass(frozen=True, slots=True)
class Heard:
    """What people were already told today, by their own date, on any subject.

    `mentions` counts reminders per person; `comments` and `mentions_here` count this subject's.
    """

    mentions: Mapping[str, int] = field(default_factory=dict)
    comments: int = 0
    mentions_here: int = 0


@dataclass(frozen=True, slots=True)
class Reminders:
    """What to say now, and the next instant to look again (None: only if something happens)."""

    rungs: tuple[Rung, ...] = ()
    look_again: datetime | None = None


def remind(
    state: State, rules: Rules, said: tuple[Said, ...], heard: Heard, now: datetime, *, paused: bool = False
) -> Reminders:
    """The steps that are due at `now`. After a pause of Usher only the highest of an obligation's is.

    `paused`: Usher is silenced here; nothing is due, and nothing is lost.
    """
    raise NotImplementedError
