"""All configurations below a folder, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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

    @property
    def bad_files(self) -> set[str]:
        """Files with a problem: trends that were in them before may be there still, unreadable."""
        return {problem.place.file for problem in self.problems}


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
        kept = trends.setdefault((found.subsystem, found.name), found)
        if kept is not found:
            problems.append(ConfigProblem(found.place, f"{found.name} stands in {kept.place} already, which is used"))
        for path in found.written_paths.values():
            if path.startswith("/"):
                problems.append(
                    ConfigProblem(
                        found.place, f"{found.name}: the path {path} starts with /; right would be {path.lstrip('/')}, which is used"
                    )
                )
    return Configs(trends, problems)


def _read_all(folder: Path) -> Iterator[TrendConfig | ConfigProblem]:
    try:
        files = sorted(path for path in folder.rglob("*") if path.suffix in READERS)
        next(folder.iterdir(), None)
    except OSError as error:
        raise ConfigError(f"The folder of configurations {folder} cannot be read: {error.strerror}") from error
    for path in files:
        name = str(path.relative_to(folder))
        if path.parent.parent != folder:
            yield ConfigProblem(Place(name, 1), "The file is not in a folder named after its subsystem, below the folder of configurations")
            continue
        try:
            if path.stat().st_size > MAX_FILE:
                yield ConfigProblem(Place(name, 1), f"The file is larger than {MAX_FILE // 10**6} MB")
                continue
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            yield ConfigProblem(Place(name, 1), f"The file cannot be read: {error}")
            continue
        yield from READERS[path.suffix](text, path.parent.name, name)
