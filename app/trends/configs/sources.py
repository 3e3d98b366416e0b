"""All configurations of an instance: those of the folder of files, and those made on pages."""

from __future__ import annotations

from app.core.settings import Settings
from app.trends.configs.config import ConfigProblem, TrendConfig
from app.trends.configs.folder import Configs, add_config, load_configs
from app.trends.configs.page_configs import used_page_configs
from app.trends.configured import has_configs
from app.trends.settings import config_folder, has_config_folder


def load_all_configs(settings: Settings) -> Configs:
    """The configurations of files, then those made on pages.

    Raises `ConfigError` if the folder cannot be read, or if there is none although nothing was made on a page.
    """
    trends: dict[tuple[str, str], TrendConfig] = {}
    problems: list[ConfigProblem] = []
    if has_config_folder(settings) or not has_configs(settings):
        trends, problems = load_configs(config_folder(settings))
    for config in used_page_configs():
        problems += add_config(trends, config)
    return Configs(trends, problems)
