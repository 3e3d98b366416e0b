"""How slowly a body may arrive and a response be read."""

from __future__ import annotations

import time
from typing import NamedTuple


class Rate(NamedTuple):
    """The least rate of a transfer at all times: no credit for an earlier haste is saved up.

    A transfer has `patience_s`; each `bytes_per_s` add a second, up to `patience_s` again. So it ends after that time without
    progress, and after a longer time with less than the rate.
    """

    patience_s: float
    bytes_per_s: float

    def extended(self, deadline: float, transferred: int) -> float:
        """The deadline after so many bytes more, by the monotonic clock."""
        return min(time.monotonic() + self.patience_s, deadline + transferred / self.bytes_per_s)
