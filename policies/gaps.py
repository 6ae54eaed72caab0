"""What happened without our hearing of it: the facts that the forge's present state shows and the log lacks.

Webhooks get lost. Whatever reads a change compares it with the log through these functions, so that a
lost event costs a little time and never a wrong reminder. Such a fact happened after the last one we
know and not later than the change was last updated; it says so.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from policies.commands import typed
from policies.facts import (
    AskUnlisted,
    Change,
    ChangeClosed,
    ChangeDrafted,
    ChangeMerged,
    ChangeOpened,
    ChangePushed,
    ChangeReadied,
    ChangeReopened,
    ChecksChanged,
    CommandPlace,
    CommandTyped,
    ConflictChanged,
    Fact,
    Issue,
    IssueAssigned,
    IssueClosed,
    IssueOpened,
    IssueReopened,
    Labelled,
    Remark,
    RemarkMade,
    Review,
    ReviewAsked,
    ReviewDismissed,
    Reviewed,
    ReviewUnasked,
    SeveritySet,
    Thread,
    ThreadChanged,
    in_order,
    same,
)
from policies.remarks import is_answer, review_answers

STALE_READS = timedelta(minutes=1)
"""So long a forge may still show what was before; an opinion that is younger is not doubted."""


def in_change(change: Change, log: tuple[Fact, ...], seen: datetime) -> tuple[Fact, ...]:
    """What the change itself shows: opened, pushed, drafted or readied, asked, in conflict, closed.

    `seen` is when it was read. What the forge does not date happened by then: reviews where it keeps only
    their states (GitLab), and conflicts.
    """
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
    if change.standings is None:
        found += _asked(change, log)
    else:
        found += _stood(change, change.standings, log, seen)
    return (*found, *_conflicting(change, log, seen), *_ended(change, log))


def in_issue(issue: Issue, log: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """What an issue itself shows: opened, labelled, assigned, closed or opened again."""
    if issue.opened_at is None:
        return ()
    found: list[Fact] = []
    if not any(isinstance(fact, IssueOpened) for fact in log):
        found.append(IssueOpened(at=issue.opened_at, by=issue.by.login, by_bot=issue.by.bot))
    seen_at = issue.updated_at or issue.opened_at
    labels = _standing((same(fact.label), fact.on) for fact in log if isinstance(fact, Labelled))
    people = _standing((same(fact.who), fact.on) for fact in log if isinstance(fact, IssueAssigned))
    found += [Labelled(at=seen_at, label=label, on=on) for label, on in _differing(issue.labels, labels)]
    found += [IssueAssigned(at=seen_at, who=who, on=on) for who, on in _differing(issue.assigned, people)]
    was_open = True
    for fact in log:
        if isinstance(fact, IssueClosed | IssueReopened):
            was_open = isinstance(fact, IssueReopened)
    if was_open and not issue.open:
        by = issue.closed_by
        closed = IssueClosed(
            at=issue.closed_at or seen_at, by=by.login if by else "", by_bot=by.bot if by else False
        )
        found.append(closed)
    elif issue.open and not was_open:
        found.append(IssueReopened(at=seen_at))
    if issue.severity != _severity_in(log):
        found.append(SeveritySet(at=seen_at, severity=issue.severity))
    return tuple(found)


def _standing(told: Iterable[tuple[str, bool]]) -> set[str]:
    """The names that were put on and not taken off since."""
    on: set[str] = set()
    for name, is_on in told:
        (on.add if is_on else on.discard)(name)
    return on


def _differing(shown: tuple[str, ...], known: set[str]) -> list[tuple[str, bool]]:
    now = {same(name): name for name in shown}
    return [
        *((name, True) for key, name in now.items() if key not in known),
        *((key, False) for key in sorted(known - now.keys())),
    ]


def _severity_in(log: tuple[Fact, ...]) -> str:
    return next((fact.severity for fact in reversed(log) if isinstance(fact, SeveritySet)), "")


def in_reviews(
    reviews: Iterable[Review], log: tuple[Fact, ...], *, command: str = "/usher"
) -> tuple[Fact, ...]:
    """Reviews that were given or dismissed, and what was typed in them, where the forge numbers and dates them."""
    known = {fact.key for fact in log}
    found: list[Fact] = []
    for review in reviews:
        if review.state == "pending" or not review.id or review.at is None:
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
                answers=review_answers(review.state, review.body, command),
            )
        if fact.key not in known:
            words = Remark(review.id, review.by, review.body, review.at)
            found += (fact, *in_commands(words, "review"))
    return tuple(found)


def in_checks(
    results: Iterable[ChecksChanged], wanted: Iterable[str], change: Change, log: tuple[Fact, ...]
) -> tuple[Fact, ...]:
    """How the wanted checks of the newest commit stand, where the log does not say so yet.

    A result from before the commit came here counts from when it came: the commit brings it with it.
    """
    names = {same(name) for name in wanted}
    arrived = max(
        (fact.at for fact in log if isinstance(fact, ChangePushed) and fact.after_sha == change.head_sha),
        default=change.opened_at,
    )
    known = {
        same(fact.name): fact
        for fact in log
        if isinstance(fact, ChecksChanged) and fact.commit == change.head_sha
    }
    found: list[ChecksChanged] = []
    for each in sorted(results, key=lambda each: each.at):
        last = known.get(same(each.name))
        if same(each.name) not in names or (last is not None and last.state == each.state):
            continue
        # What was heard since may be of another run, which does not count; what is shown now does.
        at = each.at if last is None or each.at > last.at else last.at + timedelta(seconds=1)
        found.append(replace(each, at=max(at, arrived), commit=change.head_sha))
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


def in_commands(remark: Remark, where: CommandPlace = "remark") -> tuple[CommandTyped, ...]:
    """The lines of a comment that may be commands; those of bots, and of comments that were edited, are none."""
    if remark.by.bot or remark.edited:
        return ()
    return tuple(
        CommandTyped(at=remark.at, by=remark.by.login, where=where, remark_id=remark.id, line=line, text=text)
        for line, text in typed(remark.body)
    )


def in_threads(
    threads: Iterable[Thread], log: tuple[Fact, ...], seen: datetime, *, command: str
) -> tuple[Fact, ...]:
    """Comments on lines, what was typed in them, and threads that were resolved or opened again.

    Only GitLab's threads are read: it tells whether each is resolved.
    """
    known = {fact.key for fact in log}
    resolved = {fact.thread: fact.resolved for fact in log if isinstance(fact, ThreadChanged)}
    found: list[Fact] = []
    for thread in threads:
        for remark in thread.remarks:
            said = Reviewed(
                at=remark.at,
                by=remark.by.login,
                by_bot=remark.by.bot,
                remark_id=remark.id,
                thread=thread.id,
                answers=review_answers("commented", remark.body, command),
            )
            if said.key not in known:
                found += (said, *in_commands(remark, "line"))
        if thread.resolved != resolved.get(thread.id, False) and thread.remarks:
            changed = ThreadChanged(
                at=thread.resolved_at if thread.resolved and thread.resolved_at else seen,
                by=thread.resolved_by,
                thread=thread.id,
                who=thread.remarks[0].by.login,
                resolved=thread.resolved,
            )
            found.append(changed)
    return tuple(found)


def in_answers(
    change: Change,
    reviews: Sequence[Review],
    threads: Iterable[Thread],
    remarks: Iterable[Remark],
    log: tuple[Fact, ...],
    seen: datetime,
    *,
    command: str,
) -> tuple[Fact, ...]:
    """Reviews and comments, and what the change itself shows once they are known.

    Whoever is waited for after a review that we never heard of was asked again; before, nothing looked missing.
    """
    heard = (
        *in_reviews(reviews, log, command=command),
        *in_threads(threads, log, seen, command=command),
        *in_remarks(remarks, log, command=command),
    )
    log = in_order([*log, *heard])
    known = {fact.key for fact in log}
    shown = [fact for fact in in_change(change, log, seen) if fact.key not in known]
    return (*heard, *shown, *released(change, reviews, log))


def released(change: Change, reviews: Iterable[Review], log: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """Requests that were taken back: open by the log, gone at the forge, and no review since explains it.

    Whoever the forge had no room for was never in its list.
    """
    last: dict[str, datetime] = {}
    for review in reviews:
        who, at = same(review.by.login), review.at or change.updated_at
        last[who] = max(last.get(who, at), at)
    unlisted = {same(who) for fact in log if isinstance(fact, AskUnlisted) for who in fact.people}
    still = {same(login) for login in change.asked}
    return tuple(
        ReviewUnasked(at=change.updated_at, after=ask.at, who=ask.who)
        for who, ask in open_asks(log).items()
        if who not in still | unlisted
        and not (who in last and last[who] >= ask.at)
        and ask.at < change.updated_at
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


def _stood(
    change: Change, standings: tuple[Review, ...], log: tuple[Fact, ...], seen: datetime
) -> list[Fact]:
    """What the reviewers' states show and the log lacks, where the forge keeps no more than these states.

    There, whoever answered stays in the list of reviewers. So a person who is waited for again after an
    answer was asked again, and an opinion that is shown and not logged was given, since the last we know.
    """
    last = log[-1].at if log else change.opened_at
    after = min(last, seen)
    known = _opinions(log)
    found: list[Fact] = []
    for login in change.asked:
        before = known.get(same(login))
        if before is None:
            found.append(ReviewAsked(at=max(change.updated_at, after), after=after, who=login))
        elif before.state != "asked" and before.at + STALE_READS < seen:
            found.append(ReviewAsked(at=seen, after=after, who=login))
    for review in standings:
        before = known.get(same(review.by.login))
        if review.state == "dismissed":
            if before is not None and before.state == "approved" and before.at + STALE_READS < seen:
                found.append(ReviewDismissed(at=seen, after=after, who=review.by.login))
        elif review.state != "pending" and (before is None or before.state != review.state):
            found.append(_given(review, before, after, seen))
    if change.approvers_told:
        there = {same(review.by.login) for review in standings} | {same(login) for login in change.asked}
        # Of whoever approved unasked, and whose approval fell, nothing is left to see.
        found += [
            ReviewDismissed(at=seen, after=after, who=who)
            for who, before in known.items()
            if before.state == "approved" and who not in there and before.at + STALE_READS < seen
        ]
    return found


def _given(review: Review, before: _Opinion | None, after: datetime, seen: datetime) -> Reviewed:
    """The review behind a state; the forge's instant where it tells one that fits what we know."""
    told = review.at if review.at and (before is None or review.at >= before.at) else None
    at = told or seen
    number = int(at.timestamp()) << 20 | zlib.crc32(same(review.by.login).encode()) % 2**20
    return Reviewed(
        at=at,
        after=None if told else after,
        by=review.by.login,
        by_bot=review.by.bot,
        review_id=number,
        state=review.state,
    )


@dataclass(frozen=True, slots=True)
class _Opinion:
    """Where the log leaves somebody: `asked`, or the state of their last review, since `at`."""

    state: str
    at: datetime


def _opinions(log: tuple[Fact, ...]) -> dict[str, _Opinion]:
    """By login in lower case. A comment on a line is no review: the forge goes on waiting for one."""
    found: dict[str, _Opinion] = {}
    for fact in log:
        match fact:
            case ReviewAsked(who=who) if who:
                found[same(who)] = _Opinion("asked", fact.at)
            case ReviewUnasked(who=who) if who:
                found.pop(same(who), None)
            case Reviewed(by=by, remark_id=0, state=state):
                found[same(by)] = _Opinion(state, fact.at)
            case ReviewDismissed(who=who) if who:
                found[same(who)] = _Opinion("dismissed", fact.at)
    return found


def _conflicting(change: Change, log: tuple[Fact, ...], seen: datetime) -> list[Fact]:
    """Forges send no event when a change comes to conflict with its base; they only say so when asked.

    The base moved, not the change, so nothing about the change tells when: it was so when it was seen.
    """
    if change.mergeable is None or change.state != "open":
        return []
    known = [fact for fact in log if isinstance(fact, ConflictChanged)]
    conflict = not change.mergeable
    if conflict == (known[-1].on if known else False):
        return []
    return [ConflictChanged(at=seen, after=known[-1].at if known else change.opened_at, on=conflict)]


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
