"""Every sentence that Usher can say, in one place, to be read aloud.

They go to tired people: short, kind and exact; they never scold, and they say what happens next and how
to say no. Names are shown as code, which notifies nobody; `mention` alone does, and only reminders use it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from policies.text import code, counted, in_cell, listed, mention


def instant(at: datetime, zone: str) -> str:
    """`Mon 23 Nov 16:30 CET`, in somebody's zone."""
    local = at.astimezone(ZoneInfo(zone))
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    name = local.tzname() or zone
    zone_name = f"UTC{name}" if name[:1] in "+-" else name
    return f"{days[local.weekday()]} {local.day} {months[local.month - 1]} {local:%H:%M} {zone_name}"


def hours(time: timedelta) -> str:
    """`8`, `2.5`: working hours, to the nearest tenth."""
    return f"{time.total_seconds() / 3600:.1f}".removesuffix(".0")


# --- Why somebody is asked ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Owned:
    """An area of the change: what the owners file says about it, and how many touched files are in it.

    `team` is the team through which somebody owns it, empty where they are named themselves.
    """

    pattern: str
    line: int
    files: int
    team: str = ""


def why_owner(owned: tuple[Owned, ...]) -> str:
    """Why this person: `owns `pay/` through `@shop/pay` (2 files)`."""
    return f"owns {_areas(owned)}"


def why_you(owned: tuple[Owned, ...]) -> str:
    """The same, said to the person."""
    return f"you own {_areas(owned)}"


def _areas(owned: tuple[Owned, ...]) -> str:
    parts = []
    for each in owned[:3]:
        through = f" through {code(each.team)}" if each.team else ""
        parts.append(f"{code(each.pattern)}{through} ({counted(each.files, 'file')})")
    if len(owned) > 3:
        parts.append(counted(len(owned) - 3, "more area"))
    return listed(parts)


WHY_FALLBACK = "nobody owns these files; named as fallback"
WHY_YOU_FALLBACK = "nobody owns these files, and you are named as fallback"
WHY_YOU_ASKED = "your review was asked for"
WHY_LEAD = "the owners cannot take it now; named as lead"


def why_asked_by(login: str) -> str:
    """Why this person: somebody chose them."""
    return f"asked by {code(login)}" if login else "asked by a person"


# --- The change's one comment ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AskedLine:
    """One row of the comment's table."""

    login: str
    why: str
    answered: str = ""  # "approved", "asked for changes", "commented"; empty: not yet


@dataclass(frozen=True, slots=True)
class Sticky:
    """What the change's comment has to say. `due` and `zone` belong to the headline's deadline."""

    headline: str
    asked: tuple[AskedLine, ...] = ()
    notes: tuple[str, ...] = ()
    ask: bool = False  # somebody's answer is awaited, so say how to give it or say no
    command: str = "/usher"
    owners_path: str = ""


def your_turn(people: tuple[str, ...], due: datetime | None, zone: str) -> str:
    """Whose answer is awaited, and by when."""
    who = listed([code(person) for person in people])
    if due is None:
        return f"**It is {who}'s turn.**" if len(people) == 1 else f"**It is the turn of {who}.**"
    promise = f"A first answer is promised by **{instant(due, zone)}**."
    return f"**Please look at this, {who}.** {promise}"


def overdue(people: tuple[str, ...], due: datetime, zone: str) -> str:
    """The promise has passed and nobody answered yet."""
    who = listed([code(person) for person in people])
    return f"**Still waiting for {who}.** A first answer was promised by {instant(due, zone)}."


def authors_turn(author: str, reason: str) -> str:
    """The author is to act."""
    return f"**It is your turn, {code(author)}**: {reason}."


def answered(people: tuple[str, ...]) -> str:
    """Everybody who was to answer did."""
    return f"**Answered** by {listed([code(person) for person in people])}."


NOBODY_OWNS = (
    "**Nobody is named as owner of these files, so nobody was asked.** "
    "Please ask somebody yourself, or add an owner to the CODEOWNERS file."
)
NOBODY_FREE = (
    "**Nobody who owns these files can be asked right now.** Please ask somebody yourself under *Reviewers*."
)
MERGED = "**Merged.** Nothing is awaited here."
CLOSED = "**Closed.** Nothing is awaited here."
BACK_TO_DRAFT = "**Back to draft.** Nobody is waited for until it is ready again."


def how_to_answer(command: str) -> str:
    """What whoever is asked can do. `command` is the prefix of commands."""
    return (
        f"A review or a comment of yours is an answer. Later? Comment {code(f'{command} eta fri 15:00')}. "
        f"Not you? Comment {code(f'{command} decline')}, or take yourself off *Reviewers*: somebody else is "
        "asked, and you are not asked here again."
    )


def paused(reason: str) -> str:
    """Nobody is waited for now, and why."""
    return f"**Paused:** {reason}. Nobody is waited for meanwhile."


def snoozed(until: datetime, zone: str) -> str:
    """It was snoozed by a command."""
    return f"it is snoozed until {instant(until, zone)}"


def blocked(by: str, why: str) -> str:
    """It was blocked by a command; the reason is quoted."""
    return f"{code(by)} says that it must wait: {code(why)}"


def nobody_asked(why: str) -> str:
    """A change about which nobody should be woken, by its size or its base."""
    return (
        f"**Nobody was asked, because {why}.** If it is meant so, please ask the right people yourself under "
        "*Reviewers*."
    )


def cut_list(seen: int) -> str:
    """The forge did not tell all files."""
    return f"The forge lists only {seen:,} of the files, so owners of others may be missing here."


def rules_problem(path: str, line: int, message: str, fix: str) -> str:
    """Something in `usher.yml` could not be used."""
    mend = f" {fix}" if fix else ""
    return f"{code(path)} line {line}: {message}.{mend} Until then the default holds."


def owners_problem(path: str, number: int) -> str:
    """Lines of the owners file could not be used."""
    return f"{code(path)} has {counted(number, 'line')} that cannot be read; they own nothing."


def sticky(said: Sticky) -> str:
    """The change's comment, as Markdown."""
    parts = [said.headline]
    if said.asked:
        rows = ["| Asked | Why |", "| :-- | :-- |"]
        for each in said.asked:
            done = f" · {each.answered}" if each.answered else ""
            rows.append(f"| {in_cell(code(each.login))}{done} | {in_cell(each.why)} |")
        parts.append("\n".join(rows))
    if said.ask:
        parts.append(how_to_answer(said.command))
    parts += said.notes
    source = f" · owners from {code(said.owners_path)}" if said.owners_path else ""
    parts.append(f"<sub>Usher keeps this comment up to date{source}</sub>")
    return "\n\n".join(parts)


# --- Reminders ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Late:
    """An answer that is due: since when it was whose turn, how much of the time is used, and why them."""

    login: str
    since: datetime
    used: timedelta
    budget: timedelta
    due: datetime
    zone: str
    why: str
    again: bool = False  # it is a second look that is awaited
    command: str = "/usher"


def tell_lead(lead: str, slot: str, due: datetime, zone: str) -> str:
    """Twice the promised time has passed; the lead hears of it, once, and nobody is blamed."""
    return (
        f"{mention(lead)}, nobody could answer here yet for {code(slot)}; an answer was promised for "
        f"**{instant(due, zone)}**. Could you find somebody, or tell the author when to expect one?"
    )


def reminder(late: Late) -> str:
    """The one mention that a person gets when their answer is due."""
    return (
        f"{mention(late.login)}, it has been your turn since {instant(late.since, late.zone)} "
        f"({hours(late.used)} of {hours(late.budget)} working hours). "
        f"{'A second look' if late.again else 'A first answer'} was promised for "
        f"**{instant(late.due, late.zone)}**.\n\n"
        f"- Why you: {late.why}.\n"
        f"- Later? Comment {code(f'{late.command} eta fri 15:00')}.\n"
        f"- Not you? Comment {code(f'{late.command} decline')}, or take yourself off *Reviewers*; somebody else "
        "is asked and you are not asked here again."
    )


# --- Commands -------------------------------------------------------------------------------------------

STANDS_ALONE = "It stands alone on its line."
NEEDS_REASON = "Please say in a few words what it waits for."
NEEDS_PERSON = "Please name one person, with an @."
NEEDS_TIME = "I understand `fri 15:00`, a date such as `2026-12-24`, `tomorrow` and `+2bd`."
NEEDS_DAYS = "I understand days: `mon fri`, or `2026-12-24 2027-01-01`. Both are days off."
IS_PAST = "That is already past."

CHANGE_IS_OVER = "This is closed already, so nothing is awaited here."
NOTHING_OWED = "No answer of yours is awaited here, so there is nothing to promise."
NOTHING_TO_UNDO = "There is no command of yours here from the last 24 hours that could be taken back."
NOT_PAUSED = "Nothing is snoozed or blocked here."
AUTHOR_READIES = "Only the author can say so."
OWN_CHANGE = "Nobody reviews their own change."
NOBODY_ASKED = "Nobody is asked here who could be replaced."
ASKED_NEXT_ALREADY = (
    "An author can ask for somebody else once per working day; the owners themselves always can."
)


def how_to_write(form: str) -> str:
    """How a command is written: `Please write `/usher eta WHEN`.`"""
    return f"Please write {code(form)}."


def which_command(prefix: str, verbs: tuple[str, ...]) -> str:
    """Somebody called and said nothing more."""
    return f"Yes? After {code(prefix)} I know {_verbs(verbs)}."


def unknown_command(prefix: str, verb: str, close: str, verbs: tuple[str, ...]) -> str:
    """A command that does not exist, and the one that was probably meant (or all there are)."""
    said = code(f"{prefix} {verb}", most=60)
    return f"I do not know {said}. " + (
        f"Did you mean {code(close)}?" if close else f"I know {_verbs(verbs)}."
    )


def _verbs(verbs: tuple[str, ...]) -> str:
    return listed([code(verb) for verb in verbs])


def not_yours(verb: str, whose: str) -> str:
    """Somebody may not give a command. `whose`: who may, as the end of a sentence."""
    return f"Only {whose} can say {code(verb)} here. Nothing was changed."


def already_promised(until: datetime, zone: str) -> str:
    """A second promise for the same answer."""
    return f"An answer is already promised for {instant(until, zone)}; a promise can be made once."


def not_asked(login: str) -> str:
    """Somebody was to be replaced who owes nothing here."""
    return f"{code(login)} is not asked here, so there is nobody to replace."


def cannot_review(login: str) -> str:
    """Somebody was to be asked who cannot see the repository, or is a bot."""
    return f"{code(login)} cannot review here: they have no access to this repository, or are a bot."


def refused(login: str, problems: tuple[str, ...]) -> str:
    """The answer to commands that were not understood or not allowed."""
    if len(problems) == 1:
        return f"{code(login)}: {problems[0]}"
    return "\n".join((f"{code(login)}:", "", *(f"- {problem}" for problem in problems)))


# --- Why ------------------------------------------------------------------------------------------------

NO_CHOICE = "Nobody was chosen by Usher here yet."
UNAVAILABLE = "unavailable"
BECAUSE = {
    "owner": "owns files that are touched",
    "familiar": "knows these files",
    "fallback": "nobody who owns these files can be asked; named as fallback",
    "lead": "the owners cannot take it now; named as lead",
    "trusted_committer": "welcomes guests here",
    "learner": "could come to know these files",
    "at_capacity": "is the least busy of people who all have enough to do",
}
"""Why somebody was asked."""
WHY_NOT = {
    "author": "it is their own change",
    "bot": "a bot answers nobody",
    "committer": "they wrote part of it",
    "left": "they left, or the forge would not ask them",
    "no_access": "they have no access to this repository",
    "declined": "they declined here",
    "off_rotation": "the rules take them off the rotation",
    "away": "they are away",
    "at_capacity": "they have enough to answer already",
}
"""Why somebody was not asked."""
FITS_LESS = {
    "familiarity": "others know these files better",
    "load": "others who know these files as well have less to answer",
    "people": "fewer people are enough, and others cover more of the files",
    "seed": "others fit equally well, and a draw decided that anybody can repeat",
    "covered": "somebody else answers for these files already",
    "better": "others fitted better",
}


def why_asked(login: str, reasons: tuple[str, ...], areas: str) -> str:
    """`` `ben` was asked: owns `pay/` (1 file); knows these files.``"""
    said = "; ".join(filter(None, (areas, *reasons)))
    return f"{code(login)} was asked: {said}."


def why_not_asked(login: str, reason: str) -> str:
    """`` `carla` was not asked: they are away.``"""
    return f"{code(login)} was not asked: {reason}."


def why_nobody(login: str) -> str:
    """Somebody who has nothing to do with the change."""
    return f"{code(login)} was not asked: they own nothing that this change touches."


FROM_THE_RECORD = (
    "<sub>From the record of this choice, which was made again just now with the same result.</sub>"
)


# --- The owners file --------------------------------------------------------------------------------------

Told = tuple[str, str]
"""What is so, and how to mend it."""


def owner_unknown(owner: str) -> Told:
    """No account has this name."""
    return f"Nobody on the forge is called {code(owner)}.", "Correct the name, or name somebody else."


def owner_is_organisation(owner: str) -> Told:
    """An organisation alone owns nothing."""
    return (
        f"{code(owner)} is an organisation; only its people and teams can own files.",
        f"Name one of its teams, as in {code(owner + '/team')}.",
    )


def owner_refused(owner: str) -> Told:
    """The forge says no, and nothing that we can see says why."""
    return (
        f"The forge does not accept {code(owner)} as an owner here.",
        "Name a person or team that can write.",
    )


def owner_left(owner: str, organisation: str) -> Told:
    """Somebody is not in the organisation and cannot write."""
    return (
        f"{code(owner)} is not in {code(organisation)} and cannot write here, so cannot be asked to review.",
        "Name whoever looks after these files now.",
    )


def owner_no_write(owner: str) -> Told:
    """Somebody can read, and no more."""
    return (
        f"{code(owner)} cannot write here, and who cannot write owns nothing.",
        "Give them write access, or name somebody who has it.",
    )


def team_missing(owner: str) -> Told:
    """A team was deleted or renamed, or is hidden."""
    return f"There is no team {code(owner)} that Usher can see.", "Correct the name; perhaps it was renamed."


def team_secret(owner: str) -> Told:
    """Secret teams cannot own code."""
    return (
        f"{code(owner)} is a secret team, which cannot own files.",
        "Make the team visible, or name another.",
    )


def team_no_write(owner: str) -> Told:
    """The team was not given the repository, or only to read."""
    return (
        f"The team {code(owner)} cannot write here, and who cannot write owns nothing.",
        "Give the team write access to this repository, or name one that has it.",
    )


def team_empty(owner: str) -> Told:
    """A team without members."""
    return f"Nobody is in the team {code(owner)}.", "Add somebody to the team, or name another."


def owner_email(owner: str) -> Told:
    """An address that no account has."""
    return (
        f"No account is known for {code(owner)}.",
        "Name the person by login instead; Usher leaves addresses as they are.",
    )


def owner_silent(people: tuple[str, ...], days: int) -> Told:
    """All owners of a line were asked and did not answer."""
    who = listed([code(person) for person in people])
    verb = "has" if len(people) == 1 else "have"
    return (
        f"{who} {verb} not found time for any review here in {days} days, and nobody else owns these files.",
        "Ask whether somebody should share these files, and name a second owner.",
    )


def nobody_left(pattern: str) -> Told:
    """Every owner of a line is gone."""
    return (
        f"Nobody who is named for {code(pattern)} can review, so changes there find nobody.",
        "Name a person or team that can write here.",
    )


def approved_by_itself(pattern: str) -> Told:
    """The same on GitLab, where it is worse."""
    return (
        f"Nobody who is named for {code(pattern)} can approve. GitLab approves such a rule by itself, unless "
        "the protected branch requires the approval of code owners.",
        "Name a person or group with at least the Developer role here.",
    )


def pattern_dead(pattern: str) -> Told:
    """A line without files."""
    return f"{code(pattern)} matches no file.", "Correct the path, or remove the line."


def unowned(files: int, of: int) -> Told:
    """A part of the repository belongs to nobody."""
    return (
        f"{files:,} of {counted(of, 'file')} ({files / of:.0%}) have no owner.",
        "Let the first line say who has everything else, as in `* @organisation/team`.",
    )


def owner_line(message: str) -> str:
    """What a lint says of a line; it may quote the line, which is shown as code then."""
    return code(message, most=300) if set(message) & set("`@<[*_\\") or not message.isprintable() else message


def owner_line_fix(kind: str, suggestion: str | None) -> str:
    """How to mend a line that parsing or a lint complains of."""
    if suggestion:
        return f"Write {code(suggestion)}."
    if kind == "shadowed":
        return "Remove this line, or move it below the one that covers it."
    if kind == "differs":
        return "Nothing to do unless the file is also used on the other forge."
    return "Correct the line, or remove it."


@dataclass(frozen=True, slots=True)
class Ailment:
    """One row of what ails an owners file."""

    line: int
    message: str
    fix: str


MOST_ROWS = 50


def ailments(rows: tuple[Ailment, ...]) -> str:
    """A table of what is to be mended, the first fifty."""
    lines = ["| Line | What | How to mend it |", "| --: | :-- | :-- |"]
    lines += [f"| {each.line} | {in_cell(each.message)} | {in_cell(each.fix)} |" for each in rows[:MOST_ROWS]]
    if len(rows) > MOST_ROWS:
        lines.append(f"| | and {len(rows) - MOST_ROWS} more | |")
    return "\n".join(lines)


def owners_check_title(brought: int, mended: int) -> str:
    """`1 new problem, 2 mended`."""
    said = counted(brought, "new problem") if brought else "No new problem"
    return f"{said}, {mended} mended" if mended else said


def owners_check(
    path: str,
    brought: tuple[Ailment, ...],
    mended: tuple[Ailment, ...],
    before: int,
    notes: tuple[str, ...],
) -> str:
    """What the check on a change of the owners file says."""
    parts = []
    if brought:
        parts += [f"With this change, {code(path)} gets:", ailments(brought)]
    else:
        parts.append(f"This change brings no new problem to {code(path)}.")
    if mended:
        parts.append(
            "It mends, thank you:\n\n" + "\n".join(f"- {each.message}" for each in mended[:MOST_ROWS])
        )
    if before:
        parts.append(f"{counted(before, 'problem')} of before stay as they are; they fail nothing here.")
    return "\n\n".join([*parts, *notes])


OWNERS_FILE_REMOVED = "This change takes the owners file away: from then on nobody is asked by it."
TREE_CUT = "The forge did not list all files, so patterns were not compared with them."


def owners_not_read(number: int) -> str:
    """There are more owners than are looked up at once."""
    return f"{counted(number, 'more owner')} of this file could not be looked up one by one."


TRACKING_TITLE = "Some owners here need attention"
TRACKING_CLEAR = "**Everything that stood here is mended.** Thank you."


def tracking_issue(path: str, rows: tuple[Ailment, ...]) -> str:
    """The repository's one issue about its owners file."""
    return "\n\n".join(
        [
            f"Some lines of {code(path)} cannot do what they say, so changes may find nobody to look at them.",
            ailments(rows),
            "<sub>Usher keeps this list up to date, and closes the issue when it is empty. "
            "Close it yourself, and Usher leaves it be for 90 days.</sub>",
        ]
    )
