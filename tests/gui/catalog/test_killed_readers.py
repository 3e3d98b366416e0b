"""Files whose reading ended for reasons outside of them: these are tried again, and never stored as a fault of the file."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.gui.catalog import reader
from app.gui.catalog.catalog import Catalog
from app.gui.catalog.importing import RETRY_S, import_file
from app.gui.errors import ImportFailed, Importing, ImportPostponed
from app.gui.files.register import IMPORT
from app.gui.models import FAILED, NEW, READY, File
from app.gui.samples import SampleKey
from app.queue import execution
from app.queue.models import ATTEMPTS, BackgroundJob
from tests.support import gui
from tests.support.patience import PATIENCE_S
from tests.support.processes import until

OWN = SampleKey(400000, 0, "/ZeroBias/Run2023C-Demo-v1/DQMIO")


@pytest.fixture
def hub(hub: Settings, demo_files: list[Path], render_service: Path) -> Settings:
    """A hub in which the demo files are registered."""
    return gui.with_demo(hub, demo_files, render_service)


@pytest.fixture
def catalog(hub: Settings) -> Catalog:
    execution.connect(hub)
    return Catalog(hub)


def end_readers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str) -> None:
    """Let each process that reads a file end by itself in this way: a command of the shell."""
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(reader.sys, "executable", str(program))


def job_of(file: Path) -> BackgroundJob:
    number = str(File.get(File.url == str(file)).id)
    return BackgroundJob.select().where(BackgroundJob.kind == IMPORT, BackgroundJob.key == number).order_by(BackgroundJob.id.desc()).get()


def attempts(catalog: Catalog, file: Path) -> None:
    """All attempts of the import: the first by a page, the others as by a consumer, without its pauses."""
    with pytest.raises(Importing):
        catalog.open(OWN, 0)
    for number in range(2, ATTEMPTS + 1):
        until(lambda: job_of(file).state == "queued", "the end of an attempt")
        assert File.get(File.url == str(file)).state == NEW
        BackgroundJob.update(lease_until=0.0).execute()
        claimed = execution.claim(job_of(file).id)
        assert claimed is not None
        assert claimed.attempts == number
        execution.attempt(claimed, lambda job: import_file(job, catalog.settings))


@pytest.mark.parametrize("signal", ["KILL", "TERM", "HUP"])
def test_a_file_whose_reader_was_killed_is_read_again_by_the_next_attempt(
    catalog: Catalog, own_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, signal: str
) -> None:
    with monkeypatch.context() as killing:
        end_readers(killing, tmp_path, f"exec env --default-signal sh -c 'kill -{signal} $$'")  # HUP is ignored below nohup
        with pytest.raises(Importing):
            catalog.open(OWN, 0)
        until(lambda: job_of(own_file).state == "queued", "the end of the first attempt")
    assert f"was killed from outside (SIG{signal}" in job_of(own_file).error
    assert File.get(File.url == str(own_file)).state == NEW
    BackgroundJob.update(lease_until=0.0).execute()
    claimed = execution.claim(job_of(own_file).id)
    assert claimed is not None
    execution.attempt(claimed, lambda job: import_file(job, catalog.settings))
    assert File.get(File.url == str(own_file)).state == READY
    assert len(catalog.open(OWN, 0).names) > 100


def test_a_signal_to_the_group_of_a_service_does_not_kill_its_readers(
    hub: Settings, own_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    end_readers(monkeypatch, tmp_path, f"ps -o pgid= -p $$ > {tmp_path}/group")
    with pytest.raises(reader.ReaderLost):
        reader.read(str(own_file), "legacy", 1000, 10, 10.0)
    assert int((tmp_path / "group").read_text()) != os.getpgrp()


def test_a_reader_that_is_always_killed_is_tried_five_times_and_then_again_after_a_pause(
    catalog: Catalog, own_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as killing:
        end_readers(killing, tmp_path, "kill -KILL $$")
        attempts(catalog, own_file)
        job = job_of(own_file)
        assert (job.state, job.attempts) == ("failed", ATTEMPTS)
        for _ in range(2):
            with pytest.raises(ImportPostponed, match=r"killed from outside \(SIGKILL, as when the machine has no memory left\), 5 times"):
                catalog.open(OWN, PATIENCE_S)
        assert job_of(own_file).id == job.id  # nobody reads it before the pause has ended
        assert File.get(File.url == str(own_file)).retry_at <= time.time() + RETRY_S
    File.update(retry_at=time.time() - 1).where(File.url == str(own_file)).execute()
    assert len(catalog.open(OWN, PATIENCE_S).names) > 100
    assert File.get(File.url == str(own_file)).retry_at == 0


def test_a_clock_that_is_set_back_does_not_prolong_the_pause(catalog: Catalog, own_file: Path) -> None:
    File.update(state=FAILED, tried="", retry_at=time.time() + 365 * 86400).where(File.url == str(own_file)).execute()
    assert len(catalog.open(OWN, PATIENCE_S).names) > 100


def test_a_reader_that_cannot_be_started_says_nothing_of_the_file(
    catalog: Catalog, own_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as missing:
        missing.setattr(reader.sys, "executable", str(tmp_path / "nothing"))
        with pytest.raises(Importing):
            catalog.open(OWN, 0)
        until(lambda: job_of(own_file).state == "queued", "the end of the first attempt")
    assert "no process can be started that reads it (No such file or directory)" in job_of(own_file).error
    assert File.get(File.url == str(own_file)).state == NEW


@pytest.mark.parametrize("command", ["kill -SEGV $$", "echo broken >&2; exit 1"])
def test_a_crash_of_the_reader_is_not_stored_for_good(
    catalog: Catalog, own_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    with monkeypatch.context() as crashing:
        end_readers(crashing, tmp_path, command)
        for _ in range(2):
            with pytest.raises(ImportFailed, match="the reading process ended with code") as failure:
                catalog.open(OWN, PATIENCE_S)
            assert not isinstance(failure.value, ImportPostponed), "a crash may be the fault of the file"
        assert job_of(own_file).attempts == 1
    File.update(retry_at=time.time() - 1).where(File.url == str(own_file)).execute()
    assert len(catalog.open(OWN, PATIENCE_S).names) > 100


def test_a_file_that_met_a_limit_is_read_again_under_another_limit(hub: Settings, catalog: Catalog, own_file: Path) -> None:
    with pytest.raises(ImportFailed):
        Catalog(hub.replace(import_memory_mb=20)).open(OWN, PATIENCE_S)
    retry_at = File.get(File.url == str(own_file)).retry_at
    assert retry_at > time.time()
    File.update(retry_at=time.time() - 1).where(File.url == str(own_file)).execute()
    assert len(catalog.open(OWN, PATIENCE_S).names) > 100


def test_a_file_outside_the_folders_is_read_when_it_leads_into_them_again(catalog: Catalog, own_file: Path, tmp_path: Path) -> None:
    outside = own_file.rename(tmp_path / "outside.root")
    own_file.symlink_to(outside)
    with pytest.raises(ImportFailed, match="file_roots"):
        catalog.open(OWN, PATIENCE_S)
    own_file.unlink()
    outside.rename(own_file)
    assert len(catalog.open(OWN, PATIENCE_S).names) > 100
