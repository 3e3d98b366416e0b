"""Whether the database can be opened, has the tables of this version, and is the one to which the log beside it belongs."""

from __future__ import annotations

from collections.abc import Iterator

from app.core import database
from app.core.settings import Settings
from app.ops.doctor.diagnosis import Diagnosis


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """What a service that starts now would say."""
    try:
        with database.reading(settings):
            yield Diagnosis("ok", f"the database is usable ({database.server_version()})")
    except database.UnusableDatabase as error:
        yield Diagnosis("error", error.reason, f"{error.remedy[0].upper()}{error.remedy[1:]}")
