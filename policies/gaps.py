"""What happened without our hearing of it: the facts that the forge's present state shows and the log lacks.

Webhooks get lost. Whatever reads a change compares it with the log through these functions, so that a
lost event costs a little time and never a wrong reminder. Such a fact happened after the last one we
know and not later than the change was last updated; it says so.
"""

from __future__ import annotations

from collections.abc import Iterable

from policies.commands import typed
from policies.facts import (
    Change,
    ChangeClosed,
    ChangeDrafted,
    ChangeMerged,
    ChangeOpened,
    ChangePushed,
    ChangeReadied,
    ChangeReopened,
    CommandTyped,
    ConflictChanged,
    Fact,
    Remark,
    RemarkMade,
    Review,
    ReviewAsked,
    ReviewDismissed,
    Reviewed,
    ReviewUnasked,
    same,
)
from policies.remarks import is_answer


def in_change(change: Change, log: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """What the change itself shows: opened, pushed, drafted or readied, asked, in conflict, closed."""
    found: list[Fact] = []
    heard = [fact for fact in log if isinstance(fact, ChangeOpened)]
    if not heard:
        found.append(
            ChangeOpened(
                at=change.opened_at,
                by=change.author.login,
                by_bot=change.author.bot,
                draft=change.draft,
                base=change.base,
                head=change.head_sha,
            )
        )
    else:
        found += _pushed(change, log) + _drafted(change, log)
    return (*found, *_asked(change, log), *_conflicting(change, log), *_ended(change, log))


def in_reviews(reviews: Iterable[Review], log: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """Reviews that were given or dismissed."""
    known = {fact.key for fact in log}
    found: list[Fact] = []
    for review in reviews:
        if review.state == "pending":
            continue
        fact: Fact
        if review.state == "dismissed":
            fact = ReviewDismissed(at=review.at, review_id=review.id, who=review.by.login)
        else:
            fact = Reviewed(
                at=review.at,
                by=review.by.login,
                by_bot=review.by.bot,
                review_id=review.id,
                state=review.state,
                commit=review.commit,
            )
        if fact.key not in known:
            found.append(fact)
    return tuple(found)


def in_remarks(remarks: Iterable[Remark], log: tuple[Fact, ...], *, command: str) -> tuple[Fact, ...]:
    """Comments that were made, and what was typed in them. `command` is the prefix of commands: alone no answer."""
    known = {fact.key for fact in log}
    found: list[Fact] = []
    for remark in remarks:
        made = RemarkMade(
            at=remark.at,
            by=remark.by.login,
            by_bot=remark.by.bot,
            remark_id=remark.id,
            answers=is_answer(remark.body, command),
        )
        if made.key not in known:
            found += (made, *in_commands(remark))
    return tuple(found)


def in_commands(remark: Remark) -> tuple[CommandTyped, ...]:
    """The lines of a comment that may be commands; those of bots, and of comments that were edited, are none."""
    if remark.by.bot or remark.edited:
        return ()
    return tuple(
        CommandTyped(at=remark.at, by=remark.by.login, remark_id=remark.id, line=line, text=text)
        for line, text in typed(remark.body)
    )


def released(change: Change, reviews: Iterable[Review], log: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """Requests that were taken back: open by the log, gone at the forge, and no review explains it."""
    reviewed = {same(review.by.login) for review in reviews}
    still = {same(login) for login in change.asked}
    return tuple(
        ReviewUnasked(at=change.updated_at, after=ask.at, who=ask.who)
        for who, ask in open_asks(log).items()
        if who not in still and who not in reviewed and ask.at < change.updated_at
    )


def open_asks(log: Iterable[Fact]) -> dict[str, ReviewAsked]:
    """Who was asked and neither reviewed nor released since, by login in lower case, with the first ask."""
    asked: dict[str, ReviewAsked] = {}
    for fact in log:
        match fact:
            case ReviewAsked(who=who) if who:
                asked.setdefault(same(who), fact)
            case ReviewUnasked(who=who) if who:
                asked.pop(same(who), None)
            case Reviewed(by=by):
                asked.pop(same(by), None)
    return asked


def _since(log: tuple[Fact, ...], change: Change) -> Fact | None:
    earlier = [fact for fact in log if fact.at <= change.updated_at]
    return earlier[-1] if earlier else None


def _pushed(change: Change, log: tuple[Fact, ...]) -> list[Fact]:
    heads = [fact.head for fact in log if isinstance(fact, ChangeOpened)]
    heads += [fact.after_sha for fact in log if isinstance(fact, ChangePushed)]
    if change.head_sha in heads or not heads[-1]:
        return []
    last = _since(log, change)
    after = last.at if last else None
    return [ChangePushed(at=change.updated_at, after=after, before=heads[-1], after_sha=change.head_sha)]


def _drafted(change: Change, log: tuple[Fact, ...]) -> list[Fact]:
    draft = False
    for fact in log:
        match fact:
            case ChangeOpened(draft=value):
                draft = value
            case ChangeDrafted():
                draft = True
            case ChangeReadied():
                draft = False
    if draft == change.draft:
        return []
    last = _since(log, change)
    after = last.at if last else None
    kind = ChangeDrafted if change.draft else ChangeReadied
    return [kind(at=change.updated_at, after=after)]


def _asked(change: Change, log: tuple[Fact, ...]) -> list[Fact]:
    already = open_asks(log)
    last = _since(log, change)
    after = last.at if last else None
    return [
        ReviewAsked(at=change.updated_at, after=after, who=login)
        for login in change.asked
        if same(login) not in already
    ]


def _conflicting(change: Change, log: tuple[Fact, ...]) -> list[Fact]:
    """Forges send no event when a change comes to conflict with its base; they only say so when asked."""
    if change.mergeable is None or change.state != "open":
        return []
    known = [fact.on for fact in log if isinstance(fact, ConflictChanged)]
    conflict = not change.mergeable
    if conflict == (known[-1] if known else False):
        return []
    return [ConflictChanged(at=change.updated_at, on=conflict)]


def _ended(change: Change, log: tuple[Fact, ...]) -> list[Fact]:
    state = "open"
    for fact in log:
        match fact:
            case ChangeClosed():
                state = "closed"
            case ChangeMerged():
                state = "merged"
            case ChangeReopened():
                state = "open"
    if state == change.state:
        return []
    last = _since(log, change)
    after = last.at if last else None
    match change.state:
        case "merged":
            return [ChangeMerged(at=change.updated_at, after=after)]
        case "closed":
            return [ChangeClosed(at=change.updated_at, after=after)]
        case _:
            return [ChangeReopened(at=change.updated_at, after=after)]
