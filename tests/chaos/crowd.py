"""People who work while everything breaks: organisations with teams, and acts drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from app.forges.sandbox import Person, Sandbox
from app.forges.sandbox.rules import Refused
from app.forges.sandbox.world import Change, Repository

FOLDERS = ("pay", "docs", "web")


@dataclass
class Shop:
    """One organisation: a guest, two owners for each folder, one repository, and its changes."""

    guest: Person
    owners: dict[str, tuple[Person, Person]]
    lead: Person
    repository: Repository
    changes: list[Change] = field(default_factory=list)


class Crowd:
    """Everybody. Each `act` is one thing that somebody does, and causes a webhook or a few."""

    def __init__(self, forge: Sandbox, seed: int, *, organisations: int) -> None:
        self.forge = forge
        self._chance = random.Random(seed)
        self._number = 0
        self.shops = [self._shop(f"org{number}") for number in range(organisations)]

    def _shop(self, name: str) -> Shop:
        forge = self.forge
        forge.organisation(name)

        def join(login: str) -> Person:
            return forge.person(f"{login}-{name}", member_of=name)

        owners = {folder: (join(f"{folder}-a"), join(f"{folder}-b")) for folder in FOLDERS}
        guest, lead = join("guest"), join("lead")
        lines = [
            f"{folder}/ {' '.join(f'@{each.login}' for each in pair)}" for folder, pair in owners.items()
        ]
        everybody = [each.login for pair in owners.values() for each in pair]
        repository = forge.repository(
            f"{name}/app",
            files={
                ".github/CODEOWNERS": "\n".join([f"* @{lead.login}", *lines]) + "\n",
                **{f"{folder}/{n}.py": "x\n" for folder in FOLDERS for n in range(4)},
            },
            collaborators={**dict.fromkeys(everybody, "write"), lead.login: "admin", guest.login: "write"},
        )
        return Shop(guest, owners, lead, repository)

    def act(self) -> None:
        """Somebody does something."""
        shop = self._chance.choice(self.shops)
        open_now = [each for each in shop.changes if each.state == "open"]
        if not open_now or (len(open_now) < 4 and self._chance.random() < 0.3):
            self._open(shop)
            return
        change = self._chance.choice(open_now)
        deed = self._chance.choices(
            (self._push, self._comment, self._label, self._review, self._decline, self._draft, self._close),
            (20, 24, 20, 10, 8, 6, 12),
        )[0]
        try:
            deed(shop, change)
        except Refused:  # people try what the forge does not let them do
            self._comment(shop, change)

    def open_in(self, number: int) -> None:
        """A guest opens a change in the organisation of this number, counted round and round."""
        self._open(self.shops[number % len(self.shops)])

    def opened_in(self, shop: Shop) -> Change:
        """A change that a guest opens there, and that waits for an answer."""
        change = shop.guest.opens(shop.repository, self._files(), f"Change {self._name()}")
        shop.changes.append(change)
        return change

    def _name(self) -> str:
        self._number += 1
        return f"{self._number}"

    def _files(self) -> dict[str, str]:
        return {f"{self._chance.choice(FOLDERS)}/{self._chance.randint(0, 3)}.py": f"{self._name()}\n"}

    def _open(self, shop: Shop) -> None:
        draft = self._chance.random() < 0.15
        shop.changes.append(
            shop.guest.opens(shop.repository, self._files(), f"Change {self._name()}", draft=draft)
        )

    def _push(self, shop: Shop, change: Change) -> None:
        shop.guest.pushes(change, self._files())

    def _comment(self, shop: Shop, change: Change) -> None:
        who = self._chance.choice([shop.guest, shop.lead])
        who.comments(change, f"A thought, number {self._name()}.")

    def _label(self, shop: Shop, change: Change) -> None:
        shop.lead.labels(change, f"label-{self._chance.randint(0, 30)}")

    def _review(self, shop: Shop, change: Change) -> None:
        who = self._chance.choice([each for pair in shop.owners.values() for each in pair])
        verdict = self._chance.choice(["approve", "comment", "request_changes"])
        who.reviews(change, verdict, "I had a look.")

    def _decline(self, shop: Shop, change: Change) -> None:
        """Somebody who was asked has no time, so that somebody else is asked."""
        asked = [each for pair in shop.owners.values() for each in pair if each.login in change.asked]
        if asked:
            self._chance.choice(asked).comments(change, "/usher decline")
        else:
            self._comment(shop, change)

    def _draft(self, shop: Shop, change: Change) -> None:
        deed: Callable[[Change], None] = shop.guest.readies if change.draft else shop.guest.drafts
        deed(change)

    def _close(self, shop: Shop, change: Change) -> None:
        shop.guest.closes(change)

    @property
    def changes(self) -> list[Change]:
        return [change for shop in self.shops for change in shop.changes]
