"""The link to the release of the GUI: when its target changes, the service ends, so that systemd restarts it with the GUI."""

from __future__ import annotations

import os


class ReleaseLink:
    """A link to a release, and its first target."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._target = self._current()

    def _current(self) -> str:
        """The target of the link; "" when there is no link, as for a moment while it is replaced."""
        return os.path.realpath(self._path) if self._path and os.path.lexists(self._path) else ""

    def changed_to(self) -> str:
        """The new target of the link if it has changed, otherwise ""."""
        current = self._current()
        self._target = self._target or current
        return current if current != self._target else ""
