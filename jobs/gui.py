"""Background jobs of the DQM GUI: importing files, watched folders, bounding the cache of plots, removing what nobody uses, counting alarms."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from app.core.settings import Settings, load
from app.gui import short_links
from app.gui.catalog.alarms import count_missing
from app.gui.catalog.catalog import Catalog
from app.gui.catalog.importing import KEEP_SNAPSHOT, import_file, live_samples
from app.gui.catalog.storing import forget_names
from app.gui.files.register import IMPORT
from app.gui.files.staging import REGISTER, complete, forget_registrations
from app.gui.layouts.watched.reading import watching
from app.gui.plots.plot_files import evict
from app.gui.plots.plots import EVICT
from app.gui.settings import GuiSettings
from app.gui.snapshots.bounds import remove_excess
from app.gui.snapshots.keeping import keep_all
from app.queue.execution import handler, report
from app.queue.models import BackgroundJob
from app.queue.periodic import PeriodicTask, periodic_tasks


@periodic_tasks
def read_watched_folders(settings: Settings) -> Iterable[PeriodicTask]:
    """The look at the watched folders of layouts."""
    yield PeriodicTask("read layout folders", settings.of(GuiSettings).layout_folders_s, partial(watching, settings))


@handler(IMPORT)
def import_listing(job: BackgroundJob) -> None:
    """Import a file into the catalog. The key is the id of the file; running twice stores the same lists."""
    import_file(job, load())


@handler(REGISTER)
def complete_registration(job: BackgroundJob) -> None:
    """Store the staged entries of a registration. The key is its id; another run continues where the last one ended."""
    complete(job)


@handler(EVICT)
def evict_plots(job: BackgroundJob) -> None:
    """Remove the plots not shown for longest, down to nine tenths of the size of the cache."""
    settings = load()
    removed = evict(settings.data / "plots", int(0.9 * (settings.of(GuiSettings).plot_cache_mb << 20)))
    report(job, None, f"{removed} plots removed")


@handler("clean-names", daily=True)
def clean_names(job: BackgroundJob) -> None:
    """Remove lists of names that no sample uses any more."""
    report(job, None, f"{forget_names()} name lists removed")


@handler("clean-registrations", daily=True)
def clean_registrations(job: BackgroundJob) -> None:
    """Delete registrations that are complete or were given up. Running twice deletes the same."""
    report(job, None, f"{forget_registrations()} registrations deleted")


@handler(KEEP_SNAPSHOT)
def keep_snapshot(job: BackgroundJob) -> None:
    """Keep a snapshot of a file of an ongoing run. The key is the id of the file; running twice keeps one."""
    settings = load()
    said = keep_all(Catalog(settings), live_samples(int(job.key)))
    remove_excess(settings)
    report(job, None, said)


@handler("clean-snapshots", daily=True)
def clean_snapshots(job: BackgroundJob) -> None:
    """Remove the snapshots of runs that ended. Running twice removes the same."""
    report(job, None, f"{remove_excess(load())} snapshots removed")


@handler("clean-short-links", daily=True)
def clean_short_links(job: BackgroundJob) -> None:
    """Delete short links that nobody uses. Running twice deletes the same."""
    report(job, None, f"{short_links.delete_unused(load().of(GuiSettings).short_link_days)} short links deleted")


@handler("count-alarms", daily=True)
def count_alarms(job: BackgroundJob) -> None:
    """Count errors and warnings of samples whose lists were stored by an older version. Running twice counts the same."""
    report(job, None, f"{count_missing()} samples counted")
