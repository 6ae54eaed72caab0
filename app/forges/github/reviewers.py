"""Asking people to review on GitHub, and taking the requests back: one bad name spoils a request for all."""

from __future__ import annotations

from app.forges.github import states
from app.forges.github.writing import Writing
from app.forges.json_values import objects, text
from handlers.ports import Asked, Refused
from policies.facts import (
    Change,
    same,
)

MOST_ASKED = 15

_TOO_MANY = "GitHub takes at most 15 reviewers for one change"


class ReviewerDesk(Writing):
    """`ask` and `release` of the port `Desk`."""

    async def ask(self, change: Change, people: tuple[str, ...]) -> Asked:
        wanted = list({same(login): login for login in people}.values())
        now, refused = wanted[:MOST_ASKED], dict.fromkeys(wanted[MOST_ASKED:], _TOO_MANY)
        if not now:
            return Asked((), refused)
        try:
            asked = await self._request(change, now)
        except Refused:
            asked = await self._ask_singly(change, now, refused)
        left_out = "GitHub left this person out without a reason"
        refused |= {login: left_out for login in now if login not in asked and login not in refused}
        return Asked(tuple(asked), refused)

    async def release(self, change: Change, people: tuple[str, ...], teams: tuple[str, ...]) -> None:
        slugs = [team.rpartition("/")[2] for team in teams]
        body = {"reviewers": list(people), "team_reviewers": slugs}
        try:
            await self._write_on(change, "DELETE", "pulls/{number}/requested_reviewers", body)
        except Refused:
            still = await self._requested(change)
            if still & {same(name) for name in (*people, *slugs)}:
                raise

    async def _request(self, change: Change, logins: list[str]) -> list[str]:
        """Those of these people who are asked to review after the call, by GitHub's own answer."""
        path = "pulls/{number}/requested_reviewers"
        said = await self._write_on(change, "POST", path, {"reviewers": logins})
        asked = {same(login) for login in states.logins(said, "requested_reviewers")}
        return [login for login in logins if same(login) in asked]

    async def _ask_singly(self, change: Change, logins: list[str], refused: dict[str, str]) -> list[str]:
        """One invalid name made GitHub refuse all: ask one by one, and keep each reason in `refused`."""
        already = await self._requested(change)
        asked = []
        for login in logins:
            if same(login) in already:
                asked.append(login)
                continue
            try:
                asked += await self._request(change, [login])
            except Refused as error:
                refused[login] = error.reason or str(error)
        return asked

    async def _requested(self, change: Change) -> set[str]:
        """Logins and team slugs whose review is requested now, in the form in which they compare."""
        path = "pulls/{number}/requested_reviewers"
        said = await self._get(change.repository, path, number=change.number)
        people = states.logins(said, "users")
        return {same(name) for name in (*people, *(text(team, "slug") for team in objects(said, "teams")))}
