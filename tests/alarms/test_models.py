"""Tables of alarms."""

from __future__ import annotations

import pytest

from app.alarms.models import FOLDER, NEW, AlarmMute, AlarmNotice, AlarmRule, PlotAlarm

pytestmark = pytest.mark.both_databases


@pytest.mark.usefixtures("hub")
def test_notices_outlive_their_rule_and_the_rest_goes_with_it() -> None:
    rule = AlarmRule.create(
        name="Errors",
        subsystem="DT",
        condition="quality",
        limits="{}",
        dataset="/A/B/C",
        place_kind=FOLDER,
        place="DT",
        user="ann",
        changed=1.0,
    )
    PlotAlarm.create(rule=rule, subject="DT/n", run=1, state=NEW, detail="failed", begun=1.0, judged=1.0, version=1)
    AlarmMute.create(rule=rule, subject=None, begins=1.0, ends=2.0, reason="repair", user="ann")
    said = {"title": "One alarm", "text": "DT/n: failed", "subjects": "[]", "count": 1}
    AlarmNotice.create(kind="plot-alarm", rule=rule.id, rule_name=rule.name, channels="", run=1, dataset="/A/B/C", at=1.0, **said)
    rule.delete_instance()
    assert [table.select().count() for table in (PlotAlarm, AlarmMute, AlarmNotice)] == [0, 0, 1]
