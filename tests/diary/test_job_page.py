"""The page of a job: how long it took, what differs from its parents, and the way back to the list."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import quote, unquote_plus

from flask.testing import FlaskClient

from app.core.settings import Settings
from app.diary.comparison import compare
from app.diary.models import DiaryJob
from app.diary.observations.observation import ParentKey
from app.diary.observations.store import store
from app.diary.review.review import ReviewChange
from app.diary.review.reviews import save_review
from app.diary.timeline import Timeline, timeline_of
from tests.diary.observations import NOW, only_job, seen
from tests.diary.test_pages import text, words


def job_of(native_id: str) -> DiaryJob:
    found: DiaryJob = DiaryJob.get(DiaryJob.native_id == native_id)
    return found


def test_a_job_says_how_long_it_waited_and_ran(client: FlaskClient) -> None:
    store("s", [seen(NOW, "done", submitted=NOW - 10_000, started=NOW - 9_700, ended=NOW - 700)], NOW)
    assert timeline_of(only_job(), NOW) == Timeline(300, 9_000, False, False)
    found = text(client, f"/diary/jobs/{only_job().id}")
    assert "Waited 5 min" in found
    assert "Ran 2 h" in found
    html = client.get(f"/diary/jobs/{only_job().id}").text
    widths = [float(width) for width in re.findall(r'<rect class="(?:waited|ran)" x="[^"]+" y="0" width="([^"]+)"', html)]
    assert widths == [round(100 * 300 / 9_300, 3), round(100 * 9_000 / 9_300, 3)]


def test_an_unfinished_job_waits_and_runs_until_now(client: FlaskClient) -> None:
    store("s", [seen(NOW, "pending", submitted=NOW - 100)], NOW)
    assert timeline_of(only_job(), NOW + 20) == Timeline(120, None, True, False)
    assert "Waits for" in text(client, f"/diary/jobs/{only_job().id}")
    store("s", [seen(NOW + 30, "running", submitted=NOW - 100, started=NOW + 25)], NOW + 30)
    assert timeline_of(only_job(), NOW + 60) == Timeline(125, 35, False, True)
    assert "Runs for" in text(client, f"/diary/jobs/{only_job().id}")


def test_a_time_that_is_unknown_or_before_the_one_before_it_makes_no_duration(client: FlaskClient) -> None:
    store("s", [seen(NOW, "done", submitted=NOW - 10, started=NOW - 20, ended=NOW - 30)], NOW)
    assert timeline_of(only_job(), NOW) == Timeline(None, None, False, False)
    assert "Waited" not in text(client, f"/diary/jobs/{only_job().id}")
    store("t", [seen(NOW, "done", native_id="8", ended=NOW - 3)], NOW)
    assert timeline_of(job_of("8"), NOW) == Timeline(None, None, False, False)


def test_a_job_is_compared_with_its_parents(client: FlaskClient) -> None:
    facts = {"user": "anna", "project": "tracking", "submitted": NOW - 1000}
    base = {"labels": {"run": "1", "dataset": "/a"}, "metrics": {"events": 200, "rate": 4.0, "rss": 1.0}, "facts": {"queue": "long"}}
    store("s", [seen(NOW, "done", native_id="6", name="first", exit_code=0, **facts, **base)], NOW)
    changed = {"labels": {"run": "2", "dataset": "/a"}, "metrics": {"events": 250, "rate": 4.0, "lumi": 7}, "facts": {"queue": "long"}}
    parents = [ParentKey("s", "6"), ParentKey("s", "99")]
    store("s", [seen(NOW, "failed", native_id="7", name="second", exit_code=7, parents=parents, **facts, **changed)], NOW)
    found = compare(job_of("7"), [job_of("6")])
    assert {(row.kind, row.name): (row.own, row.parents[0], row.changes[0]) for row in found.rows} == {
        ("", "name"): ("second", "first", ""),
        ("", "state"): ("failed", "done", ""),
        ("", "exit_code"): ("7", "0", ""),
        ("label", "run"): ("2", "1", ""),
        ("number", "events"): ("250", "200", "+50 (+25.0%)"),
        ("number", "rss"): ("", "1", ""),
        ("number", "lumi"): ("7", "", ""),
    }
    assert found.equal == 5  # user, project, dataset, rate and queue
    page = text(client, f"/diary/jobs/{job_of('7').id}")
    assert "Compared with its parent What This job first" in page
    assert "events number 250 200 +50 (+25.0%)" in page
    assert "5 other values are equal" in page
    assert "Compared with" not in text(client, f"/diary/jobs/{job_of('6').id}")


def test_several_base_runs_have_a_column_each(client: FlaskClient) -> None:
    store("s", [seen(NOW, "done", native_id=number, metrics={"rate": float(number)}) for number in ("1", "2")], NOW)
    store("s", [seen(NOW, "done", native_id="3", metrics={"rate": 2.0}, parents=[ParentKey("s", "1"), ParentKey("s", "2")])], NOW)
    (row,) = compare(job_of("3"), [job_of("1"), job_of("2")]).rows
    assert (row.own, row.parents, row.changes) == ("2", ("1", "2"), ("+1 (+100.0%)", ""))


def test_the_page_of_a_job_leads_back_to_the_list_it_was_opened_from(client: FlaskClient) -> None:
    store("s", [seen(NOW, logs=[("/data/x", "stdout")])], NOW)
    page = client.get(f"/diary/jobs/{only_job().id}?list=q%3Dfit%2Bme%26state%3Dfailed%26page%3D3&tz=utc").text
    assert [unescape(found) for found in re.findall(r'href="([^"]+)" data-key="u"', page)] == ["/diary?q=fit+me&state=failed&page=3&tz=utc"]
    assert "list=q%3Dfit%2Bme%26state%3Dfailed%26page%3D3" in page.partition("Swiss time")[0].rpartition("href=")[2]
    hostile = client.get(f"/diary/jobs/{only_job().id}?list=%22%3E%3Cscript%3E%23//evil.example").text
    assert "<script>%23" not in hostile
    assert re.findall(r'href="([^"]+)" data-key="u"', hostile) == ["/diary"]


def test_what_the_source_says_of_an_unfinished_job_is_refreshed(client: FlaskClient) -> None:
    store("s", [seen(NOW, "running", started=NOW - 5)], NOW)
    html = client.get(f"/diary/jobs/{only_job().id}").text
    (poll,) = re.findall(r'id="job" data-poll hx-get="([^"]+)"', html)
    assert client.get(unescape(poll)).status_code == 204
    store("s", [seen(NOW + 5, "running", metrics={"rate": 7.5})], NOW + 5)
    part = client.get(unescape(poll), headers={"HX-Request": "true"})
    assert "rate 7.5" in words(part.text)
    assert 'id="review"' not in part.text
    save_review(only_job().id, ReviewChange(verdict="issue"), 0, "anna")
    (later,) = re.findall(r'id="job" data-poll hx-get="([^"]+)"', part.text)
    assert "issue" in words(client.get(unescape(later), headers={"HX-Request": "true"}).text)
    store("s", [seen(NOW + 6, "done")], NOW + 6)
    assert "data-poll" not in client.get(f"/diary/jobs/{only_job().id}").text.partition('id="main"')[2]


def test_a_long_history_has_its_last_changes_first_and_the_others_folded(client: FlaskClient) -> None:
    for number in range(20):
        store("s", [seen(NOW + number, "running", reason=f"reason{number:02}")], NOW + number)
    begin, _, end = client.get(f"/diary/jobs/{only_job().id}").text.partition('id="history-title"')[2].partition("<details>")
    assert re.findall(r"reason\d\d", words(begin))[0::2] == [f"reason{number:02}" for number in range(18, 3, -1)]
    assert "5 earlier changes" in words(end)
    assert "reason00" in words(end)


def test_facts_and_tags_lead_to_lists_of_jobs_that_have_them(client: FlaskClient) -> None:
    store("slurm", [seen(NOW, "failed", user="a&b", project="tracking", labels={"run": "358788"})], NOW)
    save_review(only_job().id, ReviewChange(tags=("disk",)), 0, "anna")
    html = client.get(f"/diary/jobs/{only_job().id}").text
    for address in ("source=slurm", "user=a%26b", "project=tracking", "tag=disk", "run=358788"):
        assert f'href="/diary?{address}"' in html
        assert f"/diary/jobs/{only_job().id}?" in client.get(f"/diary?{address}").text


def test_pages_of_a_run_lead_to_its_jobs(filled: Settings, client: FlaskClient) -> None:
    store("s", [seen(NOW, labels={"run": "358788"})], NOW)
    assert '<a href="/diary?run=358788">Jobs of this run</a>' in client.get("/square/runs/358788").text
    assert "Jobs of this run" not in client.get("/square/runs/358791").text


def test_arrows_lead_through_the_list_from_which_a_job_was_opened(client: FlaskClient) -> None:
    jobs = [seen(NOW, "failed", native_id=f"{place:03}", submitted=NOW - place, user=("anna", "bob")[place % 2]) for place in range(110)]
    store("s", jobs, NOW)
    html, shown = client.get("/diary?user=bob").text, [1]
    (address,) = re.findall(r'href="(/diary/jobs/[^"]+)"[^>]*><bdi>001<', html) or [f"/diary/jobs/{job_of('001').id}?list=user%3Dbob"]
    while address:
        page = client.get(unescape(address)).text
        assert f"Id</dt><dd><bdi>{shown[-1]:03}</bdi>" in page
        assert ("Previous job" in page) == (len(shown) > 1)
        address = "".join(re.findall(r'href="([^"]+)" aria-label="Next job', page))
        shown += [shown[-1] + 2] if address else []
    assert shown == list(range(1, 110, 2))
    back = re.findall(r'href="([^"]+)" data-key="u"', page)
    assert [unescape(found) for found in back] == ["/diary?user=bob&page=2"]
    for place in (107, 105, 103):
        (address,) = re.findall(r'href="([^"]+)" aria-label="Previous job', page)
        page = client.get(unescape(address)).text
        assert f"Id</dt><dd><bdi>{place:03}</bdi>" in page


def test_after_a_job_has_left_the_list_the_first_one_of_it_follows(client: FlaskClient) -> None:
    store("s", [seen(NOW, "failed", native_id=number, submitted=NOW - int(number)) for number in ("1", "2", "3")], NOW)
    save_review(job_of("1").id, ReviewChange(review="done"), 0, "anna")
    page = client.get(f"/diary/jobs/{job_of('1').id}?list=state%3Dfailed%26review%3Dopen").text
    (address,) = re.findall(r'href="([^"]+)" aria-label="Next job', page)
    assert address.startswith(f"/diary/jobs/{job_of('2').id}?")
    for hostile in ("state%3Dnothing", "page%3D99999999999999999999", "page%3Dx%26q%3D%22", "q%3Dsince%3A99999999999d"):
        assert client.get(f"/diary/jobs/{job_of('1').id}?list={hostile}").status_code == 200


def test_text_of_base_runs_and_reviews_is_no_markup(client: FlaskClient) -> None:
    evil = '"><img src=x onerror=alert(1)><script>'
    for name, parents in (("1", ()), ("2", [ParentKey("s", "1")])):
        store("s", [seen(NOW, native_id=name, name=evil + name, labels={evil: name}, facts={evil: {name: evil}}, parents=parents)], NOW)
    save_review(
        job_of("2").id, ReviewChange(notes=f"{evil} [x](javascript:alert(1)) ![x](https://evil.example/x.png)", summary=evil), 0, evil
    )
    html = client.get(f"/diary/jobs/{job_of('2').id}?list={quote(evil)}").text
    assert "Compared with" in html
    assert set(re.findall("<img[^>]*>", html)) == {'<img alt="x">'}  # of the notes, without its source
    assert "<script>" not in html
    assert "evil.example/x.png" not in html.partition('id="notes"')[2].partition("</div>")[0]
    assert not re.search(r'href="javascript', html)


def test_pages_of_this_hub_have_names_and_files_their_kinds(client: FlaskClient) -> None:
    logs = [("/square/log?key=a", "page"), ("/square/job?key=a", "page"), ("/trends/requested/a", "page"), ("/data/x", "stdout")]
    store("s", [seen(NOW, logs=logs)], NOW)
    html = client.get(f"/diary/jobs/{only_job().id}").text
    assert re.findall(r'<a class="stop" href="(/square[^"]+|/trends[^"]+)"><bdi>([^<]+)<', html) == [
        ("/square/log?key=a", "Log in DQM^2"),
        ("/square/job?key=a", "Page in DQM^2"),
        ("/trends/requested/a", "Page in Trends"),
    ]
    assert "/data/x stdout" in words(html)


def test_a_label_leads_to_the_jobs_with_the_same_value(client: FlaskClient) -> None:
    labels = {"host": "lxb121", "od d": "x"}
    store("s", [seen(NOW, "done", native_id="6", labels=labels), seen(NOW, "done", native_id="7", labels={"host": "lxb1210"})], NOW)
    html = client.get(f"/diary/jobs/{job_of('6').id}").text
    addresses = [unescape(each) for each in re.findall(r'<dd><a href="([^"]*q=[^"]*)"', html)]
    assert [unquote_plus(each) for each in addresses] == ['/diary?q=host:"lxb121"']
    found = client.get("/api/v1/jobs" + addresses[0].partition("/diary")[2]).get_json()["jobs"]
    assert [job["native_id"] for job in found] == ["6"]


def test_numbers_are_shown_with_the_digits_that_are_read(client: FlaskClient) -> None:
    metrics = {"events": 462342, "rate": 17.947684863742637, "rss": 2.0, "tiny": 1.23456789e-7}
    store("s", [seen(NOW, "done", native_id="6", metrics=metrics)], NOW)
    found = text(client, f"/diary/jobs/{job_of('6').id}")
    assert "Numbers events 462,342 rate 17.9477 rss 2 tiny 1.23457e-07" in found
