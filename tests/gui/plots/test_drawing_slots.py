"""Slots for drawing: requests for one monitor element leave one to others."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest

from app.gui.errors import PlotError, PlotUnavailable
from app.gui.plots.drawing_slots import DrawingSlots
from tests.support.patience import PATIENCE_S

AT_ONCE = 0.0


def test_requests_for_one_monitor_element_leave_a_slot_to_others() -> None:
    slots = DrawingSlots(3)
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(slots.take("A/loops", AT_ONCE))
        with pytest.raises(PlotUnavailable, match="Cannot draw A/loops now: other plots take long"), slots.take("A/loops", AT_ONCE):
            pass
        with slots.take("A/other", AT_ONCE), pytest.raises(PlotUnavailable), slots.take("A/third", AT_ONCE):
            pass
    with slots.take("A/loops", AT_ONCE):
        pass


def test_a_single_slot_is_for_any_monitor_element() -> None:
    slots = DrawingSlots(1)
    for name in ("A", "B"):
        with slots.take(name, AT_ONCE):
            pass


def test_request_gets_the_slot_that_another_gives_back_even_by_an_error() -> None:
    slots = DrawingSlots(2)
    drawn = threading.Event()

    def wait_and_draw() -> None:
        with slots.take("A", PATIENCE_S):
            drawn.set()

    def fail_to_draw() -> None:
        with slots.take("A", AT_ONCE):
            waiting.start()
            assert not drawn.is_set()
            raise PlotError("damaged")

    waiting = threading.Thread(target=wait_and_draw)
    with pytest.raises(PlotError):
        fail_to_draw()
    assert drawn.wait(PATIENCE_S)
    waiting.join()
