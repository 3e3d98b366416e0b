"""The pages of the job diary."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.diary import jobs
from app.diary.models import DiaryJob, DiarySource
from app.diary.observations.observation import ParentKey
from app.diary.observations.store import store
from app.square.models import Job
from tests.diary.observations import NOW, only_job, seen


def words(html: str) -> str:
    """The text of a page as a reader sees it."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html.replace("<wbr>", ""))))


def text(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return words(answer.text)


def test_jobs_are_listed_newest_first_with_links_to_older_ones(client: FlaskClient) -> None:
    store("s", [seen(NOW, native_id=str(number), submitted=NOW - 1000 + number, name=f"job{number:03}") for number in range(120)], NOW)
    pages = [client.get(f"/diary?page={number}").text for number in (1, 2, 3, 4)]
    shown = [re.findall(r"job\d{3}", words(page)) for page in pages]
    assert [len(found) for found in shown] == [50, 50, 20, 20]
    assert [name for found in shown[:3] for name in found] == [f"job{number:03}" for number in reversed(range(120))]
    assert 'href="/diary?page=2" rel="next"' in pages[0]
    assert 'href="/diary" rel="prev"' in pages[1]
    assert "Next page" not in words(pages[2])
    assert shown[3] == shown[2]


@pytest.mark.parametrize("page", ["-1", "x", "1.5", "99999999999999999999"])
def test_a_page_that_is_no_number_is_refused(client: FlaskClient, page: str) -> None:
    assert client.get(f"/diary?page={page}").status_code == 400


def test_an_empty_diary_says_so_and_names_its_sources(client: FlaskClient) -> None:
    found = text(client, "/diary")
    assert "No jobs yet." in found
    assert "Own jobs of this hub own-jobs idle not scanned yet" in found
    assert '<a href="/diary" aria-current="page">Jobs</a>' in client.get("/diary").text


def test_a_source_that_fails_is_shown_with_its_error(client: FlaskClient) -> None:
    DiarySource.insert(name="own-jobs", failures=2, error="OSError: no such host", last_ok=NOW).execute()
    assert "down fails, 2 attempts" in text(client, "/diary")
    assert "OSError: no such host" in text(client, "/diary")
    status = text(client, "/status")
    assert "jobs: own-jobs down fails, 2 attempts" in status


def test_the_page_of_a_job_has_its_facts_relatives_and_history(client: FlaskClient) -> None:
    facts = {"name": "fit_beamspot", "user": "anna", "project": "tracking", "workdir": "/data/a:b/c", "attempts": 2}
    more = {"labels": {"run": "358788"}, "metrics": {"rate": 2.5}, "logs": [("/data/a/log.txt", "stdout")], "outputs": ["/data/a/out.root"]}
    store("slurm", [seen(NOW - 50, "running", **facts, **more, parents=[ParentKey("slurm", "6"), ParentKey("slurm", "5")])], NOW - 50)
    store("slurm", [seen(NOW, "failed", exit_code=139, signal=11, reason="Killed")], NOW)
    store("slurm", [seen(NOW, "done", native_id="6", submitted=NOW - 2000, name="make_tuples")], NOW)
    child, parent = DiaryJob.get(DiaryJob.native_id == "7"), DiaryJob.get(DiaryJob.native_id == "6")
    found = text(client, f"/diary/jobs/{child.id}")
    for part in (
        *("fit_beamspot failed", "Killed", "User anna", "Project tracking", "Folder /data/a:b/c", "Attempts 2", "run 358788", "rate 2.5"),
        *("/data/a/log.txt stdout", "/data/a/out.root output", "139 SIGSEGV", "done make_tuples slurm", "5 not found yet slurm"),
    ):
        assert part in found
    assert re.search(r"source slurm state running failed .* source slurm state – running", found)
    assert f'href="/diary/jobs/{child.id}"' in client.get(f"/diary/jobs/{parent.id}").text.partition("Children")[2]


def test_a_state_that_a_person_set_is_marked_on_both_pages(client: FlaskClient) -> None:
    store("s", [seen(NOW, "failed")], NOW)
    jobs.pin_state(only_job().id, "done", "anna")
    assert "done set by anna" in text(client, "/diary")
    page = text(client, f"/diary/jobs/{only_job().id}")
    assert re.search(r"The state was set by anna on .*; the source reports failed", page)
    assert "anna pinned state failed done" in page


def test_text_of_sources_is_no_markup_and_no_address(client: FlaskClient) -> None:
    evil = "<script>alert(1)</script>"
    logs = [("javascript:alert(1)", "page"), ("//evil.example/x", "page"), ("https://evil.example", "page"), (evil, evil)]
    values = dict.fromkeys(("kind", "name", "user", "project", "reason", "workdir"), evil)
    collections = {"labels": {evil: evil}, "facts": {evil: [evil]}, "logs": logs, "outputs": [evil], "parents": [ParentKey(evil, evil)]}
    store(evil, [seen(NOW, native_id=evil, **values, **collections)], NOW)
    for address in ("/diary", f"/diary/jobs/{only_job().id}"):
        html = client.get(address).text
        assert evil not in html
        assert not re.search(r'href="(javascript|//|https://evil)', html)


def test_a_job_that_there_is_not_is_404(client: FlaskClient) -> None:
    for number in ("1", "99999999999", "9" * 40):
        answer = client.get(f"/diary/jobs/{number}")
        assert answer.status_code == 404
    assert "There is no job 1 in the diary" in words(client.get("/diary/jobs/1").text)


def test_times_are_in_the_zone_of_the_address_and_links_keep_it(client: FlaskClient) -> None:
    store("s", [seen(NOW, submitted=1_700_000_000 - 3600)], NOW)  # 2023-11-14 21:13:20 UTC
    assert "2023-11-14 22:13:20" in text(client, "/diary")
    assert "2023-11-14 21:13:20" in text(client, "/diary?tz=utc")
    assert f'href="/diary/jobs/{only_job().id}?tz=utc"' in client.get("/diary?tz=utc").text
    assert "2023-11-14 21:13:20" in text(client, f"/diary/jobs/{only_job().id}?tz=utc")


def test_a_dqm_client_leads_to_its_page_in_dqm2(filled: Settings, client: FlaskClient) -> None:
    from app.diary.sources.registry import source_named
    from app.diary.sources.runner import scan_source

    scan_source(source_named("dqm-clients", filled), filled)
    row = Job.select().first()
    html = client.get(f"/diary/jobs/{DiaryJob.get(DiaryJob.native_id == row.key).id}").text
    (address,) = re.findall(r'href="(/square/job\?[^"]+)"', html)
    assert client.get(unescape(address)).status_code == 200
