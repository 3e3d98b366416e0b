"""`dqmhub diary import`: the jobs of CAE Job Diary from SQLite, MariaDB and Django's JSON."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from app.core.settings import Settings
from app.diary.importing.databases import AT_ONCE
from app.diary.importing.importer import BY, ImportReport, import_jobs, old_diary
from app.diary.importing.mapping import review_of as review_of_old
from app.diary.importing.old_diary import BadImport, OldJob
from app.diary.jobs import parents_of, release_state
from app.diary.models import DiaryEvent, DiaryJob, DiaryParent, DiaryReview, DiaryTag
from app.diary.review.markdown import to_html
from app.diary.review.review import ReviewChange
from app.diary.review.reviews import review_of, save_review
from app.diary.sources.registry import source_kinds
from app.diary.sources.runner import scan_source
from tests.diary import old_diary as original
from tests.diary.caejobs import README, SUBMITTED, Site, options
from tests.support.cli import dqmhub
from tests.support.servers import mariadb

SOURCE = "cae-job-diary"


@pytest.fixture(scope="module")
def mysql_address() -> Iterator[str]:
    pytest.importorskip("pymysql", reason="PyMySQL is not installed: `make build` installs it")
    with mariadb() as socket:
        original.write_mysql(socket, "caejobdiary")
        yield f"mysql://reader:{quote('p@ss:word/', safe='')}@localhost/caejobdiary?unix_socket={socket}"


@pytest.fixture(params=["sqlite", "json", pytest.param("mysql", marks=pytest.mark.slow)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The original, in each way in which it can be read."""
    if request.param == "mysql":
        return str(request.getfixturevalue("mysql_address"))
    write = original.write_sqlite if request.param == "sqlite" else original.write_dump
    write(tmp_path / "original")
    return f"{request.param}:{tmp_path / 'original'}"


def run(address: str, now: float | None = None) -> ImportReport:
    return import_jobs(old_diary(address), SOURCE, now or time.time(), 50)


def at(text: str) -> float:
    return datetime.fromisoformat(f"{text}+00:00").timestamp()


def job(number: int) -> DiaryJob:
    found: DiaryJob = DiaryJob.get(DiaryJob.source == SOURCE, DiaryJob.native_id == str(number))
    return found


def whole() -> list[list[tuple[Any, ...]]]:
    """All that the diary has of jobs."""
    jobs = [field for name, field in DiaryJob._meta.fields.items() if name not in ("met", "seen")]
    tables = (DiaryJob.select(*jobs), DiaryReview.select(), DiaryTag.select(), DiaryEvent.select(), DiaryParent.select())
    return [sorted(table.tuples(), key=repr) for table in tables]


TABLE = {
    # shown state, state of the source, review, verdict, summary, tags
    1234567: ("done", "done", "open", "none", "", ()),
    1234568: ("failed", "done", "done", "not-ok", "Broke at 3 ms", ("crash2", "validation")),
    1234569: ("done", "done", "ongoing", "issue", "", ("validation",)),
    1234570: ("lost", "lost", "open", "obsolete", "", ()),
    1234571: ("running", "running", "open", "none", "", ()),
    1234572: ("pending", "pending", "open", "none", "Wait for the", ()),
    1234573: ("failed", "done", "done", "other", "", ()),
    1234574: ("done", "done", "done", "ok", "x" * 499 + "…", ()),
}


@pytest.mark.both_databases
def test_jobs_reviews_tags_and_base_runs_are_those_of_the_original(hub: Settings, address: str) -> None:
    assert run(address) == ImportReport(jobs=8, found=8, reviewed=7)
    found = {}
    for number in TABLE:
        review = review_of(job(number).id)
        found[number] = (job(number).state, job(number).machine_state, review.review, review.verdict, review.summary, review.tags)
    assert found == TABLE
    first = job(1234567)
    assert (first.name, first.user, first.project, first.kind) == ("deck.key", "doea", "3001234", "simulation")
    assert (first.submitted, first.seen) == (at("2018-01-02T09:20:30"), at("2018-01-03T10:00:00"))
    assert (first.workdir, first.value_of("labels")) == ("/mnt/work/a_pcae_b/3001234/run/1234567", {"solver": "dyn"})
    facts = first.value_of("facts")
    assert (facts["folder"], facts["email"], facts["user name"]) == ("/mnt/work/a_pcae_b/3001234/run", "Alice.Doe@example.com", "Alice Doe")
    assert review_of(first.id).notes == "First run.\n\nGröße: 3 mm 🚗"
    assert review_of(job(1234572).id).notes == "Second.\n\nResult: Wait for the  \nnew deck"
    assert review_of(job(1234574).id).notes == "Result: " + "x" * 600
    assert [(each.native_id, each.job) for each in parents_of(job(1234569))] == [("1234567", first), ("1234568", job(1234568))]
    assert (job(1234569).user, job(1234569).project) == ("", "")
    assert (job(1234568).pinned_by, job(1234569).pinned_by) == (BY, "")


@pytest.mark.both_databases
def test_a_second_import_changes_nothing(hub: Settings, address: str) -> None:
    run(address)
    before = whole()
    assert run(address, time.time() + 3600) == ImportReport(jobs=8)
    assert whole() == before


def test_what_changed_here_stays_and_what_changed_there_comes(hub: Settings, tmp_path: Path) -> None:
    path = tmp_path / "original"
    original.write_sqlite(path)
    run(f"sqlite:{path}")
    number = job(1234568).id
    save_review(number, ReviewChange(summary="Broke at 5 ms"), review_of(number).version, "anna")
    release_state(number, "anna")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE diary_job SET result_summary = 'Wrong deck', result_assessment = 'isu' WHERE job_id = 1234568")
        connection.execute("UPDATE diary_job SET job_status = 'fin', updated = '2018-02-01 00:00:00' WHERE job_id = 1234571")
    assert run(f"sqlite:{path}") == ImportReport(jobs=8, changed=1, reviewed=1, kept=1)
    review = review_of(number)
    assert (review.summary, review.verdict, job(1234568).state) == ("Broke at 5 ms", "issue", "done")
    assert job(1234571).state == "done"
    before = whole()
    run(f"sqlite:{path}")
    assert whole() == before


def test_a_job_that_was_reviewed_here_before_the_import_keeps_its_review(hub: Settings, tmp_path: Path) -> None:
    path = tmp_path / "original"
    original.write_sqlite(path)
    run(f"sqlite:{path}")
    for table in (DiaryReview, DiaryTag, DiaryEvent):
        table.delete().execute()
    save_review(job(1234568).id, ReviewChange(verdict="ok", tags=("mine",)), 0, "anna")
    assert run(f"sqlite:{path}").kept == 1
    review = review_of(job(1234568).id)
    assert (review.verdict, review.tags, review.review, review.summary) == ("ok", ("mine",), "done", "Broke at 3 ms")


def test_notes_show_the_lines_that_the_original_showed() -> None:
    text = "Mesh:\r\n3 mm\n\n  * thin\n  * thick \nEnd"
    notes = review_of_old(OldJob({"info": text})).notes
    shown = to_html(notes or "").striptags().split()
    assert shown == ["Mesh:", "3", "mm", "thin", "thick", "End"]
    assert to_html(notes or "").count("<br") == 2


def test_a_release_without_tags_is_imported(hub: Settings, tmp_path: Path) -> None:
    original.write_sqlite(tmp_path / "original", has_tags=False)
    assert run(f"sqlite:{tmp_path / 'original'}") == ImportReport(jobs=8, found=8, reviewed=7)
    assert DiaryTag.select().count() == 0


def test_all_jobs_are_read_piece_by_piece(tmp_path: Path) -> None:
    original.write_sqlite(tmp_path / "original")
    with closing(sqlite3.connect(tmp_path / "original")) as connection, connection:
        columns = ", ".join(original.DEFAULTS)
        for number in range(AT_ONCE * 2):
            connection.execute(
                f"INSERT INTO diary_job (job_id, {columns}) SELECT {number}, {columns} FROM diary_job WHERE job_id = 1234567"
            )
    found = [old.values["job_id"] for old in old_diary(f"sqlite:{tmp_path / 'original'}").jobs()]
    assert found == [*range(AT_ONCE * 2), *TABLE]


@pytest.mark.slow
def test_an_old_server_with_another_encoding_and_no_transactions_is_read_right(hub: Settings, mysql_address: str) -> None:
    socket = mysql_address.partition("unix_socket=")[2]
    original.write_mysql(socket, "old", "SET default_storage_engine = MyISAM", encoding="latin1")
    run(mysql_address.replace("/caejobdiary", "/old"))
    assert review_of(job(1234567).id).notes == "First run.\n\nGröße: 3 mm"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A folder that both the original and this hub watch, with job 1234567, which runs; the original knows it."""
    site = Site(tmp_path)
    log = site.submit(1234567)
    directory = site.running(1234567)
    (directory / "README.deck.README").write_text(README.replace("2018-01-02__10:20:30", "2010-07-01__12:34:50"), encoding="iso-8859-1")
    original.write_sqlite(tmp_path / "original")
    with closing(sqlite3.connect(tmp_path / "original")) as connection, connection:
        values = {"job_status": "run", "sub_dir": str(site.work), "job_dir": str(directory), "sub_date": "2010-07-01 10:34:50"}
        values |= {"info": "free text with ümläuts\nSub-Date: tomorrow", "logfile_path": str(log)}
        sets = ", ".join(f"{name} = ?" for name in values)
        connection.execute(f"UPDATE diary_job SET {sets} WHERE job_id = 1234567", tuple(values.values()))
        connection.execute("DELETE FROM diary_job WHERE job_id > 1234567")
    return site


def test_a_directory_source_of_the_same_name_follows_imported_jobs(hub: Settings, site: Site, tmp_path: Path) -> None:
    run(f"sqlite:{tmp_path / 'original'}")
    source = source_kinds()["directory"].make(SOURCE, options(site), hub)
    scan_source(source, hub)
    assert (job(1234567).state, DiaryJob.select().count()) == ("running", 1)
    site.finished(1234567)
    scan_source(source, hub)
    assert (job(1234567).state, DiaryJob.select().count()) == ("done", 1)


def test_a_job_that_is_imported_while_its_directory_source_runs_is_not_found_twice(hub: Settings, site: Site, tmp_path: Path) -> None:
    source = source_kinds()["directory"].make(SOURCE, options(site), hub)
    log = site.logs / site.log_name(1234567)
    log.rename(tmp_path / "later")
    scan_source(source, hub)
    assert DiaryJob.select().count() == 0
    with closing(sqlite3.connect(tmp_path / "original")) as connection, connection:
        connection.execute(
            "UPDATE diary_job SET sub_date = '2010-07-01 10:34:54', logfile_path = ?", (str(log),)
        )  # 2 s earlier than the log
    run(f"sqlite:{tmp_path / 'original'}")
    (tmp_path / "later").rename(log)
    scan_source(source, hub)
    assert [found.submitted for found in DiaryJob.select()] == [SUBMITTED - 2]
    site.finished(1234567)
    scan_source(source, hub)
    assert job(1234567).state == "done"


def test_a_job_that_a_directory_source_has_found_gets_only_what_people_wrote(hub: Settings, site: Site, tmp_path: Path) -> None:
    scan_source(source_kinds()["directory"].make(SOURCE, options(site), hub), hub)
    assert (job(1234567).submitted, job(1234567).state) == (SUBMITTED, "running")
    with closing(sqlite3.connect(tmp_path / "original")) as connection, connection:
        connection.execute("UPDATE diary_job SET result_assessment = 'isu'")
    assert run(f"sqlite:{tmp_path / 'original'}") == ImportReport(jobs=1, changed=1, reviewed=1)
    found = job(1234567)
    assert (found.submitted, found.state, found.user) == (SUBMITTED, "running", "doeb"), "what the source saw later stays"
    assert found.project == "3001234", "what it does not know is added"
    review = review_of(found.id)
    assert (review.verdict, review.notes) == ("issue", ""), "the text of the README is no note"


def test_the_command_says_what_was_imported(hub: Settings, tmp_path: Path) -> None:
    original.write_sqlite(tmp_path / "original")
    done = dqmhub(hub, "diary", "import", f"sqlite:{tmp_path / 'original'}", "--source", "old")
    words = "8 jobs: 8 found, 0 changed, 7 reviews changed, 0 kept as they were changed here, 0 records quarantined\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, words, "")
    assert {found.source for found in DiaryJob.select()} == {"old"}
    again = json.loads(dqmhub(hub, "diary", "import", f"sqlite:{tmp_path / 'original'}", "--source", "old", "--json").stdout)
    assert again == {"jobs": 8, "found": 0, "changed": 0, "reviewed": 0, "kept": 0, "quarantined": 0}


@pytest.mark.slow
def test_a_database_of_the_server_that_is_another_one_or_a_wrong_password_is_named(mysql_address: str) -> None:
    other = mysql_address.replace("/caejobdiary", "/mysql")
    with pytest.raises(BadImport, match="localhost cannot be connected to: Access denied"):
        list(old_diary(other).jobs())
    with pytest.raises(BadImport, match="localhost cannot be connected to: Access denied"):
        list(old_diary(mysql_address.replace("p%40ss", "other")).jobs())
