"""What is answered to a command that cannot be carried out."""

from __future__ import annotations

from datetime import datetime

from policies.text import Said, code, listed, mention
from policies.words.times import instant

STANDS_ALONE = "It stands alone on its line."
NEEDS_REASON = "Please say in a few words what it waits for."
NEEDS_PERSON = "Please name one person, with an `@`."
NEEDS_TIME = "I understand `fri 15:00`, a date such as `2026-12-24`, `tomorrow` and `+2bd`."
NEEDS_DAYS = "I understand days: `mon fri`, or `2026-12-24 2027-01-01`. Both are days off."
NEEDS_CHANGE = "I understand the number of a change of this repository, as in `#12`."
NEEDS_ON_OR_OFF = "I understand `on` and `off`."
NEEDS_POST_OR_DISCARD = "I understand `post`, `post` with words of your own, and `discard`."
NEEDS_EXCEPTION = "It names a finding by its id, a day such as `2027-01-31`, and in a few words why."
NEEDS_NEARER_DATE = "The day is to come, and at most 180 days away."
NEEDS_CONTRIBUTING = "So far I draft `contributing` alone."
IS_PAST = "That is already past."

CHANGE_IS_OVER = "This is closed already, so nothing is awaited here."
NOTHING_OWED = "No answer of yours is awaited here, so there is nothing to promise."
NOTHING_TO_UNDO = "There is no command of yours here from the last 24 hours that could be taken back."
NOT_PAUSED = "Nothing is snoozed or blocked here."
STILL_A_DRAFT = "This is a draft. Mark it as ready for review; whoever is to look is asked then."
AUTHOR_READIES = "Only the author can say so."
ONLY_ON_ISSUES = "That is said on issues."
ONLY_TO_A_QUESTION = (
    "That answers an issue in which Usher asks whether other teams may find a new repository; say it there. Nothing "
    "was changed."
)
NO_THANKS = (
    "No thanks of yours wait to be said here: they are kept for two weeks after the merge, for the owners."
)
TOO_LONG_A_SILENCE = "Silence ends after 180 days at the latest; `off` is for good."


def no_helpers(command: str) -> str:
    """Somebody asked for help, and nobody has offered any."""
    return (
        "Nobody has offered to help yet. Ask here all the same: the owners read it. Would you like to help others? "
        f"Comment {code(f'{command} champion on')}."
    )


NO_CHAMPIONS = "Offering help is switched off here (`champions.enabled`)."
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


def not_yours(verb: str, whose: Said) -> str:
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


def refused(login: str, problems: tuple[Said, ...]) -> str:
    """The answer to commands that were not understood or not allowed."""
    if len(problems) == 1:
        return f"{code(login)}: {problems[0]}"
    return "\n".join((f"{code(login)}:", "", *(f"- {problem}" for problem in problems)))


def helpers(people: tuple[str, ...]) -> str:
    """Who offers to help, for somebody who asked."""
    offer = "offers" if len(people) == 1 else "offer"
    return f"{listed([mention(person) for person in people])} {offer} to help. Ask right here what you need."
