"""The own jobs of the hub: rows of its queue with damaged texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from app.diary.sources.own_jobs import AT_ONCE
from app.gui.files.register import IMPORT
from app.queue.models import BackgroundJob
from app.trends.scan import EXTRACT
from tests.diary.contract.sample import Options, Sample


class OwnJobRows(Sample):
    """The columns are the fields of a record; the types of columns hold."""

    name, kind, most = "own-jobs", "own-jobs", 2 * AT_ONCE
    states: ClassVar = {"1": "pending", "2": "running", "3": "done", "4": "failed", "5": "cancelled"}
    record = b"extract|367123/a/b/c|failed|live|consumer-1|half|The plot was not found|1764400000.5|1764400010.5"

    def place(self, folder: Path, damaged: Sequence[bytes]) -> Options:
        BackgroundJob.delete().execute()
        words = "queued", "running", "done", "failed", "cancelled"
        good = [{"id": number, "queue": "bulk", "kind": IMPORT, "key": str(number), "state": word} for number, word in enumerate(words, 1)]
        BackgroundJob.insert_many(good).execute()
        BackgroundJob.insert_many([_row(number, text) for number, text in enumerate(damaged, 1000)]).execute()
        return {}

    def flood(self, folder: Path, count: int) -> Options:
        BackgroundJob.insert_many([{"queue": "bulk", "kind": IMPORT, "key": str(number)} for number in range(count)]).execute()
        return {}


def _row(number: int, text: bytes) -> dict[str, Any]:
    kind, key, state, queue, owner, note, error, *times = (text.decode(errors="replace") + "|" * 8).split("|")
    row = {"id": number, "kind": EXTRACT if kind else IMPORT, "key": f"{key}/{number}", "state": state, "queue": queue, "owner": owner}
    created, finished = (_number(each) for each in times[:2])
    return row | {"note": note, "error": error, "created": created, "finished": finished, "started": None}


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


SAMPLES = (OwnJobRows(),)
