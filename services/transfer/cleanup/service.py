"""The service that cleans up on a GUI machine."""

from __future__ import annotations

import logging
import os
import threading

from ..log import one_line
from ..options import CleanupOptions
from .folder import disk_usage, list_files
from .mail import DiskMail
from .rules import Plan, plan_cleanup

RELEASE_CHANGED = 1
"""Exit code at a change of the release; as that of the original clean-up, so that its systemd unit restarts both services."""
log = logging.getLogger(__name__)


def place_problems(options: CleanupOptions) -> list[str]:
    """What is wrong with the places of these options, one sentence for each, beginning with its key."""
    problems = []
    if not os.path.isdir(options.folder):
        problems.append(f"cleanup.folder = {options.folder!r}: there is no such folder")
    elif not os.access(options.folder, os.R_OK | os.W_OK | os.X_OK):
        problems.append(f"cleanup.folder = {options.folder!r}: this user may not remove files there")
    if options.release_link and not os.path.islink(options.release_link):
        problems.append(f"cleanup.release_link = {options.release_link!r}: there is no such link")
    return problems


def dry_run(options: CleanupOptions) -> list[str]:
    """What a round would do: a line for each file, and one for the disk. Raises `OSError`."""
    before = disk_usage(options.folder)
    plan = plan_cleanup(list_files(options.folder), before, options)
    lines = [f"{'remove' if rule.removes else 'keep':6} {one_line(file.name)}: {rule}" for file, rule in plan.rules]
    reached = "" if plan.mark_reachable else "; the mark cannot be reached"
    return [*lines, f"disk: {100 * before.fraction:.1f} % full, then {100 * plan.usage.fraction:.1f} %{reached}"]


def clean_up(options: CleanupOptions) -> Plan:
    """Remove what the rules say. Raises `OSError` when the folder cannot be read."""
    plan = plan_cleanup(list_files(options.folder), disk_usage(options.folder), options)
    for file, rule in plan.rules:
        if rule.removes:
            try:
                os.unlink(os.path.join(options.folder, file.name))
            except FileNotFoundError:
                continue
            except OSError as error:
                log.error("Cannot remove %s: %s", file.name, error.strerror)
            else:
                log.info("Removed %s: %s", file.name, rule)
    return plan


class ReleaseLink:
    """A link to a release, and where it led at first."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._target = self._current()

    def _current(self) -> str:
        """Where the link leads; "" when there is none, as for a moment while it is replaced."""
        return os.path.realpath(self._path) if self._path and os.path.lexists(self._path) else ""

    def changed_to(self) -> str:
        """Where the link leads now if that is elsewhere, otherwise ""."""
        current = self._current()
        self._target = self._target or current
        return current if current != self._target else ""


def serve(options: CleanupOptions, stop: threading.Event) -> int:
    """Clean up again and again until `stop` is set or the release changes; returns the exit code."""
    release, mail = ReleaseLink(options.release_link), DiskMail(options)
    reachable = True
    log.info("Cleaning up %s", options.folder)
    while not stop.is_set():
        try:
            plan = clean_up(options)
            if plan.mark_reachable != reachable:
                reachable = plan.mark_reachable
                log.warning(
                    "The disk of %s is %.1f %% full%s", options.folder, 100 * plan.usage.fraction, "" if reachable else ", and stays"
                )
            if not reachable:
                mail.send_when_due(plan)
        except OSError as error:
            log.error("Cannot clean up %s: %s", options.folder, error)
        if target := release.changed_to():
            log.info("The release is %s now; ending, to be started again with it", target)
            return RELEASE_CHANGED
        stop.wait(options.period_s)
    return 0
