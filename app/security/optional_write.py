"""Writes that a request is not about: when a session was last used, that a request was refused.

Where the database cannot be written now they are left out, and the request is answered all the same.
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
        wait_s: Wait at most so long for other writers, since each request would wait in a database that stays locked.
    """
    try:
        with waiting_at_most(wait_s):
            yield
    except PeeweeException as error:
        outage = outage_of(error)
        if outage is None:
            raise
        log_outage(what, outage)
