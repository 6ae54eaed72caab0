"""What an organisation and a repository have agreed: `usher.yml` as rules, or problems with line numbers.

Every value has a default, so an empty file is a complete set of rules. A part that is wrong is reported
and keeps its default; it never disables the rest. One module for each topic; `everything` has them all.
"""

from policies.rules.calendars import CalendarOf, CalendarTerms, Holidays
from policies.rules.community import (
    Champions,
    Guests,
    NewRepositories,
    Requests,
    SeverityTerms,
    Support,
    Teams,
    Warranty,
)
from policies.rules.everything import DEFAULTS, Rules
from policies.rules.guidelines import Exempt, Governance, Guidelines, Inherit
from policies.rules.manners import Commands, Noise
from policies.rules.reading import ORGANISATION_ONLY, RulesRead, merge, read
from policies.rules.reviewing import (
    Area,
    Bots,
    BudgetKind,
    Budgets,
    Freeze,
    GuestBudgets,
    Issues,
    Ladder,
    Return,
    Reviewers,
    Reviews,
)
from policies.rules.sharing import Candidates, Catalogue, Metrics
from policies.rules.values import Severity

__all__ = [
    "DEFAULTS",
    "ORGANISATION_ONLY",
    "Area",
    "Bots",
    "BudgetKind",
    "Budgets",
    "CalendarOf",
    "CalendarTerms",
    "Candidates",
    "Catalogue",
    "Champions",
    "Commands",
    "Exempt",
    "Freeze",
    "Governance",
    "GuestBudgets",
    "Guests",
    "Guidelines",
    "Holidays",
    "Inherit",
    "Issues",
    "Ladder",
    "Metrics",
    "NewRepositories",
    "Noise",
    "Requests",
    "Return",
    "Reviewers",
    "Reviews",
    "Rules",
    "RulesRead",
    "Severity",
    "SeverityTerms",
    "Support",
    "Teams",
    "Warranty",
    "merge",
    "read",
]
