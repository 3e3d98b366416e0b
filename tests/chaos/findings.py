"""What the harness finds: breaches of what must hold, with the area that they belong to."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import NamedTuple

from app.core.settings import TREE
from tests.support.patience import PATIENCE_S


class Finding(NamedTuple):
    """A breach of an expectation."""

    area: str
    where: str  # endpoint, file and function, or service
    what: str


def area_of_path(path: str) -> str:
    """The area of a file of the product, such as app/gui/current.py, jobs/gui.py or tests/areas/stub/jobs.py."""
    match = re.search(r"(?:app/|jobs/|tests/chaos/)(\w+)", path.removeprefix(f"{TREE}/"))
    return match[1] if match else ""


def becomes_true(condition: Callable[[], object], patience_s: float = PATIENCE_S) -> bool:
    """Whether a condition becomes true in time."""
    end = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True
