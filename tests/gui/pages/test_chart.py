"""The chart of a number over lumisections: positions of its points."""

from __future__ import annotations

from app.gui.pages.chart import BOTTOM, HEIGHT, LEFT, MAX_DOTS, RIGHT, TOP, WIDTH, lumi_chart


def test_the_chart_spans_the_first_to_the_last_lumisection_and_the_extremes() -> None:
    drawn = lumi_chart({1: 5.0, 2: 7.5, 3: 10.0}, current=2)
    assert drawn
    assert [(dot.x, dot.y) for dot in drawn.dots] == [
        (LEFT, HEIGHT - BOTTOM),
        ((LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2),
        (WIDTH - RIGHT, TOP),
    ]
    assert drawn.current_x == drawn.dots[1].x
    assert (drawn.lowest, drawn.highest, drawn.first, drawn.last) == ("5", "10", 1, 3)


def test_the_line_is_broken_where_lumisections_are_missing() -> None:
    drawn = lumi_chart({1: 1.0, 2: 2.0, 5: 3.0, 6: 1.0, 9: 2.0}, current=0)
    assert drawn
    assert [line.count(",") for line in drawn.lines] == [2, 2]
    assert len(drawn.dots) == 5
    assert drawn.current_x is None


def test_a_constant_series_is_a_line_in_the_middle() -> None:
    drawn = lumi_chart({1: 3.0, 2: 3.0}, current=1)
    assert drawn
    assert {dot.y for dot in drawn.dots} == {(TOP + HEIGHT - BOTTOM) / 2}


def test_with_many_lumisections_only_the_current_one_has_a_dot() -> None:
    drawn = lumi_chart({lumi: float(lumi % 7) for lumi in range(1, MAX_DOTS + 2)}, current=40)
    assert drawn
    assert [dot.lumi for dot in drawn.dots] == [40]
    assert len(drawn.lines) == 1


def test_an_empty_series_has_no_chart() -> None:
    assert lumi_chart({}, current=1) is None
