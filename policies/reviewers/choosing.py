"""Who is asked to look at a change: few people, who know it, and who have time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

from policies.facts import same
from policies.reviewers.availability import names, unavailable
from policies.reviewers.familiarity import HALF_LIFE, familiarity, level_of
from policies.reviewers.records import inputs_of, record_of
from policies.reviewers.search import Entrant, best
from policies.reviewers.values import Candidate, Choice, Excluded, Occasion, Pick, Reason, Slot
from policies.rules import Reviewers


def choose(
    occasion: Occasion, wanted: tuple[Slot, ...], candidates: tuple[Candidate, ...], rules: Reviewers
) -> Choice:
    """The people to ask for these slots: those that still want an answer.

    `candidates` describes everybody whom slots, rules and occasion name, in any order; whoever is missing
    from it is taken to have left. Teams in the rules are already replaced by their people. At most
    `max_reviewers` people are busy with a change at a time, those who are engaged already among them;
    what nobody is asked for then is queued.
    """
    table = _Table(occasion, tuple(sorted(wanted, key=lambda slot: slot.name)), candidates, rules)
    chosen = table.chosen()
    learner = table.learner(chosen)
    choice = Choice(
        picks=tuple(table.pick(entrant) for entrant in chosen),
        covered={name: tuple(people) for name, people in table.covered.items() if people},
        queued=table.queued(chosen),
        excluded=table.excluded(),
        notes=table.notes(),
        learner=learner,
    )
    record = record_of(occasion, table.wanted, candidates, rules, table.entrants, choice)
    return replace(choice, record=record)


def why(choice: Choice, person: str) -> Pick | Excluded | None:
    """Why somebody is asked, or is not; None: they own nothing here, or others fitted better."""
    everybody: tuple[Pick | Excluded, ...] = (*choice.picks, *choice.excluded)
    return next((each for each in everybody if same(each.person) == same(person)), None)


def replay(record: dict[str, Any]) -> Choice:
    """The same choice, from its record alone."""
    return choose(*inputs_of(record))


def seed(repository: str, number: int, person: str) -> int:
    """A number that is the same for ever for one person at one change, and spreads people evenly."""
    digest = sha256(f"{repository}:{number}:{same(person)}".encode()).digest()
    return int.from_bytes(digest[:8])


class _Table:
    """The candidates of one choice against its slots."""

    def __init__(
        self,
        occasion: Occasion,
        wanted: tuple[Slot, ...],
        candidates: tuple[Candidate, ...],
        rules: Reviewers,
    ) -> None:
        self.occasion = occasion
        self.wanted = wanted
        self.rules = rules
        self.people = {same(person.login): person for person in candidates}
        self.engaged = self._engaged()
        self.covered = {slot.name: self._covered(slot) for slot in wanted}
        self.pools = [self._pool(slot) for slot in wanted]
        self.needs = tuple(max(0, slot.need - len(self.covered[slot.name])) for slot in wanted)
        self.entrants = self._entrants()

    def reason(self, person: str) -> Reason | None:
        return unavailable(self.people.get(same(person)), self.occasion, self.rules)

    def _engaged(self) -> dict[str, str]:
        """Who has to do with this change already, without those who said no."""
        out = names((self.occasion.author, *self.occasion.declined))
        adds = self.rules.author_choice == "adds"
        by_people = names(self.occasion.asked_by_people) if adds else frozenset()
        left_out = out | by_people
        return {same(person): person for person in self.occasion.engaged if same(person) not in left_out}

    def _covered(self, slot: Slot) -> list[str]:
        """The engaged people who answer for a slot: its owners; where it has none, those who stand in."""
        owners = names(slot.people) - names((self.occasion.author,))
        answering = [person for key, person in self.engaged.items() if key in owners]
        if answering or any(self.reason(owner) in (None, "at_capacity") for owner in slot.people):
            return sorted(answering, key=same)
        standing_in = names((*self.rules.fallback, *self._lead(slot)))
        if not slot.people:
            standing_in |= names(self.occasion.asked_by_people)
        return sorted((person for key, person in self.engaged.items() if key in standing_in), key=same)

    def _pool(self, slot: Slot) -> tuple[str, tuple[str, ...]]:
        """Who may be asked for a slot, and as what.

        Where all of one kind are at capacity the least loaded of them may be; no other reason ever yields.
        """
        ways = (("owner", slot.people), ("fallback", self.rules.fallback), ("lead", self._lead(slot)))
        for role, people in ways:
            plain = {same(person.lstrip("@")): person.lstrip("@") for person in people}
            if free := [person for person in plain.values() if self.reason(person) is None]:
                return role, tuple(free)
            full = [person for person in plain.values() if self.reason(person) == "at_capacity"]
            if full:
                return role, (min(full, key=lambda person: (self._load(person), self._seed(person))),)
        return "nobody", ()

    def _lead(self, slot: Slot) -> tuple[str, ...]:
        """Whoever leads the slot's area, else everything."""
        return tuple(filter(None, (slot.lead or self.occasion.lead,)))

    def _load(self, person: str) -> int:
        return self.people[same(person)].load

    def _seed(self, person: str) -> int:
        return seed(self.occasion.repository, self.occasion.number, person)

    def _entrants(self) -> tuple[Entrant, ...]:
        """Everybody who may be picked, best first; engaged people are not asked again."""
        found: dict[str, tuple[set[int], set[str]]] = {}
        for index, (role, people) in enumerate(self.pools):
            for person in people:
                slots_of, roles = found.setdefault(same(person), (set(), set()))
                if self.needs[index]:
                    slots_of.add(index)
                    roles.add(role)
        if self._wants_guide():
            for person in self.rules.trusted_committers:
                if self.reason(person.lstrip("@")) is None:
                    found.setdefault(same(person.lstrip("@")), (set(), set()))
        trusted = names(self.rules.trusted_committers)
        entrants = [
            self._entrant(key, frozenset(indices), key in trusted, roles)
            for key, (indices, roles) in found.items()
            if key not in names(self.occasion.engaged) and (indices or key in trusted)
        ]
        return tuple(sorted(entrants, key=lambda entrant: entrant.rank))

    def _entrant(self, key: str, indices: frozenset[int], trusted: bool, roles: set[str]) -> Entrant:
        person = self.people[key]
        files = [path for slot in self.wanted for path in slot.files]
        level = level_of(familiarity(person, files, self.occasion.at, self.history))
        because = {
            "owner": "owner" in roles,
            "fallback": "fallback" in roles,
            "lead": "lead" in roles,
            "trusted_committer": trusted and self.occasion.guest,
            "at_capacity": person.load >= self.rules.capacity,
        }
        return Entrant(
            person.login,
            indices,
            trusted,
            level,
            person.load,
            self._seed(person.login),
            tuple(reason for reason, applies in because.items() if applies),
        )

    @property
    def history(self) -> timedelta:
        return self.rules.history.length(timedelta(days=1))

    def _wants_guide(self) -> bool:
        """Whether a guest still lacks a trusted committer."""
        return self.occasion.guest and not names(self.rules.trusted_committers) & self.engaged.keys()

    @property
    def room(self) -> int:
        """How many more people may be busy with this change."""
        busy = {same(person) for people in self.covered.values() for person in people}
        return max(0, self.rules.max_reviewers - len(busy))

    def chosen(self) -> tuple[Entrant, ...]:
        """Who is asked."""
        if not any(self.needs):
            return ()
        return best(self.entrants, self.needs, self.room, guide=self._wants_guide())

    def pick(self, entrant: Entrant) -> Pick:
        """A trusted committer who owns nothing here is asked for everything."""
        indices = entrant.slots or {index for index, need in enumerate(self.needs) if need}
        names = tuple(self.wanted[index].name for index in sorted(indices))
        return Pick(entrant.person, names, entrant.level, entrant.load, entrant.because)

    def queued(self, chosen: tuple[Entrant, ...]) -> tuple[str, ...]:
        """Slots for which somebody could be asked, but nobody is yet."""
        return tuple(
            slot.name
            for index, slot in enumerate(self.wanted)
            if self.needs[index]
            and not self.covered[slot.name]
            and self.pools[index][1]
            and not any(index in entrant.slots for entrant in chosen)
        )

    def excluded(self) -> tuple[Excluded, ...]:
        named = {same(person): person for slot in self.wanted for person in slot.people}
        relaxed = {same(person) for _, people in self.pools for person in people}
        reasons = [(named[key], self.reason(key)) for key in sorted(named)]
        return tuple(
            Excluded(person, reason)
            for person, reason in reasons
            if reason is not None and not (reason == "at_capacity" and same(person) in relaxed)
        )

    def notes(self) -> tuple[tuple[str, Reason], ...]:
        """People whom humans asked although they cannot be expected to answer; a full desk is their affair."""
        asked = sorted(self.occasion.asked_by_people, key=same)
        found = ((person, self.reason(person)) for person in asked if same(person) in self.people)
        return tuple((person, reason) for person, reason in found if reason and reason != "at_capacity")

    def learner(self, chosen: tuple[Entrant, ...]) -> str | None:
        """Where a single person knows these files, somebody who could come to know them."""
        if not self.rules.spread or not chosen or len(chosen) >= self.room:
            return None
        recent = min(self.history, HALF_LIFE)
        files = [path for slot in self.wanted for path in slot.files]
        owners = names(person for slot in self.wanted for person in slot.people) & self.people.keys()
        by_files = {key: replace(self.people[key], reviews_of_author=0) for key in owners}
        knowing = {
            key
            for key, person in by_files.items()
            if level_of(familiarity(person, files, self.occasion.at, recent))
        }
        taken = knowing | {same(entrant.person) for entrant in chosen}
        others = [entrant for entrant in self.entrants if same(entrant.person) not in taken]
        if len(knowing) != 1 or not others:
            return None
        return min(others, key=lambda entrant: (entrant.load, entrant.seed)).person
