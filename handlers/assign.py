"""A change finds its people: whoever owns what it touches is asked to review, few and with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from handlers.situation import Reads, Situation
from policies.actions import Action, Note, RecordDecision, RequestReview
from policies.facts import (
    Access,
    AskRefused,
    ChangePushed,
    ReviewAsked,
    Reviewed,
    ReviewUnasked,
    SlotsChosen,
    same,
)
from policies.gaps import open_asks
from policies.reviewers import Candidate, Choice, Occasion, Slot, choose


async def assign(situation: Situation, reads: Reads) -> Sequence[Action]:
    """Note the areas of the change, and ask whoever they still lack."""
    if not _wants_people(situation):
        return ()
    wanted = situation.areas.slots
    actions: list[Action] = []
    if chosen := _new_slots(situation, wanted):
        actions.append(Note((chosen,)))
    if _too_many(situation, wanted):
        return actions
    choice = await _choose(situation, reads)
    if choice.picks:
        asked = tuple(pick.person for pick in choice.picks)
        by_person = tuple((pick.person, pick.slots) for pick in choice.picks)
        actions.append(RecordDecision(choice.record))
        actions.append(RequestReview(asked, situation.change.head_sha, by_person))
    return actions


def _wants_people(situation: Situation) -> bool:
    """Only open changes that are ready; a draft waits, and a guard that tripped asks nobody."""
    change = situation.change
    return situation.is_open and not change.draft and not situation.state.tripped


def _too_many(situation: Situation, wanted: tuple[Slot, ...]) -> bool:
    """Whether one person for each area would already wake more people than the rules allow."""
    return len(wanted) > situation.rulebook.rules.reviews.max_people


def _new_slots(situation: Situation, wanted: tuple[Slot, ...]) -> SlotsChosen | None:
    """The fact that these are the areas now; None where the log says so already.

    An area is known from the moment its files were there, however late we looked.
    """
    head = situation.change.head_sha
    slots = tuple((slot.name, slot.need, slot.people) for slot in wanted)
    earlier = situation.facts(SlotsChosen)
    if earlier and earlier[-1].slots == slots:
        return None
    # The same files with other owners mean that somebody joined or left, which we learn of now.
    seen_before = any(fact.head == head for fact in earlier)
    at = situation.now if seen_before else _arrival(situation, head)
    return SlotsChosen(at=at, head=head, slots=slots)


def _arrival(situation: Situation, head: str) -> datetime:
    pushes = [fact.at for fact in situation.facts(ChangePushed) if fact.after_sha == head]
    return min(pushes, default=situation.change.opened_at)


async def _choose(situation: Situation, reads: Reads) -> Choice:
    """The choice, once every picked person is known to have access.

    Access is asked for those alone who would be picked: a team may have hundreds of members.
    """
    repository = situation.change.repository
    wanted = situation.areas.slots
    names = _everybody(situation, wanted)
    load = await reads.records.load(names)
    access: dict[str, Access] = {}
    while True:
        candidates = tuple(
            Candidate(
                login=name,
                access=access.get(same(name), "write"),
                bot=_is_bot(situation, name),
                left=_was_refused(situation, name),
                load=load.get(same(name), 0),
            )
            for name in names
        )
        choice = choose(_occasion(situation), wanted, candidates, situation.rulebook.rules.reviewers)
        unknown = [pick.person for pick in choice.picks if same(pick.person) not in access]
        if not unknown:
            return choice
        for name in unknown:
            access[same(name)] = await reads.people.access(repository, name)


def _occasion(situation: Situation) -> Occasion:
    change = situation.change
    asks = open_asks(situation.log)
    reviewed = {same(fact.by): fact.by for fact in situation.facts(Reviewed) if not fact.by_bot}
    asked_by_people = tuple(ask.who for ask in asks.values() if not ask.by_usher)
    return Occasion(
        repository=change.repository.name,
        number=change.number,
        author=change.author.login,
        at=situation.now,
        base_sha=change.base_sha,
        dialect=situation.rulebook.owners.dialect if situation.rulebook.owners else "github",
        declined=_declined(situation),
        engaged=tuple({**reviewed, **{name: ask.who for name, ask in asks.items()}}.values()),
        asked_by_people=asked_by_people,
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


def _everybody(situation: Situation, wanted: tuple[Slot, ...]) -> tuple[str, ...]:
    rules = situation.rulebook.rules.reviewers
    found: dict[str, str] = {}
    for name in (
        *(person for slot in wanted for person in slot.people),
        *rules.fallback,
        *rules.trusted_committers,
    ):
        found.setdefault(same(name.lstrip("@")), name.lstrip("@"))
    return tuple(found.values())


def _is_bot(situation: Situation, name: str) -> bool:
    called_so = {same(login) for login in situation.rulebook.rules.reviews.bots.logins}
    if name.endswith("[bot]") or same(name) in called_so:
        return True
    members = (member for team in situation.areas.teams.values() for member in team.members)
    return any(same(member.login) == same(name) and member.bot for member in members)
