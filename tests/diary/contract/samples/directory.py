"""Directories: submission logs and entries with damaged texts, by the rules of CAE Job Diary."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from app.diary.sources.directory.submissions import AT_ONCE
from tests.diary.caejobs import Site, options, qstat
from tests.diary.contract.sample import Options, Sample


class SubmissionLogs(Sample):
    """A record is a submission log."""

    name, kind, most = "directory", "directory", AT_ONCE
    states: ClassVar = {"7000001": "pending", "7000002": "running", "7000003": "done", "7000004": "unknown"}
    record = qstat(8000001, "/mnt/work/projects/project_id/some_directory").encode()

    def place(self, folder: Path, damaged: Sequence[bytes]) -> Options:
        own = folder / "site"  # not all: the folder of a test has the database, too
        shutil.rmtree(own, ignore_errors=True)
        own.mkdir()
        site = Site(own)
        for native_id in map(int, self.states):
            site.submit(native_id)
        site.pending(7000001)
        site.running(7000002)
        site.finished(7000003)
        for number, text in enumerate(damaged):
            (site.logs / site.log_name(9000000 + number)).write_bytes(text)
        return options(site)

    def flood(self, folder: Path, count: int) -> Options:
        site = Site(folder)
        for number in range(count):
            site.submit(8000000 + number)
        return options(site)


SAMPLES = (SubmissionLogs(),)
