"""The settings of DQM Hub: one loader, and a table for each area (`settings.py` in its folder).

Later sources override earlier ones: the defaults of the tables; the main TOML file; the files of the drop-in folder
`conf.d` beside it, by name; the environment variables `DQMHUB_<NAME>`. The main file is the one named by `--config` or
`DQMHUB_CONFIG`, otherwise `dqmhub.toml` in the source tree, otherwise `/etc/dqmhub/dqmhub.toml`.
"""

from __future__ import annotations

from app.core.settings.checks import url_path
from app.core.settings.loading import DUMMY_SECRETS, SettingError, config_files, load, type_of
from app.core.settings.presentation import reference, sample, toml, visible_values
from app.core.settings.secret_key import create_private_file, load_secret_key, read_secret_key
from app.core.settings.table import LOG_LEVELS, TREE, CoreSettings, Settings, setting, setting_rows, settings_table

__all__ = [
    "DUMMY_SECRETS",
    "LOG_LEVELS",
    "TREE",
    "CoreSettings",
    "SettingError",
    "Settings",
    "config_files",
    "create_private_file",
    "load",
    "load_secret_key",
    "read_secret_key",
    "reference",
    "sample",
    "setting",
    "setting_rows",
    "settings_table",
    "toml",
    "type_of",
    "url_path",
    "visible_values",
]
