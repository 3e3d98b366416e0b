"""What the job diary shows of extractions and requested trends."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable

from peewee import chunked

from app.core.area import OwnJob
from app.core.database import rows
from app.gui.files.register import IMPORT
from app.gui.models import Dataset, Sample
from app.trends.custom.models import RequestedTrend

AT_ONCE = 1000
LAST_RUN = 2**31 - 1
"""Larger run numbers cannot be stored."""
_SAMPLE = re.compile(r"([0-9]{1,19})(/.+)")


def extractions(keys: Iterable[str]) -> dict[str, OwnJob]:
    """The extractions by the keys of their jobs, which are run and dataset. They follow from the imports of the files of these."""
    found: dict[str, OwnJob] = {}
    for batch in chunked(keys, AT_ONCE):
        samples = {key: (match[1], match[2]) for key in batch if (match := _SAMPLE.fullmatch(key))}
        files = _files({(int(run), dataset) for run, dataset in samples.values()})
        for key, (run, dataset) in samples.items():
            follows = tuple((IMPORT, str(file)) for file in sorted(files[int(run), dataset]))
            found[key] = OwnJob(f"run {run} of {dataset}", {"run": run, "dataset": dataset}, follows=follows)
    return found


def _files(samples: set[tuple[int, str]]) -> dict[tuple[int, str], set[int]]:
    """The files of runs and datasets."""
    found: dict[tuple[int, str], set[int]] = defaultdict(set)
    is_of_run = Sample.lumi == 0, Sample.run.in_([run for run, _ in samples if run <= LAST_RUN])
    query = Sample.select(Sample.run, Dataset.name, Sample.file, Sample.coming).join(Dataset)
    for run, dataset, *files in rows(query.where(*is_of_run, Dataset.name.in_([name for _, name in samples]))):
        found[run, dataset].update(file for file in files if file)
    return found


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
