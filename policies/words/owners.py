"""What ails an owners file, in its check and in its issue."""

from __future__ import annotations

from policies.text import code, counted, listed, sentence

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
    """The same on GitLab, where it is worse: a rule that nobody can satisfy counts as approved."""
    return (
        f"Nobody who is named for {code(pattern)} can approve, and GitLab takes such a rule for approved.",
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
    """What a lint says of a line, some of which it may quote."""
    return sentence(message)


def owner_line_fix(kind: str, suggestion: str | None) -> str:
    """How to mend a line that parsing or a lint complains of."""
    if suggestion:
        return f"Write {code(suggestion)}."
    if kind == "shadowed":
        return "Remove this line, or move it below the one that covers it."
    if kind == "differs":
        return "Nothing to do unless the file is also used on the other forge."
    return "Correct the line, or remove it."


OWNERS_FILE_REMOVED = "This change takes the owners file away: from then on nobody is asked by it."
TREE_CUT = "The forge did not list all files, so patterns were not compared with them."


def owners_not_read(number: int) -> str:
    """There are more owners than are looked up at once."""
    return f"{counted(number, 'more owner')} of this file could not be looked up one by one."
