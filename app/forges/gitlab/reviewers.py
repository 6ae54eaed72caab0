"""Asking people to review on GitLab, and taking them off: the set of reviewers is always sent whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.forges.gitlab import states
from app.forges.gitlab.people import PeopleReads
from app.forges.gitlab.writing import Writing
from app.forges.json_values import dig, number, text
from handlers.ports import Asked, Refused
from policies.facts import Change, same

_UNKNOWN = "GitLab knows nobody of this name"
_LEFT_OUT = "GitLab left this person out without a reason: perhaps they may not read the project"


@dataclass(frozen=True, slots=True)
class _Reviewers:
    """The reviewers of a merge request as GitLab has them now: id by name, and who of them is awaited."""

    ids: Mapping[str, int]
    awaited: frozenset[str]
    objecting: frozenset[str]


class ReviewerDesk(Writing, PeopleReads):
    """`ask` and `release` of the port `Desk`."""

    async def ask(self, change: Change, people: tuple[str, ...]) -> Asked:
        refused: dict[str, str] = {}
        wanted: dict[str, int] = {}
        names = {same(login): login for login in people}
        for name, login in names.items():
            user_id = await self._client.user_id(login)
            if user_id is None:
                refused[login] = _UNKNOWN
            else:
                wanted[name] = user_id
        if not wanted:
            return Asked((), refused)
        there = await self._reviewers(change)
        again = {name for name in wanted if name in there.ids and name not in there.awaited}
        if again:
            # GitLab forgets that somebody has answered only where they are taken off and asked anew.
            await self._set(change, [uid for name, uid in there.ids.items() if name not in again])
        now = await self._set(change, [*there.ids.values(), *wanted.values()])
        if len(now) == 1 < len({*there.ids, *wanted}):
            return await self._ask_one(change, there, wanted, names, refused, next(iter(now)))
        refused |= {names[name]: _LEFT_OUT for name in wanted if name not in now}
        return Asked(tuple(names[name] for name in wanted if name in now), refused)

    async def release(self, change: Change, people: tuple[str, ...], teams: tuple[str, ...]) -> None:
        there = await self._reviewers(change)
        off = {same(login) for login in people}
        if off.isdisjoint(there.ids):
            return
        now = await self._set(change, [uid for name, uid in there.ids.items() if name not in off])
        if off & now:
            raise Refused("GitLab kept a reviewer who was to be taken off", "perhaps the token lacks rights")

    async def _reviewers(self, change: Change) -> _Reviewers:
        listed = await self._on_change(change, "/reviewers")
        named = [each for each in listed if text(each, "user.username") and number(each, "user.id")]
        by_state = {same(text(each, "user.username")): text(each, "state") for each in named}
        return _Reviewers(
            {same(text(each, "user.username")): number(each, "user.id") or 0 for each in named},
            frozenset(name for name, state in by_state.items() if state in ("unreviewed", "review_started")),
            frozenset(name for name, state in by_state.items() if state == "requested_changes"),
        )

    async def _set(self, change: Change, ids: list[int]) -> set[str]:
        """Send the whole set of reviewers, and return who they are by GitLab's answer: 200 proves nothing."""
        said = await self._write_on(change, "PUT", "", {"reviewer_ids": list(dict.fromkeys(ids)) or [0]})
        return {same(login) for login in states.usernames(dig(said, "reviewers"))}

    async def _ask_one(
        self,
        change: Change,
        there: _Reviewers,
        wanted: Mapping[str, int],
        names: Mapping[str, str],
        refused: Mapping[str, str],
        kept: str,
    ) -> Asked:
        """A tier that keeps one reviewer: whoever has answered makes room for the next."""
        answered = kept in there.ids and kept not in there.awaited and kept not in wanted
        if answered and kept not in there.objecting:
            kept = next(iter(await self._set(change, [next(iter(wanted.values()))])), "")
        asked = tuple(names[name] for name in wanted if name == kept)
        others = [name for name in wanted if name != kept]
        unable = [name for name in others if await self.access(change.repository, names[name]) == "none"]
        unlisted = tuple(names[name] for name in others if name not in unable)
        return Asked(asked, {**refused, **{names[name]: _LEFT_OUT for name in unable}}, unlisted)
