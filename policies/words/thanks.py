"""Words of thanks that are drafted for the owners, and said only if one of them wants it."""

from __future__ import annotations

from policies.text import Plain, code, counted


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `3rd`, `11th`."""
    last = number % 10 if number % 100 not in (11, 12, 13) else 0
    return f"{number}{({1: 'st', 2: 'nd', 3: 'rd'}).get(last, 'th')}"


def thanks(
    login: str, title: str, files: int, nth: int, repository: str, teams: tuple[str, ...], users: int
) -> str:
    """What an owner may say to a guest whose change was merged; `users` are the repositories that gain by it."""
    home = f" from {code(teams[0])}" if teams else ""
    first = "your first contribution" if nth == 1 else f"your {ordinal(nth)} contribution"
    size = f" ({counted(files, 'file')})" if files else ""
    many = counted(users, "other repository", "other repositories")
    verbs = ("uses", "gains") if users == 1 else ("use", "gain")
    gain = f" {many} {verbs[0]} it, and {verbs[1]} by this." if users else ""
    return f"Thank you, {code(login)}! {code(title)}{size} is in: {first} to {code(repository)}{home}.{gain}"


def in_own_words(owner: str, login: str, said: str) -> str:
    """What an owner wrote instead; shown as code, so that it notifies nobody else."""
    return f"{code(owner)} says to {code(login)}: {code(said, most=300)}"


def waits(login: str, command: str) -> Plain:
    """The line in an owner's digest."""
    return (
        f"Thanks for {login} are drafted, and nobody sees them yet. Say them with {command} thanks post, "
        f"in your own words with {command} thanks post WORDS, or drop them with {command} thanks discard. Left alone, "
        "they are forgotten in two weeks."
    )


def could_help(command: str) -> Plain:
    """The line in the digest of somebody who came as a guest three times."""
    return (
        "Three changes of yours were merged in this repository of another team. If you would like to help others "
        f"who try the same, comment {command} champion on anywhere; {command} champion off ends it at once."
    )


def helps_already(command: str) -> Plain:
    """The line in the digest of somebody who reviewed five changes of guests."""
    return (
        "You reviewed five changes that came from other teams. If you would like to be named to whoever asks for help, "
        f"comment {command} champion on anywhere; {command} champion off ends it at once."
    )
