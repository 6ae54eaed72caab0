"""Comments on GitLab, and the quick actions in them, which the sender carries out (Quick actions)."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, NamedTuple

from app.forges.sandbox import merge_rules, rules
from app.forges.sandbox.acts import merge_requests as acts
from app.forges.sandbox.acts.history import touch
from app.forges.sandbox.world import (
    Account,
    Change,
    Comment,
    Happening,
    Issue,
    LineRemark,
    Reaction,
    Thread,
    World,
)

AWARD_TAKEN = rules.Reason(
    404, "404 Award Emoji Name has already been taken Not Found", "Emoji reactions API; as seen"
)
NO_AWARD = rules.Reason(
    404, "404 Award Emoji Name is not a valid emoji name Not Found", "Emoji reactions API; [k]"
)
# Of GitLab's emoji those that people answer with; GitHub's `laugh` and `hooray` are not among its names.
EMOJI = (
    "thumbsup",
    "thumbsdown",
    "laughing",
    "confused",
    "heart",
    "tada",
    "rocket",
    "eyes",
    "white_check_mark",
    "x",
    "ok_hand",
    "wave",
    "hourglass",
    "thinking",
    "warning",
)
_ALIASES = {"+1": "thumbsup", "-1": "thumbsdown", "satisfied": "laughing"}

_COMMAND = re.compile(r"/(?P<name>[a-z_]+)(?:[ \t]+(?P<rest>.*))?\s*$")
_FENCE = re.compile(r"\s{0,3}(```|~~~)")


class Said(NamedTuple):
    """The comment (None where nothing but quick actions was written), what these did, and what failed."""

    comment: Comment | None
    done: list[str]
    failed: list[str]


def say(world: World, issue: Issue, by: Account, body: str, *, internal: bool = False) -> Said:
    """Write a comment. Lines that are quick actions are carried out and are not part of it."""
    rules.may_comment(issue, by, body)
    text, commands = taken_apart(body, issue)
    done, failed = _carry_out(world, issue, by, commands)
    if not text.strip():
        return Said(None, done, failed)
    now = world.now()
    made = Comment(world.next_id("comment"), by, text, now, now, issue, internal=internal)
    issue.comments.append(made)
    touch(world, issue)
    world.tell(Happening("note", "create", by, issue.repository, subject=issue, more={"comment": made}))
    return Said(made, done, failed)


def amend(world: World, note: Comment | LineRemark, by: Account, body: str) -> None:
    """The event names who edited; the words before are in no payload."""
    issue = note.subject if isinstance(note, Comment) else note.thread.change
    if note.by is not by:
        rules.needs(issue.repository, by, "maintain")
    rules.may_comment(issue, by, body)
    text, commands = taken_apart(body, issue)
    _carry_out(world, issue, by, commands)
    note.body = text or body
    note.edited_at = world.now()
    touch(world, issue)
    world.tell(Happening("note", "update", by, issue.repository, subject=issue, more={"comment": note}))


def unsay(world: World, note: Comment | LineRemark, by: Account) -> None:
    """Nobody is told (Webhook events, comment events: made or edited)."""
    issue = note.subject if isinstance(note, Comment) else note.thread.change
    rules.needs(issue.repository, by, "guest" if note.by is by else "maintain")
    if isinstance(note, Comment):
        note.subject.comments.remove(note)
    else:
        note.thread.remarks.remove(note)
        if not note.thread.remarks:
            note.thread.change.threads.remove(note.thread)
    touch(world, issue)


def react(world: World, note: Comment | LineRemark, by: Account, name: str) -> Reaction:
    """Each emoji once for each person: a second time is 404, also under its other name."""
    name = _ALIASES.get(name, name)
    issue = note.subject if isinstance(note, Comment) else note.thread.change
    rules.needs(issue.repository, by, "guest")
    if name not in EMOJI:
        raise rules.Refused(NO_AWARD)
    if any(each.by is by and each.content == name for each in note.reactions):
        raise rules.Refused(AWARD_TAKEN)
    made = Reaction(world.next_id("reaction"), by, name, world.now())
    note.reactions.append(made)
    return made


# --- Threads ------------------------------------------------------------------------------------------


def start_thread(
    world: World, change: Change, by: Account, body: str, path: str = "", line: int = 0
) -> LineRemark:
    """A thread that can be resolved: on a line of a changed file, or (no path) on the whole."""
    rules.may_comment(change, by, body)
    if path and path not in change.paths:
        raise rules.Refused(rules.NO_SUCH_LINE)
    thread = Thread(world.next_id("thread"), change, path, line)
    change.threads.append(thread)
    return _add(world, thread, by, body)


def reply(world: World, thread: Thread, by: Account, body: str) -> LineRemark:
    rules.may_comment(thread.change, by, body)
    return _add(world, thread, by, body)


def resolve(world: World, thread: Thread, by: Account, *, on: bool) -> None:
    """Settling the last open thread is told (Merge request events: all threads are resolved)."""
    merge_rules.may_resolve(thread, by)
    if thread.resolved == on:
        return
    if not on:
        thread.resolved, thread.resolved_by, thread.resolved_at = False, None, None
        touch(world, thread.change)
        return
    with acts.updating(world, thread.change, by):
        thread.resolved, thread.resolved_by, thread.resolved_at = True, by, world.now()


def _add(world: World, thread: Thread, by: Account, body: str) -> LineRemark:
    """GitLab has no review around a single remark, so its `review` is one that nothing else knows of."""
    change = thread.change
    made = LineRemark(
        world.next_id("comment"), by, body, world.now(), change.head, None, thread, edited_at=world.now()
    )
    thread.remarks.append(made)
    touch(world, change)
    world.tell(Happening("note", "create", by, change.repository, subject=change, more={"comment": made}))
    return made


# --- Quick actions ------------------------------------------------------------------------------------


class Action(NamedTuple):
    """What a quick action does and says. `updates`: told as one update; else `do` tells what it did itself."""

    do: Callable[
        [World, Any, Account, str], object
    ]  # the issue or merge request, the sender, what follows the name
    said: str
    updates: bool = True
    on_changes_only: bool = True


def taken_apart(body: str, issue: Issue) -> tuple[str, list[tuple[str, str]]]:
    """The text without its quick actions, and these in order. In code and quotes nothing is an action."""
    kept: list[str] = []
    commands: list[tuple[str, str]] = []
    fenced = False
    for line in body.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        found = None if fenced else _COMMAND.match(line)
        action = _ACTIONS.get(found["name"]) if found else None
        if found and action and (isinstance(issue, Change) or not action.on_changes_only):
            commands.append((found["name"], (found["rest"] or "").strip()))
        else:
            kept.append(line)
    return "\n".join(kept).strip() if commands else body, commands


def _carry_out(
    world: World, issue: Issue, by: Account, commands: list[tuple[str, str]]
) -> tuple[list[str], list[str]]:
    """What was done, and what the sender may not do: reported, not refused."""
    done: list[str] = []
    failed: list[str] = []
    for name, rest in commands:
        action = _ACTIONS[name]
        try:
            with acts.updating(world, issue, by) if action.updates else nullcontext():
                action.do(world, issue, by, rest)
            done.append(action.said)
        except rules.Refused as refused:
            failed.append(f"Could not apply {name} command. {refused}.")
    return done, failed


def _people(world: World, by: Account, rest: str) -> list[Account]:
    names = [by.login if each == "me" else each.removeprefix("@") for each in rest.replace(",", " ").split()]
    return [who for who in map(world.account, names) if who is not None]


def _labels(rest: str) -> list[str]:
    """`~one ~"two words"`."""
    return [quoted or plain for quoted, plain in re.findall(r'~(?:"([^"]+)"|([^\s~]+))', rest)]


def _assign(world: World, issue: Issue, by: Account, rest: str) -> None:
    acts.assign(world, issue, by, [each.id for each in (*issue.assignees, *_people(world, by, rest))])


def _unassign(world: World, issue: Issue, by: Account, rest: str) -> None:
    gone = _people(world, by, rest) or list(issue.assignees)
    acts.assign(world, issue, by, [each.id for each in issue.assignees if each not in gone])


def _ask(world: World, change: Change, by: Account, rest: str) -> None:
    acts.ask(world, change, by, _people(world, by, rest))


def _unask(world: World, change: Change, by: Account, rest: str) -> None:
    gone = _people(world, by, rest) or list(change.requested)
    acts.set_reviewers(world, change, by, [each.id for each in change.requested if each not in gone])


def _unlabel(world: World, issue: Issue, by: Account, rest: str) -> None:
    acts.take_labels(world, issue, by, _labels(rest) or issue.label_names)


_ASK = Action(_ask, "Requested a review.", updates=False)
_UNASK = Action(_unask, "Removed reviewers.")
_ACTIONS: dict[str, Action] = {
    "approve": Action(
        lambda world, change, by, rest: acts.approve(world, change, by),
        "Approved the current merge request.",
        updates=False,
    ),
    "assign": Action(_assign, "Assigned.", on_changes_only=False),
    "assign_reviewer": _ASK,
    "close": Action(
        lambda world, issue, by, rest: acts.close(world, issue, by),
        "Closed this.",
        updates=False,
        on_changes_only=False,
    ),
    "draft": Action(
        lambda world, change, by, rest: acts.set_draft(world, change, by, on=True), "Set the Draft status."
    ),
    "label": Action(
        lambda world, issue, by, rest: acts.put_labels(world, issue, by, _labels(rest)),
        "Added labels.",
        on_changes_only=False,
    ),
    "merge": Action(
        lambda world, change, by, rest: acts.merge(world, change, by), "Merged this.", updates=False
    ),
    "ready": Action(
        lambda world, change, by, rest: acts.set_draft(world, change, by, on=False), "Set the Ready status."
    ),
    "remove_reviewer": _UNASK,
    "reopen": Action(
        lambda world, issue, by, rest: acts.reopen(world, issue, by),
        "Reopened this.",
        updates=False,
        on_changes_only=False,
    ),
    "request_changes": Action(
        lambda world, change, by, rest: acts.request_changes(world, change, by),
        "Changes requested to the current merge request.",
        updates=False,
    ),
    "request_review": _ASK,
    "reviewer": _ASK,
    "target_branch": Action(
        lambda world, change, by, rest: acts.retarget(world, change, by, rest), "Set target branch."
    ),
    "title": Action(
        lambda world, issue, by, rest: acts.retitle(world, issue, by, rest),
        "Changed the title.",
        on_changes_only=False,
    ),
    "unapprove": Action(
        lambda world, change, by, rest: acts.unapprove(world, change, by),
        "Unapproved the current merge request.",
        updates=False,
    ),
    "unassign": Action(_unassign, "Removed assignees.", on_changes_only=False),
    "unassign_reviewer": _UNASK,
    "unlabel": Action(_unlabel, "Removed labels.", on_changes_only=False),
}
