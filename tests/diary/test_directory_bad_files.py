"""Logs, READMEs and scripts that cannot be used or read: none hides another job, and none is given up too early."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from app.core.settings import Settings
from app.diary.models import DiaryJob, DiaryQuarantine, DiarySource
from app.diary.sources.directory import files, submissions
from app.diary.sources.registry import source_kinds
from app.diary.sources.runner import Report, scan_source
from app.diary.sources.source import JobScan, JobSource
from tests.diary.audit import Event, audited
from tests.diary.caejobs import README, Site, options, qstat, readme
from tests.diary.contract.damage import damages
from tests.diary.observations import only_job
from tests.support.processes import until

ID = 1234567
NOBODY = 65534


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe\0\0",
        b"job_number: \nsge_o_workdir: /work\n",
        b"job_number: 7\nsge_o_workdir: relative\n",
        b"job_number: 7\nsge_o_workdir: /a\0b\n",
        b"job_number: 7\n",
        b"job_number: 7\nsge_o_workdir: /work\nfolder: here\nfolder bytes: zz\n",
        b"job_number: " + b"7" * 300 + b"\nsge_o_workdir: /work\n",
        b"x" * 1_000_000,
        qstat(7, "/" + "x" * 300).encode(),
        qstat(7, "/" + "x/" * 5000).encode(),
        qstat(7, "/work", submitted="Thu Jul 32 25:61:99 2010").encode(),
        qstat(7, "/work", submitted="Mon Jan 01 00:00:00 0001").encode(),
    ],
)
def test_a_bad_file_stops_nothing(text: bytes, site: Site, scan: Callable[[], Report]) -> None:
    for native_id in range(ID, ID + 5):
        site.submit(native_id)
        site.pending(native_id)
    (site.logs / site.log_name(1)).write_bytes(text)
    scan()
    DiarySource.update(cursor="{}").execute()  # as in a new process
    scan()
    assert DiaryJob.select().where(DiaryJob.state == "pending").count() == 5


def test_a_log_that_cannot_be_used_is_kept_with_the_reason_and_one_that_is_completed_is_a_job(
    site: Site, scan: Callable[[], Report]
) -> None:
    path = site.logs / site.log_name(ID)
    path.write_text("submission_time: Thu Jul 01 12:34:56 2010\n")

    def quarantined_reasons() -> list[str]:
        scan()
        return [row.reason for row in DiaryQuarantine.select()]

    until(quarantined_reasons, "the log in the quarantine")
    assert quarantined_reasons() == [f"{path.name} has no job_number, or no sge_o_workdir that begins with /"]
    site.submit(ID)
    assert scan().found == 1


def test_a_log_that_is_torn_is_no_job_in_a_folder_with_half_a_name(site: Site, scan: Callable[[], Report]) -> None:
    path = site.logs / site.log_name(ID)
    text = qstat(ID, str(site.work))
    path.write_text(text[: text.index(str(site.work)) + 5])
    scan()
    assert not DiaryJob.select().exists()
    path.write_text(text)
    scan()
    assert only_job().value_of("facts")["folder"] == str(site.work)


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("Sub-Date: tomorrow", {"name": "deck.key"}),
        ("Solver: much_longer_than_ten_characters", {"name": "deck.key"}),
        ("Sub-Date: 0001-01-01__00:00:00", {"name": "deck.key"}),
        ("Sub-User: " + "x" * 5000, {"name": "deck.key"}),
        ("FILE: " + "x" * 100_000, {"user": "doeb"}),
        ("base-run (job-id): " + "9" * 5000, {"name": "deck.key"}),
    ],
)
def test_a_bad_readme_stops_nothing(line: str, values: dict[str, str], site: Site, scan: Callable[[], Report]) -> None:
    for native_id in (ID, ID + 1):
        site.submit(native_id)
        path = readme(site.running(native_id), README if native_id > ID else f"{README}{line}\n")
    assert path
    scan()
    found = DiaryJob.select().where(DiaryJob.state == "running", *(getattr(DiaryJob, name) == value for name, value in values.items()))
    assert found.count() == 2


class AsNobody(JobSource):
    """A source whose scans are those of a user who is not root: for that one no permission counts."""

    title = "As nobody"

    def __init__(self, source: JobSource) -> None:
        super().__init__(source.name, source.period_s)
        self.source = source

    def scan(self, cursor: Mapping[str, Any]) -> JobScan:
        is_root = os.geteuid() == 0
        if is_root:
            os.seteuid(NOBODY)
        try:
            return self.source.scan(cursor)
        finally:
            if is_root:
                os.seteuid(0)


@pytest.fixture
def open_site() -> Iterator[Site]:
    """A site that every user may read."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Site(Path(folder))


def test_permission_that_is_denied_and_granted_later_loses_no_job(hub: Settings, open_site: Site) -> None:
    site, source = open_site, source_kinds()["directory"].make("cae", options(open_site), hub)
    site.submit(ID)
    path = site.running(ID)
    scan_source(source, hub)
    file = readme(path)
    file.chmod(0)
    reports = []
    for folder, mode in ((site.work, 0), (site.work, 0), (site.work, 0o755), (path, 0), (path, 0o755)):
        folder.chmod(mode)
        reports.append(scan_source(AsNobody(source), hub))
        assert (only_job().state, only_job().name) == ("running", "i_main_deck_name_01.dyn")
    reasons = {row.text: row.reason for row in DiaryQuarantine.select()}
    assert reasons.keys() == {str(site.work), str(file), str(path)}
    assert all("Permission denied" in reason for reason in reasons.values())
    assert [report.quarantined for report in reports] == [1, 0, 1, 1, 0], "each once"
    file.chmod(0o644)
    scan_source(AsNobody(source), hub)
    assert only_job().name == "deck.key"


def test_a_submission_log_that_may_not_be_read_yet_is_read_later(hub: Settings, open_site: Site) -> None:
    site, source = open_site, source_kinds()["directory"].make("cae", options(open_site), hub)
    site.submit(ID + 1)
    scan_source(source, hub)
    path = site.submit(ID)
    path.chmod(0)
    assert scan_source(AsNobody(source), hub).found == 0
    path.chmod(0o644)
    assert scan_source(AsNobody(source), hub).found == 1


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_file_stops_nothing_and_shows_no_secret(kind: str, site: Site, tmp_path: Path, scan: Callable[[], Report]) -> None:
    secret = tmp_path / "secret"
    secret.write_text("FILE: a password\n" + qstat(7, str(site.work)))
    site.submit(ID)
    for path in (site.running(ID) / "README.x.README", site.logs / site.log_name(7), site.work / "7.dyn-dmp.x99xx123.16.sh"):
        if kind == "link":
            path.symlink_to(secret)
        elif kind == "pipe":
            os.mkfifo(path)
        else:
            path.mkdir()
    scan()
    assert (only_job().state, only_job().name) == ("running", "i_main_deck_name_01.dyn")


def test_no_damage_of_a_readme_hides_a_job(site: Site, scan: Callable[[], Report]) -> None:
    texts = damages(README.encode("iso-8859-1"))
    for native_id, text in enumerate(texts, ID):
        site.submit(native_id)
        (site.finished(native_id) / "README.x.README").write_bytes(text)
    scan()
    assert DiaryJob.select().where(DiaryJob.state == "done").count() == len(texts)


def test_no_damage_of_a_script_hides_another_job(site: Site, scan: Callable[[], Report]) -> None:
    good = f"cd {site.scratch}/7*\nmpirun solver\n".encode()
    (site.scratch / "7").mkdir()
    for native_id, text in enumerate([good, *damages(good), good], ID):
        site.submit(native_id)
        (site.work / f"{native_id}.dyn-dmp.x99xx123.16.sh").write_bytes(text)
    scan()
    states = {job.native_id: job.state for job in DiaryJob.select()}
    assert (len(states), set(states.values())) == (len(damages(good)) + 2, {"running", "unknown"})
    assert states[str(ID)] == states[max(states)] == "running"


def test_logs_that_cannot_be_read_for_a_moment_are_all_read_later_however_many_they_are(
    hub: Settings, site: Site, source: JobSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submissions, "MOST_LATE", 2)
    ids = {str(ID + number) for number in range(5)}
    for native_id in ids:
        site.submit(int(native_id))

    def fail(event: Event) -> None:
        if event[0] == "open" and event[1].startswith(str(site.logs)):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), event[1])

    with audited(fail):
        scan_source(source, hub)
        scan_source(source, hub)
    assert not DiaryJob.select().exists()
    scan_source(source, hub)
    scan_source(source, hub)
    assert {job.native_id for job in DiaryJob.select()} == ids


def test_of_too_many_unusable_logs_the_first_are_given_up_and_those_that_cannot_be_read_are_not(
    hub: Settings, site: Site, source: JobSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submissions, "MOST_LATE", 2)
    monkeypatch.setattr(files, "SETTLE_S", 0.0)
    unreadable = site.submit(ID)
    for number in range(4):
        (site.logs / site.log_name(number)).write_text("no log\n")

    def fail(event: Event) -> None:
        if event == ("open", str(unreadable)):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), event[1])

    with audited(fail) as events:
        scan_source(source, hub)
        scan_source(source, hub)
        del events[:]
        scan_source(source, hub)
    assert len({path for name, path in events if name == "open" and path.startswith(str(site.logs))}) == 1
    scan_source(source, hub)
    assert only_job().native_id == str(ID)
