"""Which sources there are: modules of the folder, and files that configure them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, make_dataclass
from pathlib import Path

import pytest

from app.core.settings import TREE, Settings
from app.diary.errors import BadSourceConfig, UnknownSource
from app.diary.sources import registry
from app.diary.sources.registry import configured_sources, source_named
from app.diary.sources.source import read_options
from app.diary.status import status_lines

MODULE = """
from app.diary.sources.source import JobSource, JobScan, SourceKind


class Empty(JobSource):
    title = "Empty"

    def scan(self, cursor):
        return JobScan([], {})


KIND = SourceKind("empty", lambda name, options, settings: Empty(name, 5.0))
"""


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    path = tmp_path / "sources"
    path.mkdir()
    return path


@pytest.fixture
def configured(settings: Settings, folder: Path) -> Settings:
    return settings.replace(diary_sources_dir=str(folder))


@pytest.fixture
def module(tmp_path: Path) -> Iterator[None]:
    """A further module of sources, in a folder that Python searches as if it was that of the others."""
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "empty.py").write_text(MODULE)
    import app.diary.sources as package

    package.__path__.append(str(tmp_path / "more"))
    registry.source_kinds.cache_clear()
    yield
    package.__path__.pop()
    registry.source_kinds.cache_clear()


def names(settings: Settings) -> list[str]:
    return [source.name for source in configured_sources(settings).sources]


def test_own_jobs_and_dqm_clients_are_on_by_themselves(settings: Settings) -> None:
    assert names(settings) == ["dqm-clients", "own-jobs"]
    assert {source.period_s for source in configured_sources(settings.replace(diary_own_period_s=3.0)).sources} == {3.0}


def test_a_file_changes_a_source_or_turns_it_off(configured: Settings, folder: Path) -> None:
    (folder / "own-jobs.toml").write_text('kind = "own-jobs"\nperiod_s = 60\n')
    (folder / "dqm-clients.toml").write_text('kind = "dqm-clients"\nenabled = false\n')
    (folder / "README.md").write_text("no source")
    (source,) = configured_sources(configured).sources
    assert (source.name, source.period_s) == ("own-jobs", 60.0)


def test_a_new_module_is_a_new_kind_and_nothing_else_changes(module: None, configured: Settings, folder: Path) -> None:
    assert names(configured) == ["dqm-clients", "own-jobs"]
    (folder / "first.toml").write_text('kind = "empty"\n')
    (folder / "second.toml").write_text('kind = "empty"\n')
    assert names(configured) == ["dqm-clients", "first", "own-jobs", "second"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.toml", b"kind = ", "Not valid TOML"),
        ("a.toml", b"\xff\xfe", "Not valid TOML"),
        ("a.toml", b"a = " + b"[" * 100_000, "Not valid TOML"),
        ("a.toml", b"", "kind must be one of "),
        ("a.toml", b"kind = 7", "kind must be one of"),
        ("a.toml", b'kind = "own-jobs"\nperiod = 7', "Unknown option period; options: period_s"),
        ("a.toml", b'kind = "own-jobs"\nperiod_s = "7"', "The option period_s must be a number"),
        ("a.toml", b'kind = "own-jobs"\nperiod_s = true', "The option period_s must be a number"),
        ("a.toml", b'kind = "own-jobs"\nperiod_s = -1', "period_s must be a number from 0.2 to 86400"),
        ("a.toml", b'kind = "own-jobs"\nperiod_s = nan', "period_s must be a number from 0.2 to 86400"),
        ("a.toml", b'kind = "own-jobs"\nenabled = 1', "The option enabled must be true or false"),
        ("a b.toml", b'kind = "own-jobs"', "The name of a source must be letters"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_named_and_hides_no_other(
    hub: Settings, folder: Path, name: str, content: bytes, reason: str
) -> None:
    hub = hub.replace(diary_sources_dir=str(folder))
    (folder / name).write_bytes(content)
    (problem,) = configured_sources(hub).problems
    assert problem.reason.startswith(f"{name}: {reason}")
    assert names(hub) == ["dqm-clients", "own-jobs"]
    lines = {line.name: line for line in status_lines(hub)}
    assert (lines[f"jobs: {problem.name}"].state, lines[f"jobs: {problem.name}"].detail) == ("down", problem.reason)
    if name == "a.toml":
        with pytest.raises(BadSourceConfig, match=r"a\.toml"):
            source_named("a", hub)


def test_options_are_read_by_annotations_that_are_types_or_texts() -> None:
    for types in ((str, tuple[str, ...], float), ("str", "tuple[str, ...]", "float")):
        table = make_dataclass("Options", list(zip(("a", "b", "c"), types, strict=True)), frozen=True)
        assert asdict(read_options(table, {"a": "x", "b": ["y"], "c": 1})) == {"a": "x", "b": ("y",), "c": 1.0}
        with pytest.raises(BadSourceConfig, match="The option a must be a text"):
            read_options(table, {"a": 1, "b": [], "c": 1})


def test_a_folder_that_cannot_be_read_is_named(settings: Settings, tmp_path: Path) -> None:
    found = configured_sources(settings.replace(diary_sources_dir=str(tmp_path / "absent")))
    assert [problem.reason for problem in found.problems] == [f"{tmp_path / 'absent'} cannot be read: No such file or directory"]
    assert len(found.sources) == 2
    with pytest.raises(BadSourceConfig, match=r"diary_sources_dir: .*absent cannot be read: No such file or directory"):
        source_named("slurm", settings.replace(diary_sources_dir=str(tmp_path / "absent")))


def test_a_file_whose_ending_is_in_capital_letters_is_named(configured: Settings, folder: Path) -> None:
    (folder / "night.TOML").write_text('kind = "slurm"')
    assert [problem.reason for problem in configured_sources(configured).problems] == [
        "night.TOML: The name of the file must end with .toml"
    ]


def test_a_broken_file_of_a_source_that_is_on_by_itself_turns_it_off(configured: Settings, folder: Path) -> None:
    (folder / "own-jobs.toml").write_text("enabled = fals")
    assert names(configured) == ["dqm-clients"], "else it would run as nobody wanted"


def test_an_unknown_source_is_named_with_those_that_there_are(settings: Settings) -> None:
    with pytest.raises(UnknownSource, match="There is no source slurm; sources: dqm-clients, own-jobs"):
        source_named("slurm", settings)


def test_modules_of_sources_are_found_without_a_list() -> None:
    folder = TREE / "app/diary/sources"
    paths = [*folder.glob("*.py"), *folder.glob("*/__init__.py")]
    written = {path.relative_to(folder).parts[0].removesuffix(".py") for path in paths if "\nKIND = " in path.read_text()}
    assert {name.replace("-", "_") for name in registry.source_kinds()} == written
