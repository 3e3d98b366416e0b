"""The tables of settings: name, type, default, help, what is allowed, and whether it is a secret.

Each area has a table of its own, a frozen dataclass with the mark `@settings_table`; `CoreSettings` is the table of
what belongs to no area. `Settings` holds the values of all tables.
"""

from __future__ import annotations

from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from app.core.settings.checks import Check, between, one_of, prefix, problem, secret_key, url_of

TREE = Path(__file__).resolve().parents[3]
"""The installed product: the folder that holds wsgi.py, app/ and render/."""

COLOURS = ("grey", "blue", "green", "orange", "red", "purple")
LOG_LEVELS = ("debug", "info", "warning", "error")

T = TypeVar("T")

_tables: list[type] = []


def setting(default: Any, help: str, check: Check | None = None, *, secret: bool = False, env: str = "", path: bool = False) -> Any:
    """One row of a table.

    Args:
        default: The value where none is set; its type is the type of the setting.
        help: One sentence for people, in `dqmhub config show`, the sample file and the docs.
        check: Returns what is allowed when a value is not, else "".
        secret: Never shown.
        env: A second variable, known from other products, that is read when ours is not set.
        path: A path or a list of paths; a relative one starts at the tree.
    """
    return field(default=default, metadata={"help": help, "check": check, "secret": secret, "env": env, "path": path})


def settings_table(table: type[T]) -> type[T]:
    """Add a table to the settings; a name that another table has raises ValueError."""
    taken = {row.name for row in setting_rows()} & {row.name for row in fields(table)}  # type: ignore[arg-type]  # a dataclass
    if taken:
        raise ValueError(f"{table.__name__}: another table has the setting {', '.join(sorted(taken))}")
    _tables.append(table)
    return table


def setting_rows() -> tuple[Field[Any], ...]:
    """The setting_rows of all tables: name, type, default and, in the metadata, help, check, secret, env and path."""
    return tuple(row for table in _tables for row in fields(table))


def table_of(name: str) -> type | None:
    """The table that has the setting `name`."""
    return next((table for table in _tables if any(row.name == name for row in fields(table))), None)


@settings_table
@dataclass(frozen=True)
class CoreSettings:
    """Settings of the instance as a whole."""

    instance_name: str = setting("DQM Hub", "Name of this instance, shown on every page, also of its mirrors outside.")
    instance_colour: str = setting("blue", "Colour of the bar on every page, to tell production from playback and test.", one_of(*COLOURS))
    data_dir: str = setting("var", "Folder for all that the program writes; a relative path starts at the tree.", path=True)
    web_host: str = setting("127.0.0.1", "Address that the web server listens on.")
    web_port: int = setting(8889, "Port that the web server listens on.", between(1, 65535))
    web_workers: int = setting(2, "Web server processes.", between(1, 64))
    web_threads: int = setting(8, "Threads of each web server process.", between(1, 64))
    url_prefix: str = setting("", "Path under which a reverse proxy shows the hub.", prefix)
    database_url: str = setting(
        "", "PostgreSQL database, postgresql://user@host/name; empty: SQLite in data_dir.",
        url_of("postgresql"), secret=True, env="DATABASE_URL",
    )  # fmt: skip
    secret_key: str = setting("", "Key that signs sessions; empty: made at the first start, in data_dir/secret.", secret_key, secret=True)
    public_url: str = setting(
        "", "Address at which people reach this hub, for links in messages; empty: no links.", url_of("http", "https")
    )
    log_level: str = setting("info", "Least level that is logged.", one_of(*LOG_LEVELS))
    problem_url: str = setting("", "Where 'report a problem' leads, mailto: or https:; empty: a text to copy.", problem)

    @property
    def data(self) -> Path:
        """The folder of all that the program writes."""
        return Path(self.data_dir)


class Settings(CoreSettings):
    """The settings of one instance: those of `CoreSettings` as attributes, those of an area by `of`."""

    values: dict[str, Any]  # all that were set, by name
    _areas: dict[type, Any]

    def __init__(self, **values: Any) -> None:
        if unknown := values.keys() - {row.name for row in setting_rows()}:
            raise TypeError(f"no table has the setting {', '.join(sorted(unknown))}")
        super().__init__(**{row.name: values[row.name] for row in fields(CoreSettings) if row.name in values})
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "_areas", {})

    def of(self, table: type[T]) -> T:
        """The settings of the table of an area."""
        found: T | None = self._areas.get(table)
        if found is None:
            names = {row.name for row in fields(table)}  # type: ignore[arg-type]  # a dataclass
            found = self._areas[table] = table(**{name: value for name, value in self.values.items() if name in names})
        return found

    def __getitem__(self, name: str) -> Any:
        """The value of any setting by its name."""
        table = table_of(name)
        if table is None:
            raise KeyError(name)
        return getattr(self.of(table), name)

    def replace(self, **values: Any) -> Settings:
        """These settings with other values."""
        return Settings(**{**self.values, **values})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Settings) and self.values == other.values

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.values.items())))

    def __repr__(self) -> str:
        """Only names: among the values are secrets."""
        return f"Settings({', '.join(sorted(self.values))})"
