"""Remarks on lines of a change, and settling them."""

from __future__ import annotations

from app.forges.sandbox import rules
from app.forges.sandbox.acts.history import touch
from app.forges.sandbox.acts.reviews import record
from app.forges.sandbox.world import Account, Change, Happening, LineRemark, Thread, World


def remark(world: World, change: Change, by: Account, path: str, body: str, line: int) -> LineRemark:
    """A remark on a line. It comes inside a review of its own, with the verdict "comment"."""
    rules.may_remark(change, by, path, body)
    thread = Thread(world.next_id("thread"), change, path, line)
    change.threads.append(thread)
    return _add(world, thread, by, body)


def reply(world: World, thread: Thread, by: Account, body: str) -> LineRemark:
    rules.may_remark(thread.change, by, thread.path, body)
    return _add(world, thread, by, body)


def resolve(world: World, thread: Thread, by: Account, *, on: bool) -> None:
    """Settle a thread, or open it again."""
    rules.may_resolve(thread.change, by)
    if thread.resolved == on:
        return
    thread.resolved = on
    action = "resolved" if on else "unresolved"
    place = thread.change.repository
    touch(world, thread.change)
    more = {"thread": thread}
    world.tell(Happening("pull_request_review_thread", action, by, place, subject=thread.change, more=more))


def _add(world: World, thread: Thread, by: Account, body: str) -> LineRemark:
    change = thread.change
    review = record(world, change, by, "commented", "")
    made = LineRemark(world.next_id("line"), by, body, world.now(), change.head, review, thread)
    thread.remarks.append(made)
    more = {"remark": made}
    place = change.repository
    world.tell(Happening("pull_request_review_comment", "created", by, place, subject=change, more=more))
    return made
