"""Logs are shown line by line with their levels, and hostile contents are harmless."""

from __future__ import annotations

import io
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.square import job_documents, logs
from app.square.models import Job, Log
from tests.square import data

pytestmark = pytest.mark.both_databases


@pytest.fixture(scope="module")
def runs(fixtures_dir: Path) -> dict[str, Any]:
    """The logs of the real runs by job."""
    return {row["id"]: row for row in json.loads((fixtures_dir / "dqmsquare" / "runs.json").read_bytes())}


def write(job: Job, start: list[str], end: list[str]) -> None:
    Log.update(body=data.pack_json({"stdlog_start": start, "stdlog_end": end})).where(Log.key == job.key).execute()


def beam(run: int = 358791) -> Job:
    found: Job = Job.get(Job.run == run, Job.tag == "beam_dqm_sourceclient-live")
    return found


def test_a_short_log_that_is_in_start_and_end_is_shown_once(runs: dict[str, Any]) -> None:
    row = runs["dqm-source-state-run358791-hostfu-c2f11-11-01-pid046120"]
    log = logs.join_log(row["stdlog_start"], row["stdlog_end"])
    assert log.gap is None
    assert "\n".join(log.lines) + "\n" == "".join(row["stdlog_start"])


def test_start_and_end_are_joined_where_they_overlap(runs: dict[str, Any]) -> None:
    row = runs["dqm-source-state-run358791-hostfu-c2f11-11-04-pid005343"]
    log = logs.join_log(row["stdlog_start"], row["stdlog_end"])
    assert log.gap is None
    text = "\n".join(log.lines)
    assert text.startswith("".join(row["stdlog_start"]).rstrip("\n"))
    assert text.endswith("".join(row["stdlog_end"]).rstrip("\n"))
    assert len(text) < sum(map(len, row["stdlog_start"] + row["stdlog_end"]))


def test_a_middle_that_is_not_stored_is_marked(runs: dict[str, Any]) -> None:
    row = runs["dqm-source-state-run358792-hostfu-c2f11-11-04-pid009960"]
    log = logs.join_log(row["stdlog_start"], row["stdlog_end"])
    assert log.gap == len("".join(row["stdlog_start"]).rstrip("\n").split("\n"))


def test_messages_of_cmssw_have_their_level_to_their_last_line() -> None:
    text = ["Begin", "%MSG-e SiStrip:", "bad thing", "%MSG", "fine", "%MSG-w X:", "hm", "%MSG", "%MSG-i Y:", "note", "%MSG"]
    found = [level for _, level in logs.levels(text)]
    assert found == ["", "error", "error", "", "", "warning", "warning", "", "", "", ""]


def test_an_exception_is_an_error_from_its_begin_to_its_end() -> None:
    text = ["----- Begin Fatal Exception 15-Sep", "An exception of category 'X'", "----- End Fatal Exception ----", "after"]
    assert [level for _, level in logs.levels(text)] == ["error", "error", "error", ""]


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("A fatal system signal has occurred: segmentation violation", "error"),
        ("-- process exit: 65 --", "error"),
        ("-- process exit: 0 --", ""),
        ("DQMNet[41546]: WARNING: source not responding", "warning"),
        ("DD4hep           WARN  ++ Using globally", "warning"),
        ("Total number of errors = 35204", ""),
    ],
)
def test_lines_outside_of_messages_have_the_level_of_their_words(line: str, level: str) -> None:
    assert [found for _, found in logs.levels([line])] == [level]


def test_terminal_colours_are_removed_and_control_characters_visible() -> None:
    assert logs.visible_text("\x1b[31mred\x1b[0m\x1b]0;title\x07 a\x00b\rc\x7f\x9b1m\u202e") == "red a␀b␍c␡�1m�"
    assert logs.visible_text("half \ud800 letter\ttab") == "half � letter\ttab"


def test_a_line_of_a_megabyte_is_cut(filled: Settings, client: FlaskClient) -> None:
    write(beam(), ["first\n", "x" * 1_000_000 + "\n", "last\n"], [])
    answer = client.get(f"/square/log?key={beam().key}")
    assert len(answer.data) < 30_000
    assert "995,904 more characters" in answer.text
    assert len(client.get(f"/square/log/text?key={beam().key}").data) == len("first\nlast\n") + 1_000_001


def test_a_log_page_shows_the_lines_of_the_real_log_in_order(filled: Settings, client: FlaskClient, runs: dict[str, Any]) -> None:
    text = unescape(client.get(f"/square/log?key={beam().key}").text)
    row = runs[beam().key]
    at = 0
    for line in "".join(row["stdlog_start"]).rstrip("\n").split("\n"):
        at = text.index(logs.visible_text(line), at)
    assert 'id="L1"' in text
    assert 'href="#L1"' in text


def test_a_log_can_be_searched_and_its_errors_chosen(filled: Settings, client: FlaskClient) -> None:
    write(beam(), ["one\n", "%MSG-e X\n", "Two\n", "%MSG\n", "three\n"], [])
    page = client.get(f"/square/log?key={beam().key}&q=t").text
    assert [number for number in range(1, 6) if f'id="L{number}"' in page] == [3, 5]
    page = client.get(f"/square/log?key={beam().key}&level=error").text
    assert [number for number in range(1, 6) if f'id="L{number}"' in page] == [2, 3]


def opened_at(client: FlaskClient, query: str = "") -> list[str]:
    return re.findall(r'data-open-at="([^"]*)"', client.get(f"/square/log?key={beam().key}{query}").text)


def test_the_log_of_a_crashed_job_opens_at_its_first_error(filled: Settings, client: FlaskClient) -> None:
    write(beam(), ["fine\n", "%MSG-w X\n", "odd\n", "%MSG\n", "%MSG-e X\n", "bad\n", "%MSG\n", "Killed\n"], [])
    data.change(beam().key, exit_code=0)
    assert opened_at(client) == []
    data.change(beam().key, exit_code=137)
    assert opened_at(client) == ["L5"]
    for query in ("&q=bad", "&level=error", "&from=0"):
        assert opened_at(client, query) == [], "what was asked for comes first"
    write(beam(), ["fine\n"], [])
    assert opened_at(client) == []


def test_a_first_error_beyond_the_first_page_is_on_the_page_that_opens(filled: Settings, client: FlaskClient) -> None:
    data.change(beam().key, exit_code=134)
    write(beam(), [f"line {number}\n" for number in range(1, 12_001)] + ["Segmentation fault\n"], [])
    page = client.get(f"/square/log?key={beam().key}").text
    assert 'data-open-at="L12001"' in page
    assert re.findall(r'id="L(\d+)"', page)[0] == "10001"
    assert "Earlier lines" in page


def test_a_log_is_downloaded_unchanged(filled: Settings, client: FlaskClient) -> None:
    write(beam(), ["<script>\x1b[1m\n"], [])
    answer = client.get(f"/square/log/text?key={beam().key}")
    assert answer.text == "<script>\x1b[1m\n"
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_markup_in_a_log_is_text(filled: Settings, client: FlaskClient) -> None:
    write(beam(), ["<img src=x onerror=alert(1)>\n"], [])
    page = client.get(f"/square/log?key={beam().key}&q=<img").text
    assert "<img" not in page
    assert "&lt;img src=x" in page


def test_the_page_of_a_job_shows_its_document(filled: Settings, client: FlaskClient) -> None:
    text = unescape(client.get(f"/square/job?key={beam().key}").text)
    assert "beam_dqm_sourceclient-live_cfg.py" in text
    assert "runInputDir=/fff/BU0/ramdisk" in text
    assert "4 lumisections seen" in text
    assert "skipped: timeout" in text
    assert '"VmRSS"' in text


def test_a_job_draws_its_memory_and_rate(filled: Settings, client: FlaskClient) -> None:
    answer = client.get(f"/square/job/memory.svg?key={beam().key}")
    assert answer.content_type == "image/svg+xml; charset=utf-8"
    assert "Resident memory, MB" in answer.text
    assert client.get(f"/square/job/events.png?key={beam().key}").data.startswith(b"\x89PNG")


def test_the_environment_of_a_job_is_shown_to_experts_only(filled: Settings, client: FlaskClient) -> None:
    job = beam()
    from app.square.models import Document

    Document.update(body=data.pack_json({"extra": {"environ": {"TOKEN": "hidden-word"}}})).where(Document.key == job.key).execute()
    page = client.get(f"/square/job?key={job.key}").text
    assert "hidden-word" not in page
    assert "(visible to experts)" in page


@pytest.mark.parametrize(
    "body", [[], {"extra": []}, {"extra": {"lumi_seen": 3, "mem_info": [1], "lumi_stats": {"x": "y"}}, "cmdline": {"a": 1}}]
)
def test_a_document_of_another_shape_is_shown_all_the_same(filled: Settings, client: FlaskClient, body: Any) -> None:
    from app.square.models import Document

    Document.update(body=data.pack_json(body)).where(Document.key == beam().key).execute()
    assert client.get(f"/square/job?key={beam().key}").status_code == 200


def test_a_job_that_is_not_known_is_not_found(filled: Settings, client: FlaskClient) -> None:
    assert client.get("/square/job?key=nobody").status_code == 404
    assert client.get("/square/log?key=nobody").status_code == 404


def test_acknowledging_requires_an_account(filled: Settings, client: FlaskClient) -> None:
    answer = client.post(f"/square/job/acknowledge?key={beam().key}", headers={"Origin": "http://127.0.0.1:8889"})
    assert answer.status_code == 303
    assert "/account/sign-in" in answer.location


def test_consecutive_lumisections_in_one_state_are_one_range() -> None:
    seen = {f"lumi{number:06}": "skipped: fast-forward to the latest lumi" for number in range(1, 16)}
    seen |= {"lumi000016": "close: ok", "lumi000018": "close: ok", "lumi000019": "open: file iterator", "lumi": "?", "lumi000020": ""}
    found = [(row.first, row.last, row.kind) for row in job_documents.lumi_ranges({"extra": {"lumi_seen": seen}})]
    assert found == [(1, 15, "odd"), (16, 16, ""), (18, 18, ""), (19, 19, "open"), (20, 20, "open")]


@pytest.mark.parametrize(
    ("text", "most", "lines", "before"),
    [
        (b"a\nb\nc\n", 100, ["a", "b", "c"], 0),
        (b"a\nb\nc\n", 4, ["c"], 2),
        (b"a\nb\nccccc\n", 3, ["cc"], 2),
        (b"aaaaaaaa", 3, ["aaa"], 0),
        (b"", 3, [""], 0),
        (b"\xff\n" * 3_000_000, 5, ["\ufffd", "\ufffd"], 2_999_998),
    ],
)
def test_line_numbers_at_the_end_of_a_large_log_count_from_its_start(text: bytes, most: int, lines: list[str], before: int) -> None:
    assert logs.read_tail(io.BytesIO(text), most) == (lines, before)
