"""Writes that are not the purpose of a request: the last use of a session, the audit row of a refused request.

If the database cannot be written now, they are left out, and the request gets its response all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from peewee import PeeweeException

from app.core.database import waiting_at_most
from app.core.outages import log_outage, outage_of


@contextmanager
def optional_write(what: str, wait_s: float) -> Iterator[None]:
    """Store something in this block if the database can be written now.

    Args:
        what: For the log, e.g. "The last use of a session was not stored".
        wait_s: Longest wait for other writers, s: while the database stays locked, every request would wait.
    """
    try:
        with waiting_at_most(wait_s):
            yield
    except PeeweeException as error:
        outage = outage_of(error)
        if outage is None:
            raise
        log_outage(what, outage)
