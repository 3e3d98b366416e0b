"""The tables of settings: name, type, default, help, check of the value, and whether it is a secret.

Each area has its own table, a frozen dataclass with the decorator `@settings_table`; `CoreSettings` is the table of the
settings of no area. `Settings` has the values of all tables.
"""

from __future__ import annotations

from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from app.core.settings.checks import Check, between, contact_url, one_of, secret_key, url_of, url_path
from protocol.log_lines import LOG_FORMATS

TREE = Path(__file__).resolve().parents[3]
"""The folder of the installed product, which contains wsgi.py, app/ and render/."""

COLOURS = ("grey", "blue", "green", "orange", "red", "purple")
LOG_LEVELS = ("debug", "info", "warning", "error")

T = TypeVar("T")

_tables: list[type] = []


def setting(default: Any, help: str, check: Check | None = None, *, secret: bool = False, env: str = "", path: bool = False) -> Any:
    """A setting: one field of a table.

    Args:
        default: Its type is the type of the setting.
        help: One sentence for users, in the sample file and the reference.
        check: Returns a description of the allowed values, or "" if the value is allowed.
        secret: The value is never shown.
        env: An environment variable that is read if DQMHUB_<NAME> is not set.
        path: The value is a path or a list of paths; relative ones start at TREE.
    """
    return field(default=default, metadata={"help": help, "check": check, "secret": secret, "env": env, "path": path})


def settings_table(table: type[T]) -> type[T]:
    """Register a table. Raises ValueError if another table has a setting of the same name."""
    taken = {row.name for row in setting_rows()} & {row.name for row in fields(table)}  # type: ignore[arg-type]  # a dataclass
    if taken:
        raise ValueError(f"{table.__name__}: another table has the setting {', '.join(sorted(taken))}")
    _tables.append(table)
    return table


def setting_rows() -> tuple[Field[Any], ...]:
    """The fields of all tables, with help, check, secret, env and path as metadata."""
    return tuple(row for table in _tables for row in fields(table))


def table_of(name: str) -> type | None:
    """The table with the setting `name`, or None."""
    return next((table for table in _tables if any(row.name == name for row in fields(table))), None)


@settings_table
@dataclass(frozen=True)
class CoreSettings:
    """Settings of the instance as a whole."""

    instance_name: str = setting("DQM Hub", "Name of this instance, shown on all pages and on its public mirrors.")
    instance_colour: str = setting("blue", "Colour of the page header, to distinguish production, playback and test.", one_of(*COLOURS))
    data_dir: str = setting("var", "Folder for all data; a relative path starts at the source tree.", path=True)
    web_host: str = setting("127.0.0.1", "Address that the web server listens on.")
    web_port: int = setting(8889, "Port that the web server listens on.", between(1, 65535))
    web_workers: int = setting(2, "Web server processes.", between(1, 64))
    web_threads: int = setting(8, "Threads of each web server process.", between(1, 64))
    url_prefix: str = setting("", "URL path of the hub behind a reverse proxy, e.g. /dqm/hub.", url_path)
    database_url: str = setting(
        "",
        "PostgreSQL database, postgresql://user@host/name; empty: SQLite in data_dir.",
        url_of("postgresql"),
        secret=True,
        env="DATABASE_URL",
    )
    secret_key: str = setting("", "Key that signs sessions; empty: created at the first start in data_dir/secret.", secret_key, secret=True)
    public_url: str = setting("", "URL of this hub for links in notifications; empty: no links.", url_of("http", "https"))
    log_level: str = setting("info", "Lowest level of log messages.", one_of(*LOG_LEVELS))
    log_format: str = setting("text", "Log messages as text for people, or as one JSON object per line.", one_of(*LOG_FORMATS))
    access_log: bool = setting(False, "Log each request: method, path without the query, status, ms, address; needs log_level info.")
    problem_url: str = setting("", "URL for 'Report a problem', mailto: or https:; empty: a text to copy.", contact_url)

    @property
    def data(self) -> Path:
        """The folder for all data."""
        return Path(self.data_dir)


class Settings(CoreSettings):
    """The settings of one instance: those of `CoreSettings` as attributes, those of an area by `of`."""

    values: dict[str, Any]  # by name, without defaults
    _areas: dict[type, Any]

    def __init__(self, **values: Any) -> None:
        if unknown := values.keys() - {row.name for row in setting_rows()}:
            raise TypeError(f"There is no setting {', '.join(sorted(unknown))}")
        super().__init__(**{row.name: values[row.name] for row in fields(CoreSettings) if row.name in values})
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "_areas", {})

    def of(self, table: type[T]) -> T:
        """The settings of the table of an area."""
        values: T | None = self._areas.get(table)
        if values is None:
            names = {row.name for row in fields(table)}  # type: ignore[arg-type]  # a dataclass
            values = self._areas[table] = table(**{name: value for name, value in self.values.items() if name in names})
        return values

    def __getitem__(self, name: str) -> Any:
        """The value of any setting by its name."""
        table = table_of(name)
        if table is None:
            raise KeyError(name)
        return getattr(self.of(table), name)

    def replace(self, **values: Any) -> Settings:
        """A copy of these settings with other values."""
        return Settings(**{**self.values, **values})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Settings) and self.values == other.values

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.values.items())))

    def __repr__(self) -> str:
        """The names only, since some values are secrets."""
        return f"Settings({', '.join(sorted(self.values))})"
