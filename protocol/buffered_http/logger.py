"""gunicorn's log messages among those of the program."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger


class PropagatingLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Leaves gunicorn's messages to the handlers of the program, so that they have its format. There is no access log."""

    def setup(self, cfg: Any) -> None:
        """Called by gunicorn at the start and at each reload."""
        self.cfg = cfg
        self.loglevel = self.LOG_LEVELS[cfg.loglevel]
        self.error_log.setLevel(self.loglevel)
        self.error_log.propagate = True
