"""Incidents at P5, and how the pages of the running hub show them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.core.settings import Settings
from tests.square.chain import Chain, chain, settled
from tests.support.p5 import CROWDED, FU
from tests.support.processes import until
from tests.support.site import bound

pytestmark = pytest.mark.slow

CLIENT = "pixel_dqm_sourceclient-live"


@contextmanager
def quiet(data: Path, template: Path, *p5_options: str) -> Iterator[Chain]:
    """A chain whose P5 has only the incidents of the test; its hub polls often, and waits less for P5 than the gateway for its hosts."""
    shutil.copytree(template, data)
    base_settings = Settings(data_dir=str(data), square_poll_s=0.2, square_timeout_s=4.0, square_status_s=1.0)
    with bound(base_settings), chain(base_settings, "--quiet-start", "--speed", "1", *p5_options, services=("web", "live", "p5")) as found:
        yield found


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Chain]:
    with quiet(tmp_path_factory.mktemp("chain") / "var", sqlite_template) as found:
        yield found


@pytest.fixture
def run(running: Chain) -> int:
    """A new run, with 31 jobs that report; the page shows it."""
    number: int = running.p5.incident("start_run", lumis=100)["run"]
    running.p5.advance(30)
    wait_for_text(running, rf'data-run="{number}"', r"31 running")
    return number


def wait_for_text(running: Chain, *texts: str, path: str = "/square") -> str:
    """Wait until a page matches all these patterns; returns the page."""
    page = ""

    def is_shown() -> bool:
        nonlocal page
        page = running.get(path)
        return all(re.search(what, page) for what in texts)

    until(is_shown, f"{path} to show {texts}")
    return page


def rows(page: str) -> list[str]:
    """The rows of the table of jobs."""
    return re.findall(r'<tr id="job-.*?</tr>', page, re.S)


def test_failing_machine_is_named_until_it_responds_again(running: Chain, run: int) -> None:
    running.p5.incident("host_down", host=FU)
    wait_for_text(running, f"{FU} does not respond", "status 500", "ConnectionRefusedError")
    running.p5.incident("host_down", host=FU, on=False)
    until(lambda: f"{FU} does not respond" not in running.get("/square"), "the page to be content")


def test_unreachable_gateway_is_shown_at_the_top_with_its_time(running: Chain, run: int) -> None:
    running.p5.incident("gateway_down")
    wait_for_text(running, r'role="status"[^<]*id="situation"(?s:.)*P5 is unreachable(?s:.)*since <time')
    running.p5.incident("gateway_down", on=False)
    until(lambda: "P5 is unreachable" not in running.get("/square"), "the page to be content")
    assert settled(running) == []


def test_late_responses_are_shown_and_other_machines_are_not_affected(running: Chain, run: int) -> None:
    running.p5.incident("slow", host=FU, seconds=30)
    wait_for_text(running, f"{FU} does not respond", "no answer within 4 s")
    running.p5.incident("crash", tag="beam_", code=65)
    wait_for_text(running, "1 down")
    running.p5.incident("slow", host=FU, seconds=0)
    until(lambda: f"{FU} does not respond" not in running.get("/square"), "the page to be content")


def test_incomplete_responses_lose_nothing(running: Chain, run: int) -> None:
    for name in ("truncate", "vanish"):
        running.p5.incident(name, host=CROWDED, count=2)
        running.p5.advance(30)
        running.p5.advance(30)
    running.p5.advance(30)
    assert settled(running) == []


def test_machine_with_reset_revisions_is_read_from_the_beginning(running: Chain, run: int) -> None:
    running.p5.incident("reset_revisions", host=CROWDED)
    running.p5.advance(60)
    assert settled(running) == []
    assert "31 running" in running.get("/square")


def test_crash_is_the_first_row_and_the_next_attempt_belongs_to_its_client(running: Chain, run: int) -> None:
    running.p5.incident("crash", tag=CLIENT, code=-11, restart=False)
    first = rows(wait_for_text(running, "1 down"))[0]
    assert "-11 SIGSEGV" in first
    assert "crashed" in first
    assert "<bdi>pixel</bdi>" in first
    assert "30 running" in running.get("/square")


def test_restarted_client_keeps_its_crash_as_an_attempt(running: Chain, run: int) -> None:
    running.p5.incident("crash", tag=CLIENT, code=134)
    running.p5.advance(30)
    page = wait_for_text(running, "1 earlier attempt failed", "31 running", "attempt 2")
    assert [("attempt 1" in row, "134 SIGABRT" in row) for row in rows(page) if "<bdi>pixel</bdi>" in row] == [(False, False), (True, True)]


def test_run_without_clients_is_known_by_its_files(running: Chain) -> None:
    number = running.p5.incident("start_run", lumis=100, clients=False)["run"]
    running.p5.advance(150)
    wait_for_text(running, rf'data-run="{number}"', "No job of this run was reported, only its files")


def test_the_page_of_an_ended_run_says_so_and_counts_its_jobs(running: Chain, run: int) -> None:
    running.p5.advance(60)
    running.p5.incident("end_run", follow=False)
    running.p5.advance(120)
    wait_for_text(running, rf'data-run="{run}"', "Run ended: no job is running. The next run has not begun", "31 finished")


def test_live_page_switches_to_the_next_run_and_the_old_page_stays(running: Chain, run: int) -> None:
    number = running.p5.incident("start_run", lumis=5)["run"]
    running.p5.advance(20)
    wait_for_text(running, rf'data-run="{number}"')
    wait_for_text(running, rf'data-run="{run}"', f"Next run: {number}", path=f"/square/runs/{run}")


def test_hostile_text_in_a_log_is_text(running: Chain, run: int) -> None:
    hostile = "<script>window.hurt=1</script><img src=x onerror=alert(1)>\x1b[31m\x00 \udc80"
    *_, key = running.p5.incident("write_log", tag=CLIENT, lines=[hostile + "\n"])["ids"]
    page = wait_for_text(running, "&lt;script&gt;window.hurt=1", path=f"/square/log?key={key}")
    assert "<script>window" not in page
    assert "<img src=x" not in page
    assert "\x1b" not in page
    assert "\x00" not in page


def test_backlog_shows_the_number_left(running: Chain, run: int) -> None:
    words = r"Catching up: [\d,]+ documents still to be fetched"
    running.p5.incident("slow", host=CROWDED, seconds=1)  # a busy machine might show the page too late
    running.p5.incident("backlog", host=CROWDED, count=600)
    wait_for_text(running, words)
    running.p5.incident("slow", host=CROWDED, seconds=0)
    until(lambda: not re.search(words, running.get("/square")), "the backlog to end")
    assert settled(running) == []


def test_a_job_that_reports_no_more_is_stuck_and_first(tmp_path: Path, sqlite_template: Path) -> None:
    with quiet(tmp_path / "var", sqlite_template, "--behind", "1200") as behind:
        behind.p5.incident("start_run", lumis=100)
        behind.p5.advance(60)
        behind.p5.incident("stick", tag=CLIENT)
        behind.p5.advance(1130)
        first = rows(wait_for_text(behind, "1 stuck", "30 running"))[0]
        assert "stuck" in first
        assert "<bdi>pixel</bdi>" in first
