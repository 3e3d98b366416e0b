"""Files that have changed on disk since their points were extracted."""

from __future__ import annotations

import time

from app.core.database import rows
from app.core.urls import is_remote
from app.formats import FormatError, file_version
from app.trends.models import CHANGED, TrendExtraction, TrendFile

CHECKED_DAYS = 60
"""Age of the extraction up to which files are checked; older ones do not change any more."""


def mark_changed_files() -> int:
    """Mark extractions whose file has another size or time of change now, so that they are due; their number.

    A missing file keeps its points. Remote files are checked when somebody opens their samples.
    """
    extraction = TrendExtraction
    query = extraction.select(extraction.dataset, extraction.run, TrendFile.url, TrendFile.size, TrendFile.mtime_ns).join(TrendFile)
    found = rows(query.where(extraction.finished > time.time() - 86400 * CHECKED_DAYS))
    changed = [(dataset, run) for dataset, run, url, *version in found if not is_remote(url) and _has_changed(url, *version)]
    for dataset, run in changed:
        extraction.update(sample_version=CHANGED).where(extraction.dataset == dataset, extraction.run == run).execute()
    return len(changed)


def _has_changed(url: str, size: int, mtime_ns: int) -> bool:
    try:
        return tuple(file_version(url)) != (size, mtime_ns)
    except (OSError, FormatError):
        return False
