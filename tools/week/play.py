"""Plays one week of the office, event by event: people act, Usher's policies decide what Usher does.

Nothing here judges. What Usher does follows from `fold`, `choose` and `remind` alone, as in its handlers, with
lists instead of a forge and a database.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random
from zoneinfo import ZoneInfo

from policies import calendars
from policies.clocks import Obligation, State, fold, hours
from policies.facts import (
    ChangeDrafted,
    ChangeMerged,
    ChangeOpened,
    ChangePushed,
    ChangeReadied,
    ChecksChanged,
    CommandGiven,
    Fact,
    Labelled,
    RemarkMade,
    ReviewAsked,
    ReviewDismissed,
    Reviewed,
    ReviewUnasked,
    SlotsChosen,
)
from policies.gaps import open_asks
from policies.reminders import Heard, Reminders, Rung, Said, Step, remind
from policies.reviewers import Candidate, Occasion, Past, Slot, choose
from tools.week.judge import Reminder
from tools.week.office import TEAMS, Office, local, make

CHANGES = 60
END = local("UTC", 11, 20)
"""Friday evening of the week after: by then every answer came, or its ladder is climbed."""

Act = Callable[[datetime], Iterable[Fact]]


@dataclass
class Item:
    """One change: what happened to it, what Usher said, and how it stood when last looked at."""

    number: int
    author: str
    areas: tuple[Slot, ...]
    log: list[Fact] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    state: State | None = None
    wake: datetime | None = None
    asked: list[tuple[datetime, str]] = field(default_factory=list)
    backups: int = 0
    replaced: int = 0
    pushes: int = 0


@dataclass
class Week:
    """The week as far as it is played."""

    office: Office
    chance: Random
    past: dict[str, tuple[Past, ...]]
    look: Callable[..., Reminders] = remind
    items: dict[int, Item] = field(default_factory=dict)
    reminders: list[Reminder] = field(default_factory=list)
    agenda: list[tuple[datetime, int, int, Act]] = field(default_factory=list)
    order: count[int] = field(default_factory=count)
    now: datetime = END
    settles: int = 0

    @property
    def logs(self) -> dict[int, list[Fact]]:
        return {number: item.log for number, item in self.items.items()}

    def plan(self, item: Item, at: datetime | None, act: Act) -> None:
        """Somebody will do something to a change; nobody does where they never work."""
        if at is not None and at <= END:
            heapq.heappush(self.agenda, (at, next(self.order), item.number, act))

    def at_work(self, who: str, since: datetime, working_hours: float) -> datetime | None:
        """The instant by which somebody worked for so long since."""
        terms = self.office.terms(END)
        return calendars.due(hours.present(terms, who), since, timedelta(hours=working_hours))


def play(seed: int, *, rules: str | None = None, look: Callable[..., Reminders] = remind) -> Week:
    """The whole week of a seed. `rules` replaces what the office agreed, `look` how reminders are decided."""
    chance = Random(seed)
    office = make(chance)
    if rules is not None:
        office = Office(office.people, rules)
    week = Week(office, chance, _history(office, chance), look)
    for number in range(1, CHANGES + 1):
        _plan_change(week, number)
    while week.agenda:
        at, _, number, act = heapq.heappop(week.agenda)
        week.now = at
        item = week.items[number]
        if item.state is not None and item.state.turn.row == 1:
            continue
        item.log += act(at)
        settle(week, item, at)
    week.now = END
    for item in week.items.values():
        if item.log:
            item.state = fold(item.log, office.terms(END), END)
    return week


# --- What Usher does ------------------------------------------------------------------------------------


def settle(week: Week, item: Item, now: datetime) -> None:
    """Look at a change: find people for it, remind whoever's turn it is, and note when to look again."""
    week.settles += 1
    terms = week.office.terms(now)
    item.state = state = fold(item.log, terms, now)
    known = len(item.log)
    if state.turn.row > 2 and not state.tripped:
        _let_go(week, item, now)
        _ask_again(week, item, now)
        _assign(week, item, now, item.areas)
        item.state = state = _anew(week, item, known, now)
    heard, known = _heard(week, item, now), len(item.log)
    rungs = week.look(state, terms.rules, tuple(item.said), heard, now).rungs
    for rung in sorted(rungs, key=lambda rung: rung.step != "reassign"):
        _climb(week, item, rung, now)
    item.state = state = _anew(week, item, known, now)
    again = week.look(state, terms.rules, tuple(item.said), _heard(week, item, now), now).look_again
    wakes = [at for at in (state.next_wake, again) if at is not None and at > now]
    wake = min(wakes, default=None)
    if wake is not None and (item.wake is None or not now < item.wake <= wake):
        item.wake = wake
        week.plan(item, wake, lambda _at: ())


def _anew(week: Week, item: Item, known: int, now: datetime) -> State:
    """The state after what Usher did, if it did anything since the log was so long."""
    assert item.state is not None
    return item.state if len(item.log) == known else fold(item.log, week.office.terms(now), now)


def _assign(
    week: Week, item: Item, now: datetime, areas: tuple[Slot, ...], without: Iterable[str] = ()
) -> tuple[str, ...]:
    """Ask whoever the areas still lack, somebody besides `without`; returns who was asked."""
    assert item.state is not None
    terms = week.office.terms(now)
    without = tuple(without)
    asks = {who: ask for who, ask in open_asks(item.log).items() if who not in without}
    reviewed = {fact.by for fact in item.log if isinstance(fact, Reviewed) and fact.by not in without}
    load = _load(week, item)
    occasion = Occasion(
        repository="org/shop",
        number=item.number,
        author=item.author,
        at=now,
        declined=(*item.state.declined, *without),
        engaged=(*reviewed, *asks),
        asked_by_people=tuple(who for who, ask in asks.items() if not ask.by_usher),
        lead=_lead(week, areas[0].name),
    )
    candidates = tuple(
        Candidate(
            login, away=hours.is_away(terms, login, now), load=load.get(login, 0), past=week.past[login]
        )
        for login in week.office.people
    )
    choice = choose(occasion, areas, candidates, terms.rules.reviewers)
    for pick in choice.picks:
        _ask(week, item, pick.person, now, pick.slots)
    return tuple(pick.person for pick in choice.picks)


def _ask(week: Week, item: Item, who: str, now: datetime, areas: tuple[str, ...], by: str = "") -> None:
    item.asked.append((now, who))
    item.log.append(
        ReviewAsked(at=now, by=by or "usher[bot]", by_bot=not by, who=who, by_usher=not by, slots=areas)
    )
    _plan_answer(week, item, who, now)


def _let_go(week: Week, item: Item, now: datetime) -> None:
    """Take back the requests to people who went away and left their answer to others."""
    assert item.state is not None
    still = {who for slot in item.state.slots for who in slot.asked}
    asks = open_asks(item.log)
    for each in item.state.obligations:
        if each.verdict == "excused" and each.party not in still and each.party in asks:
            item.log.append(ReviewUnasked(at=now, by="usher[bot]", by_bot=True, who=each.party))


def _ask_again(week: Week, item: Item, now: datetime) -> None:
    """Ask those on the forge to whom the turn went back by itself."""
    assert item.state is not None
    for who in set(item.state.reask) - open_asks(item.log).keys():
        areas = tuple(slot.name for slot in item.state.slots if who in slot.asked)
        _ask(week, item, who, now, areas)


def _climb(week: Week, item: Item, rung: Rung, now: datetime) -> None:
    """What a step of the reminders does, as in `handlers/remind.py`; the digest is sent as well.

    Nobody is told that it is their turn in the moment in which somebody else takes over.
    """
    if rung.step == "mention" and rung.to not in open_asks(item.log):
        return
    item.said.append(Said(rung.obligation, rung.step, now))
    area = tuple(slot for slot in item.areas if slot.name == rung.slot)
    involved = {fact.who for fact in item.log if isinstance(fact, ReviewAsked)}
    match rung.step:
        case "mention" if not rung.as_digest:
            week.reminders.append(Reminder(item.number, rung.to, now))
        case "digest" if rung.to in week.office.people:
            week.reminders.append(Reminder(item.number, rung.to, now, "digest"))
        case "backup":
            item.backups += len(_assign(week, item, now, area, involved))
        case "reassign":
            week.reminders.append(Reminder(item.number, _lead(week, rung.slot), now, "reassign"))
            if _assign(week, item, now, area, involved):
                item.replaced += len(rung.replace)
                for who in rung.replace:
                    item.log.append(ReviewUnasked(at=now, by="usher[bot]", by_bot=True, who=who))
        case _:
            pass


def _heard(week: Week, item: Item, now: datetime) -> Heard:
    """Who was mentioned today: by the date of each person, and for the change by that of `business`."""
    mentions = [each for each in week.reminders if each.step == "mention"]
    today: dict[str, int] = {}
    for each in mentions:
        if _date(each.at, week.office.people[each.to].zone) == _date(now, week.office.people[each.to].zone):
            today[each.to] = today.get(each.to, 0) + 1
    here = [each for each in mentions if each.change == item.number]
    same_day = sum(_date(each.at, "Europe/Berlin") == _date(now, "Europe/Berlin") for each in here)
    return Heard(mentions=today, mentions_here=same_day)


def _date(at: datetime, zone: str) -> object:
    return at.astimezone(ZoneInfo(zone)).date()


def _load(week: Week, item: Item) -> dict[str, int]:
    """How many answers each owes on other changes."""
    load: dict[str, int] = {}
    for other in week.items.values():
        if other is not item and other.state is not None:
            for each in other.state.obligations:
                if each.ledger == "person" and each.open:
                    load[each.party] = load.get(each.party, 0) + 1
    return load


def _lead(week: Week, area: str) -> str:
    return week.office.team(area.removeprefix("@"))[0]


# --- What people do: changes ------------------------------------------------------------------------------


def _history(office: Office, chance: Random) -> dict[str, tuple[Past, ...]]:
    """Which files each person reviewed in the months before."""
    found = {}
    for login, worker in office.people.items():
        often = chance.choice((0, 0, 1, 4))
        path = f"{worker.team.removeprefix('org/')}/{chance.randrange(4)}.py"
        found[login] = tuple(Past(path, local("UTC", -chance.randrange(1, 150), 12)) for _ in range(often))
    return found


def _plan_change(week: Week, number: int) -> None:
    """Somebody opens a change during the week; a few do so at night or on a weekend."""
    chance = week.chance
    author = chance.choice(list(week.office.people))
    worker = week.office.people[author]
    own = chance.random() < 0.4
    teams = [worker.team] if own else chance.sample(list(TEAMS), chance.choice((1, 1, 2)))
    areas = tuple(
        Slot(
            f"@{team}",
            week.office.team(team),
            1,
            (f"@{team}",),
            (f"{team.removeprefix('org/')}/{number % 4}.py",),
        )
        for team in sorted(teams)
    )
    item = week.items[number] = Item(number, author, areas)
    day = chance.choice((-1, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 5))
    at = local(worker.zone, day, chance.uniform(8, 18))
    draft = chance.random() < 0.2
    week.plan(item, at, lambda now: _open(week, item, now, draft=draft))


def _open(week: Week, item: Item, now: datetime, *, draft: bool) -> list[Fact]:
    chance = week.chance
    facts: list[Fact] = [ChangeOpened(at=now, by=item.author, draft=draft, base="main", head=_head(item))]
    if draft:
        week.plan(item, week.at_work(item.author, now, chance.uniform(1, 10)), lambda at: _ready(item, at))
    else:
        facts.append(_slots(item, now))
    mishap = chance.choice(
        ("push", "push", "push", "check", "label", "draft", "chatter", "hand", "", "", "", "")
    )
    acts: dict[str, Act] = {
        "push": lambda at: _push(week, item, at),
        "check": lambda at: _fail_check(week, item, at),
        "label": lambda at: _block(week, item, at),
        "draft": lambda at: _draft_again(week, item, at),
        "chatter": lambda at: _chatter(item, at),
        "hand": lambda at: _ask_by_hand(week, item, at),
    }
    if mishap:
        week.plan(item, week.at_work(item.author, now, chance.uniform(0.5, 14)), acts[mishap])
    return facts


def _head(item: Item) -> str:
    return f"{item.number}-{item.pushes}"


def _slots(item: Item, now: datetime) -> SlotsChosen:
    return SlotsChosen(
        at=now,
        head=_head(item),
        slots=tuple((area.name, area.need, area.people) for area in item.areas),
        files=tuple((area.name, area.files) for area in item.areas),
        contents=tuple((area.name, _head(item)) for area in item.areas),
    )


def _ready(item: Item, now: datetime) -> list[Fact]:
    return [ChangeReadied(at=now, by=item.author), _slots(item, now)]


def _push(week: Week, item: Item, now: datetime) -> list[Fact]:
    """New content; in some repositories it takes approvals away."""
    item.pushes += 1
    facts: list[Fact] = [
        ChangePushed(at=now, by=item.author, after_sha=_head(item), content=_head(item)),
        _slots(item, now),
    ]
    if item.number % 3 == 0:
        reviews = {fact.by: fact for fact in item.log if isinstance(fact, Reviewed) and not fact.remark_id}
        facts += [
            ReviewDismissed(at=now, by=item.author, review_id=review.review_id, who=who)
            for who, review in reviews.items()
            if review.state == "approved"
        ]
    return facts


def _fail_check(week: Week, item: Item, now: datetime) -> list[Fact]:
    later = week.at_work(item.author, now, week.chance.uniform(1, 9))
    week.plan(item, later, lambda at: [ChecksChanged(at=at, name="tests", state="success")])
    return [ChecksChanged(at=now, name="tests", state="failure")]


def _block(week: Week, item: Item, now: datetime) -> list[Fact]:
    later = week.at_work(item.author, now, week.chance.uniform(1, 20))
    week.plan(item, later, lambda at: [Labelled(at=at, by=item.author, label="blocked", on=False)])
    return [Labelled(at=now, by=item.author, label="blocked")]


def _draft_again(week: Week, item: Item, now: datetime) -> list[Fact]:
    later = week.at_work(item.author, now, week.chance.uniform(0.5, 12))
    week.plan(item, later, lambda at: _ready(item, at))
    return [ChangeDrafted(at=now, by=item.author)]


def _chatter(item: Item, now: datetime) -> list[Fact]:
    """What is said without being an answer: by a bot, and by the author."""
    return [
        RemarkMade(at=now, by="linter[bot]", by_bot=True, remark_id=item.number),
        RemarkMade(at=now, by=item.author, remark_id=10_000 + item.number),
    ]


def _ask_by_hand(week: Week, item: Item, now: datetime) -> list[Fact]:
    """The author asks somebody in person."""
    owners = [who for area in item.areas for who in area.people if who != item.author]
    who = week.chance.choice(owners)
    item.asked.append((now, who))
    _plan_answer(week, item, who, now)
    return [ReviewAsked(at=now, by=item.author, who=who)]


# --- What people do: answers ------------------------------------------------------------------------------


def _plan_answer(week: Week, item: Item, who: str, now: datetime) -> None:
    """Whoever is asked answers after a while, by their habit; the silent do not."""
    manner, chance = week.office.people[who].manner, week.chance
    spread = {"prompt": (0.3, 7.0), "slow": (5.0, 22.0), "silent": (60.0, 90.0)}[manner]
    delay = chance.uniform(*spread)
    week.plan(item, week.at_work(who, now, delay), lambda at: _answer(week, item, who, at))
    if manner == "slow" and chance.random() < 0.3:
        week.plan(item, week.at_work(who, now, delay / 3), lambda at: [_command(item, who, at, "ack")])


def _command(item: Item, who: str, now: datetime, verb: str) -> CommandGiven:
    return CommandGiven(at=now, by=who, remark_id=len(item.log) + 1000 * item.number, line=1, verb=verb)


def _answer(week: Week, item: Item, who: str, now: datetime) -> list[Fact]:
    """A review of some sort, if one is still wanted of them."""
    if who not in open_asks(item.log) or item.state is None or item.state.turn.row in (2, 3, 4):
        return []
    number = 100_000 * item.number + len(item.log)
    drawn = week.chance.random()
    if drawn < 0.06:
        return [_command(item, who, now, "decline")]
    if drawn < 0.62:
        return [_reviewed(week, item, who, now, number, "approved")]
    later = week.at_work(item.author, now, week.chance.uniform(0.5, 8))
    if drawn < 0.88:
        week.plan(item, later, lambda at: _amend(week, item, who, at))
        return [_reviewed(week, item, who, now, number, "changes_requested")]
    thread = f"thread-{number}"
    week.plan(item, later, lambda at: _reply(week, item, who, thread, at))
    return [Reviewed(at=now, by=who, review_id=number, remark_id=number, thread=thread)]


def _reviewed(week: Week, item: Item, who: str, now: datetime, number: int, state: str) -> Reviewed:
    later = week.at_work(item.author, now, week.chance.uniform(0.5, 4))
    week.plan(item, later, lambda at: _merge(item, at))
    return Reviewed(at=now, by=who, review_id=number, state=state)  # type: ignore[arg-type]


def _amend(week: Week, item: Item, who: str, now: datetime) -> list[Fact]:
    """The author does what was asked for; most then say so, others leave it to be noticed."""
    facts = _push(week, item, now)
    if week.chance.random() < 0.6:
        item.asked.append((now, who))
        _plan_answer(week, item, who, now)
        facts.append(ReviewAsked(at=now, by=item.author, who=who))
    return facts


def _reply(week: Week, item: Item, who: str, thread: str, now: datetime) -> list[Fact]:
    number = 100_000 * item.number + len(item.log)
    return [Reviewed(at=now, by=item.author, review_id=number, remark_id=number, thread=thread)]


def _merge(item: Item, now: datetime) -> list[Fact]:
    """Merged, if everybody has approved."""
    wanted = item.state is not None and item.state.turn.row == 9
    return [ChangeMerged(at=now, by=item.author)] if wanted else []


# --- How it went ------------------------------------------------------------------------------------------


def promises(week: Week) -> list[Obligation]:
    """The answers that areas were promised, of all changes."""
    return [
        each
        for item in week.items.values()
        if item.state is not None
        for each in item.state.obligations
        if each.ledger == "slot" and each.kind in ("first_response", "re_review")
    ]


def steps(week: Week) -> dict[Step, int]:
    """How often each step of the ladder was taken."""
    taken: dict[Step, int] = {}
    for item in week.items.values():
        for each in item.said:
            taken[each.step] = taken.get(each.step, 0) + 1
    return taken
