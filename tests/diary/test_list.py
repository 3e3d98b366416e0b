"""The list of jobs: what is selected, how it is shown and followed, and its downloads."""

from __future__ import annotations

import csv
import io
import json
import re
from contextlib import ExitStack
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.diary.models import DiaryJob, DiarySource
from app.diary.observations.store import store
from app.diary.pages import download_slots, job_list
from app.diary.review.review import ReviewChange
from app.diary.review.reviews import save_review
from tests.diary.observations import NOW, seen
from tests.diary.test_pages import text, words
from tests.diary.users import signed_in

FRAGMENT = {"HX-Request": "true", "HX-Target": "diary"}
POLL = {"HX-Request": "true", "HX-Target": "jobs"}


def fill() -> dict[str, int]:
    """Six jobs, the newest last; their numbers by name."""
    values: list[dict[str, Any]] = [
        {"state": "failed", "name": "fit_one", "user": "anna", "labels": {"run": "358788"}, "exit_code": 7, "reason": "Out of memory"},
        {"state": "failed", "name": "fit_two", "user": "bob", "labels": {"run": "358789"}},
        {"state": "done", "name": "fit_three", "user": "anna", "project": "tracking"},
        {"state": "running", "name": "map_four", "user": "viewer"},
        {"state": "done", "name": "map_five", "user": "bob"},
        {"state": "done", "name": "map_six", "user": "bob"},
    ]
    store("slurm", [seen(NOW, native_id=str(number), submitted=NOW - 900 + number, **each) for number, each in enumerate(values)], NOW)
    numbers = {job.name: job.id for job in DiaryJob.select()}
    save_review(numbers["fit_two"], ReviewChange(review="done", verdict="issue", summary="The disk was full", tags=("disk",)), 0, "anna")
    save_review(numbers["map_six"], ReviewChange(verdict="obsolete"), 0, "anna")
    save_review(numbers["map_five"], ReviewChange(notes="Ran **well**,\nbut slowly. " + "x" * 200), 0, "anna")
    return numbers


def listed(html: str) -> list[str]:
    """The names of the jobs in the rows of a list."""
    return re.findall(r"(?:fit|map)_\w+", words(html.partition('"jobs cards diary"')[2].partition("</table>")[0]))


def links(html: str) -> dict[str, str]:
    """Addresses by the text of their links."""
    found = re.findall(r'<a [^>]*?href="([^"]+)"[^>]*>(.*?)</a>', html, re.DOTALL)
    return {words(label).strip(): unescape(address) for address, label in found}


def test_the_list_shows_reviews_labels_tags_and_how_notes_begin(client: FlaskClient) -> None:
    numbers = fill()
    found = text(client, "/diary")
    assert "fit_two #disk The disk was full failed done issue run 358789 bob" in found
    assert re.search(r"map_five Ran \*\*well\*\*, but slowly\. x{93}… done open", found)
    address = links(client.get("/diary?user=anna&columns=state,exit").text)["fit_one"]
    assert urlsplit(address).path == f"/diary/jobs/{numbers['fit_one']}"
    assert parse_qs(urlsplit(address).query) == {"list": ["user=anna&columns=job,state,exit".replace(",", "%2C")]}
    assert client.get(address).status_code == 200


def test_obsolete_jobs_are_shown_on_demand(client: FlaskClient) -> None:
    fill()
    assert listed(client.get("/diary").text) == ["map_five", "map_four", "fit_three", "fit_two", "fit_one"]
    assert listed(client.get("/diary?obsolete=1").text)[0] == "map_six"
    html = client.get("/diary?q=six").text
    assert "1 obsolete job matches" in words(html)
    assert listed(client.get(links(html)["1 obsolete job matches"]).text) == ["map_six"]


def test_errors_to_look_at_stand_above_the_list_and_lead_to_all_of_them(client: FlaskClient) -> None:
    fill()
    html = client.get("/diary").text
    assert re.search(r"1 error to look at fit_one run 358788 exit 7 anna , \d.* : Out of memory", words(html))
    assert listed(client.get(links(html)["1 error to look at"]).text) == ["fit_one"]
    assert "error to look at" not in text(client, "/diary?user=anna")


def test_values_of_the_selected_jobs_are_counted_and_each_can_be_added_and_removed(client: FlaskClient) -> None:
    fill()
    html = client.get("/diary").text
    assert {"anna 2", "bob 2", "failed 2", "done 2", "running 1", "issue 1", "358788 1", "tracking 1", "slurm 5", "disk 1"} <= set(
        links(html)
    )
    html = client.get(links(html)["bob 2"]).text
    assert listed(html) == ["map_five", "fit_two"]
    html = client.get(links(html)["failed 1"]).text
    assert listed(html) == ["fit_two"]
    assert "1 job" in words(html)
    assert listed(client.get(links(html)["user bob"]).text) == ["fit_two", "fit_one"]
    assert listed(client.get(links(html)["state failed"]).text) == ["map_five", "fit_two"]
    assert links(html)["All jobs"] == "/diary"


def test_values_of_many_jobs_are_counted_when_they_are_wanted(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    fill()
    monkeypatch.setattr(job_list, "COUNTED_JOBS", 4)
    html = client.get("/diary?order=oldest").text
    assert "anna 2" not in links(html)
    (address,) = re.findall(r'hx-get="(/diary/values/user\?[^"]*)"', html)
    values = client.get(unescape(address)).text
    assert {"anna 2", "bob 2", "viewer 1"} == set(links(values))
    chosen = client.get(links(values)["bob 2"]).text
    assert listed(chosen) == ["fit_two", "map_five"]
    assert "done 1" in links(chosen)
    assert {"anna 2", "failed 2", "slurm 5"} <= set(links(client.get(links(html)["Show the values"]).text))
    assert client.get("/diary/values/name").status_code == 404
    assert client.get("/diary/values/user?q=state:bad").status_code == 400


def test_a_selection_keeps_order_columns_and_zone(client: FlaskClient) -> None:
    fill()
    html = client.get("/diary?q=fit&order=oldest&columns=user&columns=state&tz=utc").text
    assert listed(html) == ["fit_one", "fit_two", "fit_three"]
    headings = re.search(r"<thead>(.*?)</thead>", html.partition('"jobs cards diary"')[2])
    assert headings
    assert words(headings[1]).split() == ["Job", "State", "User"]
    shown = {"q": ["fit"], "order": ["oldest"], "columns": ["job,state,user"], "tz": ["utc"]}
    assert parse_qs(urlsplit(links(html)["anna 2"]).query) == shown | {"user": ["anna"]}
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', html))
    assert hidden == {"order": "oldest", "columns": "job,state,user", "tz": "utc"}
    assert client.get("/diary?columns=size").status_code == 400


def test_a_search_that_cannot_be_read_says_what_would_be_right_and_keeps_its_text(client: FlaskClient) -> None:
    fill()
    answer = client.get("/diary?q=state:bad&user=anna")
    assert answer.status_code == 400
    assert "state:bad: state is one of unknown, pending, held" in words(answer.text)
    assert 'value="state:bad"' in answer.text
    assert 'aria-describedby="search-problem" aria-invalid="true"' in answer.text
    assert links(answer.text)["search state:bad"] == "/diary?user=anna"
    answer = client.get("/diary?q=nothing", headers=FRAGMENT)
    assert "No job matches." in words(answer.text)


def test_each_part_of_a_search_can_be_removed_alone(client: FlaskClient) -> None:
    fill()
    html = client.get('/diary?q=fit -state:done user:"anna"').text
    assert listed(html) == ["fit_one"]
    assert listed(client.get(links(html)['search user:"anna"']).text) == ["fit_two", "fit_one"]
    assert listed(client.get(links(html)["search -state:done"]).text) == ["fit_three", "fit_one"]


def test_my_jobs_are_those_of_the_user_who_is_signed_in(client: FlaskClient) -> None:
    fill()
    assert "My jobs" not in text(client, "/diary")
    mine = client.get("/diary?mine=1", headers=signed_in("viewer"))
    assert "My jobs" in words(mine.text)
    assert listed(mine.text) == ["map_four"]
    assert "Sign in to see your jobs" in text(client, "/diary?mine=1")


def test_a_page_polls_until_a_job_or_a_review_changes(client: FlaskClient) -> None:
    numbers = fill()
    poll = re.search(r'hx-get="([^"]*since=[^"]*)"', client.get("/diary?user=bob").text)
    assert poll
    address = unescape(poll[1])
    assert client.get(address, headers=POLL).status_code == 204
    save_review(numbers["map_five"], ReviewChange(review="ongoing"), 1, "bob")
    answer = client.get(address, headers=POLL)
    assert listed(answer.text) == ["map_five", "fit_two"]
    assert "ongoing" in words(answer.text)
    assert answer.text.lstrip().startswith('<div id="jobs"')
    assert client.get("/diary?user=bob", headers=FRAGMENT).text.lstrip().startswith('<div id="diary"')


def test_many_sources_are_one_line_and_those_that_fail_are_named_in_it(client: FlaskClient) -> None:
    assert "2 sources of jobs, all working" in text(client, "/diary")
    DiarySource.insert(name="own-jobs", failures=2, error="OSError: no such host", last_ok=NOW).execute()
    assert "2 sources of jobs: own-jobs is down" in text(client, "/diary")


def test_the_csv_file_has_all_selected_jobs_and_no_formulas(client: FlaskClient) -> None:
    store("s", [seen(NOW, "done", native_id=str(number), submitted=NOW - number, name='=cmd|"x"') for number in range(1203)], NOW)
    store("s", [seen(NOW, "failed", native_id="@SUM(1)", submitted=NOW, reason="+1", labels={"-a": "1"})], NOW)
    answer = client.get("/diary/jobs.csv?q=source:s")
    assert answer.headers["Content-Disposition"] == "attachment; filename=jobs.csv"
    found = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["native_id"] for row in found] == ["'@SUM(1)", *map(str, range(1203))]
    assert not any(value.startswith(("=", "+", "-", "@")) for row in found for value in row.values())
    assert found[0]["submitted"] == "2023-11-14T22:13:20Z"  # 1,700,000,000 s
    assert client.get("/diary/jobs.csv?state=failed").text.count("\n") == 2


def test_the_json_file_has_all_selected_jobs_with_their_reviews(client: FlaskClient) -> None:
    numbers = fill()
    found = json.loads(client.get("/diary/jobs.json?user=bob&order=oldest&page=7").text)
    assert [job["id"] for job in found] == [numbers["fit_two"], numbers["map_five"]]
    assert found[0]["labels"] == {"run": "358789"}
    assert {name: found[0]["review"][name] for name in ("review", "verdict", "tags", "version", "by")} == {
        "review": "done",
        "verdict": "issue",
        "tags": ["disk"],
        "version": 1,
        "by": "anna",
    }
    assert json.loads(client.get("/diary/jobs.json?user=nobody").text) == []
    assert client.get("/diary/jobs.json?q=state:bad").status_code == 400


def test_a_download_that_ends_early_makes_room_for_the_next_one(client: FlaskClient, hub: Settings) -> None:
    fill()
    with ExitStack() as others:
        for _ in range(download_slots.MAX_DOWNLOADS):
            others.enter_context(download_slots.download_slot())
        refused = client.get("/diary/jobs.csv")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "10")
    for _ in range(download_slots.MAX_DOWNLOADS + 1):
        answer = client.get("/diary/jobs.json")
        assert answer.status_code == 200
        answer.close()  # nothing of it was read
        client.head("/diary/jobs.csv").close()


def test_a_page_after_the_last_one_is_the_last_one(client: FlaskClient) -> None:
    store("s", [seen(NOW, "done", str(number), submitted=NOW - number, name=f"fit_{number:02}") for number in range(1, 53)], NOW)
    html = client.get("/diary?page=9999").text
    assert "52 jobs, page 2 of 2" in words(html)
    assert listed(html) == ["fit_51", "fit_52"]
    assert "Previous page" in links(html)
    assert listed(client.get("/diary?page=9999&state=lost").text) == []
