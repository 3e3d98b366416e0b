"""Daily removal of old reports of the transfer."""

from __future__ import annotations

import time

from app.core.settings import load
from app.queue.execution import handler, report
from app.queue.models import BackgroundJob
from app.transfers.retention import remove_old
from app.transfers.settings import TransfersSettings


@handler("clean-transfers", daily=True)
def clean(job: BackgroundJob) -> None:
    """Remove what was reported of runs before the days of the settings. Running twice removes the same."""
    days = load().of(TransfersSettings).transfer_keep_days
    removed = remove_old(days, time.time(), lambda count: report(job, None, f"{count} runs removed"))
    report(job, None, f"{removed} runs removed")
