"""docs/developers/diary-sources.md: its source has less than 50 lines, gives the jobs of its table, and holds the contract."""

from __future__ import annotations

import importlib
import re
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import app.diary.sources
from app.core.settings import TREE, Settings
from app.diary.models import DiaryEvent, DiaryJob, DiaryQuarantine
from app.diary.sources.registry import source_kinds, source_named
from app.diary.sources.runner import scan_source
from tests.diary.contract import test_contract as contract

PAGE = (TREE / "docs/developers/diary-sources.md").read_text(encoding="utf-8")
FILES: dict[str, str] = dict(re.findall(r"^```\w+ file=(\S+)\n(.*?)^```$", PAGE, re.M | re.S))


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module of the page, as if it were in the folder of the sources."""
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "harvesting.py").write_text(FILES["harvesting.py"])
    monkeypatch.setattr(app.diary.sources, "__path__", [*app.diary.sources.__path__, str(folder)])
    source_kinds.cache_clear()
    yield importlib.import_module("app.diary.sources.harvesting")
    sys.modules.pop("app.diary.sources.harvesting")
    del app.diary.sources.harvesting
    source_kinds.cache_clear()


def test_the_source_of_the_page_has_at_most_50_lines_of_code() -> None:
    code = [line for line in FILES["harvesting.py"].splitlines() if line.strip()]
    assert len(code) <= 50


def test_the_source_of_the_page_gives_the_jobs_of_its_table(module: ModuleType, hub: Settings, tmp_path: Path) -> None:
    (tmp_path / "harvesting.txt").write_text(FILES["harvesting.txt"].rstrip("\n"))
    (tmp_path / "harvesting.toml").write_text(FILES["harvesting.toml"].replace("/data/", f"{tmp_path}/"))
    settings = hub.replace(diary_sources_dir=str(tmp_path))
    assert scan_source(source_named("harvesting", settings), settings)[:4] == (2, 0, 4, 1)
    table = [line.split("|")[1:-1] for line in PAGE.splitlines() if re.match(r"\| \d+ \|", line)]
    assert [row_of(job) for job in DiaryJob.select().order_by(DiaryJob.native_id)] == [[cell.strip() for cell in row] for row in table]
    assert DiaryQuarantine.get().text == repr("this is no line of the script")
    with (tmp_path / "harvesting.txt").open("a") as file:
        file.write("ing ben 367131\n")
    assert scan_source(source_named("harvesting", settings), settings)[:4] == (0, 1, 1, 0)


def test_the_source_of_the_page_holds_the_contract(module: ModuleType, hub: Settings, tmp_path: Path) -> None:
    (tmp_path / "sample.py").write_text(FILES["sample.py"])
    (sample,) = runpy.run_path(str(tmp_path / "sample.py"))["SAMPLES"]
    contract.test_there_are_a_hundred_kinds_of_damage(sample)
    contract.test_no_damaged_record_leaves_as_an_exception_or_hides_a_good_one(sample, hub, tmp_path)
    contract.test_a_text_that_ends_early_loses_only_what_is_cut_off(sample, hub, tmp_path)
    contract.test_a_scan_reads_no_more_than_its_limit_and_what_it_left_out_is_not_missing(sample, hub, tmp_path)
    contract.test_good_records_among_a_hundred_damaged_ones_are_stored_and_no_other_state_than_those_of_the_diary(sample, hub, tmp_path)


def row_of(job: DiaryJob) -> list[str]:
    """A job as the table of the page has it."""
    history = DiaryEvent.select().where(DiaryEvent.job == job.id, DiaryEvent.field == "state").order_by(DiaryEvent.id)
    code = "" if job.exit_code is None else str(job.exit_code)
    return [job.native_id, job.state, job.user, job.value_of("labels")["run"], code, ", ".join(event.new for event in history)]
