"""What the job diary shows of extractions and requested trends."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from peewee import chunked

from app.core.area import OwnJob
from app.core.database import rows
from app.trends.custom.models import RequestedTrend

AT_ONCE = 1000
_SAMPLE = re.compile(r"([0-9]{1,19})(/.+)")


def extractions(keys: Iterable[str]) -> dict[str, OwnJob]:
    """The extractions by the keys of their jobs, which are run and dataset."""
    samples = {key: _SAMPLE.fullmatch(key) for key in keys}
    return {key: OwnJob(f"run {match[1]} of {match[2]}", {"run": match[1], "dataset": match[2]}) for key, match in samples.items() if match}


def requested_trends(keys: Iterable[str]) -> dict[str, OwnJob]:
    """The requested trends by the keys of their jobs: metric and monitor element, and who asked for it last."""
    found: dict[str, OwnJob] = {}
    columns = RequestedTrend.key, RequestedTrend.request, RequestedTrend.user
    for batch in chunked(keys, AT_ONCE):
        for key, text, user in rows(RequestedTrend.select(*columns).where(RequestedTrend.key.in_(batch))):
            request = json.loads(text)
            name = f"{request.get('metric', '')} of {request.get('me', '')}"
            found[key] = OwnJob(name, {"dataset": str(request.get("dataset", ""))}, user, f"/trends/requested/{key}")
    return found
