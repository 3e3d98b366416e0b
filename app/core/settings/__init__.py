"""Every setting of DQM Hub: one reader, and a table for each area (`settings.py` in its folder).

A value comes from the last of these that gives one: the default here; the main TOML file; the files of the
drop-in folder `conf.d` beside it, by name; the environment variable `DQMHUB_<NAME>`. The main file is the one
named by `--config` or `DQMHUB_CONFIG`, else `dqmhub.toml` in the tree, else `/etc/dqmhub/dqmhub.toml`.
"""

from __future__ import annotations

from app.core.settings.checks import prefix
from app.core.settings.reading import DUMMY_SECRETS, SettingError, config_files, kind, load
from app.core.settings.secret import make_file, make_secret
from app.core.settings.showing import reference, sample, shown, toml
from app.core.settings.table import LOG_LEVELS, TREE, CoreSettings, Settings, setting, setting_rows, settings_table

__all__ = [
    "DUMMY_SECRETS",
    "LOG_LEVELS",
    "TREE",
    "CoreSettings",
    "SettingError",
    "Settings",
    "config_files",
    "kind",
    "load",
    "make_file",
    "make_secret",
    "prefix",
    "reference",
    "sample",
    "setting",
    "setting_rows",
    "settings_table",
    "shown",
    "toml",
]
