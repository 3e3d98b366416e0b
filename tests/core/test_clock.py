"""The clock of the machine: it is noticed when it is set, for as long as that matters."""

from __future__ import annotations

import pytest

from app.core.clock import FAR_S, KEEP_S, ClockWatch, in_words


class Machine:
    """A machine with a clock that can be set."""

    def __init__(self) -> None:
        self.since_boot, self.ahead = 1000.0, 0.0
        self.watch = ClockWatch(lambda: 1_800_000_000 + self.since_boot + self.ahead, lambda: self.since_boot)

    def after(self, seconds: float, ahead: float) -> float:
        """By how much the clock was set, some time later."""
        self.since_boot += seconds
        self.ahead = ahead
        return self.watch.set_by_s()


@pytest.mark.parametrize("step_s", [3600.0, -3600.0, 30.0])
def test_a_clock_that_is_set_counts_as_set_until_it_is_corrected_or_for_twelve_hours(step_s: float) -> None:
    machine = Machine()
    assert machine.after(5, 0) == 0
    assert machine.after(5, step_s) == pytest.approx(step_s)
    assert machine.after(3600, step_s) == pytest.approx(step_s)
    assert machine.after(5, 1.0) == 0, "corrected"
    assert machine.after(5, step_s) != 0
    assert machine.after(KEEP_S + 1, step_s) == 0, "it is the right time after all"


def test_a_drift_is_not_taken_for_a_set_clock() -> None:
    machine = Machine()
    assert [machine.after(60, 0.5 * minute) for minute in range(10)] == [0.0] * 10


def test_what_deletes_by_age_waits_only_while_the_clock_is_set_far_ahead() -> None:
    machine = Machine()
    waits = []
    for ahead in (0.0, -2 * FAR_S, 0.5 * FAR_S, 2 * FAR_S, 0.0):
        machine.after(5, ahead)
        waits.append(machine.watch.is_far_ahead())
    assert waits == [False, False, False, True, False]


def test_a_change_of_the_clock_is_described_in_words() -> None:
    assert (in_words(3600.4), in_words(-86400)) == ("ahead by 3,600 s", "back by 86,400 s")
