"""`dqmhub diary import` of what is damaged, ambiguous or not there."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.diary.errors import DiaryError
from app.diary.importing.importer import import_jobs, old_diary
from app.diary.importing.old_diary import BadImport
from app.diary.models import DiaryJob, DiaryQuarantine, DiaryTag
from app.diary.review.reviews import review_of
from tests.diary import old_diary as original
from tests.diary.test_import import SOURCE, at, job, run


def test_a_job_that_cannot_be_used_is_quarantined_and_hides_no_other(hub: Settings, tmp_path: Path) -> None:
    objects = original.dumpdata()
    tag, first, second = (next(each for each in objects if each["pk"] == key) for key in (2, 1234567, 1234569))
    tag["fields"]["tag"] = "#not a tag"  # of job 1234568
    first["pk"] = "seven"
    second["fields"] |= {"sub_date": "yesterday", "job_status": "xyz", "info": 7, "tags": "none", "base_runs": [None, "x"], "user": [[]]}
    objects += [None, {"model": "diary.job"}, {"model": 7, "fields": {}}]
    original.write_dump(tmp_path / "original", objects)
    report = run(f"json:{tmp_path / 'original'}")
    assert (report.jobs, report.found, report.quarantined) == (8, 7, 2)
    reasons = " ".join(row.reason for row in DiaryQuarantine.select())
    assert "Its id is not a number: 'seven'" in reasons
    assert "not a tag" in reasons
    assert (job(1234569).state, job(1234569).submitted, review_of(job(1234569).id).notes) == ("unknown", 0, "7")


def test_a_dump_with_natural_keys_names_users_by_their_login(hub: Settings, tmp_path: Path) -> None:
    objects = original.dumpdata()
    logins = {number: login for number, (login, *_) in original.USERS.items()}
    for each in objects:
        if each["model"] == "auth.user":
            del each["pk"]
        elif user := each["fields"].get("user"):
            each["fields"]["user"] = [logins[user]]
    original.write_dump(tmp_path / "original", objects)
    run(f"json:{tmp_path / 'original'}")
    assert (job(1234567).user, job(1234571).user, job(1234569).user) == ("doea", "doeb", "")


def test_null_in_a_dump_is_no_text(hub: Settings, tmp_path: Path) -> None:
    objects = original.dumpdata()
    for each in objects:
        if each["model"] == "auth.user":
            each["fields"] |= {"first_name": None, "last_name": None, "email": None}
        if each["model"] == "diary.tag":
            each["fields"]["tag"] = None
    original.write_dump(tmp_path / "original", objects)
    run(f"json:{tmp_path / 'original'}")
    assert "None" not in str(job(1234567).value_of("facts"))
    assert not DiaryTag.select().exists()


def test_a_job_with_its_time_is_the_same_before_one_of_unknown_time(hub: Settings, tmp_path: Path) -> None:
    original.write_sqlite(tmp_path / "original")
    submitted = at("2018-01-02T09:20:30")
    for time_of, name in ((0, "unknown"), (submitted, "known")):
        values = {"source": SOURCE, "native_id": "1234567", "submitted": time_of, "state": "unknown", "machine_state": "unknown"}
        DiaryJob.create(**values, seen=1.0, met=1.0, found=1.0, changed=1.0, placed=1.0, cycle=0, name=name)
    run(f"sqlite:{tmp_path / 'original'}")
    found = {each.submitted: each.state for each in DiaryJob.select().where(DiaryJob.native_id == "1234567")}
    assert found == {0: "unknown", submitted: "done"}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", "name of a source must be letters"),
        ("a/b\n", "name of a source must be letters"),
        ("x" * 300, "at most 64"),
        ("own-jobs", "own-jobs is a source of this hub by itself"),
        ("dqm-clients", "dqm-clients is a source of this hub by itself"),
    ],
)
def test_jobs_are_imported_into_no_source_that_cannot_be_theirs(hub: Settings, tmp_path: Path, source: str, reason: str) -> None:
    original.write_sqlite(tmp_path / "original")
    with pytest.raises(DiaryError, match=reason):
        import_jobs(old_diary(f"sqlite:{tmp_path / 'original'}"), source, time.time(), 50)
    assert not DiaryJob.select().exists()


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", "The address must be sqlite:FILE, json:FILE or mysql://"),
        ("oracle:x", "The address must be sqlite:FILE"),
        ("sqlite:{folder}/absent", "There is no file"),
        ("sqlite:{folder}/text", "is not a database of CAE Job Diary: file is not a database"),
        ("sqlite:{folder}/empty", "is not a database of CAE Job Diary: no such table: auth_user"),
        ("json:{folder}/absent", "cannot be read: No such file"),
        ("json:{folder}/text", "is no JSON"),
        ("json:{folder}/list", "has no jobs"),
        ("mysql://localhost", "The address must be mysql://user:password@host:port/name"),
        ("mysql://anna:secret@127.0.0.1:1/name", "127.0.0.1 cannot be connected to"),
        ("mysql://anna:se/secret@127.0.0.1/name", "must be mysql://.* as %2F"),
        ("mysql://anna:1/secret@127.0.0.1/name", "must be mysql://.* as %2F"),
        ("mysql://anna:pass@127.0.0.1:secret/name", "must be mysql://"),
        ("mysql://anna:secret@[::1/name", "must be mysql://"),
    ],
)
def test_an_address_without_an_original_is_named_and_no_password_is(tmp_path: Path, address: str, reason: str) -> None:
    (tmp_path / "text").write_text("This is a text, which is no database and no JSON. " * 20)
    (tmp_path / "empty").touch()
    (tmp_path / "list").write_text("[1, null, {}]")
    if address.startswith("mysql"):
        pytest.importorskip("pymysql", reason="PyMySQL is not installed: `make build` installs it")
    with pytest.raises(BadImport, match=reason) as error:
        list(old_diary(address.format(folder=tmp_path)).jobs())
    assert "secret" not in str(error.value)
    assert "secret" not in str(error.value.__cause__)
