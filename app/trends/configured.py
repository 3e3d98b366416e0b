"""Whether an instance has configurations of trends, and when they change; both without reading them."""

from __future__ import annotations

from app.core.counters import version_of
from app.core.settings import Settings
from app.trends.models import PAGE_CONFIGS, PageConfig
from app.trends.settings import config_folder, has_config_folder

Signature = tuple[int, list[tuple[str, int, int]]]


def has_configs(settings: Settings) -> bool:
    """Whether there are trends on this instance: a folder of configurations, or some made on pages, be they removed by now."""
    return has_config_folder(settings) or PageConfig.select().exists()


def config_signature(settings: Settings) -> Signature:
    """Changes with the files of the folder, and with the configurations made on pages."""
    files = sorted(path for path in config_folder(settings).rglob("*") if path.is_file())
    return version_of(PAGE_CONFIGS), [(str(path), (status := path.stat()).st_mtime_ns, status.st_size) for path in files]
