"""The sources that there are: modules of this folder, and the files that configure them."""

from __future__ import annotations

import pkgutil
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from app.core.settings import Settings
from app.diary.errors import BadSourceConfig, UnknownSource
from app.diary.settings import DiarySettings
from app.diary.sources.source import JobSource, SourceKind

_PACKAGE = "app.diary.sources"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
FOLDER = "diary_sources_dir"
"""Name of the setting with the folder of the files."""
MAX_BYTES = 1 << 20
"""Largest configuration of a source."""
SHORTEST_PERIOD_S, LONGEST_PERIOD_S = 0.2, 86400.0


class SourceProblem(NamedTuple):
    """A source that cannot be used as it is configured."""

    name: str
    reason: str


class ConfiguredSources(NamedTuple):
    """The sources of an instance."""

    sources: tuple[JobSource, ...]
    problems: tuple[SourceProblem, ...]


@cache
def source_kinds() -> dict[str, SourceKind]:
    """The kinds of sources, by name."""
    modules = (import_module(f"{_PACKAGE}.{found.name}") for found in pkgutil.iter_modules(import_module(_PACKAGE).__path__))
    found = [module.KIND for module in modules if isinstance(getattr(module, "KIND", None), SourceKind)]
    return {kind.name: kind for kind in sorted(found)}


def configured_sources(settings: Settings) -> ConfiguredSources:
    """The sources by themselves and those with a file, by name. A file that cannot be used hides no other one."""
    folder = settings.of(DiarySettings).diary_sources_dir
    tables: dict[str, Mapping[str, Any]] = {kind.name: {"kind": kind.name} for kind in source_kinds().values() if kind.is_default}
    problems: list[SourceProblem] = []
    for path in _files(folder, problems) if folder else []:
        try:
            tables[check_source_name(path.stem)] = _read(path)
        except BadSourceConfig as error:
            problems.append(SourceProblem(path.stem, f"{path.name}: {error}"))
            tables.pop(path.stem, None)  # as it is by itself it would be another source than is wanted
    sources = []
    for name, table in sorted(tables.items()):
        try:
            if _is_enabled(table):
                sources.append(_make(name, table, settings))
        except BadSourceConfig as error:
            problems.append(SourceProblem(name, f"{name}.toml: {error}"))
    return ConfiguredSources(tuple(sources), tuple(problems))


def source_named(name: str, settings: Settings) -> JobSource:
    """The source of this name. Raises UnknownSource, BadSourceConfig."""
    configured = configured_sources(settings)
    for source in configured.sources:
        if source.name == name:
            return source
    for problem in configured.problems:
        if problem.name == name:
            raise BadSourceConfig(problem.reason)
    for problem in configured.problems:
        if problem.name == FOLDER:  # the source may be configured there
            raise BadSourceConfig(f"{FOLDER}: {problem.reason}")
    raise UnknownSource(f"There is no source {name}; sources: {', '.join(source.name for source in configured.sources)}")


def _files(folder: str, problems: list[SourceProblem]) -> list[Path]:
    try:
        found = sorted(path for path in Path(folder).iterdir() if path.suffix.lower() == ".toml")
    except OSError as error:
        problems.append(SourceProblem(FOLDER, f"{folder} cannot be read: {error.strerror}"))
        return []
    wrong = [path for path in found if path.suffix != ".toml"]
    problems += [SourceProblem(path.stem, f"{path.name}: The name of the file must end with .toml") for path in wrong]
    return [path for path in found if path not in wrong]


def check_source_name(name: str) -> str:
    """The name of a source. Raises BadSourceConfig when it cannot be one."""
    if not _NAME.fullmatch(name):
        raise BadSourceConfig(
            "The name of a source must be letters, digits, '.', '_' and '-', at most 64, and begin with a letter or digit"
        )
    return name


def _read(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.loads(file.read(MAX_BYTES).decode())
    except OSError as error:
        raise BadSourceConfig(f"It cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # of TOML, or no UTF-8
        raise BadSourceConfig(f"Not valid TOML: {error}") from error


def _is_enabled(table: Mapping[str, Any]) -> bool:
    enabled = table.get("enabled", True)
    if not isinstance(enabled, bool):
        raise BadSourceConfig("The option enabled must be true or false")
    return enabled


def _make(name: str, table: Mapping[str, Any], settings: Settings) -> JobSource:
    kind = source_kinds().get(str(table.get("kind", "")))
    if kind is None:
        raise BadSourceConfig(f"kind must be one of {', '.join(source_kinds())}")
    source = kind.make(name, {key: value for key, value in table.items() if key not in ("kind", "enabled")}, settings)
    if not SHORTEST_PERIOD_S <= source.period_s <= LONGEST_PERIOD_S:  # also NaN
        raise BadSourceConfig(f"period_s must be a number from {SHORTEST_PERIOD_S:g} to {LONGEST_PERIOD_S:g}")
    return source
