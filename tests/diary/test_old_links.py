"""Addresses of CAE Job Diary lead to the same list and the same job; ids and queries are those of its specification."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from flask.testing import FlaskClient

from app.core.settings import Settings
from app.diary.models import DiaryJob
from app.diary.observations.store import store
from tests.diary.observations import NOW, seen


def target(client: FlaskClient, address: str) -> tuple[str, dict[str, list[str]]]:
    """Path and query to which an address leads; the page is there."""
    answer = client.get(address)
    assert answer.status_code == 302
    assert client.get(address, follow_redirects=True).status_code == 200
    found = urlsplit(answer.headers["Location"])
    return found.path, parse_qs(found.query)


OLD_LISTS: dict[str, dict[str, list[str]]] = {
    "": {},
    "?q=t_scale+vali&user=doea&project=3001234": {"q": ["t_scale vali"], "user": ["doea"], "project": ["3001234"]},
    "?q=++&user=&project=": {},
    "?show_obsolete=": {"obsolete": ["1"]},
    "?show_obsolete=on&page=1": {"obsolete": ["1"]},
    "?page=2": {},  # the jobs 26 to 50
    "?page=3": {"page": ["2"]},
    "?page=odd": {},
    "?page=-1&csrf=x": {},
}
"""Queries there and here."""


def test_an_old_list_leads_to_the_list(client: FlaskClient) -> None:
    for old, new in OLD_LISTS.items():
        assert target(client, f"/diary/{old}") == ("/diary", new)


def test_an_old_job_leads_to_the_newest_job_of_this_id_and_keeps_the_list(hub: Settings, client: FlaskClient) -> None:
    store("jobs", [seen(NOW, native_id="1234567", submitted=NOW - 9000), seen(NOW, native_id="123456")], NOW)
    store("jobs", [seen(NOW, native_id="1234567")], NOW)
    store("own-jobs", [seen(NOW, native_id="1234567", submitted=NOW)], NOW)
    newest = DiaryJob.get(DiaryJob.source == "jobs", DiaryJob.native_id == "1234567", DiaryJob.submitted == NOW - 1000)
    assert target(client, "/diary/1234567/") == (f"/diary/jobs/{newest.id}", {})
    assert target(client, "/diary/1234567/?q=vali&user=doea") == (f"/diary/jobs/{newest.id}", {"list": ["q=vali&user=doea"]})


def test_an_old_id_that_several_sources_have_leads_to_all_of_them(hub: Settings, client: FlaskClient) -> None:
    for source in ("jobs", "slurm"):
        store(source, [seen(NOW, native_id="1234567"), seen(NOW, native_id="12345678")], NOW)
    path, query = target(client, "/diary/1234567/")
    assert (path, query) == ("/diary", {"q": ['id:"1234567"'], "obsolete": ["1"]})
    assert client.get("/api/v1/jobs", query_string={"q": query["q"][0]}).json["count"] == 2


def test_an_old_id_that_no_job_has_is_not_found_in_words(client: FlaskClient) -> None:
    answer = client.get("/diary/1234567/")
    assert answer.status_code == 404
    assert "No batch job of the diary has the id 1234567; the page of job number 1234567 is /diary/jobs/1234567" in answer.text


def test_the_old_page_about_leads_to_the_help(client: FlaskClient) -> None:
    assert target(client, "/diary/about/") == ("/help/diary", {})
