"""Run I: deliveries bent in every way at once, drawn from a seed; only what is authentic is taken, and nothing breaks.

    make chaos RUN=hostile              50,000 mutations
    make chaos RUN=hostile ARGS=7       the same with seed 7

Each mutation begins with a delivery as GitHub would send it, signed, and bends one to three of its parts. What must
come of it is told by an oracle of its own that knows no code of the receiver: taken if the fields that are required are
there once, and the signature is that of the bytes. A body that is signed and odd inside is taken, and its reader must
say what it is or refuse it as no JSON object, within a quarter of a second.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import sqlalchemy as sa

from app.forges.github.events import GitHubDoor
from app.store import schema
from app.store.database import connect
from app.store.tables import delivery
from app.web.strangers import Strangers
from handlers.ports import Delivery
from tests.app.receiving import NEW, OLD, Receiving, line_to, receiving
from tests.servers import Server

LETTER = "I"
MUTATIONS = 50_000
SLOW = 0.25
"""Seconds that one request, or reading one body, may take in the long run."""

MOST_HEAD = 32 * 1024
"""Bytes of a head, beyond which it is refused unread."""

PAYLOADS = Path(__file__).parents[1] / "golden/payloads/github"
LOOPBACK = ipaddress.ip_network("127.0.0.0/8")

Fields = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True)
class Letter:
    """One request: its header fields and its body; which ones are bent is told by `bent`."""

    fields: Fields
    body: bytes
    bent: tuple[str, ...] = ()

    def values(self, name: bytes) -> list[bytes]:
        # A value that ends in a blank is not what a forge sends; it is refused, which is the safer of the two readings.
        return [value.lstrip(b" \t") for each, value in self.fields if each.lower() == name]

    def wire(self) -> bytes:
        lines = [b"POST /webhooks/github HTTP/1.1", b"Host: usher", b"Connection: close"]
        lines += [name + b": " + value for name, value in self.fields]
        return b"\r\n".join([*lines, b"Content-Length: %d" % len(self.body), b"", self.body])

    def is_authentic(self) -> bool:
        """Whether it must be taken, by the contract alone."""
        if len(self.wire()) - len(self.body) > MOST_HEAD:
            return False
        ids, events = self.values(b"x-github-delivery"), self.values(b"x-github-event")
        kinds, seals = self.values(b"content-type"), self.values(b"x-hub-signature-256")
        if [len(each) for each in (ids, events, kinds, seals)] != [1, 1, 1, 1]:
            return False
        if self.values(b"content-encoding") or kinds[0].lower() != b"application/json":
            return False
        if not (_word(ids[0], 128) and _word(events[0], 64)):
            return False
        return any(seals[0] == _sealed(secret, self.body) for secret in (NEW, OLD))


def _word(value: bytes, most: int) -> bool:
    return 0 < len(value) <= most and all(0x21 <= each <= 0x7E for each in value)


def _sealed(secret: str, body: bytes) -> bytes:
    return b"sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()


def _with(letter: Letter, name: bytes, change: Callable[[bytes], bytes]) -> Letter:
    bent = tuple((each, change(value) if each == name else value) for each, value in letter.fields)
    return replace(letter, fields=bent)


def _flip(chance: random.Random, value: bytes) -> bytes:
    """One byte is another; never one that ends a line, which would be another request."""
    at = chance.randrange(len(value)) if value else 0
    return value[:at] + bytes([chance.choice(b"0aZ ~-!,;=")]) + value[at + 1 :]


def _other_seal(chance: random.Random, letter: Letter) -> Letter:
    drawn: list[Callable[[bytes], bytes]] = [
        bytes.upper,
        lambda value: value[:-1],
        lambda value: value + b"0",
        lambda value: value.replace(b"256", b"1"),
        lambda value: b"",
        lambda value: value + b"," + value,
        lambda value: _flip(chance, value),
        lambda value: _sealed("another-secret-that-is-long", letter.body),
        lambda value: _sealed("", letter.body),
        lambda value: b"sha256=" + hashlib.sha256(letter.body).hexdigest().encode(),
    ]
    return _with(letter, b"X-Hub-Signature-256", chance.choice(drawn))


def _other_body(chance: random.Random, letter: Letter) -> Letter:
    """The bytes are others than those that were signed."""
    body = letter.body
    cut = chance.randrange(len(body)) if body else 0
    return replace(
        letter, body=chance.choice([body[:cut], body + b" ", _flip(chance, body), body[cut:], b""])
    )


def _signed_body(chance: random.Random, letter: Letter) -> Letter:
    """Whoever knows the secret sends something odd: it is taken, and its reader must stand it."""
    body = letter.body
    cut = chance.randrange(len(body)) if body else 0
    odd = chance.choice(
        [
            body[:cut],
            _flip(chance, body),
            b"[" * chance.randrange(1, 20_000),
            b'{"a":' * chance.randrange(1, 5_000),
            b'{"action":"opened","number":' + b"9" * chance.randrange(1, 5_000) + b"}",
            bytes(chance.randrange(256) for _ in range(64)),
            b"null",
            b"",
            body.replace(b'"id":', b'"id":-'),
            body.replace(b"null", b"NaN"),
            body.replace(b'"login"', b'"log\\ud800in"'),
            body.replace(b"{", b"[", 1),
        ]
    )
    seal = _sealed(chance.choice([NEW, OLD]), odd)
    return _with(replace(letter, body=odd), b"X-Hub-Signature-256", lambda _: seal)


def _other_field(chance: random.Random, letter: Letter) -> Letter:
    name, value = chance.choice(letter.fields)
    drawn: list[Callable[[], Fields]] = [
        lambda: tuple(each for each in letter.fields if each[0] != name),
        lambda: (*letter.fields, (name, value)),
        lambda: (*letter.fields, (name.swapcase(), b"other")),
        lambda: tuple((each, _flip(chance, v) if each == name else v) for each, v in letter.fields),
        lambda: tuple((each, v * 20 if each == name else v) for each, v in letter.fields),
        lambda: tuple((each.lower(), v) for each, v in letter.fields),
        lambda: (*letter.fields, (b"Content-Encoding", chance.choice([b"gzip", b"br"]))),
        lambda: (*letter.fields, (b"X-Padding", b"x" * chance.randrange(1, 8_000))),
    ]
    return replace(letter, fields=chance.choice(drawn)())


BEND: dict[str, Callable[[random.Random, Letter], Letter]] = {
    "signature": _other_seal,
    "body": _other_body,
    "signed body": _signed_body,
    "field": _other_field,
}


def drawn(chance: random.Random, payloads: list[tuple[str, bytes]], number: int) -> Letter:
    """One letter, bent once to three times; one in ten is left as it is, one in ten is sent under an old id."""
    event, body = chance.choice(payloads)
    told = number if chance.random() > 0.1 else chance.randrange(number + 1)
    letter = Letter(
        (
            (b"Content-Type", b"application/json"),
            (b"X-GitHub-Event", event.encode()),
            (b"X-GitHub-Delivery", b"hostile-%d" % told),
            (b"X-Hub-Signature-256", _sealed(NEW, body)),
        ),
        body,
    )
    if chance.random() < 0.1:
        return letter
    kinds = chance.choices(list(BEND), k=chance.choice([1, 1, 2, 3]))
    for kind in kinds:
        letter = BEND[kind](chance, letter)
    return replace(letter, bent=tuple(kinds))


@dataclass
class Outcome:
    """What a run came to."""

    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    reading: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)

    def told(self) -> str:
        waits, reads = sorted(self.seconds) or [0.0], sorted(self.reading) or [0.0]
        lines = [
            f"  answers   {dict(sorted(self.statuses.items()))} to {self.sent:,} mutations",
            f"  seconds   answer p50 {waits[len(waits) // 2]:.4f}, p99 {waits[int(len(waits) * 0.99)]:.4f}, "
            f"slowest {waits[-1]:.3f}; reading a body that was signed: slowest {reads[-1]:.3f}",
        ]
        return "\n".join([*lines, *(f"  WRONG: {each}" for each in self.wrong[:30])])


async def play(address: str, seed: int, mutations: int, at_once: int = 8) -> Outcome:
    """Send so many mutations drawn from the seed to a receiver that stores in this database, and judge them."""
    chance, outcome = random.Random(seed), Outcome()
    payloads = [(path.name.partition(".")[0], path.read_bytes()) for path in sorted(PAYLOADS.glob("*.json"))]
    letters = iter([drawn(chance, payloads, number) for number in range(mutations)])
    async with receiving(address, strangers=Strangers(excepted=[LOOPBACK])) as hook:

        async def send() -> None:
            for letter in letters:
                await _judge(hook, letter, outcome)

        await asyncio.gather(*(send() for _ in range(at_once)))
        good = await hook.post(b"{}")
        if good.status_code != 202:
            outcome.wrong.append(f"a good delivery afterwards was answered {good.status_code}")
        async with hook.database.begin() as connection:
            known = set((await connection.execute(sa.select(delivery.c.delivery_id))).scalars())
        kept = {each for each in known if each.startswith("hostile-") or each in outcome.taken}
        if kept != outcome.taken:
            outcome.wrong.append(f"kept and taken differ in {sorted(kept ^ outcome.taken)[:5]}")
    return outcome


async def _judge(hook: Receiving, letter: Letter, outcome: Outcome) -> None:
    began = time.perf_counter()
    async with line_to(hook) as (reader, writer):
        writer.write(letter.wire())
        first = await reader.readline()
    outcome.seconds.append(time.perf_counter() - began)
    status = int(first.split()[1]) if first.startswith(b"HTTP/1.1 ") else 0
    outcome.sent += 1
    outcome.statuses[status] += 1
    if letter.is_authentic():
        if status != 202:
            outcome.wrong.append(f"authentic and answered {status}: bent in {letter.bent}")
        outcome.taken.add(letter.values(b"x-github-delivery")[0].decode())
        _read(letter, outcome)
    elif status not in (400, 401, 413, 415, 431):
        outcome.wrong.append(f"not authentic and answered {status}: bent in {letter.bent} {letter.fields}")


def _read(letter: Letter, outcome: Outcome) -> None:
    """What the worker does with it: facts, or a refusal in a ValueError; anything else would be a traceback."""
    event = letter.values(b"x-github-event")[0].decode()
    began = time.perf_counter()
    try:
        GitHubDoor().facts(Delivery(event, "hostile", letter.body))
    except ValueError:
        pass
    except Exception as error:
        outcome.wrong.append(f"reading {event} failed: {error!r}")
    outcome.reading.append(time.perf_counter() - began)


async def long_run(seed: int, mutations: int) -> Outcome:
    """The run of `make chaos`, on a PostgreSQL of its own; here slowness is a fault, too."""
    server = await asyncio.to_thread(Server)
    try:
        database = connect(server.address)
        await schema.migrate(database)
        await database.close()
        outcome = await play(server.address, seed, mutations)
    finally:
        await asyncio.to_thread(server.drop)
    slow = sum(each > SLOW for each in [*outcome.seconds, *outcome.reading])
    if slow:
        outcome.wrong.append(f"{slow} took longer than {SLOW} s")
    return outcome


def main(seed: int, mutations: int = MUTATIONS) -> int:
    """Play it and say what came of it; 0 if nothing was wrong."""
    print(f"run {LETTER}: {mutations:,} mutations of deliveries, seed {seed}", flush=True)
    outcome = asyncio.run(long_run(seed, mutations))
    print(outcome.told())
    print("1 passed, 0 failed" if not outcome.wrong else "0 passed, 1 failed")
    return int(bool(outcome.wrong))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
