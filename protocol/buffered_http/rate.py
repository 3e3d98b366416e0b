"""How slowly a body may arrive and a response be read."""

from __future__ import annotations

import time
from typing import NamedTuple


class Rate(NamedTuple):
    """The least rate of a transfer at all times: a fast start gives no credit for later.

    A transfer has `patience_s` s. Each `bytes_per_s` bytes extend that by a second, to at most `patience_s` from then. So it ends
    after that time without progress, and later if it is slower than the rate.
    """

    patience_s: float
    bytes_per_s: float

    def extended(self, deadline: float, transferred: int) -> float:
        """The deadline after this many further bytes, by the monotonic clock."""
        return min(time.monotonic() + self.patience_s, deadline + transferred / self.bytes_per_s)
