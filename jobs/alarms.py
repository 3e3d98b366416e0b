"""Periodic task of alarms: judging rules and telling people; daily removal of what is old."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial

from app.alarms.judging import RuleJudge, judging
from app.alarms.retention import remove_old
from app.alarms.settings import AlarmSettings
from app.alarms.status import TASK
from app.core.settings import Settings, load
from app.queue.execution import handler, report
from app.queue.models import BackgroundJob
from app.queue.periodic import PeriodicTask, periodic_tasks


@periodic_tasks
def judge(settings: Settings) -> Iterable[PeriodicTask]:
    """The judgement of all rules. Its lists stay in memory from one run of the task to the next."""
    yield PeriodicTask(TASK, settings.of(AlarmSettings).alarm_judge_s, partial(judging, RuleJudge(settings)))


@handler("clean-alarms", daily=True)
def clean(job: BackgroundJob) -> None:
    """Remove recovered alarms, ended mutes and notices that are older than the settings say. Running twice removes the same."""
    removed = remove_old(time.time() - load().of(AlarmSettings).alarm_keep_days * 86400)
    report(job, None, f"{removed} alarms, mutes and notices removed")
