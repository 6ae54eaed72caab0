"""Run J: six readers of what others write, each fed with what nobody means, drawn from a seed.

    make chaos ARGS="--run J"                       thirty minutes
    make chaos ARGS="--run J --minutes 2 --seed 7"

Every input has a number, and is drawn from seed, reader and number alone: what is found wrong can be played again
by its number. Judged is more than that nothing breaks: what a reader says must agree with itself in ways that hold
whatever the input is (`_owners`), or with somebody who reads the same (`_commands`: CommonMark).
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from app.forges.github.events import GitHubDoor
from app.forges.gitlab.events import GitLabDoor
from handlers.ports import Delivery, Door
from policies import commands, rules
from policies.calendars import Calendar
from policies.facts import from_record, to_record
from policies.owners import Dialect, parse
from policies.text import checked, code, fenced, link, sentence, user

ABOUT = "six parsers, fuzzed"
MINUTES = 30.0
SLOW = 2.0
"""Seconds of processor that all that is asked about one input, a dozen questions, may take in the long run."""

ROOT = Path(__file__).parents[2]
PAYLOADS = ROOT / "tests/golden/payloads"
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
BERLIN = Calendar("Europe/Berlin")
COMMONMARK = MarkdownIt("commonmark")


class Wrong(Exception):
    """What a reader said cannot be right."""


def must(holds: object, said: str) -> None:
    """`Wrong` where it does not hold."""
    if not holds:
        raise Wrong(said)


# --- Drawing ----------------------------------------------------------------------------------------------

ODD = (
    "\0", "\r", "\r\n", "\u2028", "\x85", "\x0b", "\ufeff", "\u202e", "\u200b", "é", "請", "😀", "\t", " ", "\\", "",
)  # fmt: skip
NASTY = (
    "*" * 40, "(" * 60, "[" * 60, "{" * 60, "a" * 500, "?*" * 30, "**/" * 30, "`" * 70, "> " * 50, "&x;" * 40,
)  # fmt: skip


def strung(chance: random.Random, pieces: tuple[str, ...], most: int) -> str:
    """Pieces one after another; now and then something odd between them."""
    drawn = chance.choices(pieces, k=chance.randrange(1, most))
    for _ in range(chance.choice((0, 0, 1, 3))):
        drawn.insert(chance.randrange(len(drawn) + 1), chance.choice(chance.choice((ODD, NASTY))))
    return "".join(drawn)


def bent(chance: random.Random, data: bytes) -> bytes:
    """Half of the time as it is; else cut, doubled, or with other bytes in it."""
    for _ in range(chance.choice((0, 0, 1, 2, 5))):
        at, to = sorted((chance.randrange(len(data) + 1), chance.randrange(len(data) + 1)))
        data = chance.choice(
            (
                data[:at] + data[to:],
                data[:to] + data[at:to] * chance.choice((1, 50)) + data[to:],
                data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :],
                data[:at] + chance.choice(ODD).encode() + data[at:],
                data[to:] + data[:at],
            )
        )[:200_000]
    return data


# --- The readers ------------------------------------------------------------------------------------------

NAMES = ("a", "b", "ab", "a.b", ".a", "docs", "é", "a b", "[x]", "#", "a\\b")
SEGMENTS = ("a", "b", "*", "**", "*.b", "a*", "?", "\\*", "docs", "é", "[a-b]", "\\#", "!", "a\\ b", ".*")
OWNERS = ("@ann", "@org/team", "ben@example.org", "@@maintainers", "@", "ann", "@a-", "# why", "@org/a/b")
HEADERS = (
    "[Docs]",
    "^[Docs]",
    "[Docs][2]",
    "[docs] @ann",
    "[",
    "[Docs][x]",
    "^[Docs][9999999999] @org/team",
    "[]",
)


EXPLAINED = 500
"""Rules of a file, beyond which it takes a moment to say why each line is not the one."""


def _owners(dialect: Dialect, chance: random.Random) -> None:
    """The line that decides goes on to decide without those behind it; who is explained is who is matched."""
    lines = []
    for _ in range(chance.choice((1, 3, 10, 10, 60))):
        pattern = chance.choice(("", "/", "**/", "!")) + "/".join(
            chance.choices(SEGMENTS, k=chance.randrange(1, 5))
        )
        rule = " ".join((pattern, *chance.choices(OWNERS, k=chance.randrange(4))))
        lines.append(chance.choice((rule, rule, rule, chance.choice(HEADERS), strung(chance, SEGMENTS, 9))))
    content = bent(chance, "\n".join(lines).encode())
    paths = ["/".join(chance.choices(NAMES, k=chance.randrange(1, 6))) for _ in range(4)]
    file = parse(content, dialect)
    ends = content.count(b"\n") + 1
    for each in file.problems:
        must(1 <= each.line <= ends and each.column >= 1 and each.message, f"a problem nowhere: {each}")
    for path, match in zip(paths, file.match_all(paths), strict=True):
        must(file.match(path) == match, f"{path} has other owners beside other paths")
        if len(file.rules) <= EXPLAINED:
            told = file.explain(path)
            must(
                told.match.refused or told.owners == match.owners,
                f"{path} is explained otherwise than matched",
            )
        if match.refused or match.line is None:
            continue
        must(1 <= match.line <= ends, f"{path} is decided by no line")
        if dialect == "github":
            without = parse(b"\n".join(content.split(b"\n")[: match.line]), dialect).match(path)
            must(without == match, f"line {match.line} decides {path} only with what is behind it")


KEYS = (
    "reviews", "budgets", "assign", "calendars", "business", "week", "areas", "lead", "guidelines", "freeze", "support",
    "x", "warranty", "days", "metrics", "window", "commands", "prefix", "noise", "settle", "holidays",
)  # fmt: skip
VALUES = (
    "true", "null", "5m", "1bd", "mon-fri", "09:00-17:00", "2026-02-30", "-1", "9" * 40, "0x1", "1e999", "~", '"',
    "[a, b]", "{a: 1}", "*a", "&a x", "!!python/object x", "|", ">-", "'", "[" * 30, "NO", "12:30:15", "<<: *a",
)  # fmt: skip
TELLTALE = "support:\n  warranty: {days: 17}\n"


def _rules(chance: random.Random) -> None:
    """Complete rules, or problems with places in the file; what is wrong disables nothing that is right beside it."""
    lines = []
    for _ in range(chance.randrange(1, 14)):
        before = "  " * chance.randrange(4) + chance.choice(("", "- "))
        lines.append(f"{before}{chance.choice(KEYS)}: {chance.choice(VALUES)}")
    text = bent(chance, "\n".join(lines).encode())
    for data in (text, TELLTALE.encode() + b"reviews:\n  settle: " + text.replace(b"\n", b" ")):
        for found in (rules.read(data), rules.merge(rules.DEFAULTS, data)):
            must(isinstance(found.rules, rules.Rules), "the rules are not complete")
            ends = len(data.decode(errors="replace").splitlines()) + 1
            for each in found.problems:
                must(
                    1 <= each.line <= ends and each.column >= 1 and each.message, f"a problem nowhere: {each}"
                )
    whole = any(not each.key for each in found.problems)
    must(whole or found.rules.support.warranty.days == 17, "what was right did not hold")


SPOKEN = (
    "/usher ack", "/ack", "/usher eta fri 15:00", "/usher away 2026-01-01 9999-12-31", "/take", "/usher block x",
    "```", "~~~", "`", "``", "<!--", "-->", "<pre>", "</pre>", "> ", "- ", "1. ", "    ", "\n", "\n", "\n", "\n\n",
    "# x", "a", " ", "</code>", "<code>", "***", "<b>", "[a]: /x", "\t", "|", "\\", "~~~~ x",
)  # fmt: skip


def _commands(chance: random.Random) -> None:
    """A command stands at the beginning of a line, and not where CommonMark shows code or quotes."""
    body = strung(chance, SPOKEN, 40)
    plain = body.replace("\r\n", "\n").replace("\r", "\n")
    lines = plain.split("\n")
    closed = {
        line
        for token in COMMONMARK.parse(plain)
        if token.type in ("fence", "code_block", "blockquote_open") and token.map
        for line in range(token.map[0] + 1, token.map[1] + 1)
    }
    for number, text in commands.typed(body):
        must(text.startswith("/") and text.split()[0] in lines[number - 1], f"{text!r} is not line {number}")
        must(number not in closed, f"{text!r} on line {number} is quoted or code")
        found = commands.understood(text, prefix="/usher", short=True, at=NOW, hours=BERLIN)
        must(
            found is None or isinstance(found, commands.Command | commands.Unclear), "read as something else"
        )
    longest = "`" * 200
    must(not commands.typed(f"{longest}\n{body}\n{longest}"), "a command in a block of code")


def _webhooks(forge: str, door: Door, payloads: list[tuple[str, Any]], chance: random.Random) -> None:
    """Facts that can be written down and read again, or a ValueError."""
    event, payload = chance.choice(payloads)
    payload = json.loads(json.dumps(payload))
    for _ in range(chance.choice((1, 1, 2, 5))):
        _bend_value(chance, payload)
    try:
        reading = door.facts(Delivery(event, "fuzzed", json.dumps(payload).encode()))
    except ValueError:
        return
    for touch in reading.touches:
        for fact in touch.facts:
            record = json.loads(json.dumps(to_record(fact)))
            again = from_record(record, at=fact.at, by=fact.by, by_bot=fact.by_bot, after=fact.after)
            must(again == fact, f"{fact} is another one once it was written down")


ANYTHING: tuple[Any, ...] = (
    None, True, 0, -1, 2**70, 1.5, "", "x" * 300, "\0", "\ud800", [], {}, [[]], [None], {"id": None}, {"login": 1},
    "2026-02-30T00:00:00Z", "9999-12-31T23:59:59-23:59", "0000-00-00", "2026-11-23 09:00:00 UTC",
)  # fmt: skip


def _bend_value(chance: random.Random, payload: Any) -> None:
    """Somewhere in it, something is missing, or something else."""
    here, deep = payload, chance.randrange(6)
    while True:
        places: list[Any] = list(here) if isinstance(here, dict) else list(range(len(here)))
        if not places:
            return
        at = chance.choice(places)
        if deep == 0 or not isinstance(here[at], dict | list):
            break
        here, deep = here[at], deep - 1
    if chance.random() < 0.3:
        del here[at]
    else:
        here[at] = json.loads(json.dumps(chance.choice(ANYTHING)))


MARKS = (
    "@eve", "`", "``", "<b>", "</sub>", "<!-- usher:", "-->", "[a](b)", "![x](y)", "https://x.example", "|", "*", "_",
    "#12", "!7", "~bug", "%1", "$x$", "&#64;", "&lt;", "\n", "/merge", "> ", "- ", "\\", ":", "//", "[^1]: ", "\n\n",
)  # fmt: skip


def _markdown(chance: random.Random) -> None:
    """Somebody's text in a comment of ours is text or code, whatever it is, and the last check agrees."""
    text = strung(chance, MARKS, 30)
    for shown in (user(text), code(text), sentence(f"`{text}` is no key"), f"{user(text)} and {code(text)}"):
        body = f"They said {shown}, and more."
        if "usher:" not in text:  # which a comment must not have even as code
            checked(body)
        tokens = COMMONMARK.parse(body)
        must(
            _types(tokens) == ["paragraph_open", "inline", "paragraph_close"],
            f"more than a sentence: {shown}",
        )
        must({*_types(tokens[1].children)} <= {"text", "code_inline"}, f"more than text: {shown}")
    must(_types(COMMONMARK.parse(fenced(text, "md"))) == ["fence"], "something ended a block of code")
    linked = COMMONMARK.parse(f"See {link('here', f'/blob/{text}')}.")[1].children
    must(_types(linked) == ["text", "link_open", "text", "link_close", "text"], "an address ended a link")


def _types(tokens: Iterable[Token] | None) -> list[str]:
    return [each.type for each in tokens or ()]


def _payloads(forge: str) -> list[tuple[str, Any]]:
    found = sorted((PAYLOADS / forge).glob("*.json"))
    return [(path.name.partition(".")[0], json.loads(path.read_bytes())) for path in found]


def readers() -> dict[str, Callable[[random.Random], None]]:
    """Each reader with its judge, which gets chance and raises what is wrong."""
    return {
        "CODEOWNERS of GitHub": partial(_owners, "github"),
        "CODEOWNERS of GitLab": partial(_owners, "gitlab"),
        "usher.yml": _rules,
        "commands": _commands,
        "webhooks of GitHub": partial(_webhooks, "github", GitHubDoor(), _payloads("github")),
        "webhooks of GitLab": partial(_webhooks, "gitlab", GitLabDoor(), _payloads("gitlab")),
        "Markdown": _markdown,
    }


# --- The run ----------------------------------------------------------------------------------------------


@dataclass
class Outcome:
    """What a run came to. `slowest` is in seconds of processor, by reader."""

    read: Counter[str] = field(default_factory=Counter)
    slowest: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def told(self) -> str:
        lines = [
            f"  {name:22} {number:>9,} inputs, slowest {self.slowest[name] * 1e3:.0f} ms"
            for name, number in self.read.items()
        ]
        return "\n".join([*lines, *(f"  WRONG: {each}" for each in self.wrong[:30])])


def play(seed: int, numbers: Iterable[int], until: Callable[[], bool] = lambda: False) -> Outcome:
    """Give every reader the inputs of these numbers, until it is to stop."""
    outcome, judges = Outcome(), readers()
    for number in numbers:
        if until():
            break
        for name, judge in judges.items():
            began = time.thread_time()
            try:
                judge(random.Random(f"{seed} {name} {number}"))
            except Exception as error:
                outcome.wrong.append(f"{name}, input {number}: {type(error).__name__}: {str(error)[:200]}")
            took = time.thread_time() - began
            outcome.slowest[name] = max(outcome.slowest.get(name, 0.0), took)
            outcome.read[name] += 1
    return outcome


def long_run(seed: int, minutes: float) -> Outcome:
    """The run of `make chaos`: until the time is over; here slowness is a fault, too."""
    ends = time.monotonic() + 60 * minutes
    outcome = play(seed, count(), until=lambda: time.monotonic() > ends)
    outcome.wrong += [
        f"{name} took {took:.2f} s of processor" for name, took in outcome.slowest.items() if took > SLOW
    ]
    return outcome
