"""Background jobs of trends: searching for samples that are due, and extracting them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from app.core.settings import Settings, load
from app.queue.execution import handler, report
from app.queue.models import BackgroundJob
from app.queue.periodic import PeriodicTask, periodic_tasks
from app.trends.changed_files import mark_changed_files
from app.trends.custom.store import COMPUTE, remove_unseen
from app.trends.golden.store import delete_unused
from app.trends.lumis.following import following
from app.trends.rules.store import used_golden
from app.trends.rules.task import TASK, evaluating
from app.trends.scan import EXTRACT, READ_CONFIGS, enqueue_due, read_configs, sample_of, scanning
from app.trends.settings import TrendSettings


@periodic_tasks
def scan(settings: Settings) -> Iterable[PeriodicTask]:
    """The search for changed configurations and for samples that are due, and the values of ongoing runs."""
    yield PeriodicTask("scan trends", settings.of(TrendSettings).trend_scan_s, partial(scanning, settings))
    yield PeriodicTask("follow live trends", settings.of(TrendSettings).trend_follow_s, partial(following, settings))


@periodic_tasks
def rules(settings: Settings) -> Iterable[PeriodicTask]:
    """The evaluation of rules about points."""
    yield PeriodicTask(TASK, settings.of(TrendSettings).trend_rules_s, partial(evaluating, settings))


@handler(EXTRACT)
def extract_trends(job: BackgroundJob) -> None:
    """Extract the points of a sample. The key is `RUN/DATASET`; running twice stores the same points."""
    from app.trends.extraction import extract  # uproot takes a third of a second to load, which `dqmhub live` never needs

    report(job, None, extract(sample_of(job.key), load()).text)


@handler("clean-golden-lists", daily=True)
def clean_golden_lists(job: BackgroundJob) -> None:
    """Delete the golden JSON files that nobody has used for a year. Running twice deletes the same."""
    report(job, None, f"{delete_unused(used_golden())} golden JSON files deleted")


@handler(READ_CONFIGS)
def read_trend_configs(job: BackgroundJob) -> None:
    """Read the configurations and enqueue the extraction of samples that are due. Running twice changes nothing more."""
    settings = load()
    changes = read_configs(settings)
    enqueue_due(settings)
    report(job, None, str(changes))


@handler(COMPUTE)
def compute_requested_trend(job: BackgroundJob) -> None:
    """Compute the values of a requested trend that are missing. The key is that of the trend; running twice stores the same."""
    from app.trends.lumis.computing import compute_trend  # loads uproot, as above

    compute_trend(job, load())


@handler("clean-requested-trends", daily=True)
def clean_requested_trends(job: BackgroundJob) -> None:
    """Delete requested trends at which nobody has looked for some days. Running twice deletes the same."""
    report(job, None, f"{remove_unseen(load().of(TrendSettings).trend_request_days)} requested trends deleted")


@handler("check-trend-files", daily=True)
def check_files(job: BackgroundJob) -> None:
    """Find files that have changed since their points were extracted, as one that was still growing."""
    report(job, None, f"{mark_changed_files()} changed files")
