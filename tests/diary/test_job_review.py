"""The review on the page of a job: form, preview, conflict, undo, and states set by hand, all without scripts."""

from __future__ import annotations

import re
import time
from html import unescape
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient

from app.diary.jobs import pin_state
from app.diary.models import DiaryEvent, DiaryJob
from app.diary.observations.store import store
from app.diary.review.review import ReviewChange
from app.diary.review.reviews import review_of, save_review
from app.security import Role, tokens
from app.security.models import User
from tests.diary.observations import NOW, changes, only_job, seen
from tests.diary.test_pages import words
from tests.diary.users import browser_of
from tests.security.conftest import HOME, make_user, sign_in


def headers(name: str = "bob", role: Role = Role.SHIFTER) -> dict[str, str]:
    """The Authorization header of a user."""
    user, _ = User.get_or_create(name=name, defaults={"role": role, "password": "", "created": time.time()})
    return {"Authorization": f"Bearer {tokens.make(user, 'test', role, 1)[1]}"}


class FormReader(HTMLParser):
    """The fields of the review form, as a browser without scripts sends them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.is_inside, self.name, self.choice = False, "", ""
        self.feed(html)

    def handle_starttag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in given}
        if tag == "form":
            self.is_inside = values.get("id") == "review-form"
        if not self.is_inside:
            return
        if tag == "input":
            self.fields[values["name"]] = values.get("value", "")
        elif tag in ("select", "textarea"):
            self.name = values["name"]
            self.fields[self.name] = ""
        elif tag == "option" and "selected" in values:
            self.fields[self.name] = values["value"]

    def handle_data(self, data: str) -> None:
        if self.is_inside and self.lasttag == "textarea":
            self.fields[self.name] += data.removeprefix("\n") if not self.fields[self.name] else data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.lasttag = ""
        self.is_inside &= tag != "form"


@pytest.fixture
def job(client: FlaskClient) -> DiaryJob:
    store("slurm", [seen(NOW, "failed", user="anna")], NOW)
    return only_job()


def form_in(html: str) -> dict[str, str]:
    fields = FormReader(html).fields
    assert fields
    return fields


def opened(client: FlaskClient, job: DiaryJob) -> dict[str, str]:
    return form_in(client.get(f"/diary/jobs/{job.id}", headers=headers()).text)


def test_a_review_is_stored_by_the_form_and_shown(client: FlaskClient, job: DiaryJob) -> None:
    fields = opened(client, job) | {"review": "done", "verdict": "issue", "summary": "Disk <b>full</b>", "tags": "#Disk pixel"}
    fields["notes"] = "\r\n# Why\r\n\r\n* one\r\n* **two**"
    answer = client.post(f"/diary/jobs/{job.id}/review?list=q%3Dfit&tz=utc", data=fields, headers=headers())
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/diary/jobs/{job.id}?saved=1&list=q%3Dfit&tz=utc#review")
    found = review_of(job.id)
    assert (found.review, found.verdict, found.summary, found.tags, found.by) == (
        "done",
        "issue",
        "Disk <b>full</b>",
        ("disk", "pixel"),
        "bob",
    )
    html = client.get(answer.headers["Location"], headers=headers()).text
    assert "Saved" in words(html)
    assert "<strong>two</strong>" in html
    assert form_in(html)["notes"] == found.notes == "\n# Why\n\n* one\n* **two**"
    assert "<b>full" not in html
    assert "Saved" not in words(client.get(f"/diary/jobs/{job.id}", headers=headers()).text)


def test_only_the_fields_that_were_changed_are_in_the_history(client: FlaskClient, job: DiaryJob) -> None:
    save_review(job.id, ReviewChange(notes="one\ntwo", verdict="ok"), 0, "anna")
    client.post(f"/diary/jobs/{job.id}/review", data=opened(client, job) | {"summary": "seen"}, headers=headers())
    query = DiaryEvent.select().where(DiaryEvent.job == job.id, DiaryEvent.actor == "user:bob")
    assert [row.field for row in query] == ["summary"]
    before = review_of(job.id)
    assert client.post(f"/diary/jobs/{job.id}/review", data=opened(client, job), headers=headers()).status_code == 303
    assert review_of(job.id) == before


def test_a_conflict_shows_both_texts_and_loses_none(client: FlaskClient, job: DiaryJob) -> None:
    fields = opened(client, job) | {"notes": "mine", "summary": "from bob"}
    save_review(job.id, ReviewChange(notes="theirs", verdict="ok", tags=("pixel",)), 0, "anna")
    answer = client.post(f"/diary/jobs/{job.id}/review", data=fields, headers=headers())
    assert answer.status_code == 409
    assert review_of(job.id).notes == "theirs"
    found = words(answer.text)
    assert "anna has changed this review since you opened it, so your changes were not stored" in found
    assert "Now, by anna : theirs" in found
    again = form_in(answer.text)
    assert (again["notes"], again["summary"], again["verdict"], again["tags"], again["version"]) == ("mine", "from bob", "ok", "pixel", "1")
    assert "You have unsaved changes" in found
    assert client.post(f"/diary/jobs/{job.id}/review", data=again | {"notes": "theirs, mine"}, headers=headers()).status_code == 303
    stored = review_of(job.id)
    assert (stored.notes, stored.summary, stored.verdict, stored.tags) == ("theirs, mine", "from bob", "ok", ("pixel",))


def test_a_review_that_cannot_be_stored_comes_back_with_what_is_wrong(client: FlaskClient, job: DiaryJob) -> None:
    fields = opened(client, job) | {"tags": "a!b", "notes": "long work"}
    answer = client.post(f"/diary/jobs/{job.id}/review", data=fields, headers=headers())
    assert answer.status_code == 400
    assert "Tags : Expected letters, digits, - _ and . in a tag, not 'a!b'" in words(answer.text)
    assert form_in(answer.text) == fields
    for wrong in ({"verdict": "perfect"}, {"review": "never"}, {"summary": "s" * 501}, {"notes": "n" * 20_001}):
        assert client.post(f"/diary/jobs/{job.id}/review", data=opened(client, job) | wrong, headers=headers()).status_code == 400
    for version in ("", "x", "-1", "9" * 30):
        assert client.post(f"/diary/jobs/{job.id}/review", data={"version": version}, headers=headers()).status_code == 400
    assert review_of(job.id).version == 0


def test_a_preview_without_scripts_keeps_the_form(client: FlaskClient, job: DiaryJob) -> None:
    fields = opened(client, job) | {"notes": "a *word* <script>x</script>", "summary": "half"}
    answer = client.post(f"/diary/jobs/{job.id}/review/preview", data=fields, headers=headers())
    assert answer.status_code == 200
    assert "a <em>word</em> &lt;script&gt;" in answer.text
    assert form_in(answer.text) == fields
    assert review_of(job.id).version == 0
    part = client.post(f"/diary/jobs/{job.id}/review/preview", data={"notes": "**b**"}, headers=headers() | {"HX-Request": "true"})
    assert part.text.strip() == "<p><strong>b</strong></p>"


def test_the_last_change_of_each_field_can_be_undone(client: FlaskClient, job: DiaryJob) -> None:
    save_review(job.id, ReviewChange(notes="first", verdict="ok"), 0, "anna")
    save_review(job.id, ReviewChange(notes="second"), 1, "anna")
    html = client.get(f"/diary/jobs/{job.id}", headers=headers()).text
    events = [int(found) for found in re.findall(r'name="event" value="(\d+)"', html)]
    rows = {row.id: (row.field, row.new) for row in DiaryEvent.select()}
    assert [rows[event] for event in events] == [("notes", "second"), ("verdict", "ok")]
    assert client.post(f"/diary/jobs/{job.id}/undo", data={"event": events[0]}, headers=headers()).status_code == 303
    assert review_of(job.id).notes == "first"
    assert changes(job, "notes") == [("", "first"), ("first", "second"), ("second", "first")]
    answer = client.post(f"/diary/jobs/{job.id}/undo", data={"event": events[0]}, headers=headers())
    assert answer.status_code == 409
    assert form_in(answer.text)["notes"] == "first"


def test_undo_of_a_change_that_was_changed_again_shows_both_texts(client: FlaskClient, job: DiaryJob) -> None:
    save_review(job.id, ReviewChange(notes="first"), 0, "anna")
    event = DiaryEvent.get(DiaryEvent.field == "notes").id
    save_review(job.id, ReviewChange(notes="second"), 1, "eve")
    answer = client.post(f"/diary/jobs/{job.id}/undo", data={"event": event}, headers=headers())
    assert answer.status_code == 409
    assert "Now, by eve : second" in words(answer.text)
    assert form_in(answer.text)["notes"] == ""
    for wrong in ("", "x", "99999", str(DiaryEvent.get(DiaryEvent.field == "state").id)):
        assert client.post(f"/diary/jobs/{job.id}/undo", data={"event": wrong}, headers=headers()).status_code in (400, 409)
    assert review_of(job.id).notes == "second"


def test_a_state_is_set_by_hand_and_released(client: FlaskClient, job: DiaryJob) -> None:
    page = f"/diary/jobs/{job.id}"
    assert "Release" not in words(client.get(page, headers=headers()).text)
    assert client.post(f"{page}/state", data={"state": "done"}, headers=headers()).status_code == 303
    assert (only_job().state, only_job().pinned_by) == ("done", "bob")
    assert "Use the source's state" in words(client.get(page, headers=headers()).text)
    assert client.post(f"{page}/state", data={"release": "1", "state": "done"}, headers=headers()).status_code == 303
    assert (only_job().state, only_job().pinned_by) == ("failed", "")
    assert client.post(f"{page}/state", data={"state": "great"}, headers=headers()).status_code == 400


def test_owners_and_shifters_review_a_job_and_others_read_the_review(client: FlaskClient, job: DiaryJob) -> None:
    save_review(job.id, ReviewChange(notes="*why*", summary="Disk full", tags=("disk",)), 0, "anna")
    pin_state(job.id, "done", "bob")
    page = f"/diary/jobs/{job.id}"
    assert "review-form" in browser_of(client, "anna").get(page).text
    for reader in (headers("eve", Role.VIEWER), {}):
        html = client.get(page, headers=reader).text
        assert "review-form" not in html
        assert '<form method="post"' not in html.partition('id="main"')[2]
        assert "#disk Disk full why" in words(html)
        assert "<em>why</em>" in html
        for path, data in (("review", {"version": "1", "notes": "x"}), ("review/preview", {}), ("undo", {}), ("state", {"release": "1"})):
            assert client.post(f"{page}/{path}", data=data, headers=reader).status_code in (401, 403)
    assert (review_of(job.id).notes, only_job().state) == ("*why*", "done")
    answer = browser_of(client, "anna").post(f"{page}/review", data={"version": "1", "notes": "own"})
    assert (answer.status_code, review_of(job.id).notes) == (303, "own")


def test_tags_are_completed_from_the_last_word(client: FlaskClient, job: DiaryJob) -> None:
    save_review(job.id, ReviewChange(tags=("pixel", "pixel-phase1", "ecal", "hcal-pixel")), 0, "anna")
    html = client.get("/diary/tags?tags=ecal%20%23Pix").text
    found = [(unescape(value), text) for value, text in re.findall(r'<option value="([^"]*)">([^<]*)</option>', html)]
    assert found == [("ecal pixel", "pixel"), ("ecal pixel-phase1", "pixel-phase1"), ("ecal hcal-pixel", "hcal-pixel")]
    assert '"ecal pixel"' not in client.get("/diary/tags?tags=ecal%20pixel%20e").text


def test_texts_of_somebody_whose_session_has_ended_come_back_unstored(client: FlaskClient, job: DiaryJob) -> None:
    fields = opened(client, job) | {"notes": "an hour of <work>", "summary": "in short"}
    answer = client.post(f"/diary/jobs/{job.id}/review", data=fields)
    assert answer.status_code == 403
    found = words(answer.text)
    assert re.search(r"The review was not stored: Review : Needs the role \w+ \(you are", found)
    assert "Your summary, not stored in short Your notes, not stored an hour of <work>" in found
    assert review_of(job.id).version == 0


REMOTE = {"REMOTE_ADDR": "192.0.2.7"}


def test_texts_of_a_remote_browser_come_back_when_its_session_has_ended(client: FlaskClient, job: DiaryJob) -> None:
    fields = opened(client, job) | {"notes": "an hour of <work>", "summary": "in short"}
    for path in ("review", "review/preview"):
        answer = client.post(f"/diary/jobs/{job.id}/{path}", data=fields, environ_overrides=REMOTE)
        assert answer.status_code == 403
        found = words(answer.text)
        assert "The review was not stored: your session has ended" in found
        assert "Your summary, not stored in short Your notes, not stored an hour of <work>" in found
        assert f"/account/sign-in?next=/diary/jobs/{job.id}" in answer.text
    part = client.post(f"/diary/jobs/{job.id}/review/preview", data=fields, headers={"HX-Request": "true"}, environ_overrides=REMOTE)
    assert "HX-Redirect" not in part.headers, "the form would be lost"
    assert "Your session has ended." in words(part.text)
    assert client.get(f"/diary/jobs/{job.id}", environ_overrides=REMOTE).status_code == 303
    assert review_of(job.id).version == 0


def test_a_conflict_names_only_what_somebody_else_has_changed(client: FlaskClient, job: DiaryJob) -> None:
    fields = opened(client, job) | {"notes": "mine", "summary": "mine, too"}
    save_review(job.id, ReviewChange(notes="theirs"), 0, "anna")
    found = words(client.post(f"/diary/jobs/{job.id}/review", data=fields, headers=headers()).text)
    assert "Now, by anna : theirs" in found
    assert found.count("Now, by anna") == 1


def test_addresses_of_the_form_lead_to_the_page_of_the_job(client: FlaskClient, job: DiaryJob) -> None:
    for path in ("review", "review/preview"):
        answer = client.get(f"/diary/jobs/{job.id}/{path}?tz=utc")
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/diary/jobs/{job.id}?tz=utc#review")


def test_a_wrong_value_of_a_form_is_not_called_a_wrong_address(client: FlaskClient, job: DiaryJob) -> None:
    make_user("olga", Role.SHIFTER)
    sign_in(client, "olga")
    answer = client.post(f"/diary/jobs/{job.id}/state", data={"state": "gone"}, headers={"Origin": HOME})
    assert answer.status_code == 400
    assert "Invalid input The state must be one of" in words(answer.text)
