"""All configurations below a folder, and what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from app.trends.configs import ini, toml
from app.trends.configs.config import ConfigProblem, Place, TrendConfig
from app.trends.errors import ConfigError

Reader = Callable[[str, str, str], Iterator[TrendConfig | ConfigProblem]]

READERS: dict[str, Reader] = {ini.SUFFIX: ini.read, toml.SUFFIX: toml.read}
"""Readers of files by the end of their names; each takes the text, the subsystem and the name of the file."""

MAX_FILE = 10_000_000
"""Bytes of the largest file; the largest of the original has 400 kB."""


class Configs(NamedTuple):
    """The trends of a folder by (subsystem, name), in the order of files and sections, and the problems."""

    trends: dict[tuple[str, str], TrendConfig]
    problems: list[ConfigProblem]
    page_changes: int | None = None  # number of the change on pages up to which these have them; None: without those of pages

    def may_contain(self, place: str) -> bool:
        """Whether a trend that was at this place before may be there still, in a part that cannot be read."""
        hidden = {problem.place.file for problem in self.problems if problem.hides_trends}
        return not hidden.isdisjoint((place.rpartition(":")[0], place.partition("/")[0] + "/"))


def load_configs(folder: Path) -> Configs:
    """Read all files, each in a folder named after its subsystem. Raises `ConfigError` if the folder cannot be read.

    Of two trends with one name the first is kept, in the order of file names; the other is a problem with both places.
    """
    trends: dict[tuple[str, str], TrendConfig] = {}
    problems: list[ConfigProblem] = []
    for found in _read_all(folder):
        if isinstance(found, ConfigProblem):
            problems.append(found)
            continue
        problems += add_config(trends, found)
    return Configs(trends, problems)


def add_config(trends: dict[tuple[str, str], TrendConfig], config: TrendConfig) -> Iterator[ConfigProblem]:
    """Add a trend unless there is one of its name, which is a remark."""
    used = trends.setdefault((config.subsystem, config.name), config)
    if used is not config:
        yield ConfigProblem(config.place, f"{config.name} is configured in {used.place} already, which is used", False)


def _read_all(folder: Path) -> Iterator[TrendConfig | ConfigProblem]:
    unreadable: list[OSError] = []
    try:
        next(folder.iterdir(), None)
        files = sorted(Path(top) / name for top, _, names in os.walk(folder, onerror=unreadable.append) for name in names)
    except OSError as error:
        raise ConfigError(f"The folder of configurations {folder} cannot be read: {error.strerror}") from error
    for problem in unreadable:
        yield ConfigProblem(Place(f"{_name(Path(problem.filename), folder)}/", 1), f"The folder cannot be read: {problem.strerror}")
    for path in files:
        if path.suffix in READERS:
            yield from _read_file(path, folder)


def _name(path: Path, folder: Path) -> str:
    """The path below the folder, as a text that can be stored."""
    return os.fsencode(path.relative_to(folder)).decode("utf-8", "replace")


def _read_file(path: Path, folder: Path) -> Iterable[TrendConfig | ConfigProblem]:
    """The trends and problems of a file; whatever is wrong with it does not stop the others."""
    name = _name(path, folder)
    if path.parent.parent != folder:
        return [ConfigProblem(Place(name, 1), "The file is not in a folder named after its subsystem, below the folder of configurations")]
    if not path.is_file():
        return [ConfigProblem(Place(name, 1), "The file is no regular file")]
    try:
        if path.stat().st_size > MAX_FILE:
            return [ConfigProblem(Place(name, 1), f"The file is larger than {MAX_FILE // 10**6} MB")]
        text = path.read_text(encoding="utf-8-sig")
        return list(READERS[path.suffix](text, path.parent.name, name))
    except (OSError, ValueError, RecursionError) as error:
        return [ConfigProblem(Place(name, 1), f"The file cannot be read: {error}")]
