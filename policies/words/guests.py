"""What a guest reads: somebody who comes from another team, and may never have heard of Usher."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from policies.missing import Missing
from policies.rules import Governance, Support
from policies.text import code, counted, link, listed
from policies.words.times import instant


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the comment tells a guest. `short`: they came before, and know how things go here.

    `due` is None where no answer is promised. `slow` is how many changes of guests wait, where that is more
    than the owners have time for; `page` the address in front of a path, empty where papers cannot be linked.
    """

    login: str
    owners: tuple[str, ...]
    waiting: tuple[str, ...]
    due: datetime | None
    zone: str
    short: bool
    governance: Governance
    support: Support
    missing: tuple[Missing, ...] = ()
    slow: int = 0
    page: str = ""


_LEVELS: dict[Governance, str] = {
    "issues_welcome": "Ideas and reports are welcome here; talk with the owners before you change more than a little.",
    "contributions_welcome": "Changes from everybody are welcome; the owners look at them and merge them.",
    "shared_write": "Trusted people from other teams merge here too, and you can become one of them.",
    "shared_ownership": "Several teams own this together.",
}


def headline(said: Welcome) -> str:
    """The first lines: thanks, whose it is, and until when there is an answer."""
    parts = [f"**Thank you, {code(said.login)}.**"]
    if not said.short and said.owners:
        parts.append(f"What you change here belongs to {listed([code(team) for team in said.owners[:3]])}.")
    asked = f" by {listed([code(person) for person in said.waiting])}" if said.waiting else ""
    if said.due is not None:
        parts.append(f"A first answer{asked} is promised by **{instant(said.due, said.zone)}**.")
    elif said.waiting:
        parts.append(f"A first answer will come{asked}.")
    if not said.short and not said.missing:
        parts.append("Nothing more is needed from you until then.")
    return " ".join(parts)


def welcome(said: Welcome) -> str:
    """What follows below the people who were asked, as a list; empty where there is nothing to say."""
    lines = [] if said.short else [*_about_the_place(said.governance, said.support)]
    if said.slow:
        lines.append(
            f"It may be slower than usual this week: {counted(said.slow, 'change')} of guests wait here. "
            "The date above stays."
        )
    text = "\n".join(f"- {line}" for line in lines)
    if not said.missing:
        return text
    wanted = "\n".join(f"- {_wanted(each, said.page)}" for each in said.missing[:10])
    return f"{text}\n\nStill missing, whenever you can:\n\n{wanted}".strip()


def _about_the_place(governance: Governance, support: Support) -> list[str]:
    lines = [_LEVELS[governance]]
    if support.channel:
        lines.append(f"Questions? Ask here, or in {code(support.channel)}.")
    else:
        lines.append("Questions? Ask here; no question is too small.")
    lines.append(after_the_merge(support))
    return lines


def after_the_merge(support: Support) -> str:
    """Who looks after bugs of the change once it is merged."""
    days = support.warranty.days
    if support.bugs == "best_effort":
        later = "bugs are looked at as time allows"
    elif support.bugs == "warranty":
        later = "nobody has to answer for it any more"
    else:
        later = "the owners look after it alone"
    if not days:
        return f"After the merge {later}."
    return (
        f"If a bug comes from your change within {days:d} days of the merge, your team is asked too; "
        f"after that {later}."
    )


def _wanted(each: Missing, page: str) -> str:
    source = f"{code(each.path)} line {each.line}"
    where = link(source, f"{page}{each.path}#L{each.line}") if page else source
    match each.what:
        case "field":
            return f"a few words under {code(each.name)} in the description ({where})"
        case "sign_off":
            return f"a sign-off on each commit, as `git commit --signoff` adds it ({where})"
        case "issue":
            return f"the issue that this belongs to, named in the description ({where})"
        case "check":
            return f"the check {code(each.name)} has to pass"


# --- What maintainers read on the repository's page -------------------------------------------------------

OWNER_UNKNOWN = "Nothing says which team this repository belongs to, so nobody can tell who comes as a guest."
OWNER_UNKNOWN_FIX = (
    "Write `support: {owner: organisation/team}` here, or name the team for `*` in the owners file."
)
OVERLOAD_FIX = "Find more hands or hours, or say a later date in `reviews.guest`; the promised dates stay."


def overload(waiting: int, needed: float, declared: float) -> str:
    """More changes of guests wait than the declared hours are enough for."""
    return (
        f"{counted(waiting, 'change')} of guests wait, about {needed:g} hours of work; "
        f"{declared:g} hours a week are declared for them."
    )
