"""What ails an owners file: which findings, which of them a change brings, and when the issue is open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from markdown_it import MarkdownIt

from policies import findings as finds
from policies import owner_health, owners, tracking
from policies.facts import File, Issue, Person, Team, Tree
from policies.findings import Finding
from policies.markup import effects_of
from policies.owner_health import Asked, Known, PersonSeen, TeamSeen
from policies.rules import Guidelines
from policies.tracking import Tracked, Wanted

PATHS = ("app.py", "docs/guide.md", "docs/more.md", "pay/refund.py")
TREE = Tree(PATHS)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def team(*logins: str, secret: bool = False, access: str = "write") -> TeamSeen:
    return TeamSeen(Team("shop/any", tuple(Person(login) for login in logins), secret), access)  # type: ignore[arg-type]


KNOWN = Known(
    organisation="shop",
    people={
        "ana": PersonSeen("write"),
        "outside-writer": PersonSeen("maintain", "outsider"),
        "reader": PersonSeen("read"),
        "left": PersonSeen("none", "outsider"),
        "nobody": PersonSeen("none", "nobody"),
        "shop": PersonSeen("none", "organisation"),
    },
    teams={
        "shop/pay": team("ben", "carla"),
        "shop/secret": team("ben", secret=True, access="none"),
        "shop/empty": team(),
        "shop/readers": team("ben", access="read"),
        "shop/gone": TeamSeen(None, "none"),
    },
    refused=frozenset({"@odd", "who@example.com"}),
    asked={
        "ben": Asked(3, 0),
        "carla": Asked(5, 0),
        "ana": Asked(9, 1),
        "quiet": Asked(3, 0),
        "new": Asked(2, 0),
    },
)


def findings(
    text: str, *, tree: Tree = TREE, known: Known = KNOWN, dialect: owners.Dialect = "github"
) -> tuple[Finding, ...]:
    source = File(".github/CODEOWNERS", "", text.encode())
    return owner_health.examine(source, owners.parse(source.content, dialect), tree, known, Guidelines())


OWNERS = {
    "@ana": None,
    "@outside-writer": None,
    "@somebody-not-looked-up": None,
    "@shop/pay": None,
    "name@example.com": None,
    "@nobody": ("owner_unknown", "high"),
    "@NoBody": ("owner_unknown", "high"),
    "@shop": ("owner_unknown", "high"),
    "@odd": ("owner_unknown", "high"),
    "@left": ("owner_left", "high"),
    "@reader": ("owner_no_write", "high"),
    "@shop/gone": ("team_unusable", "high"),
    "@shop/secret": ("team_unusable", "high"),
    "@shop/empty": ("team_unusable", "high"),
    "@shop/readers": ("team_unusable", "high"),
    "who@example.com": ("owner_email", "low"),
}


@pytest.mark.parametrize("owner", OWNERS)
def test_an_owner_is_judged_by_what_the_forge_says_of_it(owner: str) -> None:
    """Somebody else who can write stands beside it, so that the line itself is alive."""
    found = findings(f"* @ana {owner}\n")
    assert [(each.kind, each.severity, each.subject) for each in found] == (
        [(*OWNERS[owner], owner)] if OWNERS[owner] else []
    )
    assert all((each.line, each.column) == (1, 8) for each in found)


LINES = {
    "nobody is left": ("* @ana\npay/ @nobody\n", {(2, "dead_rule", "high"), (2, "owner_unknown", "high")}),
    "one of two is left": ("* @ana\npay/ @nobody @ana\n", {(2, "owner_unknown", "high")}),
    "un-owned on purpose": ("* @ana\npay/\n", set()),
    "a whole team is silent": ("* @ana\npay/ @shop/pay\n", {(2, "owner_silent", "medium")}),
    "one of the line answers": ("* @ana\npay/ @shop/pay @ana\n", set()),
    "asked twice is not often": ("* @ana\npay/ @new\n", set()),
    "the only owner is silent": ("* @ana\npay/ @quiet\n", {(2, "owner_silent", "medium")}),
    "no file": ("* @ana\nold/ @ana\n", {(2, "pattern_dead", "low")}),
    "never decides": ("pay/ @ana\n* @ana\n", {(1, "shadowed", "low")}),
    "a wrong owner": ("* @ana\npay/ ana\n", {(2, "Invalid owner", "high")}),
    "a wrong pattern": ("* @ana\n!pay/ @ana\n", {(2, "Invalid pattern", "high")}),
    "a tenth without owners is enough": ("docs/ @ana\npay/ @ana\n", {(1, "unowned", "medium")}),
}


@pytest.mark.parametrize("case", LINES)
def test_a_line_is_judged_by_its_owners_and_files(case: str) -> None:
    text, expected = LINES[case]
    found = {(each.line, each.kind, each.severity) for each in findings(text)}
    assert {each for each in found if each[2] != "info"} == expected


def test_what_only_the_other_forge_reads_differently_never_counts() -> None:
    found = findings("* @ana\nsrc/api/ @ana\n", tree=Tree(("src/api/a",)))
    assert [(each.kind, each.severity) for each in found] == [("differs", "info")]
    assert finds.conclusion(found, "low") == "success"


def test_a_gitlab_rule_without_an_eligible_owner_is_told_to_be_approved_by_itself() -> None:
    [rule] = [
        each
        for each in findings("* @ana\n/pay/ @nobody\n", dialect="gitlab")
        if each.kind == "rule_without_owners"
    ]
    assert (rule.severity, rule.line, rule.subject) == ("high", 2, "/pay/")
    assert "GitLab takes such a rule for approved" in rule.message


def test_without_all_files_no_pattern_is_judged() -> None:
    assert findings("docs/ @ana\nold/ @ana\n", tree=Tree(PATHS, complete=False)) == ()


def test_every_finding_says_how_to_mend_it() -> None:
    text = "\n".join(f"{owner.strip('@').replace('/', '-')} {owner}" for owner in OWNERS) + "\nx y\n"
    found = findings(text)
    assert len(found) > len(OWNERS)
    assert all(each.message and each.fix for each in found)


def test_text_from_the_file_mentions_nobody() -> None:
    """A message may quote a line, and shows it as text."""
    found = findings("pay/ @ana\n* @ana # ask `@ben` ![](x)\npay/** @nobody\n")
    assert found
    for each in found:
        shown = MarkdownIt().parseInline(f"{each.message} {each.fix}")[0].children or []
        assert {token.type for token in shown} <= {"text", "code_inline"}
        assert not effects_of(f"{each.message} {each.fix}").mentions


# --- New and old ------------------------------------------------------------------------------------------


def test_a_finding_is_the_same_on_another_line() -> None:
    [one] = findings("* @ana @nobody\n")
    [two] = findings("# moved\n\n* @ana @Nobody\n")
    assert one.fingerprint == two.fingerprint
    assert one.line != two.line


def test_one_owner_on_many_lines_is_one_finding_at_the_first() -> None:
    found = findings("* @ana @nobody\npay/ @ana @nobody\n")
    assert [(each.subject, each.line) for each in found] == [("@nobody", 1)]


def test_a_change_is_told_what_it_brings_and_what_it_mends() -> None:
    base, head = findings("* @ana @nobody @left\n"), findings("pay/ @ana\n* @ana @reader @left\n")
    assert {each.kind for each in finds.new(head, base)} == {"owner_no_write", "shadowed"}
    assert {each.kind for each in finds.new(base, head)} == {"owner_unknown"}


CONCLUSIONS = [
    ("high", "medium", "failure"),
    ("medium", "medium", "failure"),
    ("low", "medium", "neutral"),
    ("low", "low", "failure"),
    ("high", "never", "neutral"),
    ("medium", "high", "neutral"),
    ("info", "low", "success"),
]


@pytest.mark.parametrize(("severity", "fail_on", "expected"), CONCLUSIONS)
def test_new_findings_fail_from_the_agreed_severity_on(severity: str, fail_on: str, expected: str) -> None:
    brought = (Finding("k", severity, "p", "s", 1, 1, "m", "f"),)  # type: ignore[arg-type]
    assert finds.conclusion(brought, fail_on) == expected  # type: ignore[arg-type]


def test_the_forges_own_errors_name_owners_by_line_and_column() -> None:
    errors = [
        owners.Problem(2, 6, "Unknown owner", "error", "", source="forge"),
        owners.Problem(2, 1, "Invalid pattern", "error", "", source="forge"),
        owners.Problem(9, 1, "Unknown owner", "error", "", source="forge"),
    ]
    assert owner_health.refused(b"# x\npay/ @Ben @ana\n", errors) == {"@ben"}


# --- The tracking issue -----------------------------------------------------------------------------------


def issue(*, is_open: bool, closed_days_ago: int = 0) -> Issue:
    closed = None if is_open else NOW - timedelta(days=closed_days_ago)
    return Issue(7, "t", "b", Person("usher[bot]", bot=True), is_open, closed)


OPEN = Tracked(1, issue(is_open=True), left_open=True, closed_by_us=False)
OURS = Tracked(1, issue(is_open=False, closed_days_ago=200), left_open=False, closed_by_us=True)
REOPENED = Tracked(1, issue(is_open=True), left_open=False, closed_by_us=False)
SNOOZED = Tracked(1, issue(is_open=False, closed_days_ago=89), left_open=True, closed_by_us=False)
SLEPT = Tracked(2, issue(is_open=False, closed_days_ago=90), left_open=True, closed_by_us=False)
DELETED = Tracked(1, None, left_open=True, closed_by_us=False)

WANTED = {
    "none yet, and nothing ails": (None, False, None),
    "none yet": (None, True, Wanted(1, open=True)),
    "open, and still ailing": (OPEN, True, Wanted(1, open=True)),
    "open, and all is mended": (OPEN, False, Wanted(1, open=False)),
    "closed by us, and ailing again": (OURS, True, Wanted(1, open=True)),
    "closed by us, and well": (OURS, False, None),
    "clear, and opened again by a person": (REOPENED, False, None),
    "opened again by a person, and ailing": (REOPENED, True, Wanted(1, open=True)),
    "closed by a person": (SNOOZED, True, None),
    "closed by a person long ago": (SLEPT, True, Wanted(3, open=True)),
    "closed by a person long ago, and well": (SLEPT, False, None),
    "deleted by a person": (DELETED, True, None),
}


@pytest.mark.parametrize("case", WANTED)
def test_the_issue_follows_the_findings_unless_a_person_says_otherwise(case: str) -> None:
    tracked, ailing, expected = WANTED[case]
    assert tracking.wanted(tracked, ailing=ailing, now=NOW) == expected


@pytest.mark.parametrize(("setting", "kinds"), [("off", []), ("high", ["a"]), ("any", ["a", "b", "c"])])
def test_the_rules_say_what_is_worth_an_issue(setting: str, kinds: list[str]) -> None:
    severities = {"d": "info", "c": "low", "b": "medium", "a": "high"}
    found = tuple(Finding(kind, value, "p", "s", 1, 1, "m", "f") for kind, value in severities.items())  # type: ignore[arg-type]
    rules = Guidelines(tracking_issue=setting)  # type: ignore[arg-type]
    assert [each.kind for each in tracking.worth_tracking(found, rules)] == kinds
