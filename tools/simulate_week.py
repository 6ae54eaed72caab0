"""A week in the life of thirty people and sixty changes, in seconds: who was asked, reminded, answered.

`python -m tools.simulate_week [SEED]`. The exit code is 1 if any reminder was wrong.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from statistics import median

from tools.week.judge import judge
from tools.week.office import TEAMS
from tools.week.play import CHANGES, Week, play, promises, steps


def told(week: Week, seed: int, seconds: float) -> list[str]:
    """The week in figures, one line each."""
    people = week.office.people
    asked = Counter(who for item in week.items.values() for _, who in item.asked)
    times = sorted(asked[login] for login in people)
    sent = Counter(each.step for each in week.reminders)
    wrong = judge(week.office, week.logs, week.reminders)
    verdicts = Counter(each.verdict for each in promises(week))
    counted = verdicts["met"] + verdicts["missed"]
    merged = sum(item.state is not None and item.state.turn.row == 1 for item in week.items.values())
    taken = steps(week)
    zones = {worker.zone for worker in people.values()}
    return [
        f"{len(people)} people in {len(TEAMS)} teams and {len(zones)} time zones; "
        f"{CHANGES} changes, {merged} of them merged; seed {seed}",
        f"asked per person     min {times[0]}, median {median(times):g}, max {times[-1]}",
        f"reminders sent       {len(week.reminders)}: {sent['mention']} mentions, {sent['digest']} lines of a "
        f"morning digest, {sent['reassign']} to a lead",
        f"wrong reminders      {len(wrong)}",
        *(f"  {each.fault}: {each.reminder}" for each in wrong),
        f"backups asked        {sum(item.backups for item in week.items.values())}; "
        f"replaced {sum(item.replaced for item in week.items.values())}",
        f"answers in time      {verdicts['met']} of {counted}, {verdicts['met'] / counted:.0%}"
        if counted
        else "answers in time      none was due",
        "steps of the ladder  " + ", ".join(f"{step} {number}" for step, number in sorted(taken.items())),
        f"played in            {seconds:.1f} s, {week.settles:,} looks at a change",
    ]


def main() -> int:
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    start = time.perf_counter()
    week = play(seed)
    print("\n".join(told(week, seed, time.perf_counter() - start)))
    return 1 if judge(week.office, week.logs, week.reminders) else 0


if __name__ == "__main__":
    sys.exit(main())
