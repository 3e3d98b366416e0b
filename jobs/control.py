"""Commands to P5, sent at most once, and forgetting what they answered."""

from __future__ import annotations

import time

from app.control import service
from app.core.settings import load
from app.queue import Work, handler, report
from app.square.settings import SquareSettings


@handler(service.WORK)
def send_command(work: Work) -> None:
    """The key is the number of the command. Doing it twice sends nothing twice: the second time finds it sent."""
    service.carry_out(load(), int(work.key))


@handler("clean-square-commands", daily=True)
def clean_commands(work: Work) -> None:
    """Forget the answers, logs among them, that are older than the settings say of logs."""
    gone = service.clean(time.time() - load().of(SquareSettings).square_keep_logs_days * 86400)
    report(work, None, f"answers to {gone} commands removed")
