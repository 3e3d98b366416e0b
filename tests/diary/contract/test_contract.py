"""The contract of every source of jobs: damaged records, limits, and cursors.

Each module of `app/diary/sources` has a file of the same name in `samples`, with good input of it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import TREE, Settings
from app.diary.errors import BadObservation, CommandFailed
from app.diary.models import DiaryEvent, DiaryJob, DiaryQuarantine, DiarySource
from app.diary.observations.checks import checked
from app.diary.sources.registry import source_kinds
from app.diary.sources.runner import MAX_CURSOR, scan_source, source_state
from app.diary.sources.source import JobScan
from app.diary.states import STATES, UNFINISHED
from tests.diary.contract.damage import damages, spread
from tests.diary.contract.sample import Sample, TextSample
from tests.support.processes import environment, until

MODULES = sorted(path.stem for path in Path(__file__).with_name("samples").glob("*.py"))
MOST_SCANS = 100
SINGLY = 100
"""Damaged records that are scanned one by one."""
KILLED_JOBS = 400
"""Jobs of a scan that is killed; some transactions."""


@cache
def samples() -> list[Sample]:
    """All samples."""
    return [sample for name in MODULES for sample in import_module(f"tests.diary.contract.samples.{name}").SAMPLES]


def sample_named(name: str) -> Sample:
    """The sample of this name."""
    return next(sample for sample in samples() if sample.name == name)


def texts() -> list[Sample]:
    """The samples that are texts."""
    return [sample for sample in samples() if isinstance(sample, TextSample)]


def waiting() -> list[Sample]:
    """The samples of sources that wait."""
    return [sample for sample in samples() if sample.waiting]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test of one sample all of them."""
    for name, found in (("sample", samples), ("text", texts), ("waiting", waiting)):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, found(), ids=lambda sample: sample.name)


def states_of(scan: JobScan) -> dict[str, str]:
    """The states of the jobs of a scan whose observations can be stored, the last one of each."""
    found = {}
    for observation in scan.observations:
        try:
            found[checked(observation).key.native_id] = observation.state
        except BadObservation:
            continue
    return found


def stored_states() -> dict[str, str]:
    return {job.native_id: job.state for job in DiaryJob.select()}


def stored() -> list[tuple[Any, ...]]:
    """All jobs and their histories, without what each observation moves."""
    still = [DiaryJob.native_id, DiaryJob.submitted, DiaryJob.state, DiaryJob.exit_code, DiaryJob.name, DiaryJob.user, DiaryJob.labels]
    events = DiaryEvent.select(DiaryJob.native_id, DiaryJob.submitted, DiaryEvent.field, DiaryEvent.old, DiaryEvent.new)
    joined = events.join(DiaryJob, on=DiaryEvent.job == DiaryJob.id)
    return sorted([*DiaryJob.select(*still).tuples(), *joined.tuples()], key=repr)


def scan_all(sample: Sample, options: Any, settings: Settings) -> None:
    """Scan until nothing comes any more."""
    source, idle = sample.source(options, settings), 0
    for _ in range(MOST_SCANS):
        report = scan_source(source, settings)
        idle = 0 if report.found or report.changed else idle + 1
        if idle == 3:
            return
    raise AssertionError(f"{MOST_SCANS} scans of {sample.name} did not come to an end")


def test_every_source_has_a_sample_of_good_input() -> None:
    modules = {kind.name.replace("-", "_"): kind.name for kind in source_kinds().values()}
    absent = sorted(modules.keys() - MODULES)
    assert not absent, (
        f"tests/diary/contract/samples/{absent[0]}.py is missing: good input of the source {modules[absent[0]]}, see sample.py"
    )
    without = sorted({*modules.values()} - {sample.kind for sample in samples()})
    assert not without, f"There is no sample whose kind is {without[0]}"
    assert len({sample.name for sample in samples()}) == len(samples()), "two samples have one name"


def test_there_are_a_hundred_kinds_of_damage(sample: Sample) -> None:
    assert len(damages(sample.record)) >= 100


def test_no_damaged_record_leaves_as_an_exception_or_hides_a_good_one(sample: Sample, hub: Settings, tmp_path: Path) -> None:
    wrong = []
    for damaged in spread(damages(sample.record), SINGLY):
        source = sample.source(sample.place(tmp_path, [damaged]), hub)
        try:
            found = states_of(source.scan({}))
        except Exception as error:
            wrong.append((damaged[:300], f"{type(error).__name__}: {error}"))
            continue
        if missing := {job: state for job, state in sample.states.items() if found.get(job) != state}:
            wrong.append((damaged[:300], f"instead of {missing} found {found}"))
    assert not wrong


def test_good_records_among_a_hundred_damaged_ones_are_stored_and_no_other_state_than_those_of_the_diary(
    sample: Sample, hub: Settings, tmp_path: Path
) -> None:
    options = sample.place(tmp_path, damages(sample.record))
    for _ in range(3):  # a source without a cursor gives them all again
        scan_source(sample.source(options, hub), hub)
    found = stored_states()
    assert {job: found.get(job) for job in sample.states} == sample.states
    assert set(found.values()) <= set(STATES)
    kept = list(DiaryQuarantine.select())
    assert kept, "a hundred kinds of damage, and none is noticed"
    assert all(row.reason and row.source == sample.name for row in kept)
    assert source_state(sample.name).failures == 0


def test_a_good_record_is_stored_as_well_as_those_of_the_sample(sample: Sample, hub: Settings, tmp_path: Path) -> None:
    options = sample.place(tmp_path, [sample.record])
    scan_all(sample, options, hub)
    assert DiaryJob.select().count() == len(sample.states) + 1, "else damages are those of a record that is no good one"
    assert source_state(sample.name).quarantined == 0


def test_a_text_that_ends_early_loses_only_what_is_cut_off(text: TextSample, hub: Settings, tmp_path: Path) -> None:
    whole = text.joined(text.records)
    for part in range(40):
        size = len(whole) * part // 40
        scan = text.source(text.write(tmp_path, whole[:size]), hub).scan({})
        found = states_of(scan)
        ends = [len(text.joined(text.records[: number + 1])) for number in range(len(text.records))]
        assert {job for job, end in zip(text.states, ends, strict=True) if end <= size} <= found.keys(), whole[:size]
        missing = {job for job, state in text.states.items() if state in UNFINISHED} - found.keys()
        is_noticed = size and (text.after.strip() or size not in (*(end - len(text.after) for end in ends), *ends))  # no text: no job
        assert not (scan.complete and missing and is_noticed), f"{missing} would become lost after {whole[:size]!r}"


def test_a_scan_reads_no_more_than_its_limit_and_what_it_left_out_is_not_missing(sample: Sample, hub: Settings, tmp_path: Path) -> None:
    source = sample.source(sample.flood(tmp_path, sample.most + 100), hub)
    scan: JobScan | str
    try:
        scan = source.scan({})
    except CommandFailed as error:
        scan = str(error)
    if isinstance(scan, str):
        assert "printed more than" in scan
        return
    assert 0 < len(list(scan.observations)) + len(scan.quarantined) <= sample.most
    assert not scan.complete, "the jobs that it left out would become lost"
    assert len(json.dumps(scan.cursor)) < MAX_CURSOR


def test_a_source_that_waits_in_vain_ends_at_its_time_limit(waiting: Sample, hub: Settings) -> None:
    assert waiting.waiting
    with pytest.raises(CommandFailed, match=r"(did|does) not end within"):
        list(waiting.source(waiting.waiting, hub).scan({}).observations)


def test_a_scan_whose_cursor_is_lost_is_repeated_and_stores_nothing_twice(sample: Sample, hub: Settings, tmp_path: Path) -> None:
    options = sample.place(tmp_path, [sample.record])
    scan_all(sample, options, hub)
    before = stored()
    DiarySource.update(cursor="{}").execute()
    scan_all(sample, options, hub)
    assert stored() == before


@pytest.mark.slow
def test_a_source_whose_process_is_killed_goes_on_as_if_it_had_not_been(sample: Sample, hub: Settings, tmp_path: Path) -> None:
    options = sample.flood(tmp_path, KILLED_JOBS)
    command = [sys.executable, "-m", "tests.diary.contract.scanning", sample.name, json.dumps(options)]
    process = subprocess.Popen(command, cwd=TREE, env=environment(hub))
    try:
        until(lambda: DiaryJob.select().exists() or process.poll() is not None, "the first jobs")
        assert process.poll() is None
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    scan_all(sample, options, hub)
    found = DiaryEvent.select(DiaryEvent.job).where(DiaryEvent.field == "state", DiaryEvent.old == "")
    assert (DiaryJob.select().count(), found.count(), found.distinct().count()) == (KILLED_JOBS, KILLED_JOBS, KILLED_JOBS)
