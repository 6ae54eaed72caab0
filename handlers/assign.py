"""A change finds its people: whoever owns what it touches is asked to review, few and with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from handlers.leads import lead_of
from handlers.situation import Reads, Situation
from policies.actions import Action, Note, RecordDecision, RequestReview
from policies.clocks.hours import is_away
from policies.content import fingerprint
from policies.facts import (
    Access,
    AskRefused,
    ChangePushed,
    ReviewAsked,
    ReviewUnasked,
    SlotsChosen,
    same,
)
from policies.gaps import open_asks
from policies.reviewers import Candidate, Choice, Occasion, Slot, choose, too_large, writers
from policies.rules import Reviewers


async def assign(situation: Situation, reads: Reads) -> Sequence[Action]:
    """Note the areas of the change; then ask whoever they still lack.

    The areas come first and alone, because whether anybody may be asked follows from them.
    """
    if not situation.is_open or situation.change.draft or not situation.rulebook.rules.reviews.enabled:
        return ()
    if chosen := _new_slots(situation, situation.areas.slots):
        return (Note((chosen,)),)
    if situation.state.tripped or situation.state.gated_until:
        return ()
    choice = await choose_people(situation, reads)
    return (*(asking(situation, choice) if choice.picks else ()), *_again(situation))


def _again(situation: Situation) -> tuple[Action, ...]:
    """Ask once more whoever is to look again, where nobody told the forge so: their list would not show it."""
    people = situation.state.reask
    if not people:
        return ()
    since = situation.state.turn.since.isoformat()
    return (RequestReview(people, situation.change.head_sha, occasion=f"again|{since}"),)


def asking(situation: Situation, choice: Choice, occasion: str = "") -> tuple[Action, ...]:
    """Ask the people of a choice, and keep why."""
    asked = tuple(pick.person for pick in choice.picks)
    by_person = tuple((pick.person, pick.slots) for pick in choice.picks)
    head = situation.change.head_sha
    return (RecordDecision(choice.record), RequestReview(asked, head, by_person, occasion=occasion))


def _new_slots(situation: Situation, wanted: tuple[Slot, ...]) -> SlotsChosen | None:
    """The fact that these are the areas now; None where the log says so already.

    An area is known from the moment its files were there, however late we looked.
    """
    head = situation.change.head_sha
    files = {file.path: file for file in situation.touched.files}
    chosen = SlotsChosen(
        at=_arrival(situation, head),
        head=head,
        slots=tuple((slot.name, slot.need, slot.people) for slot in wanted),
        files=tuple((slot.name, slot.files) for slot in wanted),
        contents=tuple(
            (slot.name, fingerprint([files[path] for path in slot.files if path in files], head))
            for slot in wanted
        ),
        guard=too_large(len(files), wanted, situation.rulebook.rules.reviews),
    )
    earlier = situation.facts(SlotsChosen)
    if earlier and _says(earlier[-1]) == _says(chosen):
        return None
    # The same commit with other owners means that somebody joined or left, which we learn of now.
    seen_before = any(fact.head == head for fact in earlier)
    return replace(chosen, at=situation.now if seen_before else chosen.at, number=len(earlier))


def _says(fact: SlotsChosen) -> tuple[object, ...]:
    return (fact.slots, fact.files, fact.contents, fact.guard)


def _arrival(situation: Situation, head: str) -> datetime:
    pushes = [fact.at for fact in situation.facts(ChangePushed) if fact.after_sha == head]
    return min(pushes, default=situation.change.opened_at)


async def choose_people(
    situation: Situation, reads: Reads, only: str | None = None, without: Iterable[str] = ()
) -> Choice:
    """The choice, once every picked person is known to have access, and not to be busy by their own status.

    `only` narrows it to one slot, for which somebody besides `without` is wanted. That is asked about those
    alone who would be picked: a team may have hundreds of members.
    """
    change = situation.change
    rules = await _with_people(situation.rulebook.rules.reviewers, reads)
    wanted = _still_wanted(situation, only)
    names = _everybody(rules, wanted)
    load = await reads.records.load(names)
    known = await reads.records.experience(
        names,
        author=change.author.login,
        near=situation.touched.paths,
        since=situation.now - rules.history.length(timedelta(days=1)),
    )
    access: dict[str, Access] = {}
    busy: dict[str, bool] = {}
    wrote: tuple[str, ...] | None = None
    while True:
        candidates = tuple(
            Candidate(
                login=name,
                access=access.get(same(name), "write"),
                bot=_is_bot(situation, name),
                left=_was_refused(situation, name),
                away=is_away(situation.terms, name, situation.now) or busy.get(same(name), False),
                load=load.get(same(name), 0),
                past=known[same(name)].past if same(name) in known else (),
                reviews_of_author=known[same(name)].of_author if same(name) in known else 0,
            )
            for name in names
        )
        choice = choose(_occasion(situation, without, wrote or ()), wanted, candidates, rules)
        if choice.picks and wrote is None:
            wrote = await _writers(situation, reads)
            continue
        unknown = [pick.person for pick in choice.picks if same(pick.person) not in access]
        if not unknown:
            return choice
        for name in unknown:
            access[same(name)] = await reads.people.access(change.repository, name)
            busy[same(name)] = await reads.people.is_busy(name)


async def _writers(situation: Situation, reads: Reads) -> tuple[str, ...]:
    """Who wrote part of the change, and so does not review it, where that matters and its commits can tell."""
    change = situation.change
    if situation.rulebook.rules.reviewers.allow_committers or change.commit_count == 1:
        return ()
    return writers(await reads.forge.commits(change), reads.forge.dialect)


def _still_wanted(situation: Situation, only: str | None) -> tuple[Slot, ...]:
    """The slots that are not satisfied yet, or the one that is meant."""
    satisfied = {slot.name for slot in situation.state.slots if slot.satisfied}
    return tuple(
        replace(slot, lead=lead_of(situation, slot.name))
        for slot in situation.areas.slots
        if (slot.name not in satisfied if only is None else slot.name == only)
    )


def _occasion(situation: Situation, without: Iterable[str], wrote: tuple[str, ...]) -> Occasion:
    """`without` are people who have to do with it already and do not count: somebody besides them is wanted.

    `wrote` are those who wrote part of it.
    """
    change = situation.change
    besides = {same(person) for person in without}
    asks = {name: ask for name, ask in open_asks(situation.log).items() if name not in besides}
    responded = {
        same(person): person
        for slot in situation.state.slots
        if not slot.satisfied
        for person in slot.responded
        if same(person) not in besides
    }
    asked_by_people = tuple(ask.who for ask in asks.values() if not ask.by_usher)
    return Occasion(
        repository=change.repository.name,
        number=change.number,
        author=change.author.login,
        at=situation.now,
        base_sha=change.base_sha,
        committers=wrote,
        dialect=situation.rulebook.owners.dialect if situation.rulebook.owners else "github",
        guest=situation.terms.guest,
        declined=(*_declined(situation), *without),
        engaged=tuple({**responded, **{name: ask.who for name, ask in asks.items()}}.values()),
        asked_by_people=asked_by_people,
        lead=lead_of(situation),
    )


def _declined(situation: Situation) -> tuple[str, ...]:
    """Who said no here: by command, or because a person took them off the reviewers."""
    asked_again = {same(fact.who): fact.at for fact in situation.facts(ReviewAsked) if not fact.by_bot}
    taken_off = [
        fact.who
        for fact in situation.facts(ReviewUnasked)
        if fact.who and not fact.by_bot and asked_again.get(same(fact.who), fact.at) <= fact.at
    ]
    return (*situation.state.declined, *taken_off)


def _was_refused(situation: Situation, name: str) -> bool:
    return any(same(fact.who) == same(name) for fact in situation.facts(AskRefused))


async def _with_people(rules: Reviewers, reads: Reads) -> Reviewers:
    """The rules, with the teams that they name turned into people."""

    async def people(names: tuple[str, ...]) -> tuple[str, ...]:
        found: list[str] = []
        for name in (each.lstrip("@") for each in names):
            team = await reads.people.team(name) if "/" in name else None
            found += [member.login for member in team.members] if team else [name]
        return tuple(found)

    return replace(
        rules,
        fallback=await people(rules.fallback),
        trusted_committers=await people(rules.trusted_committers),
    )


def _everybody(rules: Reviewers, wanted: tuple[Slot, ...]) -> tuple[str, ...]:
    owners = (person for slot in wanted for person in slot.people)
    leads = (slot.lead for slot in wanted if slot.lead)
    found: dict[str, str] = {}
    for name in (*owners, *rules.fallback, *leads, *rules.trusted_committers):
        found.setdefault(same(name), name)
    return tuple(found.values())


def _is_bot(situation: Situation, name: str) -> bool:
    called_so = {same(login) for login in situation.rulebook.rules.reviews.bots.logins}
    if name.endswith("[bot]") or same(name) in called_so:
        return True
    members = (member for team in situation.areas.teams.values() for member in team.members)
    return any(same(member.login) == same(name) and member.bot for member in members)
