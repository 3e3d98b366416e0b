"""Background jobs of the control room: sending commands to P5, and deleting old responses."""

from __future__ import annotations

import time

from app.control import service
from app.core.settings import load
from app.queue.execution import handler, report
from app.queue.models import BackgroundJob
from app.square.settings import SquareSettings


@handler(service.JOB_KIND)
def send_command(job: BackgroundJob) -> None:
    """Send the command with the number in the key; a second attempt sends nothing."""
    service.execute(load(), int(job.key))


@handler("clean-square-commands", daily=True)
def delete_old_responses(job: BackgroundJob) -> None:
    """Delete responses, which include logs, that are older than logs may become."""
    count = service.delete_old_responses(time.time() - load().of(SquareSettings).square_keep_logs_days * 86400)
    report(job, None, f"{count} responses to commands deleted")
