"""Whose turn it is, and when an answer is due.

`fold` reads the facts of one change and says both; `fold_issue` does so for an issue. Facts may come in
any order, twice or late: the result is the same.
"""

from policies.clocks.fold import fold
from policies.clocks.issues import fold_issue
from policies.clocks.state import Obligation, SlotState, State, Turn, Verdict
from policies.clocks.terms import Away, Outage, Terms

__all__ = [
    "Away",
    "Obligation",
    "Outage",
    "SlotState",
    "State",
    "Terms",
    "Turn",
    "Verdict",
    "fold",
    "fold_issue",
]
