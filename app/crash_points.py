"""Named points at which a test lets the process die, as a machine that loses power would, or freeze until it is woken.

Nothing happens here unless the process was started with `USHER_CRASH_AT=<point>` or `<point>:<n>` (the
n-th time that the point is reached), which the settings take only beside a forge on this machine itself.
`<point>:<n>:freeze` stops it there until somebody sends it SIGCONT.
Passing a point that is not armed costs one comparison. The command line arms it (`arm`), so a part that
is only imported can never die.
"""

from __future__ import annotations

import os
import signal

POINTS = {
    "hook.verified": "a delivery is authentic and not stored yet: it was never acknowledged",
    "inbox.committed": "deliveries are stored, and none of them is acknowledged yet",
    "drain.taken": "a delivery was lent to be read, its attempt counted",
    "drain.applied": "a delivery's facts are written and not committed",
    "drain.committed": "a delivery is done, and nobody is woken yet",
    "settle.leased": "a subject is leased, and nothing of it read",
    "effect.planned": "the intent is written down, and nothing sent",
    "effect.sending": "marked as being sent, and nothing sent",
    "effect.leaving": "it was looked at a last time whether its turn holds, and nothing is sent",
    "effect.written": "the forge did it, and the row does not say so yet",
    "effect.done": "the row says so, and the next effect has not begun",
    "settle.decided": "everything is done, and the subject not marked as settled",
    "settle.committed": "the subject is settled, and nobody is woken for the next",
}
"""Every point, with how things stand there."""

_KINDS = {"": signal.SIGKILL, "freeze": signal.SIGSTOP}

_armed: tuple[str, int, signal.Signals] | None = None
_times = 0


def arm(at: str | None) -> None:
    """From now on die at this point: `effect.written`, or `effect.written:3` for the third time.

    Or freeze there: `effect.written:3:freeze`.
    """
    global _armed, _times
    _armed, _times = (parsed(at) if at else None), 0


def parsed(at: str) -> tuple[str, int, signal.Signals]:
    """The point, the time, and the signal; ValueError for anything else."""
    name, times, kind = [*at.split(":", 2), "", ""][:3]
    if name not in POINTS:
        raise ValueError(f"must be one of {', '.join(POINTS)}")
    if times and not (times.isascii() and times.isdigit() and int(times) > 0):
        raise ValueError("the number after the colon counts from 1")
    if kind not in _KINDS:
        raise ValueError("after the number there is `freeze`, or nothing")
    return name, int(times or 1), _KINDS[kind]


def reached(point: str) -> None:
    """Die or freeze here if this is the point, at once and without any clearing up."""
    global _times
    if _armed is None or _armed[0] != point:
        return
    _times += 1
    if _times == _armed[1]:
        os.kill(os.getpid(), _armed[2])
