"""Comments on GitLab, and the quick actions in them, which the sender carries out (Quick actions)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

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
EMOJI = ("thumbsup", "thumbsdown", "eyes", "white_check_mark", "heart", "tada", "rocket", "ok_hand", "wave")

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
    """Each emoji once for each person: a second time is 404."""
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


def taken_apart(body: str, issue: Issue) -> tuple[str, list[tuple[str, str]]]:
    """The text without its quick actions, and these in order. In code and quotes nothing is an action."""
    kept: list[str] = []
    commands: list[tuple[str, str]] = []
    fenced = False
    for line in body.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        found = None if fenced else _COMMAND.match(line)
        if found and found["name"] in _ACTIONS and _fits(found["name"], issue):
            commands.append((found["name"], (found["rest"] or "").strip()))
        else:
            kept.append(line)
    return "\n".join(kept).strip() if commands else body, commands


def _fits(name: str, issue: Issue) -> bool:
    return isinstance(issue, Change) or name not in _ON_CHANGES


def _carry_out(
    world: World, issue: Issue, by: Account, commands: list[tuple[str, str]]
) -> tuple[list[str], list[str]]:
    """What was done, and what the sender may not do: reported, not refused."""
    done: list[str] = []
    failed: list[str] = []
    for name, rest in commands:
        try:
            done.append(_ACTIONS[name](world, issue, by, rest))
        except rules.Refused as refused:
            failed.append(f"Could not apply {name} command. {refused}.")
    return done, failed


def _people(world: World, by: Account, rest: str) -> list[Account]:
    names = [by.login if each == "me" else each.removeprefix("@") for each in rest.replace(",", " ").split()]
    return [who for who in map(world.account, names) if who is not None]


def _assign(world: World, issue: Issue, by: Account, rest: str) -> str:
    chosen = _people(world, by, rest)
    with acts.updating(world, issue, by):
        acts.assign(world, issue, by, [*(each.id for each in issue.assignees), *(each.id for each in chosen)])
    return "Assigned " + ", ".join(f"@{each.login}" for each in chosen) + "."


def _unassign(world: World, issue: Issue, by: Account, rest: str) -> str:
    gone = _people(world, by, rest) or list(issue.assignees)
    with acts.updating(world, issue, by):
        acts.assign(world, issue, by, [each.id for each in issue.assignees if each not in gone])
    return "Removed assignees."


def _ask(world: World, issue: Issue, by: Account, rest: str) -> str:
    chosen = _people(world, by, rest)
    if isinstance(issue, Change):
        for who in [each for each in chosen if each in issue.requested]:
            acts.ask_again(world, issue, by, who)
        with acts.updating(world, issue, by):
            acts.set_reviewers(world, issue, by, [each.id for each in (*issue.requested, *chosen)])
    return "Requested a review from " + ", ".join(f"@{each.login}" for each in chosen) + "."


def _unask(world: World, issue: Issue, by: Account, rest: str) -> str:
    if isinstance(issue, Change):
        gone = _people(world, by, rest) or list(issue.requested)
        with acts.updating(world, issue, by):
            acts.set_reviewers(world, issue, by, [each.id for each in issue.requested if each not in gone])
    return "Removed reviewers."


def _draft(world: World, issue: Issue, by: Account, rest: str) -> str:
    if isinstance(issue, Change):
        with acts.updating(world, issue, by):
            acts.set_draft(world, issue, by, on=True)
    return "Set the Draft status."


def _ready(world: World, issue: Issue, by: Account, rest: str) -> str:
    if isinstance(issue, Change):
        with acts.updating(world, issue, by):
            acts.set_draft(world, issue, by, on=False)
    return "Set the Ready status."


def _label(world: World, issue: Issue, by: Account, rest: str) -> str:
    with acts.updating(world, issue, by):
        acts.put_labels(world, issue, by, _labels(rest))
    return "Added labels."


def _unlabel(world: World, issue: Issue, by: Account, rest: str) -> str:
    with acts.updating(world, issue, by):
        acts.take_labels(world, issue, by, _labels(rest) or [each.name for each in issue.labels])
    return "Removed labels."


def _labels(rest: str) -> list[str]:
    """`~one ~"two words"`."""
    return [quoted or plain for quoted, plain in re.findall(r'~(?:"([^"]+)"|([^\s~]+))', rest)]


def _close(world: World, issue: Issue, by: Account, rest: str) -> str:
    acts.close(world, issue, by)
    return "Closed this."


def _reopen(world: World, issue: Issue, by: Account, rest: str) -> str:
    acts.reopen(world, issue, by)
    return "Reopened this."


def _merge(world: World, issue: Issue, by: Account, rest: str) -> str:
    if isinstance(issue, Change):
        acts.merge(world, issue, by)
    return "Merged this merge request."


def _approve(world: World, issue: Issue, by: Account, rest: str) -> str:
    if isinstance(issue, Change):
        acts.approve(world, issue, by)
    return "Approved the current merge request."


def _unapprove(world: World, issue: Issue, by: Account, rest: str) -> str:
    if isinstance(issue, Change):
        acts.unapprove(world, issue, by)
    return "Unapproved the current merge request."


def _request_changes(world: World, issue: Issue, by: Account, rest: str) -> str:
    if isinstance(issue, Change):
        acts.request_changes(world, issue, by)
    return "Changes requested to the current merge request."


def _title(world: World, issue: Issue, by: Account, rest: str) -> str:
    with acts.updating(world, issue, by):
        acts.retitle(world, issue, by, rest)
    return f'Changed the title to "{rest}".'


def _target(world: World, issue: Issue, by: Account, rest: str) -> str:
    if isinstance(issue, Change):
        with acts.updating(world, issue, by):
            acts.retarget(world, issue, by, rest)
    return f"Set target branch to {rest}."


_ACTIONS: dict[str, Callable[[World, Issue, Account, str], str]] = {
    "approve": _approve,
    "assign": _assign,
    "assign_reviewer": _ask,
    "close": _close,
    "draft": _draft,
    "label": _label,
    "merge": _merge,
    "ready": _ready,
    "reopen": _reopen,
    "remove_reviewer": _unask,
    "request_changes": _request_changes,
    "request_review": _ask,
    "reviewer": _ask,
    "target_branch": _target,
    "title": _title,
    "unapprove": _unapprove,
    "unassign": _unassign,
    "unassign_reviewer": _unask,
    "unlabel": _unlabel,
}
_ON_CHANGES = {
    "approve",
    "assign_reviewer",
    "draft",
    "merge",
    "ready",
    "remove_reviewer",
    "request_changes",
    "request_review",
    "reviewer",
    "target_branch",
    "unapprove",
    "unassign_reviewer",
}
