"""The mode that cleans up on a GUI machine."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from .. import service_notify
from ..disks import disk_usage
from ..journal import Journal, JournalFailed
from ..log import one_line
from ..names import run_of_folder
from ..options import CleanupOptions, Options
from ..places import folder_problems
from ..reporting import reporter_for
from .folder import StoredFile, list_files
from .mail import DiskMail
from .release import ReleaseLink
from .rules import Plan, Rule, plan_cleanup

RELEASE_CHANGED = 1
"""Exit code at a change of the release, the same as that of the original clean-up, so that its systemd unit restarts both services."""
MOST_EXAMPLES = 20
"""Names of removed files in a record."""
log = logging.getLogger(__name__)


class Round(NamedTuple):
    """The result of a round.

    Attributes:
        plan: Its plan.
        removed: The files that it removed, with their rules.
        vanished: Number of files that another program removed meanwhile.
    """

    plan: Plan
    removed: list[tuple[StoredFile, Rule]]
    vanished: int


def start_problems(options: Options) -> Iterator[str]:
    """Problems that keep the mode from starting."""
    return folder_problems("cleanup.folder", options.cleanup.folder, use="remove files")


def place_problems(options: Options) -> Iterator[str]:
    """Other problems of places."""
    if run_of_folder(os.path.basename(os.path.normpath(options.cleanup.folder))):
        yield f"cleanup.folder = {options.cleanup.folder!r}: it is the folder of a run on a BU, whose snapshots would be removed"
    link = options.cleanup.release_link
    if link and not os.path.islink(link):
        yield f"cleanup.release_link = {link!r}: there is no such link"


def dry_run(options: Options) -> list[str]:
    """The effect of a round: a line for each file, and one for the disk. Raises `OSError`."""
    before = disk_usage(options.cleanup.folder)
    plan = plan_cleanup(list_files(options.cleanup.folder), before, options.cleanup)
    lines = [f"{'remove' if rule.removes else 'keep':6} {one_line(file.name)}: {rule}" for file, rule in plan.rules]
    reached = "" if plan.mark_reachable else "; the mark cannot be reached"
    return [*lines, f"disk: {100 * before.fraction:.1f} % full, then {100 * plan.usage.fraction:.1f} %{reached}"]


def clean_up(options: CleanupOptions) -> Round:
    """Remove files by the rules. Raises `OSError` when the folder cannot be read."""
    plan = plan_cleanup(list_files(options.folder), disk_usage(options.folder), options)
    removed, vanished = [], 0
    for file, rule in plan.rules:
        if rule.removes:
            try:
                os.unlink(os.path.join(options.folder, file.name))
            except FileNotFoundError:
                vanished += 1
            except OSError as error:
                log.error("Cannot remove %s: %s", file.name, error.strerror)
            else:
                log.info("Removed %s: %s", file.name, rule)
                removed.append((file, rule))
    return Round(plan, removed, vanished)


def serve(options: Options, stop: threading.Event) -> int:
    """Clean up periodically until `stop` is set or the release changes; returns the exit code."""
    with closing(Journal(Path(options.state) / "cleanup.sqlite")) as journal:
        service = _Service(options, journal)
        reporter = reporter_for(options, "cleanup", journal, service.state)
        try:
            return service.serve(stop)
        finally:
            reporter.close()


class _Service:
    def __init__(self, options: Options, journal: Journal) -> None:
        self._options, self._journal = options.cleanup, journal
        self._mail = DiskMail(options)
        self._reachable = True
        self._state: dict[str, Any] = {"folder": options.cleanup.folder, "mark": options.cleanup.disk_mark}

    def state(self) -> dict[str, Any]:
        """The state for reports; replaced as a whole after each round."""
        return self._state

    def serve(self, stop: threading.Event) -> int:
        """Clean up until `stop` is set or the release changes; returns the exit code."""
        release = ReleaseLink(self._options.release_link)
        log.info("Cleaning up %s", self._options.folder)
        service_notify.ready()
        while not stop.is_set():
            try:
                self._round()
            except OSError as error:
                log.error("Cannot clean up %s: %s", self._options.folder, error)
                self._state = {**self._state, "error": str(error)}
            if target := release.changed_to():
                log.info("The release is %s now; ending, to be started again with it", target)
                return RELEASE_CHANGED
            service_notify.wait(stop, self._options.period_s)
        return 0

    def _round(self) -> None:
        done = clean_up(self._options)
        self._report(done)
        plan = done.plan
        if plan.mark_reachable != self._reachable:
            self._reachable = plan.mark_reachable
            full = 100 * plan.usage.fraction
            log.warning("The disk of %s is %.1f %% full%s", self._options.folder, full, "" if self._reachable else ", and stays")
        if not self._reachable:
            self._mail.send_when_due(plan)

    def _report(self, done: Round) -> None:
        kept = [(file, rule) for file, rule in done.plan.rules if not rule.removes and rule is not Rule.OTHER]
        planned = sum(rule.removes for _, rule in done.plan.rules)
        self._state = {
            "folder": self._options.folder,
            "files": len(kept),
            "bytes": sum(file.nbytes for file, _ in kept),
            "disk": disk_usage(self._options.folder).fraction,
            "mark": self._options.disk_mark,
            "reachable": done.plan.mark_reachable,
            "would_remove": planned - len(done.removed) - done.vanished,
            "error": "",
        }
        if done.removed:
            record = {
                "kind": "cleanup",
                "at": time.time(),
                "run": 0,
                "removed": len(done.removed),
                "bytes": sum(file.nbytes for file, _ in done.removed),
                "rules": Counter(str(rule) for _, rule in done.removed),
                "disk": self._state["disk"],
                "examples": [one_line(file.name) for file, _ in done.removed[:MOST_EXAMPLES]],
            }
            try:
                self._journal.add_record(record)
            except JournalFailed as error:
                log.error("%s", error)
