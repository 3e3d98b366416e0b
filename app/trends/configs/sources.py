"""All configurations of an instance: those of the folder of files, and those made on pages."""

from __future__ import annotations

from app.core.counters import version_of
from app.core.settings import Settings
from app.trends.configs.config import ConfigProblem, TrendConfig
from app.trends.configs.folder import Configs, add_config, load_configs
from app.trends.configs.page_configs import PAGE, used_page_configs
from app.trends.configured import has_configs
from app.trends.models import PAGE_CONFIGS, Trend
from app.trends.settings import config_folder, has_config_folder


def load_all_configs(settings: Settings) -> Configs:
    """The configurations of files, then those made on pages.

    Raises `ConfigError` if the folder cannot be read, or if there is none although trends are of its files, or nothing was made
    on a page: a folder may be away for a moment, and only an empty one says that it has no trends any more.
    """
    page_changes = version_of(PAGE_CONFIGS)  # before reading: what changes meanwhile is not among them
    trends: dict[tuple[str, str], TrendConfig] = {}
    problems: list[ConfigProblem] = []
    if has_config_folder(settings) or has_trends_of_files() or not has_configs(settings):
        trends, problems, _ = load_configs(config_folder(settings))
    for config in used_page_configs():
        problems += add_config(trends, config)
    return Configs(trends, problems, page_changes)


def has_trends_of_files() -> bool:
    """Whether a trend of the database, which was not retired, is configured in a file."""
    return bool(Trend.select().where(~Trend.retired, ~Trend.place.startswith(PAGE)).exists())
