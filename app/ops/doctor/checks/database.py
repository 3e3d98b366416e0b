"""Whether the database can be opened, has the tables of this version, and is the one to which the log beside it belongs."""

from __future__ import annotations

from collections.abc import Iterator

from app.core import database
from app.core.settings import Settings
from app.ops.doctor.diagnosis import Diagnosis


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """What a service that starts now would say."""
    try:
        database.check(database.connect(settings))
    except database.UnusableDatabase as error:
        yield Diagnosis("error", str(error))
    else:
        yield Diagnosis("ok", f"The database is usable ({database.server_version()})")
