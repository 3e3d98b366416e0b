"""The diary with a batch system as a source, for tests with real ones and with recorded texts."""

from __future__ import annotations

from pathlib import Path

from app.core.settings import Settings
from app.diary.models import DiaryJob
from app.diary.sources.registry import source_named
from app.diary.sources.runner import scan_source
from tests.support.processes import until

FIELDS = ("state", "exit_code", "signal", "attempts")
Rows = dict[str, tuple[object, ...]]


class Diary:
    """The diary of a hub with a batch system as its only configured source, whose commands are in a folder."""

    def __init__(self, settings: Settings, name: str, commands: Path, options: str = "") -> None:
        folder = commands.parent / "sources"
        folder.mkdir(exist_ok=True)
        path = f'environment = ["PATH={commands}:/usr/bin:/bin"]'
        (folder / f"{name}.toml").write_text(f'kind = "{name}"\nperiod_s = 1\n{path}\n{options}')
        self._settings = settings.replace(diary_sources_dir=str(folder))
        self._source = source_named(name, self._settings)
        self.quarantined = 0

    def rows(self) -> Rows:
        """FIELDS of each job by its name, one of an array by name and task; after a scan."""
        report = scan_source(self._source, self._settings)
        self.quarantined += report.quarantined
        return {_name(job): tuple(getattr(job, field) for field in FIELDS) for job in DiaryJob.select()}

    def follow(self, expected: Rows) -> None:
        """Scan until the rows are these."""
        try:
            until(lambda: self.rows() == expected, "the rows of the diary")
        except AssertionError:
            assert self.rows() == expected  # shows what differs
            raise


def job_named(name: str) -> DiaryJob:
    """The only job of this name."""
    (job,) = DiaryJob.select().where(DiaryJob.name == name)
    return job


def _name(job: DiaryJob) -> str:
    _, separator, task = job.native_id.replace(".", "_").partition("_")
    return f"{job.name} {task}" if separator else job.name
