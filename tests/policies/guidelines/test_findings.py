"""The table of findings, row by row: what brings each of them, and what does not."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from fractions import Fraction

import pytest

from policies import exceptions
from policies.findings import new
from policies.guidelines import Measured, docs_hints
from policies.guidelines.sections import OF_ISSUES_WELCOME, REQUIRED
from policies.rules import Guidelines, read
from tests.policies.guidelines.telling import GUIDE, NOW, inspected, kinds, only, told

PROMISE = "We answer within one business day."


def without(section: str) -> str:
    """The guide without the section of this heading."""
    before, _, after = GUIDE.partition(f"## {section}\n")
    return before + after[after.index("\n## ") + 1 :] if "\n## " in after else before


def test_nothing_is_lacking() -> None:
    found = inspected()
    assert told(found) == []
    assert found.quality == 1
    assert {each.section for each in found.judged if each.state == "pass"} == set(REQUIRED)


def test_no_guide() -> None:
    assert told(inspected(None)) == [("guide_absent", "high", "", 1)]


def test_an_inherited_guide_passes_as_inherited() -> None:
    found = inspected(inherited=True)
    assert told(found) == []
    assert (found.guide.provenance, found.guide.repository) == ("inherited", "shop/.github")


@pytest.mark.parametrize(
    "guide", ["", "# Contributing\n", "# Contributing\n\nSend it.\n", "<!-- " + "x" * 300 + " -->"]
)
def test_an_empty_guide(guide: str) -> None:
    assert told(inspected(guide)) == [("guide_empty", "high", "", 1)]


def test_a_short_guide_with_a_link_is_judged_by_what_it_links_to() -> None:
    found = inspected("See [the handbook](docs/handbook.md).\n", others={"docs/handbook.md": GUIDE})
    assert told(found) == []
    assert (found.guide.provenance, found.guide.path) == ("linked", "docs/handbook.md")


def test_a_short_guide_that_says_all_itself_is_not_exchanged_for_what_it_links_to() -> None:
    short = GUIDE.partition(", and be")[0] + ", or read [this](README.md).\n"
    found = inspected(short, others={"README.md": "# Pay\n"})
    assert told(found) == []
    assert found.guide.provenance == "own"


@pytest.mark.parametrize(
    ("heading", "section"),
    [("Set up", "setup"), ("Test", "test"), ("Propose", "propose"), ("Review", "review"), ("Owners", "owners"),
     ("Help", "help")],
)  # fmt: skip
def test_a_required_section_is_missing(heading: str, section: str) -> None:
    assert ("section_missing", "medium", section, 1) in told(inspected(without(heading) + "x " * 100))


def test_a_missing_promise_proposes_what_was_measured() -> None:
    found = inspected(without("Response"), measured=Measured(Fraction(21), 30))
    assert told(found) == [("promise_absent", "medium", "response", 1)]
    assert "“We answer within three business days.”" in only(found).fix


@pytest.mark.parametrize(
    ("old", "weak", "section"),
    [
        ("make install\n", "make world\n", "setup"),
        ("make test\n", "npm test\n", "test"),
        ("Work on a branch.", "Send it.", "propose"),
        ("One approval is enough.", "We look at it.", "review"),
        ("@shop/pay", "Many people.", "owners"),
        ("#pay", "the office", "help"),
        ("- bugs and fixes\n- words\n", "Bugs and fixes.\n", "scope"),
        (PROMISE, "We like to answer.", "response"),
    ],
)
def test_a_heading_without_what_it_promises_is_weak(old: str, weak: str, section: str) -> None:
    finding = only(inspected(GUIDE.replace(old, weak)))
    assert (finding.kind, finding.severity, finding.subject) == ("section_weak", "low", section)


@pytest.mark.parametrize(
    ("promise", "kind", "severity", "subject"),
    [
        ("We answer as soon as possible.", "promise_vague", "low", "response"),
        ("We answer within two business days.", "promise_looser", "low", "16h"),
        ("We answer within four hours.", "promise_tighter", "medium", "4h"),
    ],
)
def test_a_promise_that_is_not_what_the_rules_say(
    promise: str, kind: str, severity: str, subject: str
) -> None:
    finding = only(inspected(GUIDE.replace(PROMISE, promise)))
    assert (finding.kind, finding.severity, finding.subject, finding.line) == (kind, severity, subject, 28)


def test_without_a_clock_no_promise_disagrees() -> None:
    assert told(inspected(GUIDE.replace(PROMISE, "We answer within a month."), sla=None)) == []


@pytest.mark.parametrize(("p85", "contributions", "missed"), [(9, 20, True), (9, 19, False), (8, 20, False)])
def test_a_promise_that_is_not_kept(p85: int, contributions: int, missed: bool) -> None:
    found = inspected(measured=Measured(Fraction(p85), contributions))
    assert told(found) == ([("promise_missed", "medium", "8h", 28)] if missed else [])


@pytest.mark.parametrize(
    ("days", "builds", "inherited", "stale"),
    [(366, 5, False, True), (366, 4, False, False), (360, 9, False, False), (800, 9, True, False)],
)
def test_a_guide_grows_stale_only_where_the_build_moved_on(
    days: int, builds: int, inherited: bool, stale: bool
) -> None:
    found = inspected(touched_at=NOW - timedelta(days=days), builds_since=builds, inherited=inherited)
    assert told(found) == ([("guide_stale", "medium", "", 1)] if stale else [])


def test_links_and_anchors() -> None:
    text = "[a](docs/no.md) [b](README.md#nowhere) [c](https://chat.example/x) [d](https://other.example/)\n"
    found = inspected(
        GUIDE + text,
        others={"README.md": "# Pay\n"},
        rules=Guidelines(external_links=("chat.example",)),
        unreachable=frozenset({"https://chat.example/x", "https://other.example/"}),
    )
    assert told(found) == [
        ("link_broken", "medium", "docs/no.md", 37),
        ("anchor_broken", "low", "README.md#nowhere", 37),
        ("link_broken", "low", "https://chat.example/x", 37),
    ]


@pytest.mark.parametrize(
    "left",
    ["TODO", "TBD", "FIXME", "____", "REPLACE_WITH_TEAM", "<team>", "<your name here>", "{{ project }}",
     "[INSERT CONTACT METHOD]"],
)  # fmt: skip
def test_what_a_template_left(left: str) -> None:
    finding = only(inspected(f"{GUIDE}\nThis is {left} here.\n"))
    assert (finding.kind, finding.severity, finding.subject, finding.line) == ("marker", "medium", left, 38)


@pytest.mark.parametrize(
    "fine",
    ["`TODO`", "    TODO: x", "<!-- TODO -->", "todo lists", "TODOs", "__init__", "snake____case", "[INSERT](#help)",
     "<br>", "___"],
)  # fmt: skip
def test_what_is_no_left_over(fine: str) -> None:
    assert "marker" not in kinds(inspected(f"{GUIDE}\n{fine}\n"))


def test_left_overs_of_other_community_files_are_found_and_templates_may_have_them() -> None:
    others = {
        "SECURITY.md": "TODO\n",
        ".github/ISSUE_TEMPLATE/bug.md": "TODO: what happened?\n",
        "notes.md": "TODO\n",
    }
    assert [each.path for each in inspected(others=others).findings] == ["SECURITY.md"]


# --- What is required ------------------------------------------------------------------------------------


def test_where_only_issues_are_welcome_nobody_sets_anything_up() -> None:
    rules = Guidelines(governance="issues_welcome")
    text = "# Contributing\n\nIssues welcome. We answer within one business day.\n\n## Owners\n\n@ana\n"
    found = inspected(f"{text}\n## Help\n\n#pay {'words ' * 40}\n", rules=rules)
    assert told(found) == []
    assert {each.section for each in found.judged if each.state == "pass"} >= set(OF_ISSUES_WELCOME)


def test_the_rules_can_require_other_sections() -> None:
    rules = Guidelines(require=("help", "agents"))
    assert told(inspected(rules=rules)) == [("section_missing", "medium", "agents", 1)]
    assert inspected(rules=rules).quality == 0.5


def test_synonyms_add_and_never_replace() -> None:
    rules = Guidelines(synonyms={"help": ("hilfe",)})
    assert told(inspected(GUIDE.replace("## Help", "## Hilfe"), rules=rules)) == []
    assert told(inspected(rules=rules)) == []


# --- The same finding elsewhere --------------------------------------------------------------------------


def test_a_fingerprint_is_of_kind_path_and_subject_and_not_of_the_line() -> None:
    one = only(inspected(f"{GUIDE}\nTODO\n"))
    other = only(inspected(f"{GUIDE}\n\n\nTODO: mend\n"))
    assert one.line != other.line
    assert one.fingerprint == other.fingerprint
    assert one.fingerprint == hashlib.sha256(b"marker\0CONTRIBUTING.md\0todo").hexdigest()


def test_a_change_brings_and_mends() -> None:
    base = inspected(f"{GUIDE}\nTODO\n").findings
    head = inspected(f"{GUIDE}\nTBD\n").findings
    assert [each.subject for each in new(head, base)] == ["TBD"]
    assert [each.subject for each in new(base, head)] == ["TODO"]


# --- Exceptions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id_", "until", "holds"),
    [
        ("marker", "2026-12-24", True),
        ("marker:TODO", "2026-12-24", True),
        ("marker:TBD", "2026-12-24", False),
        ("{id}", "2026-12-24", True),
        ("marker", "2026-11-27", True),
        ("marker", "2026-11-26", False),
        ("marker", "2027-05-26", True),
        ("marker", "2027-05-27", False),
    ],
)
def test_an_exception_holds_until_its_day_and_for_half_a_year_at_most(
    id_: str, until: str, holds: bool
) -> None:
    finding = only(inspected(f"{GUIDE}\nTODO\n"))
    text = f"guidelines: {{exceptions: [{{id: '{id_}', owner: ana, reason: soon, until: {until}}}]}}"
    accepted = read(text.replace("{id}", finding.id).encode()).rules.guidelines.exceptions
    counting, apart = exceptions.apart([finding], accepted, NOW.date())
    assert (len(counting), len(apart)) == ((0, 1) if holds else (1, 0))


def test_an_exception_without_a_reason_is_none() -> None:
    written = read(b"guidelines: {exceptions: [{id: marker, owner: ana, until: 2026-12-24}]}")
    assert [each.message for each in written.problems] == ["`reason` is missing"]
    assert written.rules.guidelines.exceptions == ()


# --- Code without its documents ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("touched", "hinted"),
    [
        (("src/a.py",), True),
        (("src/deep/a.py",), True),
        (("src/a.py", "docs/a.md"), False),
        (("docs/a.md",), False),
        (("tests/a.py",), False),
    ],
)
def test_code_without_its_documents_is_a_question(touched: tuple[str, ...], hinted: bool) -> None:
    hints = docs_hints(touched, {"src/**": "docs/**"})
    assert [each.severity for each in hints] == (["low"] if hinted else [])
