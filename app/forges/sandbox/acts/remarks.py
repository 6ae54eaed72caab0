"""Comments under issues and changes, and reactions to them."""

from __future__ import annotations

from app.forges.sandbox import rules
from app.forges.sandbox.acts.history import touch
from app.forges.sandbox.world import Account, Comment, Happening, Issue, Reaction, Repository, World


def say(world: World, issue: Issue, by: Account, body: str) -> Comment:
    rules.may_comment(issue, by, body)
    now = world.now()
    made = Comment(world.next_id("comment"), by, body, now, now, issue)
    issue.comments.append(made)
    touch(world, issue)
    _tell(world, made, "created", by)
    return made


def amend(world: World, comment: Comment, by: Account, body: str) -> None:
    """Edit a comment; the event names who edited and the words before."""
    rules.may_edit(comment, by)
    rules.readable(body, comment.subject.repository.kind)
    before, comment.body = comment.body, body
    comment.edited_at = world.now()
    touch(world, comment.subject)
    _tell(world, comment, "edited", by, changes={"body": {"from": before}})


def unsay(world: World, comment: Comment, by: Account) -> None:
    rules.may_edit(comment, by)
    comment.subject.comments.remove(comment)
    touch(world, comment.subject)
    _tell(world, comment, "deleted", by)


def react(world: World, comment: Comment, by: Account, content: str) -> tuple[Reaction, bool]:
    """The reaction, and whether it is new: the same one twice is one. No event tells of it."""
    return react_in(world, comment.subject.repository, comment.reactions, by, content)


def react_in(
    world: World, place: Repository, reactions: list[Reaction], by: Account, content: str
) -> tuple[Reaction, bool]:
    """The same for the reactions to anything in a repository."""
    rules.may_react(place, by, content)
    for known in reactions:
        if known.by is by and known.content == content:
            return known, False
    made = Reaction(world.next_id("reaction"), by, content, world.now())
    reactions.append(made)
    return made, True


def _tell(
    world: World, comment: Comment, action: str, by: Account, *, changes: dict[str, object] | None = None
) -> None:
    more: dict[str, object] = {"comment": comment}
    if changes:
        more["changes"] = changes
    issue = comment.subject
    world.tell(Happening("issue_comment", action, by, issue.repository, subject=issue, more=more))
