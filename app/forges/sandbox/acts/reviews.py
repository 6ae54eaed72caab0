"""Asking for reviews, giving them, and dismissing them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from app.forges.sandbox import rules
from app.forges.sandbox.acts.history import note, touch
from app.forges.sandbox.world import (
    Account,
    Change,
    Happening,
    Review,
    ReviewState,
    Team,
    World,
    team_members,
)

Verdict = Literal["approve", "request_changes", "comment"]
VERDICTS: dict[Verdict, ReviewState] = {
    "approve": "approved",
    "request_changes": "changes_requested",
    "comment": "commented",
}


def ask(
    world: World, change: Change, by: Account, people: Iterable[str] = (), teams: Iterable[str] = ()
) -> None:
    """Request reviews. All names are checked before the first is asked; one event tells of each.

    Asking somebody again who is already asked changes nothing and is told to nobody.
    """
    people, teams = list(people), list(teams)
    found = [world.account(name) for name in people]
    rules.may_ask(change, by, found)
    named = [world.team(change.repository.owner.login, slug) for slug in teams]
    rules.may_ask_teams(change, named)
    rules.not_too_many_asked({*(name.casefold() for name in people), *(slug.casefold() for slug in teams)})
    for account in found:
        if account is not None and account not in change.requested:
            change.requested.append(account)
            note(world, change, "review_requested", by, reviewer=account)
            _tell_request(world, change, "review_requested", by, person=account)
    for team in named:
        if team is not None and team not in change.requested_teams:
            change.requested_teams.append(team)
            note(world, change, "review_requested", by, team=team)
            _tell_request(world, change, "review_requested", by, team=team)


def unask(
    world: World, change: Change, by: Account, people: Iterable[str] = (), teams: Iterable[str] = ()
) -> None:
    """Take requests back; names that are not asked are passed over."""
    rules.needs(change.repository, by, "triage")
    logins = {name.casefold() for name in people}
    slugs = {slug.casefold() for slug in teams}
    for account in [each for each in change.requested if each.login.casefold() in logins]:
        change.requested.remove(account)
        note(world, change, "review_request_removed", by, reviewer=account)
        _tell_request(world, change, "review_request_removed", by, person=account)
    for team in [each for each in change.requested_teams if each.slug.casefold() in slugs]:
        change.requested_teams.remove(team)
        note(world, change, "review_request_removed", by, team=team)
        _tell_request(world, change, "review_request_removed", by, team=team)


def review(world: World, change: Change, by: Account, verdict: Verdict, body: str = "") -> Review:
    """Give a review. It ends the request to this person, and to each team that this person is in.

    Both end silently: no `review_request_removed` is sent (About pull request reviews; silence [k]).
    """
    state = VERDICTS[verdict]
    rules.may_review(change, by, state, body)
    return record(world, change, by, state, body)


def record(world: World, change: Change, by: Account, state: ReviewState, body: str) -> Review:
    """Write an allowed review down, end the requests that it answers, and tell of it."""
    made = Review(world.next_id("review"), by, state, body, world.now(), change.head, change)
    change.reviews.append(made)
    change.requested = [account for account in change.requested if account is not by]
    change.requested_teams = [each for each in change.requested_teams if by.id not in team_members(each)]
    note(world, change, "reviewed", by, review=made)
    _tell_review(world, made, "submitted", by)
    return made


def dismiss(world: World, given: Review, by: Account, message: str) -> None:
    rules.may_dismiss(given.change, by, given.state)
    given.state = "dismissed"
    note(world, given.change, "review_dismissed", by, review=given, message=message)
    _tell_review(world, given, "dismissed", by)


def _tell_review(world: World, given: Review, action: str, by: Account) -> None:
    change = given.change
    touch(world, change)
    happening = Happening(
        "pull_request_review", action, by, change.repository, subject=change, more={"review": given}
    )
    world.tell(happening)


def _tell_request(
    world: World,
    change: Change,
    action: str,
    by: Account,
    *,
    person: Account | None = None,
    team: Team | None = None,
) -> None:
    more = {"reviewer": person} if person else {"team": team}
    world.tell(Happening("pull_request", action, by, change.repository, subject=change, more=more))
