"""Why an upgrade did not succeed."""

from __future__ import annotations


class UpgradeError(RuntimeError):
    """A sentence for administrators: what is wrong, which release is in use now, and what to do."""
