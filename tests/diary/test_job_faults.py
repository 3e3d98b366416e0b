"""What pages of jobs did wrong: too many queries, too much text."""

from __future__ import annotations

import gzip
import io
import re
from itertools import pairwise

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.diary import jobs
from app.diary.logs import reading
from app.diary.logs.reading import MAX_MEMBERS, read_log
from app.diary.models import DiaryEvent, DiaryJob
from app.diary.observations.observation import ParentKey
from app.diary.observations.store import store
from app.diary.pages.job_parts import EVENT_CHARS
from app.diary.review.fields import MAX_NOTES
from app.security import Role
from tests.diary.observations import NOW, only_job, seen
from tests.diary.users import signed_in
from tests.support.queries import queries

FRAGMENT = {"HX-Request": "true", "HX-Target": "job"}


def job_of(native_id: str) -> DiaryJob:
    found: DiaryJob = DiaryJob.get(DiaryJob.native_id == native_id)
    return found


def test_a_hundred_relatives_need_no_hundred_queries(hub: Settings) -> None:
    parents = tuple(ParentKey("s", f"p{number}") for number in range(50))
    others = [seen(NOW, native_id=f"c{number}", parents=(ParentKey("s", "7"),)) for number in range(100)]
    store("s", [seen(NOW, native_id=key.native_id) for key in parents], NOW)
    store("s", [seen(NOW, parents=parents), *others], NOW)
    job = job_of("7")
    assert [each.job for each in jobs.parents_of(job)] == [job_of(f"p{number}") for number in range(50)]
    assert {each.native_id for each in jobs.children_of(job)} == {f"c{number}" for number in range(100)}
    assert len(queries(lambda: jobs.parents_of(job))) <= 4
    assert len(queries(lambda: jobs.children_of(job))) <= 4


def test_a_poll_of_a_job_reads_nothing_that_it_does_not_show(client: FlaskClient) -> None:
    store("s", [seen(NOW, parents=(ParentKey("s", "6"),))], NOW)
    answers: list[str] = []
    found = queries(lambda: answers.append(client.get(f"/diary/jobs/{only_job().id}?since=older", headers=FRAGMENT).text))
    assert 'id="job"' in answers[0]
    assert not [sql for sql in found if "diary_event" in sql or "diary_parent" in sql]


def test_hundreds_of_long_notes_make_no_page_of_many_megabytes(client: FlaskClient) -> None:
    store("s", [seen(NOW)], NOW)
    job, notes = only_job(), [f"{number:03}" + "x" * (MAX_NOTES - 3) for number in range(301)]
    fields = {"job": job.id, "at": NOW, "actor": "user:anna", "field": "notes"}
    DiaryEvent.insert_many([fields | {"old": old, "new": new} for old, new in pairwise(notes)]).execute()
    html = client.get(f"/diary/jobs/{job.id}").text
    assert len(html) < 300 * (2 * EVENT_CHARS + 2000)
    (address, *_) = re.findall(r'href="([^"]*/history\?[^"]*)"', html)
    [newest] = client.get(address.replace("&amp;", "&")).json["history"]
    assert (newest["old"], newest["new"]) == (notes[-2], notes[-1])


def test_the_history_of_the_api_is_read_part_by_part(client: FlaskClient) -> None:
    store("s", [seen(NOW)], NOW)
    job = only_job()
    fields = {"job": job.id, "at": NOW, "actor": "user:anna", "field": "summary", "old": ""}
    DiaryEvent.insert_many([fields | {"new": str(number)} for number in range(120)]).execute()
    whole = client.get(f"/api/v1/jobs/{job.id}").json
    assert whole
    assert [row["new"] for row in whole["history"]] == [str(number) for number in range(119, 69, -1)]
    found, before = [], ""
    while rows := client.get(f"/api/v1/jobs/{job.id}/history?limit=50{before}").json["history"]:
        found += [row["new"] for row in rows]
        before = f"&before={rows[-1]['id']}"
    assert found == [*(str(number) for number in range(119, -1, -1)), "running"]
    assert client.get(f"/api/v1/jobs/{job.id}/history?limit=51").status_code == 400
    assert client.get("/api/v1/jobs/999/history").status_code == 404


class CountedFile(io.BytesIO):
    """A file that knows how many bytes were read."""

    count = 0

    def read(self, size: int | None = -1) -> bytes:
        part = super().read(size)
        self.count += len(part)
        return part


def test_a_packed_log_of_empty_parts_is_not_read_to_its_end() -> None:
    file = CountedFile(gzip.compress(b"begin\n") + gzip.compress(b"") * (3 * MAX_MEMBERS) + gzip.compress(b"end\n"))
    assert read_log(file) == (["begin"], None, "Only the first 10,000 parts of the packed log are shown.")
    assert file.count < len(file.getvalue()) // 2 + reading.CHUNK


def test_a_packed_log_of_empty_blocks_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_UNPACKED", 1 << 20)
    header, empty = gzip.compress(b"")[:10], b"\0\0\0\xff\xff"  # stored block of no bytes, RFC 1951 3.2.4
    file = CountedFile(header + empty * (1 << 20))
    assert read_log(file) == ([], None, "Only the first 1 MB of the packed log are shown.")
    assert file.count <= (1 << 20) + 10


def test_a_field_of_a_review_that_cannot_be_stored_says_so_at_the_field(client: FlaskClient) -> None:
    store("s", [seen(NOW, user="anna")], NOW)
    sent = {"version": "0", "summary": "s" * 501, "tags": "a!b c!d", "notes": "fine", "verdict": "perfect"}
    for name in ("summary", "tags", "verdict"):
        kept = {"version": "0", "notes": "fine", name: sent[name]}
        html = client.post(f"/diary/jobs/{only_job().id}/review", data=kept, headers=signed_in(f"{name}", Role.SHIFTER)).text
        fields = dict(re.findall(r'<(?:input|select|textarea) id="review-(\w+)"([^>]*)>', html))
        assert {field for field, rest in fields.items() if 'aria-invalid="true"' in rest} == {name}
        described = re.findall(r'aria-describedby="([^"]*)"', fields[name])[0].split()
        assert f"{name}-error" in described
        assert all(html.count(f'id="{each}"') == 1 for each in described)
        assert f"<b>{name.title()}</b>" in html
