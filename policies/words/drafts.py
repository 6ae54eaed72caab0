"""What Usher drafts for people to look over: the words of a guideline, and of the change that proposes them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from policies.text import Plain, Said, code, counted, fenced, link, listed
from policies.words.guidelines import as_promise

BRANCH = "usher/contribution"
MESSAGE = "Draft what newcomers look for"

HEADINGS = {
    "scope": "What is welcome",
    "setup": "Set up",
    "test": "Test",
    "propose": "Propose a change",
    "review": "Review",
    "response": "Response",
    "owners": "Maintainers",
    "help": "Help",
}
QUESTIONS = {
    "scope": "What do you like to get: bug reports, documentation, features?",
    "setup": "How is everything set up? I found no command for it in the build files.",
    "test": "How is it tested? I found no command for it in the build files.",
    "propose": "Do people work on a fork or on a branch, and does an issue come first?",
    "review": "Who reviews, and how many approvals are needed?",
    "response": "When can somebody expect an answer?",
    "owners": "Who looks after this? Nobody is named in CODEOWNERS or in the rules.",
    "help": "Where can people ask: a chat channel, a mailbox, a page? `support.channel` in the rules can say it too.",
    "done": "What has to be signed or licensed?",
    "after": "When is a merged change released?",
    "path": "How does somebody become a trusted committer?",
    "agents": "What do you expect of changes that AI or agents helped with?",
}

# --- Text of the guideline ------------------------------------------------------------------------------

SCOPES = {
    "issues_welcome": "Issues welcome: tell us what you miss, and what does not work.",
    "contributions_welcome": "Contributions welcome: issues, and changes of whatever is here.",
    "shared_write": (
        "Contributions welcome. Here several teams have shared write access, and merge each other's changes."
    ),
    "shared_ownership": "Contributions welcome. This is a shared ownership: several teams look after it together.",
}


def how_to_propose(dialect: str, branch: str) -> Plain:
    """From where to where."""
    kind = "pull request" if dialect == "github" else "merge request"
    return f"Work on a branch or a fork, and open a {kind} to `{branch}`."


def who_reviews(owners_path: str) -> str:
    """By the owners file."""
    return (
        f"The owners of what you touch review it; they are named in {link('CODEOWNERS', f'/{owners_path}')}."
    )


def promise(hours: Fraction) -> str:
    """As it reads back."""
    return f"We answer within {as_promise(hours)}."


def who_owns(owners: Sequence[str]) -> str:
    """People and teams, as code, so that reading the file in a comment wakes nobody."""
    return f"{listed([code(each) for each in owners])} {'looks' if len(owners) == 1 else 'look'} after this."


def where_to_ask(channel: str) -> Plain:
    """A channel, or an address."""
    return f"Ask in {channel}." if channel.startswith("#") else f"Ask here: {channel}."


# --- Where it comes from --------------------------------------------------------------------------------

FROM_GOVERNANCE = "`guidelines.governance` in the rules"
FROM_SLA = "`reviews.guest.first_response` in the rules, which sets the clock"
MEASURED = (
    "measured: 85 of 100 contributions from elsewhere were answered within that time in the last 90 days"
)
FROM_RULES = "`support.owner` in the rules"
FROM_CHANNEL = "`support.channel` in the rules"


def from_builds(commands: Sequence[str]) -> str:
    """The build files that declare the commands."""
    return f"the build files, which have {listed([code(each) for each in commands])}"


def from_branch(branch: str) -> str:
    """The default branch."""
    return f"the default branch, {code(branch)}"


def from_file(path: str) -> str:
    """A file of the repository."""
    return code(path)


# --- The change -----------------------------------------------------------------------------------------

TITLE = "Say what newcomers look for"


def proposal(asked_by: str, asked_in: Said, account: Said) -> str:
    """The change's description: who asked for it, that it is theirs now, and the account of it."""
    return (
        f"{code(asked_by)} asked for this draft in {asked_in}. Change whatever you like: Usher never writes over a "
        f"commit of yours. Not wanted? Close it; nothing else happens.\n\n{account}"
    )


def account(
    sources: Sequence[tuple[Said, Said]],
    questions: Sequence[Said],
    mended: Sequence[tuple[str, str]],
    owners: Sequence[Said],
) -> str:
    """Where each part of a draft comes from, and what nobody but people can say."""
    parts = []
    if sources:
        rows = [f"| {heading} | {source} |" for heading, source in sources]
        parts.append("\n".join(["| Drafted | From |", "| :-- | :-- |", *rows]))
    if mended:
        lines = [f"- {code(before)} → {code(after)}" for before, after in mended]
        parts.append("\n".join(["Links that led nowhere:", "", *lines]))
    if owners:
        parts.append("\n".join(["Owners who cannot review any more:", "", *(f"- {each}" for each in owners)]))
    if questions:
        lines = [f"- [ ] {each}" for each in questions]
        parts.append("\n".join(["Only you know this, so it is not in the draft:", "", *lines]))
    return "\n\n".join(parts)


def successor(old: str, new: Sequence[str], pattern: str, reviews: int) -> str:
    """Who stands in for an owner who left, and why them."""
    who = listed([code(each) for each in new])
    return f"{code(pattern)}: {code(old)} → {who}, by {counted(reviews, 'review')} there in 180 days"


def in_words(path: str, added: str, said: Said) -> str:
    """The draft as a comment, where Usher may not write files."""
    parts = [f"Usher may not write files here, so this is for you to take over into {code(path)}:"]
    if added:
        parts.append(fenced(added, "md"))
    return "\n\n".join([*parts, said])


SWITCHED_OFF = "Drafts are switched off here, by `guidelines.fix_pr` in the rules."
NOTHING_TO_DRAFT = "There is nothing that could be drafted: the guideline says all that is asked for."
TAKEN_OVER = (
    f"There is a commit of a person on the branch {code(BRANCH)}, and Usher never writes over one. "
    "Merge or close that one first, or go on with it."
)
