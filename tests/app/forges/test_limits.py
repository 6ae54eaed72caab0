"""Usher calls no faster than the forge wants, and waits as long as the forge says."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from app.forges.limits import Breaker, Limit, LocalGate, Pace
from handlers.ports import Throttled


class Timepiece:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


@pytest.fixture
def clock() -> Timepiece:
    return Timepiece()


def gate(clock: Timepiece, pace: Pace | None = None) -> LocalGate:
    return LocalGate(pace, monotonic=clock, sleep=clock.sleep)


async def call(at: LocalGate, *, write: bool = False) -> None:
    await at.turn(write=write)


def wait_of(error: Throttled) -> float:
    return (error.until - datetime.now(UTC)).total_seconds()


async def test_writes_of_an_installation_keep_a_second_apart_and_reads_do_not_wait(clock):
    ours = gate(clock)
    for write in (True, True, False, True):
        await call(ours, write=write)
    assert clock.slept == [1.0, 1.0]


async def test_writes_that_come_at_once_queue_up(clock):
    ours = gate(clock)
    times: list[float] = []

    async def write() -> None:
        await ours.turn(write=True)
        times.append(clock())

    await asyncio.gather(*(write() for _ in range(4)))
    assert times == [1000.0, 1001.0, 1002.0, 1003.0]


async def test_a_forge_of_ones_own_needs_no_pause(clock):
    ours = gate(clock, Pace(0))
    for _ in range(10):
        await call(ours, write=True)
    assert clock.slept == []


async def test_an_hour_sees_no_more_writes_than_allowed(clock):
    ours = gate(clock, Pace(0, writes_per_hour=3))
    for _ in range(3):
        await call(ours, write=True)
    with pytest.raises(Throttled) as refused:
        await call(ours, write=True)
    assert wait_of(refused.value) == pytest.approx(3600, abs=60)
    await call(ours)
    clock.seconds += 3600
    await call(ours, write=True)


async def test_the_primary_limit_stops_everything_until_its_reset(clock):
    ours = gate(clock)
    error = await ours.hit(Limit("primary", 90))
    assert wait_of(error) == pytest.approx(90, abs=5)
    for write in (True, False):
        with pytest.raises(Throttled):
            await call(ours, write=write)
    clock.seconds += 90
    await call(ours)


async def test_a_secondary_limit_stops_writes_a_tenth_longer_than_asked_and_slows_reads_to_one_a_second(
    clock,
):
    ours = gate(clock)
    assert wait_of(await ours.hit(Limit("secondary", 60))) == pytest.approx(66, abs=5)
    for _ in range(3):
        await call(ours)
    assert clock.slept == [1.0, 1.0]
    clock.seconds = 1000 + 65.9
    with pytest.raises(Throttled):
        await call(ours, write=True)
    clock.seconds = 1000 + 66.1
    await call(ours, write=True)


async def test_a_vague_limit_waits_a_minute_and_doubles_up_to_an_hour_while_it_lasts(clock):
    ours = gate(clock)
    waits = []
    for _ in range(8):
        waits.append(round(wait_of(await ours.hit(Limit("vague")))))
        clock.seconds += 3600
    assert waits == pytest.approx([60, 120, 240, 480, 960, 1920, 3600, 3600], abs=5)
    await ours.passed()
    assert wait_of(await ours.hit(Limit("vague"))) == pytest.approx(60, abs=5)


async def test_answers_to_calls_that_were_already_under_way_do_not_double_the_wait(clock):
    ours = gate(clock)
    waits = {round(wait_of(await ours.hit(Limit("vague")))) for _ in range(5)}
    assert waits <= {59, 60}


async def test_after_a_vague_limit_one_call_probes_and_the_others_wait_for_it(clock):
    ours = gate(clock)
    await ours.hit(Limit("vague"))
    clock.seconds += 61
    await call(ours)
    with pytest.raises(Throttled, match="another call"):
        await call(ours)
    await ours.passed()
    await call(ours)


async def test_a_probe_that_never_came_back_leaves_room_for_the_next_one(clock):
    ours = gate(clock)
    await ours.hit(Limit("vague"))
    clock.seconds += 61
    await call(ours)
    clock.seconds += 31
    await call(ours)


async def test_a_suspended_installation_is_tried_once_an_hour(clock):
    ours = gate(clock)
    tries = 0
    await ours.hit(Limit("suspended"))
    for _ in range(3 * 3600 // 60):
        clock.seconds += 60
        try:
            await call(ours)
        except Throttled:
            continue
        tries += 1
        await ours.hit(Limit("suspended"))
    assert tries == 3


async def test_a_minute_sees_no_more_reads_than_allowed(clock):
    ours = gate(clock, Pace(reads_per_minute=30))
    for _ in range(60):
        await call(ours)
    assert 59 <= sum(clock.slept) <= 125


async def test_a_turn_that_is_far_away_is_not_waited_for(clock):
    ours = gate(clock, Pace(pause=30))
    await call(ours, write=True)
    with pytest.raises(Throttled, match="our own pace"):
        await call(ours, write=True)
    assert clock.slept == []


async def test_a_call_that_waits_for_its_turn_sees_a_limit_that_came_meanwhile():
    clock = Timepiece()
    ours = gate(clock)

    async def sleep(seconds: float) -> None:
        await ours.hit(Limit("primary", 600))
        await clock.sleep(seconds)

    ours = LocalGate(monotonic=clock, sleep=sleep)
    await call(ours, write=True)
    with pytest.raises(Throttled):
        await call(ours, write=True)


def passes(breaker: Breaker, account: int) -> bool:
    try:
        breaker.check(account)
    except Throttled:
        return False
    return True


def test_five_failures_in_a_row_open_the_breaker_and_one_probe_goes_out_every_thirty_seconds(clock):
    breaker = Breaker(monotonic=clock)
    for _ in range(4):
        breaker.failed()
    assert passes(breaker, 0)
    breaker.failed()
    assert breaker.is_open
    probes = 0
    for _ in range(120):
        if passes(breaker, 0):
            probes += 1
            breaker.failed()
        clock.seconds += 1
    assert probes == 3
    clock.seconds += 30
    assert passes(breaker, 0)
    breaker.worked()
    assert not breaker.is_open
    assert all(passes(breaker, 0) for _ in range(10))


def test_a_success_between_failures_starts_the_count_again(clock):
    breaker = Breaker(monotonic=clock)
    for _ in range(3):
        for _ in range(4):
            breaker.failed()
        breaker.worked()
    assert not breaker.is_open


def test_an_account_that_fails_alone_holds_back_itself_alone(clock):
    breaker = Breaker(monotonic=clock)
    for _ in range(7):
        breaker.failed(1)
    assert (passes(breaker, 1), passes(breaker, 2)) == (False, True)
    breaker.worked(2)
    assert (passes(breaker, 1), passes(breaker, 2), breaker.is_open) == (False, True, True)
    clock.seconds += 31
    assert passes(breaker, 1)
    breaker.worked(1)
    assert not breaker.is_open


def test_where_two_accounts_fail_and_nobody_gets_through_it_is_the_host(clock):
    breaker = Breaker(monotonic=clock)
    for account in (1, 1, 2, 1, 1):
        breaker.failed(account)
    assert not any(passes(breaker, account) for account in (1, 2, 3))
    clock.seconds += 31
    assert [passes(breaker, account) for account in (3, 1, 2)] == [True, False, False]  # one tries for all
    breaker.worked(3)
    assert all(passes(breaker, account) for account in (1, 2, 3))


async def test_the_wait_is_told_in_utc(clock):
    error = await gate(clock).hit(Limit("primary", 10))
    assert error.until.utcoffset() == timedelta(0)
