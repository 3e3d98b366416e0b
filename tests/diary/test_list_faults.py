"""What pages of lists did wrong: lost texts, endless pages, work that nobody had asked for."""

from __future__ import annotations

import re
from contextlib import ExitStack
from html import unescape
from urllib.parse import quote, urlencode

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.diary.index import reindex
from app.diary.models import DiaryEvent, DiaryJob
from app.diary.observations.store import store
from app.diary.pages import download_slots
from app.diary.pages.job_view import MAX_LIST
from app.security import Role
from tests.diary.observations import NOW, only_job, seen
from tests.diary.test_pages import words
from tests.diary.users import signed_in
from tests.support.queries import queries


def search_box(html: str) -> str:
    found = re.search(r'<input id="q"[^>]*? value="([^"]*)"', html)
    assert found
    return unescape(found[1])


@pytest.mark.parametrize("wrong", ["state=bad", "verdict=good", "order=size", urlencode({"tag": range(51)}, doseq=True)])
def test_a_wrong_value_in_an_address_keeps_the_search_and_all_that_is_right(client: FlaskClient, wrong: str) -> None:
    answer = client.get(f"/diary?q=hello+world&user=anna&{wrong}")
    assert answer.status_code == 400
    assert search_box(answer.text) == "hello world"
    assert "Remove user anna" in answer.text
    problem = words(answer.text.partition('id="search-problem"')[2].partition("</p>")[0])
    assert wrong.partition("=")[0] in problem


@pytest.mark.parametrize("q", ["a " * 4000, "a " * 200, "x" * 8000])
def test_a_search_that_is_too_long_makes_no_page_of_many_megabytes(client: FlaskClient, q: str) -> None:
    answer = client.get(f"/diary?q={quote(q)}")
    assert answer.status_code == 400
    assert search_box(answer.text) == q.strip()
    assert len(answer.data) < 1_500_000
    assert len(re.findall(r'aria-label="Remove ', answer.text)) == 1, "the search can be removed as a whole"


def test_the_menu_of_one_field_counts_no_other_one(client: FlaskClient, hub: Settings) -> None:
    store("slurm", [seen(NOW, user="anna", project="tracking", name="fit")], NOW)
    found = queries(lambda: client.get("/diary/values/user?q=fit"))
    counted = [sql for sql in found if "diary_index" in sql or "diary_tally" in sql]
    assert counted
    assert not [sql for sql in counted if "project" in sql]


def test_a_download_that_has_to_wait_reads_no_jobs(client: FlaskClient, hub: Settings) -> None:
    store("slurm", [seen(NOW)], NOW)
    with ExitStack() as others:
        for _ in range(download_slots.MAX_DOWNLOADS):
            others.enter_context(download_slots.download_slot())
        answers: list[int] = []
        found = queries(lambda: answers.append(client.get("/diary/jobs.csv").status_code))
        assert answers == [503]
        assert not [sql for sql in found if "diary_words" in sql]
    for _ in range(download_slots.MAX_DOWNLOADS + 1):  # one that fails gives its slot back
        assert client.get("/diary/jobs.csv?q=state:bad").status_code == 400
    assert client.get("/diary/jobs.csv").status_code == 200


def test_a_list_that_is_too_long_for_links_is_left_out_of_them_as_a_whole(client: FlaskClient) -> None:
    store("slurm", [seen(NOW, native_id=str(number), user=f"{number:02}" + "ü" * 40) for number in range(2)], NOW)
    first = DiaryJob.get(DiaryJob.native_id == "0")
    for count in (2, 49):
        query = urlencode([("user", f"{number:02}" + "ü" * 40) for number in range(count)])
        addresses = re.findall(r'<a class="stop" href="([^"]+)"', client.get(f"/diary?{query}").text)
        assert any(("list=" in address) == (count == 2) for address in addresses)
    html = client.get(f"/diary/jobs/{first.id}?list={quote(query)}").text
    assert len(query) > MAX_LIST
    assert re.search(r'<a href="/diary" data-key="u">All jobs</a>', html)
    assert 'class="step"' not in html


def test_notes_that_are_too_long_to_be_stored_are_not_rendered(client: FlaskClient) -> None:
    store("slurm", [seen(NOW, user="anna")], NOW)
    owner = signed_in("anna", Role.SHIFTER)
    page = f"/diary/jobs/{only_job().id}/review"
    fragment = owner | {"HX-Request": "true"}
    sent = {"notes": "**x** " * 4000, "version": "0"}
    assert "24,000" in client.post(f"{page}/preview", data=sent, headers=fragment).text
    for path in (page, f"{page}/preview"):
        html = client.post(path, data=sent, headers=owner).text
        assert "<strong>x</strong>" not in html
        assert sent["notes"].strip() in html, "the text comes back"
    assert "<strong>x</strong>" in client.post(f"{page}/preview", data={"notes": "**x**"}, headers=fragment).text
    assert client.post("/diary/jobs/999/review/preview", data={"notes": "x"}, headers=fragment).status_code == 404


@pytest.mark.both_databases
def test_a_list_follows_changes_without_history_and_jobs_that_are_removed(client: FlaskClient) -> None:
    store("slurm", [seen(NOW, metrics={"events": 1}), seen(NOW, native_id="8")], NOW)
    html = client.get("/diary").text

    def is_new() -> bool:
        nonlocal html
        address = unescape(re.findall(r'hx-get="([^"]*since=[^"]*)"', html)[0])
        answer = client.get(address, headers={"HX-Request": "true", "HX-Target": "jobs"})
        html = answer.text or html
        return answer.status_code == 200

    assert not is_new()
    events = DiaryEvent.select().count()
    store("slurm", [seen(NOW + 1, metrics={"events": 2})], NOW + 1)
    assert DiaryEvent.select().count() == events
    assert is_new()
    assert not is_new()
    number = DiaryJob.get(DiaryJob.native_id == "8").id
    DiaryEvent.delete().where(DiaryEvent.job == number).execute()
    assert is_new()
    DiaryJob.delete().where(DiaryJob.id == number).execute()
    reindex([number])
    assert is_new()
    assert not is_new()


@pytest.mark.both_databases
def test_a_list_follows_a_change_that_is_stored_later_than_it_was_numbered(client: FlaskClient) -> None:
    """As on PostgreSQL, where a transaction with a lower number may end after one with a higher number."""
    store("slurm", [seen(NOW)], NOW)
    job = only_job()
    values = {"job": job.id, "at": NOW, "actor": "user:anna", "field": "notes", "old": "", "new": "x"}
    DiaryEvent.create(**values, id=1000)
    address = unescape(re.findall(r'hx-get="([^"]*since=[^"]*)"', client.get("/diary").text)[0])
    poll = {"HX-Request": "true", "HX-Target": "jobs"}
    assert client.get(address, headers=poll).status_code == 204
    DiaryEvent.create(**values, id=999)
    assert client.get(address, headers=poll).status_code == 200


def test_an_order_alone_is_offered_to_be_saved_as_it_can_be(client: FlaskClient) -> None:
    assert "All saved searches" in client.get("/diary").text
    for query in ("order=name", "columns=user", "user=anna"):
        assert "Save this search" in client.get(f"/diary?{query}").text
        assert "Save this search" in client.get(f"/diary/searches?{query}", headers=signed_in(query.partition("=")[0])).text


def test_two_problems_of_one_field_have_one_element(client: FlaskClient) -> None:
    store("slurm", [seen(NOW, user="anna")], NOW)
    sent = {"add_tags": "a!b c!d", "remove_tags": "e!f", "do": "check"}
    html = client.post("/diary/bulk/new?mine=1", data=sent, headers=signed_in("anna", Role.SHIFTER)).text
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert "add_tags-error" in ids
    assert len(ids) == len(set(ids))


def test_readers_who_are_too_slow_lose_their_slots_to_those_who_wait(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    store("slurm", [seen(NOW, native_id=str(number)) for number in range(5)], NOW)
    with ExitStack() as others:
        slow = iter(client.get("/diary/jobs.json").response)
        next(slow)
        waiting = [others.enter_context(download_slots.download_slot())]
        assert client.get("/diary/jobs.csv").status_code == 503
        monkeypatch.setattr(download_slots, "LONGEST_S", 0.0)
        waiting.append(others.enter_context(download_slots.download_slot()))
        with pytest.raises(download_slots.SlotLost):
            list(slow)
        for slot in waiting:
            slot.check()
