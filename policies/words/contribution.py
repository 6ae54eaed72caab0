"""What Usher says of all that keeps others from contributing: on a change, on the default branch, in one issue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from policies.text import Said, code, counted, in_cell

MOST_ROWS = 50


@dataclass(frozen=True, slots=True)
class Ailment:
    """One row of what is to be mended. `id` is what it is called in commands."""

    path: str
    line: int
    message: Said
    fix: Said
    id: Said


@dataclass(frozen=True, slots=True)
class Excused:
    """What somebody accepted, who answers for it, why, and until when."""

    message: Said
    owner: str
    reason: str
    until: date


def ailments(rows: Sequence[Ailment]) -> str:
    """A table of what is to be mended, the first fifty."""
    lines = ["| Where | What | How to mend it | Id |", "| :-- | :-- | :-- | :-- |"]
    for each in rows[:MOST_ROWS]:
        where = in_cell(code(f"{each.path}:{each.line}"))
        lines.append(f"| {where} | {in_cell(each.message)} | {in_cell(each.fix)} | {each.id} |")
    if len(rows) > MOST_ROWS:
        lines.append(f"| | and {len(rows) - MOST_ROWS} more | | |")
    return "\n".join(lines)


def excused(rows: Sequence[Excused]) -> str:
    """What is accepted for a time; it is always shown."""
    lines = [
        f"- until {each.until:%Y-%m-%d} by {code(each.owner)}: {each.message} ({code(each.reason, most=200)})"
        for each in rows[:MOST_ROWS]
    ]
    return "\n".join(["Accepted for a time:", "", *lines])


# --- On a change ----------------------------------------------------------------------------------------


def check_title(brought: int, mended: int) -> str:
    """`1 new problem, 2 mended`."""
    said = counted(brought, "new problem") if brought else "No new problem"
    return f"{said}, {mended} mended" if mended else said


@dataclass(frozen=True, slots=True)
class Compared:
    """What a change brings, mends, and leaves as it was."""

    brought: tuple[Ailment, ...]
    mended: tuple[Ailment, ...]
    before: int
    excused: tuple[Excused, ...] = ()
    notes: tuple[Said, ...] = ()
    command: str = "/usher"


def check_summary(said: Compared) -> str:
    """What the check on a change says."""
    parts = []
    if said.brought:
        parts += ["This change brings:", ailments(said.brought)]
    else:
        parts.append("This change brings no new problem.")
    if said.mended:
        mended = "\n".join(f"- {each.message}" for each in said.mended[:MOST_ROWS])
        parts.append(f"It mends, thank you:\n\n{mended}")
    if said.before:
        stay = "stays as it is and fails" if said.before == 1 else "stay as they are and fail"
        parts.append(f"{counted(said.before, 'older problem')} {stay} nothing here.")
    if said.excused:
        parts.append(excused(said.excused))
    if said.brought:
        parts.append(how_to_accept(said.brought[0].id, said.command))
    return "\n\n".join([*parts, *said.notes])


def how_to_accept(id_: str, command: str) -> str:
    """How to say that something may stay as it is for a time."""
    form = f"{command} ignore {id_} until DATE because …"
    return f"Is one of these meant so? Comment {code(form)}."


# --- On the default branch ------------------------------------------------------------------------------


def branch_title(problems: int) -> str:
    """`3 things to mend`, or that all is well."""
    return f"{counted(problems, 'thing')} to mend" if problems else "All is well"


def branch_summary(rows: Sequence[Ailment], accepted: Sequence[Excused], notes: Sequence[Said]) -> str:
    """What the check on the default branch says; it never fails."""
    parts = [ailments(rows)] if rows else ["A newcomer finds everything here that they look for."]
    if accepted:
        parts.append(excused(accepted))
    return "\n\n".join([*parts, *notes])


# --- The tracking issue ---------------------------------------------------------------------------------

TRACKING_TITLE = "What keeps others from contributing here"
TRACKING_CLEAR = "**Everything that stood here is mended.** Thank you."


def switched_off(rules_path: str) -> str:
    """Usher does nothing in this repository any more, so it also keeps no issue open."""
    return (
        f"Usher is switched off here, by {code('enabled: false')} in {code(rules_path)}, so it keeps this issue no "
        "longer. Where that line is taken out, it comes back if there is still something to mend."
    )


def tracking_issue(rows: Sequence[Ailment], accepted: Sequence[Excused], command: str) -> str:
    """The repository's one issue about all of this."""
    parts = [
        "Somebody who wants to contribute here will get stuck on these. Each can be mended on its own.",
        ailments(rows),
    ]
    if accepted:
        parts.append(excused(accepted))
    parts += [
        f"Comment {code(f'{command} fix')} and Usher drafts what it can, for you to review; "
        f"{code(f'{command} recheck')} looks again now. {how_to_accept(rows[0].id, command)}",
        "<sub>Usher keeps this list up to date, and closes the issue when it is empty. "
        "Close it yourself, and Usher leaves it be for 90 days.</sub>",
    ]
    return "\n\n".join(parts)


def new_in_tracking(rows: Sequence[Ailment]) -> str:
    """A comment on the tracking issue: something grave is new."""
    if len(rows) == 1:
        [only] = rows
        return f"New here, in {code(f'{only.path}:{only.line}')}: {only.message} {only.fix}"
    lines = [f"- {code(f'{each.path}:{each.line}')}: {each.message} {each.fix}" for each in rows[:MOST_ROWS]]
    return "\n".join(["New here:", "", *lines])
