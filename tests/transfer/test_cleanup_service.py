"""Clean-up on a GUI machine as a real process: its options, mail, reports and end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.core.settings import TREE
from services.transfer.cleanup.mode import dry_run
from services.transfer.disks import disk_usage
from services.transfer.options import Options
from tests.notify.receivers import mail_server
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.processes import until
from tests.transfer.hub_server import hub_server
from tests.transfer.pb_files import concatenation, options, write


def config(folder: Path, hub: str = "", **others: object) -> Path:
    file = folder.with_name("transfer.toml")
    values = {"folder": str(folder), "period_s": 0.1, **others}
    file.write_text(
        f"state = {str(folder.with_name('state'))!r}\n[cleanup]\n" + "".join(f"{name} = {toml(value)}\n" for name, value in values.items())
    )
    if hub:
        file.write_text(f"{file.read_text()}[[hubs]]\nurl = {hub!r}\n")
    return file


def toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


def command(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    whole = [sys.executable, "-m", "services.transfer", "cleanup", "--config", str(config), *arguments]
    return subprocess.run(whole, cwd=TREE, capture_output=True, text=True, check=False, timeout=PATIENCE_S)


@contextmanager
def service(config: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The service as a real process."""
    whole = [sys.executable, "-m", "services.transfer", "cleanup", "--config", str(config)]
    with log.open("ab") as output:
        process = subprocess.Popen(whole, cwd=TREE, stdin=subprocess.DEVNULL, stderr=output)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_a_dry_run_says_for_each_file_by_which_rule_it_goes_or_stays_and_removes_nothing(tmp_path: Path) -> None:
    write(tmp_path, 367094, {1: 0})
    write(tmp_path, 367095, {1: 30, 2: 5, 3: 0})
    for name in ("DQM_V0001_R000367094__Global__Online__ALL.root", "two\nlines.pb", os.fsdecode(b"\xff.pb")):
        (tmp_path / name).touch()
    before = sorted(os.listdir(tmp_path))
    lines = dry_run(Options(cleanup=options(tmp_path, newest=1, disk_mark=1, disk_low=1)))
    assert lines[:-1] == [
        f"remove {concatenation(367094, 1)}: of an older run",
        f"keep   {concatenation(367095, 1)}: of the newest run, and the disk is below the mark",
        f"keep   {concatenation(367095, 2)}: of the newest run, and young",
        f"keep   {concatenation(367095, 3)}: one of the newest files of the newest run",
        *[line for line in lines if line.endswith(": no PB file of a run")],
    ]
    assert sorted(lines[4:-1]) == [
        r"keep   DQM_V0001_R000367094__Global__Online__ALL.root: no PB file of a run",
        r"keep   \udcff.pb: no PB file of a run",
        r"keep   two\nlines.pb: no PB file of a run",
    ]
    assert re.fullmatch(r"disk: [\d.]+ % full, then [\d.]+ %", lines[-1])
    assert sorted(os.listdir(tmp_path)) == before
    done = command(config(tmp_path), "--dry-run")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, f"remove {concatenation(367094, 1)}: of an older run")
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.slow
def test_wrong_options_and_places_are_named_and_nothing_starts(tmp_path: Path) -> None:
    good = config(tmp_path)
    assert command(good, "--check").stdout == "configuration OK\n"
    problems = [
        f"dqmhub-transfer: cleanup.folder = {str(tmp_path / 'absent')!r}: there is no such folder",
        "dqmhub-transfer: cleanup.release_link = '/no/such/link': there is no such link",
    ]
    for arguments, named in ((["--check"], problems), (["--dry-run"], problems[:1]), ([], problems[:1])):
        done = command(config(tmp_path / "absent", release_link="/no/such/link"), *arguments)
        assert (done.returncode, done.stderr.splitlines()) == (1, named)
    done = command(config(tmp_path, periods=1), "--check")
    assert done.stderr == "dqmhub-transfer: cleanup.periods: there is no such option; the nearest name is cleanup.period_s\n"


@pytest.mark.slow
def test_the_service_cleans_up_until_it_is_stopped(tmp_path: Path) -> None:
    folder = tmp_path / "pb"
    folder.mkdir()
    with service(config(folder), tmp_path / "log") as process:
        for run in (367094, 367095):
            write(folder, run, {1: 0})
            until(lambda run=run: os.listdir(folder) == [concatenation(run, 1)], f"run {run} alone")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    assert f"INFO Removed {concatenation(367094, 1)}: of an older run\n" in (tmp_path / "log").read_text()


@pytest.mark.slow
def test_the_service_goes_on_when_its_folder_was_away(tmp_path: Path) -> None:
    folder = tmp_path / "pb"
    folder.mkdir()
    with service(config(folder), tmp_path / "log"):
        until(lambda: "Cleaning up" in (tmp_path / "log").read_text(), "the start")
        folder.rmdir()
        until(lambda: "ERROR Cannot clean up" in (tmp_path / "log").read_text(), "an error")
        folder.mkdir()
        write(folder, 1, {1: 0})
        write(folder, 2, {1: 0})
        until(lambda: os.listdir(folder) == [concatenation(2, 1)], "the next round")


@pytest.mark.slow
def test_the_service_ends_when_the_link_to_the_release_leads_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / "pb"
    link = tmp_path / "current_production"
    for name in ("pb", "CMSSW_14_0_2", "CMSSW_14_0_3"):
        (tmp_path / name).mkdir()
    link.symlink_to("CMSSW_14_0_2")
    with service(config(folder, release_link=str(link)), tmp_path / "log") as process:
        until(lambda: "Cleaning up" in (tmp_path / "log").read_text(), "the start")
        for number in range(3):  # a link that is away for some rounds, or leads to the same place in other words, is no change
            link.unlink()
            write(folder, 2 * number + 2, {1: 0})
            write(folder, 2 * number + 1, {1: 0})
            until(lambda number=number: os.listdir(folder) == [concatenation(2 * number + 2, 1)], "a round")
            link.symlink_to(tmp_path / "CMSSW_14_0_2")
        assert process.poll() is None
        link.unlink()
        link.symlink_to("CMSSW_14_0_3")
        assert process.wait(PATIENCE_S) == 1
    assert f"The release is {tmp_path}/CMSSW_14_0_3 now" in (tmp_path / "log").read_text()


@pytest.mark.slow
def test_one_mail_is_sent_while_the_mark_cannot_be_reached_also_after_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "pb"
    folder.mkdir()
    log = tmp_path / "log"
    with mail_server() as box:
        others = {"mail_to": ["shifter@example.com", "expert@example.com"], "mail_server": box.place, "disk_mark": 0.0, "disk_low": 0.0}
        for run in range(1, 8, 2):
            with service(config(folder, **others), log):
                until(lambda: box.mails, "a mail")
                for newer in (run, run + 1):
                    write(folder, newer, {1: 0})
                    until(lambda newer=newer: os.listdir(folder) == [concatenation(newer, 1)], "a round")
    (mail,) = box.mails
    assert box.recipients == [["shifter@example.com", "expert@example.com"]]
    assert re.fullmatch(r"The disk of the DQM GUI on \S+ is [\d.]+ % full", mail["Subject"])
    assert "the mark is 0 %" in mail.get_content()
    assert len(re.findall(r"WARNING The disk of \S+ is [\d.]+ % full, and stays", log.read_text())) == 4  # one for each start


@pytest.mark.slow
def test_clean_up_goes_on_when_mail_cannot_be_sent(tmp_path: Path) -> None:
    folder = tmp_path / "pb"
    folder.mkdir()
    write(folder, 1, {1: 0})
    others = {"mail_to": ["a@example.com"], "mail_server": f"127.0.0.1:{free_port()}", "disk_mark": 0.0, "disk_low": 0.0}
    with service(config(folder, **others), tmp_path / "log"):
        until(lambda: "Cannot send mail" in (tmp_path / "log").read_text(), "a failed mail")
        write(folder, 2, {1: 0})
        until(lambda: os.listdir(folder) == [concatenation(2, 1)], "the next round")
    assert (tmp_path / "log").read_text().count("Cannot send mail") == 1


@pytest.mark.slow
def test_clean_up_reports_what_it_removed_and_how_full_the_disk_is(tmp_path: Path) -> None:
    folder = tmp_path / "pb"
    folder.mkdir()
    write(folder, 1, {1: 0, 2: 0}, nbytes=5000)
    write(folder, 2, {number: 60 * number for number in range(12)}, nbytes=5000)
    blocks = (folder / concatenation(1, 1)).stat().st_blocks * 512
    with hub_server() as hub, service(config(folder, hub.url, disk_mark=1.0), tmp_path / "log"):
        until(lambda: hub.records, "a record")
        until(lambda: "files" in hub.requests[-1][2]["state"], "the state after a round")
        (record,) = {each["number"]: each for each in hub.records}.values()  # it is sent again when the answer is late
        state = hub.requests[-1][2]["state"]
    assert (record["kind"], record["removed"], record["bytes"]) == ("cleanup", 2, 2 * blocks)
    assert record["rules"] == {"of an older run": 2}
    assert sorted(record["examples"]) == [concatenation(1, 1), concatenation(1, 2)]
    assert (state["folder"], state["files"], state["bytes"]) == (str(folder), 12, 12 * blocks)
    assert (state["mark"], state["reachable"]) == (1, True)
    planned = dry_run(Options(cleanup=options(folder, disk_mark=1.0)))
    assert state["would_remove"] == sum(line.startswith("remove ") for line in planned) == 0, (
        "two files may go when the disk is full, not before"
    )
    used, free = disk_usage(str(folder))
    assert state["disk"] == pytest.approx(used / (used + free), abs=0.1)


@pytest.mark.slow
def test_a_second_clean_up_of_a_host_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "pb"
    folder.mkdir()
    with service(config(folder), tmp_path / "log") as process:
        until(lambda: "Cleaning up" in (tmp_path / "log").read_text(), "the start")
        done = command(config(folder))
        assert done.returncode == 1
        assert f"the mode cleanup of this host is served by process {process.pid} " in done.stderr
        assert command(config(folder), "--check").stdout == "configuration OK\n"


@pytest.mark.slow
def test_clean_up_goes_on_without_a_journal(tmp_path: Path) -> None:
    folder = tmp_path / "pb"
    folder.mkdir()
    (tmp_path / "state" / "cleanup.sqlite").mkdir(parents=True)  # cannot be opened as a file
    write(folder, 1, {1: 0})
    write(folder, 2, {1: 0})
    with service(config(folder), tmp_path / "log"):
        until(lambda: os.listdir(folder) == [concatenation(2, 1)], "a round")
    assert "new entries are kept in memory until it can be used" in (tmp_path / "log").read_text()
