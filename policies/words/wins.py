"""What Usher says when it hands over the month's wins."""

from __future__ import annotations

from policies.insights.wins import Month, draft
from policies.text import Said, code, fenced


def title(month: Said) -> str:
    """The issue's title."""
    return f"What sharing won us in {month}: a draft to post"


def handed_over(won: Month, file: str) -> str:
    """The draft, for whoever looks after the organisation's sharing; `file` holds the rules."""
    return "\n\n".join(
        [
            "Every month Usher writes down what sharing won. Here is a draft: change it as you like and post it "
            "where people read. Usher posts it nowhere itself, and needs no answer; close this when you are done.",
            fenced(draft(won), "markdown"),
            f"<sub>It names only repositories that everybody may see who can read this. No draft next month: "
            f"{code('metrics: {digest: off}')} in {code(file)}.</sub>",
        ]
    )
