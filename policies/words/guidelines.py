"""What Usher says about contribution guidelines: what is missing, and how to mend it."""

from __future__ import annotations

from fractions import Fraction

from policies.text import Said, code, counted
from policies.words.owners import Told

SECTION_NAMES = {
    "scope": "what is welcome",
    "setup": "how to set everything up",
    "test": "how to test",
    "propose": "how to propose a change",
    "review": "who reviews",
    "response": "when to expect an answer",
    "owners": "who owns this",
    "help": "where to ask",
    "done": "what must be signed or licensed",
    "after": "what happens after the merge",
    "path": "how to become a trusted committer",
    "agents": "what holds for AI and agents",
}
"""Each section, as the end of “It does not say …”."""

_HEADINGS = {
    "scope": "Contributing",
    "setup": "Set up",
    "test": "Test",
    "propose": "Propose a change",
    "review": "Review",
    "response": "Response",
    "owners": "Maintainers",
    "help": "Help",
    "done": "Sign-off",
    "after": "Release",
    "path": "Trusted committers",
    "agents": "AI and agents",
}
_HOLDS = {
    "scope": "list what you like to get: bug reports, docs, features",
    "setup": "put the commands into a fenced block, such as `make install`",
    "test": "put the command into a fenced block, such as `make test`",
    "propose": "say whether to work on a fork or a branch, and whether an issue comes first",
    "review": "say who reviews, or how many approvals are needed",
    "response": "make a promise, such as “We answer within two business days.”",
    "owners": "name the team or people with an `@`, or link to CODEOWNERS",
    "help": "give an address: a chat channel, a mailbox or a link",
    "done": "say in a few sentences what has to be signed or licensed",
    "after": "say in a few sentences when a merged change is released",
    "path": "say in a few sentences how somebody becomes one",
    "agents": "say in a few sentences what you expect of them",
}
_LACKS = {
    "scope": "a list, or a level of openness such as “contributions welcome”",
    "setup": "a fenced command that can be run in this repository",
    "test": "a fenced command that can be run in this repository",
    "propose": "a fork, a branch or an issue",
    "review": "who reviews, or how many approvals are needed",
    "response": "a promise with a number",
    "owners": "somebody by `@name`, or a link to CODEOWNERS",
    "help": "an address: a link, a #channel or a mailbox",
}


def section_name(section: Said) -> str:
    """`how to test (test)`."""
    return f"{SECTION_NAMES.get(section, section)} ({section})"


def guide_absent(path: str) -> Told:
    """There is no guideline, neither here nor inherited."""
    return (
        "Nothing here says how to contribute, so people from elsewhere have to guess.",
        f"Add {code(path)}; `/usher draft contributing` drafts one from what is known of this repository.",
    )


def guide_too_large(path: str, limit: int) -> Told:
    """A file that nobody reads to the end."""
    return (
        f"{code(path)} is larger than {limit // 1024} KiB, so it is not read as a guideline.",
        "Keep the guideline to what a newcomer needs, and link to the rest.",
    )


def guide_empty(path: str, least: int) -> Told:
    """There is one, and it says nothing."""
    return (
        f"{code(path)} says next to nothing: less than {least} characters, and no link.",
        "Say what is welcome, how to set up and test, and when to expect an answer; or link to where that stands.",
    )


def section_missing(section: str) -> Told:
    """A required section is not there."""
    return (
        f"It does not say {SECTION_NAMES[section]}.",
        f"Add a section “{_HEADINGS[section]}”: {_HOLDS[section]}.",
    )


def section_weak(section: Said, text: str, lacks: str) -> Told:
    """A section is half there."""
    if lacks == "heading":
        return (
            f"It says {SECTION_NAMES[section]}, and no heading leads there.",
            f"Put it under a heading such as “{_HEADINGS[section]}”.",
        )
    return (
        f"The section {code(text, most=60)} does not name {_LACKS.get(section, 'enough to go by')}.",
        f"There, {_HOLDS[section]}.",
    )


def promise_absent(measured: Fraction | None) -> Told:
    """Nobody promises an answer. `measured`: working hours within which 85 of 100 guests had one."""
    if measured is None:
        fix = f"Add a section “Response”: {_HOLDS['response']}"
    else:
        fix = (
            "Add a section “Response”. In the last 90 days 85 of 100 contributions from elsewhere had an answer "
            f"within {working(measured)}, so you could promise “We answer within {as_promise(measured)}.”"
        )
    return "It does not say when to expect an answer.", fix


def promise_vague(text: str, sla: Fraction | None) -> Told:
    """A promise without a number."""
    example = as_promise(sla) if sla is not None else "two business days"
    return (
        f"{code(text)} leaves open when that is.",
        f"Name a time that you can keep, such as “within {example}”.",
    )


def promise_looser(text: str, promised: Fraction, sla: Fraction) -> Told:
    """The text promises less than the rules."""
    return (
        f"{code(text)} means {working(promised)}; the rules here say {working(sla)}, and those set the clock.",
        f"Promise “within {as_promise(sla)}”, or set `reviews.guest.first_response` to what you promise.",
    )


def promise_tighter(text: str, promised: Fraction, sla: Fraction) -> Told:
    """The text promises more than the rules: people are told later that a promise was kept which was not."""
    return (
        f"{code(text)} means {working(promised)}; the rules here allow {working(sla)}, so nobody is reminded in time.",
        f"Promise “within {as_promise(sla)}”, or set `reviews.guest.first_response` to what you promise.",
    )


def promise_missed(text: str, promised: Fraction, measured: Fraction, contributions: int) -> Told:
    """What is promised and what was measured differ."""
    return (
        f"{code(text)} means {working(promised)}. In the last 90 days 85 of 100 contributions from elsewhere "
        f"({contributions} in all) waited up to {working(measured)}.",
        f"Promise what you can keep, such as “within {as_promise(measured)}”, or let more people share the reviews.",
    )


def guide_stale(months: int, builds: int) -> Told:
    """The build moved on and the guideline did not."""
    return (
        f"It was last touched more than {counted(months, 'month')} ago; since then the way to build or test changed "
        f"{counted(builds, 'time')}.",
        "Follow it once as a newcomer would, and mend what is no longer so.",
    )


def link_broken(href: str, suggestion: str) -> Told:
    """A link to a file that is not there."""
    fix = f"Did you mean {code(suggestion)}?" if suggestion else "Correct the path, or take the link out."
    return f"{code(href)} leads to no file of this repository.", fix


def anchor_broken(href: str, suggestion: str) -> Told:
    """A link to a heading that is not there."""
    fix = f"Did you mean {code('#' + suggestion)}?" if suggestion else "Correct what stands behind the #."
    return f"{code(href)} leads to no heading.", fix


def external_broken(href: str) -> Told:
    """A link to another site that did not answer twice."""
    return f"{code(href)} did not answer on two days.", "Correct the address, or take the link out."


def marker(text: str) -> Told:
    """What a template left."""
    return f"{code(text)} was left from a template.", "Fill it in, or take it out."


def docs_hint(changed: str, docs: str) -> Told:
    """A change that may want a word in the docs."""
    return (
        f"This touches {code(changed)} and nothing in {code(docs)}.",
        "Does something there want to be said anew? If not, all is well.",
    )


# --- Lengths --------------------------------------------------------------------------------------------


def working(hours: Fraction) -> str:
    """`2 working days (16 working hours)`, `11.4 working hours`."""
    whole = f"{float(round(hours, 1)):g} working {'hour' if hours == 1 else 'hours'}"
    return f"{counted(int(hours / 8), 'working day')} ({whole})" if hours >= 8 and hours % 8 == 0 else whole


_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def as_promise(hours: Fraction) -> str:
    """The shortest plain promise that holds these working hours: `four hours`, `two business days`, `three weeks`."""
    if hours <= 6:
        number, unit = max(-(-hours // 1), 1), "hour"
    elif hours <= 80:
        number, unit = -(-hours // 8), "business day"
    else:
        number, unit = -(-hours // 40), "week"
    named = _NUMBERS[int(number)] if number <= 10 else str(int(number))
    return f"{named} {unit}{'' if number == 1 else 's'}"
