"""What happened to a change or an issue, a line each, as its page tells it to people."""

from __future__ import annotations

from policies.facts import (
    AskRefused,
    AskUnlisted,
    AuthorPlaced,
    ChangeClosed,
    ChangeDrafted,
    ChangeMerged,
    ChangeOpened,
    ChangePushed,
    ChangeQueued,
    ChangeReadied,
    ChangeReopened,
    ChangeRetargeted,
    ChangeRetitled,
    ChecksChanged,
    CommandGiven,
    CommandRefused,
    CommandTyped,
    ConflictChanged,
    DependencyChanged,
    Fact,
    FilesPushed,
    IssueAssigned,
    IssueClosed,
    IssueMoved,
    IssueOpened,
    IssueReopened,
    Labelled,
    OriginSeen,
    PeopleChanged,
    RemarkEdited,
    RemarkMade,
    RemarkRemoved,
    RepositoryAsked,
    ReviewAsked,
    ReviewDismissed,
    Reviewed,
    ReviewUnasked,
    SeveritySet,
    SlotsChosen,
    ThreadChanged,
    TokenExpiring,
)
from policies.text import Plain, listed
from policies.words.areas import plain_area

USHER, FORGE = "Usher", "the forge"
SOMEBODY = "somebody"

_ORIGINS = {
    "own": "the team that owns it",
    "mixed": "partly another team",
    "guest": "another team",
    "unknown": "nobody can say",
    "bot": "a bot",
}
_REVIEWS = {
    "approved": "approved",
    "changes_requested": "asked for changes",
    "commented": "commented",
    "dismissed": "gave a review that holds no longer",
    "pending": "began a review",
}
_CHECKS = {
    "pending": "began the check",
    "success": "passed the check",
    "failure": "failed the check",
    "neutral": "neither passed nor failed the check",
    "cancelled": "cancelled the check",
}
_SIMPLY: dict[type[Fact], Plain] = {
    IssueOpened: "opened it",
    ChangeReopened: "opened it again",
    IssueReopened: "opened it again",
    ChangeRetitled: "gave it another title",
    ChangeDrafted: "made it a draft",
    ChangeReadied: "made it ready for review",
    ChangeClosed: "closed it",
    IssueClosed: "closed it",
    IssueMoved: "moved it to another repository",
    ChangeMerged: "merged it",
    RemarkMade: "commented",
    RemarkEdited: "changed a comment",
    RemarkRemoved: "deleted a comment",
}


def who(fact: Fact) -> Plain:
    """Who did it: a login, Usher, or the forge by itself."""
    match fact:
        case SlotsChosen() | AuthorPlaced() | OriginSeen() | AskRefused() | AskUnlisted():
            return USHER
        case ReviewAsked(by_usher=True):
            return USHER
        case ChecksChanged() | ConflictChanged() | DependencyChanged() | TokenExpiring():
            return FORGE
        case _:
            return fact.by or (USHER if fact.by_bot else SOMEBODY)


def what(fact: Fact) -> Plain:
    """What they did, to be read after who it was: "approved"."""
    if (plain := _SIMPLY.get(type(fact))) is not None:
        return plain
    match fact:
        # Usher's own readings
        case SlotsChosen(guard=guard) if guard:
            return f"asked nobody: {guard}"
        case SlotsChosen(slots=slots):
            return f"saw whose code it touches: {', '.join(plain_area(name) for name, _, _ in slots) or 'nobody’s'}"
        case AuthorPlaced(teams=teams):
            return f"saw that the author is in {', '.join(teams) or 'no team'}"
        case OriginSeen(origin=origin):
            return f"saw where it comes from: {_ORIGINS[origin]}"
        # The change
        case ChangeOpened(draft=draft):
            return "opened it as a draft" if draft else "opened it"
        case ChangePushed(after_sha=sha):
            return f"pushed {sha[:8]}"
        case FilesPushed(after_sha=sha, branch=branch):
            return f"pushed {sha[:8]} to {branch}"
        case ChangeRetargeted(base=base):
            return f"made {base or 'another branch'} its base"
        case Labelled(label=label, on=on):
            return f"put the label {label} on" if on else f"took the label {label} off"
        case SeveritySet(severity=severity):
            return f"made its severity {severity}" if severity else "took its severity away"
        case ChangeQueued(on=on):
            return "put it into the merge queue" if on else "took it out of the merge queue"
        # Reviews and people
        case ReviewAsked():
            return f"asked {fact.who or fact.team}"
        case AskUnlisted(people=people):
            return f"asked {listed(people)} by name, for whom the list of reviewers has no room"
        case AskRefused(who=who, reason=reason):
            return f"could not ask {who}: {reason or 'the forge refused'}"
        case ReviewUnasked():
            return f"took back the request to {fact.who or fact.team}"
        case Reviewed(state=state):
            return _REVIEWS[state]
        case ReviewDismissed(who=who):
            return f"set aside the review of {who}" if who else "set a review aside"
        case IssueAssigned(who=who, on=on):
            return f"assigned it to {who}" if on else f"took {who} off it"
        case PeopleChanged(team=team, who=who):
            return f"changed who is in {team}" if team else f"changed what {who or 'people'} may do"
        # Talk
        case ThreadChanged(resolved=resolved):
            return "resolved a thread" if resolved else "opened a thread again"
        case CommandTyped(text=text):
            return f"typed {text}"
        case CommandGiven(verb=verb, words=words) | RepositoryAsked(verb=verb, words=words):
            return f"said /usher {' '.join((verb, *words))}"
        case CommandRefused(problem=problem):
            return f"gave a command that was not followed: {problem or 'not meant for Usher, or too many'}"
        # The forge by itself
        case ChecksChanged(name=name, state=state):
            return f"{_CHECKS[state]} {name}"
        case ConflictChanged(on=on):
            return "found that it conflicts with its base" if on else "found that it conflicts no longer"
        case DependencyChanged(ref=ref, open=is_open):
            return f"showed that it waits for {ref}" if is_open else f"showed that {ref} is done"
        case TokenExpiring(name=name, expires=expires):
            return f"said that the token {name} ends on {expires}"
    raise AssertionError(fact)  # the tests tell every kind
