"""Mail to operators when the disk of a GUI machine stays too full."""

from __future__ import annotations

import logging
import os
import smtplib
import socket
import time
from email.message import EmailMessage
from pathlib import Path

from ..options import Options
from .rules import Plan

TIMEOUT_S = 10.0
RETRY_S = 60.0
_STAMP = "disk-mail"
log = logging.getLogger(__name__)


class DiskMail:
    """Sends the mail, at most one in `mail_period_min`, also when the service is restarted meanwhile."""

    def __init__(self, options: Options) -> None:
        self._options = options.cleanup
        self._stamp = Path(options.state) / _STAMP
        self._host = socket.gethostname()
        self._next = time.monotonic()

    def send_when_due(self, plan: Plan) -> None:
        """Send the mail unless there was one; a failure is logged, and the mail is sent later."""
        if not self._options.mail_to or time.monotonic() < self._next or self._sent_recently():
            return
        server, _, port = self._options.mail_server.partition(":")
        try:
            with smtplib.SMTP(server, int(port), timeout=TIMEOUT_S) as connection:
                connection.send_message(self._message(plan))
        except (OSError, smtplib.SMTPException) as error:
            self._next = time.monotonic() + RETRY_S
            log.error("Cannot send mail by %s: %s; next attempt in %.0f s", self._options.mail_server, error, RETRY_S)
            return
        self._next = time.monotonic() + 60 * self._options.mail_period_min
        log.info("Sent mail to %s", ", ".join(self._options.mail_to))
        try:
            self._stamp.parent.mkdir(parents=True, exist_ok=True)
            self._stamp.touch()
            os.utime(self._stamp)
        except OSError as error:
            log.warning("Cannot keep the time of the mail, so that a restart may send another one: %s", error)

    def _sent_recently(self) -> bool:
        try:
            age = time.time() - self._stamp.stat().st_mtime
        except OSError:
            return False
        return 0 <= age < 60 * self._options.mail_period_min

    def _message(self, plan: Plan) -> EmailMessage:
        host = self._host
        message = EmailMessage()
        message["From"] = self._options.mail_from
        message["To"] = ", ".join(self._options.mail_to)
        message["Subject"] = f"The disk of the DQM GUI on {host} is {100 * plan.usage.fraction:.1f} % full"
        message.set_content(
            f"The disk of {self._options.folder} on {host} is {100 * plan.usage.fraction:.1f} % full; the mark is"
            f" {100 * self._options.disk_mark:g} %.\nNo more PB files may be removed: the {self._options.newest} newest of the newest run,"
            f" those younger than {self._options.life_time_min:g} min, and all other files stay.\n"
        )
        return message
