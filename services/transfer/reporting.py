"""Reports to hubs: the state of this process, and the records that a hub does not have yet."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import Any

from .hub import Hub, HubFailed
from .journal import Journal, JournalFailed
from .options import Options

PERIOD_S = 10.0
"""Seconds between two reports when nothing happens."""
RETRY_S, RETRY_MOST_S = 1.0, 60.0
CLOSE_S = 2.0
"""Maximum number of seconds for the last report."""
BATCH = 200
"""Records of one report."""
VERSION = 1
"""Version of the form of reports."""
PACKAGE = "dqmhub"
"""The package that contains the transfer."""
log = logging.getLogger(__name__)


def installed_release() -> str:
    """The release of this software; empty where it was only copied to a host."""
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return ""


RELEASE = installed_release()


class Reporter:
    """Reports to each hub by a thread of its own: at once when there are new records, otherwise each 10 s.

    A hub that is unreachable or refuses reports does not hold up others: its records wait in the journal.
    """

    def __init__(self, journal: Journal, hubs: Sequence[Hub], host: str, mode: str, state: Callable[[], dict[str, Any]]) -> None:
        """Begin to report.

        Args:
            journal: Where records are added.
            hubs: The hubs that get the reports.
            host: The name of this host.
            mode: The mode of this process.
            state: Returns the present state of the mode; called by several threads.
        """
        self._journal, self._host, self._mode, self._state = journal, host, mode, state
        self._closing = threading.Event()
        self._refused: dict[str, str] = {}
        self._senders = [_Sender(self, hub) for hub in hubs]
        journal.report_to([hub.url for hub in hubs], self._wake)
        for sender in self._senders:
            sender.thread.start()

    def close(self) -> None:
        """Send the remaining records, for at most 2 s, and end."""
        self._closing.set()
        self._wake()
        end = time.monotonic() + CLOSE_S
        for sender in self._senders:
            sender.thread.join(max(0.0, end - time.monotonic()))

    @property
    def is_closing(self) -> bool:
        """Whether the process is about to end."""
        return self._closing.is_set()

    def send(self, hub: Hub) -> bool:
        """Send one report to a hub; whether there are more records for it. Raises HubFailed and JournalFailed."""
        before = self._journal.acknowledged(hub.url)
        records = self._journal.records_after(before, BATCH)
        answer = hub.report(
            {
                "host": self._host,
                "mode": self._mode,
                "version": VERSION,
                "release": RELEASE,
                "now": time.time(),
                "dropped": self._journal.dropped,
                "state": self._state(),
                "records": records,
            }
        )
        self._name_refused(hub, answer)
        if not records:
            return False
        acknowledged = answer["acknowledged"]
        if not before < acknowledged <= records[-1]["number"]:
            raise HubFailed(f"{hub.url} acknowledged {acknowledged!r} of the records {records[0]['number']} to {records[-1]['number']}")
        self._journal.acknowledge(hub.url, acknowledged)
        return bool(self._journal.records_after(acknowledged, 1))

    def _name_refused(self, hub: Hub, answer: dict[str, Any]) -> None:
        """Log each refusal of a hub once: a refused state is refused in each report."""
        for refused in answer["refused"]:
            text = f"{hub.url} refused a part of a report: {refused}"
            if text != self._refused.get(hub.url):
                log.error("%s", text)
            self._refused[hub.url] = text

    def _wake(self) -> None:
        for sender in self._senders:
            sender.wake.set()


class _Sender:
    """The thread that reports to one hub."""

    def __init__(self, reporter: Reporter, hub: Hub) -> None:
        self._reporter, self._hub = reporter, hub
        self.wake = threading.Event()
        self.thread = threading.Thread(target=self._run, name=f"reports to {hub.url}", daemon=True)
        self._problem = ""

    def _run(self) -> None:
        retry_s = RETRY_S
        while True:
            self.wake.clear()
            is_last = self._reporter.is_closing
            if self._send():
                retry_s = RETRY_S
                if not is_last:
                    self.wake.wait(PERIOD_S)
            elif not is_last:
                self._pause(retry_s)
                retry_s = min(2 * retry_s, RETRY_MOST_S)
            if is_last:
                return

    def _pause(self, seconds: float) -> None:
        """Wait, also when there are new records, until the end of the process at the latest."""
        end = time.monotonic() + seconds
        while (remaining_s := end - time.monotonic()) > 0 and not self._reporter.is_closing:
            self.wake.wait(remaining_s)
            self.wake.clear()

    def _send(self) -> bool:
        """Send everything; False when it failed, which is logged once."""
        try:
            while self._reporter.send(self._hub):
                pass
        except (HubFailed, JournalFailed) as error:
            if str(error) != self._problem:
                log.warning("Cannot report: %s", error)
            self._problem = str(error)
        except Exception:  # a fault in the state of a mode must not end the reports
            log.exception("Cannot report to %s", self._hub.url)
            self._problem = "a fault"
        else:
            if self._problem:
                log.info("Reports to %s again", self._hub.url)
            self._problem = ""
        return not self._problem


def reporter_for(options: Options, mode: str, journal: Journal, state: Callable[[], dict[str, Any]]) -> Reporter:
    """Begin to report to the hubs of the options."""
    return Reporter(journal, [Hub(hub.url, hub.token_file) for hub in options.hubs], options.host_name, mode, state)
