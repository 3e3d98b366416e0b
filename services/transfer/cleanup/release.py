"""The link to the release of the GUI: when it leads elsewhere, the service ends, to be started again with the GUI."""

from __future__ import annotations

import os


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
