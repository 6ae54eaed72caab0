"""Every measure in words: what it says, its formula, what is left out. The pages and the documentation show these."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Formula:
    """A measure: `key` is its anchor, `source` where it comes from."""

    key: str
    name: str
    says: str
    formula: str
    details: str
    source: str = ""


FORMULAS: tuple[Formula, ...] = (
    Formula(
        "guest-wait",
        "How long guests wait",
        "Working hours from when a change was open and ready until an owner first answered, for half of all "
        "changes of guests (median), and for 85 of 100 (p85).",
        "S(t) = Π(1 − dᵢ/nᵢ);  median = min{t : S(t) ≤ ½};  p85 = min{t : S(t) ≤ 0.15}",
        "An answer is a review, comment, merge or closing by a human owner. Whoever still waits, or withdrew, "
        "counts as “at least so long”. Where S never falls so low, the page says “longer than” the longest wait.",
        "Kaplan and Meier 1958",
    ),
    Formula(
        "penalty",
        "Guest penalty",
        "How many times longer guests wait than the owning team's own people.",
        "median wait of guests / median wait of own changes",
        "Shown only where there are ten changes or more of each kind.",
    ),
    Formula(
        "patch-flow",
        "Patch flow",
        "The part of merged work that came from people of other teams.",
        "merged guest changes / merged classified changes",
        "Changes of bots, and those whose teams are not known, are left out.",
        "Capraro, Dorner, Riehle 2018: The Patch-Flow Method",
    ),
    Formula(
        "flow",
        "Who gives to whom",
        "How many merged changes went from one team to another.",
        "F[a→b]: each merge counts 1, split evenly over the author's and the owners' closest teams; ΣF = merges",
        "Teams with fewer than five people are folded into “other”.",
    ),
    Formula(
        "reciprocity",
        "Reciprocity",
        "How much of the giving is mutual: 1 where everybody gives as much as they take, 0 where nobody gives back.",
        "Σ min(F[a→b], F[b→a]) / ΣF,  a ≠ b",
        "Work within a team does not count.",
    ),
    Formula(
        "return",
        "Guests who come back",
        "The part of guests whose second change was merged within 90 days of the first.",
        "guests with a second merge within 90 days / guests whose first merge is more than 90 days ago",
        "",
    ),
    Formula(
        "absence",
        "Reviewer absence factor",
        "How few people do half of all reviews: 1 means that everything waits when one person is away.",
        "least k whose k busiest reviewers did 50% or more of the reviews, over 180 days",
        "Nobody is named, and no list of people exists anywhere.",
        "after Avelino et al. 2016: truck factor",
    ),
    Formula(
        "attainment",
        "Promises kept",
        "The part of promised answers that came in time.",
        "met / (met + missed)",
        "Counted on the clock of the area, whoever answered. Pending promises stand apart.",
    ),
    Formula(
        "promise-ledger",
        "Promise ledger",
        "What each guide promises, since when, and what became of it.",
        "kept: answered within the promised working hours;  missed: waited longer",
        "Grey where fewer than five changes came while it stood, or none for 30 days.",
    ),
    Formula(
        "readiness",
        "Readiness",
        "How ready a repository is for contributions from outside, from 0 to 100. There is no grade.",
        "50·Q + 20·H + 10 each for a channel, a README of 300 characters or more, and a licence",
        "Q is the mean over the required sections of the guide (pass 1, weak ½, fail 0). H is the part of owned "
        "files with two or more active owners.",
    ),
    Formula(
        "activity",
        "Activity score",
        "How alive a repository is, as the InnerSource portal orders by it.",
        "the Repository Activity Score, in its own order of steps",
        "Halves round up and lengths count UTF-16 units, so that Python and the portal's JavaScript agree.",
        "InnerSource Commons: Repository Activity Score",
    ),
    Formula(
        "order",
        "The catalogue's order",
        "Where nobody searches, the ready, the fresh and the reliable come first.",
        "R/100 + e^(−days since push/90) + promises kept (½ where unknown)",
        "",
    ),
    Formula(
        "candidate",
        "Worth sharing",
        "Which code other teams use, mend or copy already.",
        "3·ln(1+D) + 2·ln(1+P) + ln(1+X) + Q − [one owner only] − ½[private]",
        "D: teams besides the owner that require a package which only this repository provides. P: changes of "
        "guests and diverged forks within 90 days. X: files of a kilobyte or more that lie identically in other "
        "teams' repositories.",
    ),
    Formula(
        "privacy",
        "Who is not shown",
        "Nothing ranks people. Teams with fewer than five are shown as “other”.",
        "if exactly one team would fold, the next smallest joins it",
        "Everybody sees their own data on their page, may export it, and may have it erased. After "
        "`metrics.retain`, 400 days if nobody says otherwise, every name becomes a pseudonym.",
    ),
)
BY_KEY = {each.key: each for each in FORMULAS}
