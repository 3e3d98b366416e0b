"""Periodic tasks: run by one consumer at a time, at their period, by any consumer that is left, whatever the system clock shows."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

import pytest

from app.core import database
from app.core.settings import TREE, Settings
from app.queue import execution, periodic
from app.queue.periodic import PeriodicTask, PeriodicTaskState, TaskRun
from tests.support import storms
from tests.support.patience import PATIENCE_S
from tests.support.processes import environment, until

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]


OCTOBER_NIGHT = 1793494795.0
"""2026-10-25 00:59:55 UTC: five seconds before clocks in Zurich go from 3 back to 2."""


class Clock:
    """Clocks set by a test; time passes in `Stopping.wait`."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.wall = OCTOBER_NIGHT

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.wall

    def advance(self, seconds: float) -> None:
        self.now += seconds
        self.wall += seconds


class Stopping(threading.Event):
    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.clock.advance(max(timeout, 0.001))
        return self.is_set()


def counting(clock: Clock, times: list[float], period_s: float = 2.0, then: Callable[[int], object] = lambda _: None) -> PeriodicTask:
    """A task that notes when its steps begin; `then` gets the number of steps so far."""

    def step() -> None:
        times.append(clock.monotonic())
        then(len(times))

    return PeriodicTask("count", period_s, lambda _: nullcontext(step))


def row() -> PeriodicTaskState:
    found: PeriodicTaskState = PeriodicTaskState.get(PeriodicTaskState.name == "count")
    return found


def test_the_period_holds_within_a_run_and_across_runs(hub: Settings, clock: Clock) -> None:
    times: list[float] = []
    for _ in range(3):
        periodic.run_window(counting(clock, times), Stopping(clock))
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert len(times) == 3 * 31
    assert max(abs(gap - 2.0) for gap in gaps) < 0.2
    assert (row().owner, row().steps, row().failures) == ("", 93, 0)
    assert row().last_ok == pytest.approx(OCTOBER_NIGHT + times[-1] - 1000)


def test_steps_missed_by_a_slow_step_are_skipped_and_the_period_holds(hub: Settings, clock: Clock) -> None:
    times: list[float] = []
    slow = counting(clock, times, 2.0, lambda count: clock.advance(5.0 if count == 2 else 0.5))
    periodic.run_window(slow, Stopping(clock), 13)
    assert [moment - times[0] for moment in times] == pytest.approx([0, 2, 8, 10, 12])


@pytest.mark.parametrize("jump", [3600.0, -3600.0, 86400.0, -86400.0 * 365])
def test_a_jump_of_the_system_clock_changes_no_step(hub: Settings, clock: Clock, jump: float) -> None:
    times: list[float] = []

    def set_clock(count: int) -> None:
        clock.wall += jump if count in (3, 31, 40) else 0.0

    for _ in range(2):
        periodic.run_window(counting(clock, times, then=set_clock), Stopping(clock))
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert len(times) >= 60
    assert max(abs(gap - 2.0) for gap in gaps) < 2.0, "a jump between two minutes costs less than a period"


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_lease_expires_when_it_was_seen_unchanged_for_its_length_whatever_the_system_clock(
    hub: Settings, clock: Clock, jump: float
) -> None:
    PeriodicTaskState.create(name="count", period_s=2.0, owner="another", lease_until=clock.wall + periodic.LEASE_S + jump)
    times: list[float] = []
    periodic.run_window(counting(clock, times), Stopping(clock))
    assert times[0] - 1000 == pytest.approx(periodic.LEASE_S, abs=0.2)


def test_a_lease_does_not_expire_because_the_machine_stalled(hub: Settings, clock: Clock) -> None:
    PeriodicTaskState.create(name="count", period_s=2.0, owner="another", lease_until=clock.wall)

    class Stalled(Stopping):
        stalls = 1

        def wait(self, timeout: float | None = None) -> bool:
            clock.advance(self.stalls * 10 * periodic.LEASE_S)
            self.stalls = 0
            return super().wait(timeout)

    times: list[float] = []
    periodic.run_window(counting(clock, times), Stalled(clock), 12 * periodic.LEASE_S)
    assert times[0] - 1000 == pytest.approx(11 * periodic.LEASE_S, abs=0.5)


def test_a_run_ends_without_a_step_if_another_renews_the_lease(hub: Settings, clock: Clock) -> None:
    PeriodicTaskState.create(name="count", period_s=2.0, owner="another", lease_until=clock.wall)

    class Renewed(Stopping):
        def wait(self, timeout: float | None = None) -> bool:
            PeriodicTaskState.update(lease_until=clock.wall).execute()
            return super().wait(timeout)

    times: list[float] = []
    periodic.run_window(counting(clock, times), Renewed(clock))
    assert times == []
    assert row().owner == "another"


def test_a_failed_step_is_stored_and_the_next_one_runs(hub: Settings, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    def fail(count: int) -> None:
        if count % 2:
            raise OSError(f"P5 is unreachable, {count}")

    times: list[float] = []
    periodic.run_window(counting(clock, times, then=fail), Stopping(clock), 5)
    assert len(times) == 3
    assert (row().error, row().failures, row().steps) == ("OSError: P5 is unreachable, 3", 1, 3)
    assert row().last_ok == pytest.approx(OCTOBER_NIGHT + 2)
    assert row().last_error == pytest.approx(OCTOBER_NIGHT + 4)
    assert "P5 is unreachable, 1" in caplog.text


class GatewayAway(Exception):
    """An error of the product, such as that of an upstream that does not respond."""

    __module__ = "app.square.errors"


@pytest.mark.parametrize(("error", "tracebacks"), [(GatewayAway, 0), (KeyError, 1)])
def test_an_upstream_that_is_away_is_one_log_line_at_the_begin_and_one_at_the_end(
    hub: Settings, clock: Clock, caplog: pytest.LogCaptureFixture, error: type[Exception], tracebacks: int
) -> None:
    def fail(count: int) -> None:
        if 3 <= count < 50:  # across several runs
            raise error(f"P5 is unreachable, {count}")

    task = counting(clock, [], then=fail)
    for _ in range(3):
        periodic.run_window(task, Stopping(clock))
    assert row().steps == 3 * 31
    ours = [record for record in caplog.records if "count" in record.getMessage()]
    assert len(ours) == 2
    assert "fails: " in ours[0].getMessage()
    assert "works again" in ours[1].getMessage()
    assert sum(bool(record.exc_info) for record in ours) == tracebacks


def test_after_a_failure_a_task_with_a_long_period_is_retried_early(hub: Settings, clock: Clock) -> None:
    def fail(count: int) -> None:
        if count < 3:
            raise OSError("P5 is unreachable")

    times: list[float] = []
    periodic.run_window(counting(clock, times, 30.0, fail), Stopping(clock))
    assert [moment - times[0] for moment in times] == pytest.approx([0, 5, 10, 40])


def test_an_error_in_start_is_stored_and_the_lease_is_freed(hub: Settings, clock: Clock) -> None:
    @contextmanager
    def start(_: TaskRun) -> Iterator[Callable[[], None]]:
        raise FileNotFoundError("no certificate")
        yield lambda: None

    periodic.run_window(PeriodicTask("count", 2.0, start), Stopping(clock))
    assert (row().owner, row().error, row().failures) == ("", "FileNotFoundError: no certificate", 1)


def test_a_long_step_detects_the_loss_of_its_lease(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periodic, "LEASE_S", 4.0)
    seen = []

    @contextmanager
    def start(run: TaskRun) -> Iterator[Callable[[], None]]:
        def step() -> None:
            PeriodicTaskState.update(owner="another").execute()
            until(run.should_stop, "the loss to be noticed")
            seen.append(run.lost)

        yield step

    periodic.run_window(PeriodicTask("count", 2.0, start), threading.Event())
    assert seen == [True]
    assert row().owner == "another"


def test_one_run_of_a_process_stands_by_for_a_task(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periodic, "LEASE_S", PATIENCE_S)  # it must not be over before the test is
    PeriodicTaskState.create(name="count", period_s=2.0, owner="another", lease_until=0.0)
    stopping = threading.Event()

    def wait() -> None:
        periodic.run_window(PeriodicTask("count", 2.0, lambda _: nullcontext(lambda: None)), stopping)
        database.end_thread()

    first = threading.Thread(target=wait)
    first.start()
    until(lambda: "count" in periodic._standby, "the first thread to wait")
    wait()
    assert first.is_alive()
    stopping.set()
    first.join(PATIENCE_S)
    assert not first.is_alive()


def test_a_run_that_stands_by_is_extended_by_the_next_run(hub: Settings, clock: Clock) -> None:
    PeriodicTaskState.create(name="count", period_s=2.0, owner="killed in the second minute", lease_until=0.0)
    times: list[float] = []
    task = counting(clock, times)

    class Extended(Stopping):
        has_begun = False

        def wait(self, timeout: float | None = None) -> bool:
            if not self.has_begun:
                self.has_begun = True
                periodic.run_window(task, self, 2 * periodic.LEASE_S)
            return super().wait(timeout)

    periodic.run_window(task, Extended(clock), periodic.LEASE_S / 2)
    assert times, "the extended run acquires the lease"


def test_a_removed_task_is_deleted_unless_another_consumer_still_runs_it(hub: Settings) -> None:
    now = time.time()
    for name, owner, lease_until in (
        ("kept", "dead", now - 9),
        ("freed", "", now),
        ("killed", "dead", now - 9),
        ("done", "another", now + 5),
    ):
        PeriodicTaskState.create(name=name, period_s=2.0, owner=owner, lease_until=lease_until)
    periodic.schedule(execution.queue_of("live"), [PeriodicTask("kept", 2.0, lambda _: nullcontext(lambda: None))], threading.Event())
    assert {task.name for task in PeriodicTaskState.select()} == {"kept", "done"}


@contextmanager
def periodic_consumer(settings: Settings, folder: Path, lease_s: float = 3.0) -> Iterator[subprocess.Popen[bytes]]:
    """A real consumer of the live queue with the periodic task of tests/support/periodic_consumer.py."""
    command = [sys.executable, "-m", "tests.support.periodic_consumer", str(folder), str(lease_s)]
    env = environment(settings) | {"DQMHUB_SUPERVISOR_PID": str(os.getpid())}
    process = subprocess.Popen(command, cwd=TREE, env=env, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def steps(folder: Path) -> list[tuple[float, int]]:
    """Time and process of each step."""
    file = folder / "steps"
    lines = file.read_text().splitlines() if file.exists() else []
    return [(float(moment), int(process)) for moment, process in map(str.split, lines)]


@pytest.mark.storm
def test_two_consumers_never_run_a_step_at_the_same_time_and_replace_each_other(hub: Settings, traces: Path) -> None:
    chance = storms.chance(358791)
    with ExitStack() as stack:
        both = [stack.enter_context(periodic_consumer(hub, traces)) for _ in range(2)]
        until(lambda: steps(traces), "a first step")
        for _ in range(3 * storms.TIMES):
            time.sleep(chance.uniform(0.3, 1.0))
            owner = steps(traces)[-1][1]
            victim = next(process for process in both if process.pid == owner)
            victim.kill()
            victim.wait()
            both.remove(victim)
            (other,) = both
            until(lambda other=other: steps(traces)[-1][1] == other.pid, "the other one to go on")
            both.append(stack.enter_context(periodic_consumer(hub, traces)))
    assert not (traces / "twice").exists()
    assert len({process for _, process in steps(traces)}) >= 4
