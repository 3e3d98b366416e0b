"""Lasting problems of the BU itself, for the log and for reports."""

from __future__ import annotations

import logging
import threading

MOST = 500
"""Characters of a problem in a report."""
log = logging.getLogger(__name__)


class Problems:
    """The problems that last, by run and by what failed; run 0 stands for the whole mode. Used by any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: dict[tuple[int, str], str] = {}

    def note(self, run: int, what: str, text: str, error: BaseException | None = None, level: int = logging.ERROR) -> None:
        """Note that something fails, and log it once, at this level; `error` is logged with its traceback."""
        with self._lock:
            is_new = self._texts.get((run, what)) != text
            self._texts[run, what] = text
        if is_new:
            log.log(level, "%s", text, exc_info=error)

    def end(self, run: int, what: str) -> None:
        """Note that a problem has ended."""
        with self._lock:
            self._texts.pop((run, what), None)

    def forget(self, run: int) -> None:
        """Forget the problems of a run that is no longer watched."""
        with self._lock:
            for key in [key for key in self._texts if key[0] == run]:
                del self._texts[key]

    def of(self, run: int) -> str:
        """The problems of a run, or, for run 0, of the mode; empty if there are none."""
        with self._lock:
            return "; ".join(text for (of, _), text in self._texts.items() if of == run)[:MOST]
