"""What `usher.yml` may say, and what its writer is told where it is wrong."""

from __future__ import annotations

import time as stopwatch
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.calendars import Span, due
from policies.durations import Duration
from policies.durations import parse as lasting
from policies.rules import DEFAULTS, Freeze, Holidays, Rules, merge, read

EVERY_DEFAULT = b"""
enabled: true
reviews:
  {enabled: true, bases: ["*"], settle: 5m, max_files: 300, max_people: 15, ci: pause, gate_max: 2h,
  changes_requested: all, pause_labels: [blocked], freeze: [], resume_floor: 0.5, eta_max: 2bd, skip_if_acted: 4bh,
  budgets: {assign: 1bh, first_response: 1bd, re_review: 1bd, decision: false, author: false, merge: false},
  guest: {first_response: 1bd, re_review: 1bd}, bots: {sla: false, logins: []},
  return: {quiet: 15m, ask_after: 4bh, presume_after: 4bh},
  ladder: {sticky: 50, digest: 80, mention: 100, backup: 150, reassign: 200},
  per_person_day: 10, quiet_hours: outside_calendar, digest_at: "09:30",
  areas: {}}  # name: {owners, calendar, budgets, follow_the_sun: false, lead: fallback}
reviewers:
  {max_reviewers: 4, capacity: 5, allow_committers: false, author_choice: counts, team_request: remove,
  fallback: [], trusted_committers: [], off_rotation: [], history: 180d, spread: false}
issues: {triage: 2bd, resolve: false, needs_info: [needs-info], triaged: ["severity/*", "area/*"]}
calendars:
  business: {zone: null, week: {mon-fri: ["09:00-17:00"]}, day: 8h, dates: {},
    holidays: {country: null, subdivision: null, categories: [public], add: [], remove: []}}
  always: {zone: UTC, week: {mon-sun: ["00:00-24:00"]}, day: 24h}
calendar_of: {teams: {}, people: {}}
commands: {prefix: /usher, short: true}
inherit: {repository: null}
docs_map: {}
guidelines:
  check: true
  fail_on: medium
  require: null
  synonyms: {}
  governance: contributions_welcome
  external_links: []
  stale_months: 12
  unowned_share: 0.1
  tracking_issue: high
  fix_pr: on_request
  exceptions: []
teams: {source: [forge], include: [], exclude: [], max_share: 0.3, static: {}}
guests: {comment: true, label: inner-source, thanks: draft, settle: 5m}
catalogue: {list: null, topics: [inner-source, innersource], anonymous: false, annotation: usher.internal}
candidates: {enabled: true, scopes: [], restricted_topics: [restricted], exclude_paths: [], templates: []}
metrics: {window: 90d, min_group: 5, retain: 400d, digest: monthly}
new_repositories: {ask: false, wait: 24h}
champions: {enabled: true}
noise: {comments_per_subject_day: 1, mentions_per_subject_day: 2, writes_per_hour: 20, backoff: [7d, 14d, 28d]}
support:
  owner: null
  bugs: owner
  warranty: {days: 30}
  channel: null
  hours_per_week: null
  hours_per_change: 0.5
  requests: {triage: 5bd, states: [accepted, declined, contribution-welcome]}
  severities:
    critical: {label: severity/critical, respond: 4h, calendar: always, escalate: owner-lead}
    high: {label: severity/high, respond: 1bd, calendar: business}
    normal: {label: null, respond: 2bd, calendar: business}
"""


def test_every_key_is_known_and_an_empty_file_means_all_of_this() -> None:
    written = read(EVERY_DEFAULT)
    assert written.problems == ()
    assert written.rules == DEFAULTS
    assert read(b"").rules == DEFAULTS
    assert read(b"# nothing yet\n").rules == DEFAULTS


def test_every_block_is_in_that_file() -> None:
    """The file above is checked against the rules, so that a new key cannot be forgotten there."""

    def keys(value: object) -> list[str]:
        if not is_dataclass(value) or isinstance(value, Duration):
            return []
        return [
            name
            for each in fields(value)
            for name in (each.metadata.get("key", each.name), *keys(getattr(value, each.name)))
        ]

    missing = [key for key in keys(DEFAULTS) if f"{key}:" not in EVERY_DEFAULT.decode()]
    assert missing == []


def test_values_are_read_as_what_they_are() -> None:
    rules = read(
        b"""
        reviews:
          settle: 10m
          digest_at: 07:15
          quiet_hours: ["18:00-24:00", "00:00-08:00"]
          freeze: [{from: 2026-12-20, to: 2027-01-02}]
          budgets: {first_response: 4bh, assign: false}
          areas: {api: {owners: ["@org/api"], budgets: {first_response: 2bh, merge: false}, follow_the_sun: true}}
        reviewers: {fallback: [ana, NO]}
        issues: {resolve: 20bd}
        """
    ).rules
    reviews = rules.reviews
    assert reviews.settle == lasting("10m")
    assert reviews.digest_at == time(7, 15)
    assert reviews.quiet_hours == (Span(1080, 1440), Span(0, 480))
    assert reviews.freeze == (Freeze(date(2026, 12, 20), date(2027, 1, 2)),)
    assert (reviews.budgets.first_response, reviews.budgets.assign) == (lasting("4bh"), None)
    assert reviews.budgets.re_review == lasting("1bd")
    assert reviews.areas["api"].budgets == {"first_response": lasting("2bh"), "merge": None}
    assert rules.reviewers.fallback == ("ana", "NO")
    assert rules.issues.resolve == lasting("20bd")


@pytest.mark.parametrize(
    ("text", "line", "column", "key", "message", "fix"),
    [
        ("reviws: {}", 1, 1, "reviws", "`reviws` is not a known key", "Did you mean `reviews`?"),
        (
            "reviews:\n  budget: {}", 2, 3, "reviews.budget",
            "`budget` is not a known key", "Did you mean `budgets`?",
        ),
        (
            "commands: {xyz: 1}", 1, 12, "commands.xyz",
            "`xyz` is not a known key", "Known here: `prefix`, `short`.",
        ),
        (
            "reviews:\n  settle: soon", 2, 11, "reviews.settle",
            "'soon' is no duration: write 30s, 20m, 4h or 3d, or 8bh or 2bd for working time", "",
        ),
        ("reviews: {enabled: yes}", 1, 20, "reviews.enabled", "'yes' is neither true nor false", ""),
        ("reviews: {enabled: 'true'}", 1, 20, "reviews.enabled", "'true' is neither true nor false", ""),
        (
            "reviews: {ci: stop}", 1, 15, "reviews.ci",
            "'stop' is not one of the choices", "Write one of: ignore, pause, gate.",
        ),
        (
            "reviews: {resume_floor: 1.5}", 1, 25, "reviews.resume_floor",
            "1.5 is not between 0 and 1", "",
        ),
        ("reviews: {max_files: many}", 1, 22, "reviews.max_files", "'many' is no whole number", ""),
        ("reviews: {bases: main}", 1, 18, "reviews.bases", "this must be a list", "Write `[one, two]`."),
        ("reviews: {bases: [{}]}", 1, 19, "reviews.bases", "this must be a single value", ""),
        ("reviews: {freeze: [{from: 2026-12-20}]}", 1, 20, "reviews.freeze",
         "`to` is missing", "Add `to: …`."),
        ("reviews: {freeze: [{from: x, to: y}]}", 1, 27, "reviews.freeze",
         "'x' is no date: write 2026-12-24", ""),
        ("reviews: {digest_at: 9h}", 1, 22, "reviews.digest_at", "'9h' is no time of day: write 09:30", ""),
        ("reviews: {budgets: {assign: 0h}}", 1, 29, "reviews.budgets.assign",
         "this must be longer than nothing", ""),
        ("reviews: {areas: {a: {budgets: {asign: 1h}}}}", 1, 33, "reviews.areas.a.budgets.asign",
         "'asign' is not one of the choices",
         "Write one of: assign, first_response, re_review, decision, author, merge."),
        ("calendars: {business: {zone: Mars}}", 1, 30, "calendars.business.zone",
         "'Mars' is no time zone: write Europe/Berlin", ""),
        ("calendars: {business: {zone: ../etc}}", 1, 30, "calendars.business.zone",
         "'../etc' is no time zone: write Europe/Berlin", ""),
        ("calendars: {business: {week: {mo: []}}}", 1, 31, "calendars.business.week.mo",
         "'mo' is no day of the week: write mon or mon-fri", ""),
        ("calendars: {business: {week: {fri: ['17:00-09:00']}}}", 1, 37, "calendars.business.week.fri",
         "a span ends later on the same day than it starts; 24:00 is the next midnight", ""),
        ("calendars: {business: {day: 1bd}}", 1, 29, "calendars.business.day",
         "1bd is no length of a working day: write 8h", ""),
        ("calendar_of:\n  people:\n    ben: bavaria", 3, 5, "calendar_of.people.ben",
         "no calendar is called `bavaria`", "Known: `business`, `always`."),
        ("reviews: {areas: {api: {calendar: bavaria}}}", 1, 25, "reviews.areas.api.calendar",
         "no calendar is called `bavaria`", "Known: `business`, `always`."),
        ("commands: {prefix: usher}", 1, 20, "commands.prefix",
         "'usher' is no prefix of commands: write /usher", ""),
        ("- a list", 1, 1, "", "this must be a mapping", "Write `name: value`, one on each line."),
        ("a: 1\na: 2", 2, 1, "", "`a` is already set in line 1", "Remove one of them."),
        ("a: &x 1", 1, 4, "", "anchors (`&name`) are not read here", "Remove it; write values out."),
        ("a: *x", 1, 4, "", "aliases (`*name`) are not read here", "Write the value out."),
        ("a: !!python/name:os.system 1", 1, 4, "", "tags (`!name`) are not read here", "Remove it."),
        ("a: 1\n---\nb: 2", 2, 1, "", "the file has more than one document", "Remove what follows `---`."),
        ("[a]: 1", 1, 1, "", "a key must be plain text", "Write `name: value`."),
    ],
)  # fmt: skip
def test_a_mistake_is_reported_where_it_is_with_what_to_write(
    text: str, line: int, column: int, key: str, message: str, fix: str
) -> None:
    (problem,) = read(text.encode()).problems
    assert (problem.line, problem.column, problem.key) == (line, column, key)
    assert (problem.message, problem.fix) == (message, fix)


def test_a_mistake_never_disables_the_rest() -> None:
    """Each bad value keeps its default; everything beside it holds."""
    written = read(b"reviews: {settle: soon, max_files: 10}\nnonsense: 1\nreviewers: {capacity: 2}\n")
    assert [problem.key for problem in written.problems] == ["reviews.settle", "nonsense"]
    assert written.rules.reviews == replace(DEFAULTS.reviews, max_files=10)
    assert written.rules.reviewers.capacity == 2


def test_broken_yaml_leaves_the_defaults_and_says_where() -> None:
    written = read(b"reviews:\n  settle: [5m\nreviewers: {}\n")
    (problem,) = written.problems
    assert written.rules == DEFAULTS
    assert problem.line == 3
    assert "not YAML" in problem.message


# --- An organisation and its repositories -------------------------------------------------------------


def test_lists_replace_and_maps_merge() -> None:
    organisation = read(
        b"""
        reviews: {settle: 1m, pause_labels: [blocked, waiting], areas: {api: {owners: ["@api"], lead: ana}}}
        calendar_of: {people: {ben: always}}
        calendars: {business: {zone: Europe/Berlin, holidays: {country: DE}}}
        """
    ).rules
    merged = merge(
        organisation,
        b"""
        reviews: {pause_labels: [parked], areas: {api: {lead: cyd}, web: {owners: ["@web"]}}}
        calendar_of: {people: {cyd: business}}
        calendars: {business: {holidays: {subdivision: BE}}}
        """,
    )
    assert merged.problems == ()
    rules = merged.rules
    assert rules.reviews.settle == lasting("1m")
    assert rules.reviews.pause_labels == ("parked",)
    assert {name: (area.owners, area.lead) for name, area in rules.reviews.areas.items()} == {
        "api": (("@api",), "cyd"),
        "web": (("@web",), "fallback"),
    }
    assert rules.calendar_of.people == {"ben": "always", "cyd": "business"}
    assert rules.calendars["business"].zone == "Europe/Berlin"
    assert rules.calendars["business"].holidays == Holidays("DE", "BE")


@pytest.mark.parametrize("block", ["metrics", "noise", "teams"])
def test_a_repository_cannot_set_what_is_the_organisations(block: str) -> None:
    merged = merge(DEFAULTS, f"{block}: {{}}".encode())
    assert merged.rules == DEFAULTS
    assert [problem.message for problem in merged.problems] == [
        "only the organisation's own file may set this"
    ]


def test_a_week_is_replaced_as_a_whole() -> None:
    """A week from Sunday to Thursday does not keep the Friday of the default."""
    written = read(b"calendars: {business: {zone: Asia/Riyadh, week: {sun-thu: ['09:00-17:00']}}}")
    calendar = written.rules.calendars["business"].calendar()
    thursday_afternoon = datetime(2026, 11, 26, 13, tzinfo=UTC)
    assert due(calendar, thursday_afternoon, timedelta(hours=8)) == datetime(2026, 11, 29, 13, tzinfo=UTC)


def test_a_calendar_knows_its_holidays_and_its_own_days() -> None:
    terms = read(
        b"""
        calendars:
          works:
            zone: Europe/Berlin
            week: {mon-fri: ["08:00-16:00"], fri: ["08:00-12:00"]}
            day: 7.5h
            dates: {2026-12-24: ["08:00-12:00"]}
            holidays: {add: [2026-12-31], remove: [2026-12-26]}
        """
    ).rules.calendars["works"]
    calendar = terms.calendar(frozenset({date(2026, 12, 25), date(2026, 12, 26)}))
    assert calendar.week == ((Span(480, 960),),) * 4 + ((Span(480, 720),),) + ((),) * 2
    assert calendar.holidays == {date(2026, 12, 25), date(2026, 12, 31)}
    assert calendar.spans(date(2026, 12, 24)) == (Span(480, 720),)
    assert calendar.day == timedelta(hours=7, minutes=30)


# --- Hostile files --------------------------------------------------------------------------------------

HOSTILE = {
    "laughs": b"a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n",
    "deep flow": b"[" * 30_000,
    "deep flow, closed": b"[" * 10_000 + b"]" * 10_000,
    "deep maps": b"{a: " * 10_000,
    "deep block": b"\n".join(b" " * n + b"a:" for n in range(300)),
    "many values": b"[" + b"x," * 30_000 + b"]",
    "many keys": b"\n".join(b"k%d: 1" % n for n in range(7_000)),
    "many dashes": b"- " * 30_000,
    "too large": b"#" * 65_537,
    "long plain": b"a: " + b"x" * 65_000,
    "long quoted": b'a: "' + b"\\x41" * 16_000 + b'"',
    "unclosed quote": b'a: "' + b"x\n" * 32_000,
    "python tag": b"a: !!python/object/apply:os.system ['true']",
    "binary": bytes(range(256)) * 200,
    "utf-16": "\ufeffreviews: {settle: 1m}".encode("utf-16-le"),
    "nul": b"a: \x00",
    "merge key": b"<<: {a: 1}\n",
    "tabs": b"\t" * 60_000,
    "colons": b":" * 60_000,
    "question marks": b"? " * 30_000,
    "pipes": b"a: |\n" + b"\n" * 60_000,
    "directives": b"%YAML 9.9\n" * 6_000,
    "many documents": b"---\n" * 16_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_costs_little_and_changes_nothing(name: str) -> None:
    began = stopwatch.perf_counter()
    written = read(HOSTILE[name])
    assert stopwatch.perf_counter() - began < 1.5
    assert written.rules == DEFAULTS or name == "utf-16"
    assert written.problems or name == "utf-16"


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_with_a_place(data: bytes) -> None:
    for problem in read(data).problems:
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.message


tokens = st.sampled_from(
    ["reviews", "settle", "calendars", "business", "week", "mon-fri", "budgets", "null", "false", "5m", "x",
     ": ", "\n", "  ", "- ", "[", "]", "{", "}", ", ", "'", '"', "&a ", "*a", "!t ", "|", "09:00-17:00", "? ", "areas"]
)  # fmt: skip


@given(st.lists(tokens, max_size=40).map("".join))
def test_any_arrangement_of_our_own_words_gives_complete_rules(text: str) -> None:
    assert isinstance(read(text.encode()).rules, Rules)


def test_a_key_that_is_gone_is_told_with_what_holds_now() -> None:
    found = read(b"support:\n  warranty: {days: 10, from: deploy}\n")
    assert found.rules.support.warranty.days == 10
    [problem] = found.problems
    assert (problem.line, problem.key) == (2, "support.warranty.from")
    assert problem.message == "`from` is no longer a key: a warranty counts from the merge"
    assert problem.fix == "Remove it."
