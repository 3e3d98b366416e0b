"""The periodic search for work: changed configurations, and samples whose points are due."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.core.database import rows
from app.core.settings import Settings
from app.gui.samples import SampleKey
from app.queue.models import BackgroundJob
from app.queue.periodic import Step, TaskRun
from app.queue.states import OPEN
from app.queue.store import enqueue
from app.trends.configured import Signature, config_signature, has_configs
from app.trends.due import due
from app.trends.errors import OutdatedConfigs
from app.trends.settings import config_folder
from app.trends.versions import SyncResult, sync

EXTRACT = "extract-trends"
"""Kind of the background job that extracts one sample; its key is `RUN/DATASET`."""

log = logging.getLogger(__name__)

_seen: dict[Path, Signature] = {}
"""The state of the configurations of a folder when this process read them: a run of a periodic task lasts a minute."""

READ_CONFIGS = "read-trend-configs"
"""Kind of the background job that reads the configurations at once, after one was kept or removed on a page."""

MAX_OPEN_JOBS = 500
"""Open jobs above which no more are made: a year of files does not fill the queue."""


@contextmanager
def scanning(settings: Settings, _: TaskRun) -> Iterator[Step]:
    """Read the configurations when they have changed, and make jobs for samples that are due."""

    def step() -> None:
        if not has_configs(settings):
            return
        folder, present = config_folder(settings), config_signature(settings)
        if present != _seen.get(folder):
            read_configs(settings)
            _seen[folder] = present
        enqueue_due(settings)

    yield step


def read_configs(settings: Settings) -> SyncResult:
    """Bring the tables of trends up to date with all configurations. Raises `ConfigError` if their folder cannot be read."""
    from app.trends.configs.sources import load_all_configs  # loads numpy, which an instance without trends never needs

    while True:
        configs = load_all_configs(settings)
        try:
            changes = sync(configs)
            break
        except OutdatedConfigs:  # somebody has kept a trend meanwhile, which must not be retired
            continue
    log.info("Trends: %s", changes)
    if configs.problems:
        log.warning("Trends: %d problems of configurations; `dqmhub trends check` names them", len(configs.problems))
    return changes


def enqueue_due(settings: Settings) -> int:
    """Make a job for each sample that is due, up to `MAX_OPEN_JOBS`; returns their number."""
    open_jobs = BackgroundJob.select(BackgroundJob.key).where(BackgroundJob.kind == EXTRACT, BackgroundJob.state.in_(OPEN))
    open_keys = {key for (key,) in rows(open_jobs)}
    keys = [job_key(sample) for sample in due(settings, MAX_OPEN_JOBS)]
    new = [key for key in keys if key not in open_keys][: max(0, MAX_OPEN_JOBS - len(open_keys))]
    for key in new:
        enqueue(EXTRACT, key)
    return len(new)


def job_key(sample: SampleKey) -> str:
    """The key of the job of a sample."""
    return f"{sample.run}{sample.dataset}"


def sample_of(key: str) -> SampleKey:
    """The sample of a job."""
    run, _, dataset = key.partition("/")
    return SampleKey(int(run), 0, f"/{dataset}")
