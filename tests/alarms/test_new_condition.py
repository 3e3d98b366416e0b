"""A condition of alarm rules is one module: rules, files and judging need nothing else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.alarms import conditions as package
from app.alarms.conditions import conditions
from app.alarms.errors import InvalidAlarmRule
from app.alarms.models import NEW, PlotAlarm
from app.alarms.store import definition_of, save_rule
from app.core.settings import Settings
from tests.alarms.live_sample import LiveSample
from tests.alarms.rules import ERRORS

MODULE = '''
"""Too few monitor elements."""

from app.alarms.conditions.base import Broken, Condition, LimitField


class TooFew(Condition):
    """The place has too few monitor elements."""

    name = "few"
    title = "Too few plots"
    position = 5
    fields = (LimitField("least", "At least", "whole", 10, least=1, most=1000),)

    def broken(self, watched, limits):
        """The place."""
        if len(watched.mes) < limits["least"]:
            yield Broken(watched.place, f"{len(watched.mes)} plots")


CONDITION = TooFew
'''


@pytest.fixture
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The condition, as one more file in the folder of conditions."""
    (tmp_path / "few.py").write_text(MODULE)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    conditions.cache_clear()
    yield
    conditions.cache_clear()
    sys.modules.pop("app.alarms.conditions.few", None)


@pytest.mark.usefixtures("few")
def test_a_condition_in_a_module_of_its_own_is_offered_checked_and_judged(hub: Settings) -> None:
    assert [each.title for each in conditions().values()][:2] == ["Too few plots", "Quality tests fail"]
    with pytest.raises(InvalidAlarmRule, match=r"limits\.least: expected a whole number from 1 to 1000"):
        save_rule(ERRORS._replace(condition="few", limits={"least": "0"}), number=None, user="ann")
    rule = save_rule(ERRORS._replace(condition="few"), number=None, user="ann")
    assert definition_of(rule).limits == {"least": 10}
    live = LiveSample(hub)
    live.write({"DT/a": 1.0, "DT/b": 1.0, "RPC/r": 1.0})
    live.judge.step()
    (alarm,) = PlotAlarm.select()
    assert (alarm.subject, alarm.state, alarm.detail) == ("DT", NEW, "2 plots")
