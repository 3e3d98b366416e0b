"""The DQM clients: rows of DQM^2 with damaged texts and numbers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from app.diary.sources.dqm_clients import AT_ONCE
from app.square.models import Job
from tests.diary.contract.sample import Options, Sample


class ClientRows(Sample):
    """The columns are the fields of a record; the types of columns hold."""

    name, kind, most = "dqm-clients", "dqm-clients", 2 * AT_ONCE
    states: ClassVar = {
        "good-running": "running",
        "good-done": "done",
        "good-failed": "failed",
        "good-signal": "failed",
        "good-lost": "lost",
    }
    record = b"dqm-source-state-run358788-pid77|358788|pixel_client|fu-c2f11|1200|11|12_4_8|pp_run|/x.py|1764400000|1764400100|9.5"

    def place(self, folder: Path, damaged: Sequence[bytes]) -> Options:
        Job.delete().execute()
        now = time.time()
        good = [
            ("good-running", None, now),
            ("good-done", 0, now),
            ("good-failed", 7, now),
            ("good-signal", -11, now),
            ("good-lost", None, 1e9),
        ]
        rows = [_row(self.record) | {"key": key, "exit_code": code, "reported": at} for key, code, at in good]
        rows += [_row(text) | {"key": f"{_row(text)['key']}{number}"} for number, text in enumerate(damaged)]
        Job.insert_many([row | {"version": version} for version, row in enumerate(rows, 1)]).execute()
        return {}

    def flood(self, folder: Path, count: int) -> Options:
        row = _row(self.record)
        Job.insert_many([row | {"key": str(number), "version": number} for number in range(1, count + 1)]).execute()
        return {}


def _row(text: bytes) -> dict[str, Any]:
    key, run, tag, host, events, code, cmssw, runkey, path, *numbers = (text.decode(errors="replace") + "|" * 12).split("|")
    started, reported, rate = (_number(each) for each in numbers[:3])
    row = {"system": "production", "key": key, "tag": tag, "host": host, "cmssw": cmssw, "runkey": runkey, "path": path}
    whole = {"run": _whole(run), "events": _whole(events), "exit_code": _whole(code), "fi_state": 2}
    return row | whole | {"started": started, "reported": reported, "rate": rate}


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _whole(text: str) -> int | None:
    try:
        found = int(text)
    except ValueError:
        return None
    return found if -(2**63) <= found < 2**63 else None


SAMPLES = (ClientRows(),)
