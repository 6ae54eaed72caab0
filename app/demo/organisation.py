"""An organisation that is worth looking at: teams, repositories, guests, promises kept and missed.

It is played on the sandbox after the main story, day by day, by the same Usher. Everything is drawn from one
seed, so that two demos tell the same.
"""

from __future__ import annotations

import json
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from app.forges.sandbox.github.limits import Allowance
from app.forges.sandbox.github.sandbox import Sandbox
from app.forges.sandbox.rules import Refused
from app.forges.sandbox.story import Person
from app.forges.sandbox.world import Change, Repository

Settle = Callable[[str], Awaitable[None]]

TEAMS = {
    "payments": ("ben", "carla", "farid", "greta", "hana", "ivo"),
    "storefront": ("ana", "jana", "kofi", "lena", "mateo", "nora"),
    "platform": ("dora", "olga", "pavel", "quinn", "rosa", "sami"),
    "search": ("erin", "tariq", "uma", "viktor", "wanda", "yara"),
    "design": ("xenia", "yusuf", "zoe"),
    "data": ("abel", "bea", "cyril"),
}
"""Their people; the last two have fewer than five, and are shown as "other"."""

PROMISES = (
    "We answer within two business days.",
    "You can expect a first review within one business day.",
    "We answer within three working days.",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """A repository as it is to be: whose, in which language, what for; `uses` are packages that it requires."""

    name: str
    team: str
    language: str
    what: str
    topics: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    shared: bool = True
    guide: bool = True


PLANS = (
    Plan(
        "retry-kit",
        "platform",
        "TypeScript",
        "Retries with backoff and jitter, for every call that may fail.",
        ("resilience", "library"),
        (),
        ("typescript",),
    ),
    Plan(
        "http-client",
        "platform",
        "TypeScript",
        "One HTTP client with tracing, retries and sane time-outs.",
        ("http", "library"),
        ("retry-kit", "logging"),
        ("typescript",),
    ),
    Plan(
        "logging",
        "platform",
        "TypeScript",
        "Structured logs that name no secret.",
        ("observability", "library"),
    ),
    Plan(
        "feature-flags",
        "platform",
        "TypeScript",
        "Turn features on for some, then for all.",
        ("library",),
        ("http-client",),
    ),
    Plan(
        "deploy-tools",
        "platform",
        "Go",
        "Ship a service with one command.",
        ("tooling",),
        (),
        ("go", "kubernetes"),
    ),
    Plan(
        "service-template",
        "platform",
        "TypeScript",
        "How a new service begins.",
        ("template",),
        ("logging",),
        shared=False,
    ),
    Plan(
        "ledger",
        "payments",
        "TypeScript",
        "Every cent, twice, for ever.",
        ("payments",),
        ("logging", "money"),
    ),
    Plan(
        "money",
        "payments",
        "TypeScript",
        "Amounts with currencies that never mix.",
        ("payments", "library"),
        (),
        ("typescript",),
    ),
    Plan(
        "checkout",
        "payments",
        "TypeScript",
        "From the cart to the receipt.",
        ("payments",),
        ("money", "http-client", "ui-kit"),
    ),
    Plan("invoices", "payments", "Python", "Invoices as people expect them.", ("payments",), (), ("python",)),
    Plan(
        "fraud-rules",
        "payments",
        "Python",
        "Rules that stop fraud and no customer.",
        (),
        (),
        shared=False,
        guide=False,
    ),
    Plan(
        "web",
        "storefront",
        "TypeScript",
        "The shop that customers see.",
        (),
        ("ui-kit", "http-client", "feature-flags"),
        shared=False,
    ),
    Plan(
        "cart",
        "storefront",
        "TypeScript",
        "What is in the cart stays in the cart.",
        (),
        ("money", "retry-kit", "logging"),
    ),
    Plan(
        "accounts",
        "storefront",
        "TypeScript",
        "Who customers are.",
        (),
        ("http-client", "logging"),
        shared=False,
    ),
    Plan("mobile", "storefront", "Swift", "The shop in your pocket.", (), (), ("swift",), guide=False),
    Plan(
        "mailer",
        "storefront",
        "Python",
        "Mails that arrive and look right.",
        ("library", "mail"),
        (),
        ("python",),
    ),
    Plan(
        "index", "search", "Go", "Everything in the shop, findable in milliseconds.", ("search",), (), ("go",)
    ),
    Plan(
        "ranking",
        "search",
        "Python",
        "Which shoe comes first.",
        ("search", "machine-learning"),
        (),
        ("python",),
    ),
    Plan(
        "query-parser",
        "search",
        "TypeScript",
        "What customers mean when they type.",
        ("search", "library"),
        ("logging",),
    ),
    Plan(
        "suggestions",
        "search",
        "TypeScript",
        "Finishes what customers type.",
        ("search",),
        ("query-parser", "http-client"),
    ),
    Plan("crawler", "search", "Python", "Reads what suppliers write.", (), (), shared=False, guide=False),
    Plan(
        "ui-kit",
        "design",
        "TypeScript",
        "Buttons, forms and tables that everybody can use.",
        ("design-system", "library"),
        (),
        ("css", "accessibility"),
    ),
    Plan("icons", "design", "TypeScript", "Icons, drawn once.", ("design-system", "library")),
    Plan("lake", "data", "Python", "All numbers, in one place.", ("data",), (), ("python", "sql")),
    Plan("style-guide", "design", "Markdown", "How we write to customers.", ("docs",)),
)

COPIED = (
    "export function backoff(attempt: number): number {\n"
    + "".join(
        f"  // step {step}: wait twice as long, up to a minute, and a little more by chance\n"
        for step in range(16)
    )
    + "  return Math.min(60, 2 ** attempt);\n}\n"
)
COPIES = ("retry-kit", "cart", "ledger", "suggestions")
"""Where the same file lies, as people copy what they do not find."""

TITLES = (
    "Take the currency from the order", "Mend the link in the guide", "Retry on 429 too", "Say why a call failed",
    "Speed up the first page", "Add a test for leap days", "Name the environment in every log line",
    "Allow an empty cart", "Explain the setup on Windows", "Round as the tax office does",
    "Keep the header on small screens", "Warn before a token ends", "Support dark mode", "Drop the old endpoint",
    "Sort results by date", "Make the time-out configurable", "Fix a typo in an error", "Cache what never changes",
)  # fmt: skip


@dataclass(slots=True)
class Company:
    """What is there after `found`: people by login, repositories by name."""

    people: dict[str, Person] = field(default_factory=dict)
    places: dict[str, Repository] = field(default_factory=dict)


def found(forge: Sandbox, organisation: str = "shop") -> Company:
    """Make the teams and repositories; what is there already stays."""
    forge.github.limits.allowance = Allowance(
        primary=1_000_000, content_a_minute=100_000, content_an_hour=1_000_000
    )
    company = Company()
    for slug, logins in TEAMS.items():
        people = [forge.person(login, member_of=organisation) for login in logins]
        company.people |= {each.login: each for each in people}
        if forge.world.team(organisation, slug) is None:
            forge.team(f"{organisation}/{slug}", members=people)
        else:
            for each in people:
                each.joins(f"{organisation}/{slug}")
    for number, plan in enumerate(PLANS):
        place = forge.repository(
            f"{organisation}/{plan.name}",
            files=_files(plan, organisation, PROMISES[number % len(PROMISES)]),
            teams={f"{organisation}/{plan.team}": "maintain"},
        )
        place.language, place.description = plan.language, plan.what
        place.topics = [*plan.topics, *(["inner-source"] if plan.shared else [])]
        place.participation = [max(0, (number * 7 + week * 5) % 13 - 4) for week in range(52)]
        company.places[plan.name] = place
    return company


def _files(plan: Plan, organisation: str, promise: str) -> dict[str, str]:
    files = {
        "README.md": f"# {plan.name}\n\n{plan.what}\n\n## Why\n\n"
        + "Because several teams needed it and one of them began. " * 6
        + "\n\n## How to use it\n\nInstall it, and read the examples.\n",
        ".github/CODEOWNERS": f"*       @{organisation}/{plan.team}\n",
        ".github/usher.yml": "reviewers: {max_reviewers: 1}\ncalendars:\n  business: {zone: Europe/Berlin}\n",
        "src/main.txt": f"{plan.name}\n",
        "LICENSE": "MIT License\n",
    }
    if plan.guide:
        files["CONTRIBUTING.md"] = _guide(plan, organisation, promise)
    if plan.shared:
        said = {"title": plan.name.replace("-", " ").capitalize(), "motivation": plan.what}
        files["innersource.json"] = json.dumps(
            {**said, "skills": list(plan.skills), "contributions": ["Documentation", "Small changes"]},
            indent=2,
        )
    if plan.language == "TypeScript":
        needs = {f"@{organisation}/{name}": "^1" for name in plan.uses}
        files["package.json"] = json.dumps(
            {"name": f"@{organisation}/{plan.name}", "scripts": {"test": "node test"}, "dependencies": needs}
        )
    if plan.name in COPIES:
        files["src/backoff.ts"] = COPIED
    return files


def _guide(plan: Plan, organisation: str, promise: str) -> str:
    return (
        f"# Contributing to {plan.name}\n\nEverybody is welcome to contribute:\n\n- small changes without asking\n"
        "- large ones after an issue\n\n## Set up\n\n```sh\nnpm install\n```\n\n## Test\n\n```sh\nnpm test\n```\n\n"
        "## Propose\n\nOpen a pull request from a fork or a branch.\n\n"
        "## Review\n\nOne approval of the team is enough; "
        f"two people look at what moves money.\n\n## Response\n\n{promise}\n\n## Owners\n\n"
        f"@{organisation}/{plan.team} own this repository.\n\n## Help\n\nAsk in #{plan.team} or open an issue.\n"
    )


# --- Weeks of work -------------------------------------------------------------------------------------------------


async def live(company: Company, forge: Sandbox, settle: Settle, *, days: int, seed: int = 7) -> None:
    """Play so many days from nine o'clock on: changes, answers in time and late, merges, guests who come back."""
    chance = random.Random(seed)  # noqa: S311 - a story, no secret
    waiting: list[Change] = []
    titles = _titles(chance)
    for _ in range(days):
        _to_nine(forge)
        if forge.now().weekday() >= 5:
            forge.later("24h")
            continue
        waiting += [each for each in (_opened(company, chance, titles) for _ in range(4)) if each is not None]
        await settle("People open changes …")
        forge.later("3h")
        answered = _answer(company, waiting, chance, of=0.6)
        await settle("Owners answer …")
        forge.later("4h")
        _merge(company, answered, chance)
        waiting = [each for each in waiting if each.open and each not in answered]
        await settle("Some are merged …")
        forge.later("15h")
    for _ in range(4):
        _opened(company, chance, titles)
    forge.later("1h")
    await settle("A new day begins …")


def _to_nine(forge: Sandbox) -> None:
    """To the next nine o'clock in the morning, UTC+1."""
    now = forge.now()
    minutes = ((8 * 60) - (now.hour * 60 + now.minute)) % (24 * 60)
    forge.later(f"{minutes}m")


def _titles(chance: random.Random) -> Iterator[str]:
    while True:
        yield from chance.sample(TITLES, len(TITLES))


def _opened(company: Company, chance: random.Random, titles: Iterator[str]) -> Change | None:
    """Two of three changes come from another team, most often to what many use."""
    weights = [4 if "library" in plan.topics else 1 for plan in PLANS]
    [plan] = chance.choices(PLANS, weights)
    guest = chance.random() < 0.65
    teams = [team for team in TEAMS if (team != plan.team) == guest]
    author = company.people[chance.choice(TEAMS[chance.choice(teams)])]
    try:
        return author.opens(company.places[plan.name], touching=["src/main.txt"], title=next(titles))
    except Refused:
        return None


def _answer(company: Company, waiting: list[Change], chance: random.Random, *, of: float) -> list[Change]:
    answered = []
    for change in waiting:
        if change.open and change.asked and chance.random() < of:
            reviewer = company.people.get(min(change.asked))
            if reviewer is not None:
                reviewer.reviews(change, "approve", "Thank you, this helps.")
                answered.append(change)
    return answered


def _merge(company: Company, answered: list[Change], chance: random.Random) -> None:
    plans = {plan.name: plan for plan in PLANS}
    for change in answered:
        if change.open and chance.random() < 0.85:
            owner = company.people[chance.choice(TEAMS[plans[change.repository.name].team])]
            try:
                owner.merges(change)
            except Refused:
                continue
