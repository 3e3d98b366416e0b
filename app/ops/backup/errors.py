"""Why a backup cannot be made, used or restored."""

from __future__ import annotations


class BackupError(RuntimeError):
    """A sentence for administrators: what is wrong, and what to do."""
