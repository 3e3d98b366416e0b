"""The pages of the transfer of online files."""

from __future__ import annotations

import re
import time
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.gui.files.entries import Entry
from app.gui.files.register import register
from app.transfers import kinds
from app.transfers.models import TransferHost
from app.transfers.pages.presenters import PROBLEM_BADGES, RUN_BADGES
from app.web.frame import links_to_run
from tests.diary.test_pages import text, words
from tests.notify import seed as square
from tests.transfers.samples import (
    RUN,
    concatenation_record,
    delivery_record,
    file_record,
    fu_state,
    merge_record,
    process,
    receive,
    report,
    root_record,
)
from tests.transfers.seed import CUT, LONG, OLDER, fill

PAGE = f"/transfers/runs/{RUN}"


@pytest.fixture
def filled(hub: Settings) -> float:
    """The time of the last reports of the runs of `seed`."""
    now = time.time()
    fill(hub, now)
    return now


def rows_of(client: FlaskClient, address: str, title: str) -> list[str]:
    """The texts of the rows of the table in the section with this identifier of its heading."""
    section = client.get(address).text.partition(f'aria-labelledby="{title}-title"')[2].partition("</section>")[0]
    return [words(row).strip() for row in section.partition("<tbody>")[2].partition("</tbody>")[0].split("</tr>")[:-1]]


def poll_of(html: str) -> str:
    (address,) = re.findall(r'data-poll hx-get="([^"]+)"', html)
    return unescape(address)


def test_a_hub_without_reports_says_where_they_come_from(client: FlaskClient) -> None:
    found = text(client, "/transfers")
    assert "Nothing was reported yet. Reports come from dqmhub-transfer" in found
    assert "No process has reported yet." in found
    assert '<a href="/transfers" aria-current="page">Transfers</a>' in client.get("/transfers").text


@pytest.mark.both_databases
def test_runs_are_listed_newest_first_with_their_faults(filled: float, client: FlaskClient) -> None:
    newest, older = rows_of(client, "/transfers", "runs")
    assert newest.startswith(f"{RUN} ongoing")
    assert "4 on 2 hosts" in newest
    assert older.startswith(f"{OLDER} over 2 on 2 hosts")
    numbers = re.match(rf"{RUN} ongoing 4 on 2 hosts (\d+) (\d+) (\d+) ", newest)
    assert numbers, newest
    assert numbers.groups() == ("2", "1", "2"), "CSC and the process without files; CTPPS was cut; CTPPS and gui-2 failed"


def test_older_runs_are_on_pages_of_their_own(hub: Settings, client: FlaskClient) -> None:
    for number in range(45):
        receive(hub, report(file_record(number + 1, run=100 + number), state=fu_state("over", run=100 + number)))
    shown, address = [], "/transfers"
    while address:
        html = client.get(address).text
        shown.append([int(run) for run in re.findall(r'href="/transfers/runs/(\d+)">\d', html)])
        address = next(iter(re.findall(r'href="(/transfers\?before=\d+)" rel="next"', html)), "")
    assert shown == [list(range(144, 124, -1)), list(range(124, 104, -1)), list(range(104, 99, -1))]
    assert "Processes" not in text(client, "/transfers?before=105")
    assert client.get("/transfers?before=x").status_code == 400


def test_each_process_is_shown_with_its_clock_and_what_is_lost(filled: float, hub: Settings, client: FlaskClient) -> None:
    receive(hub, report({"number": 9, "kind": "song"}, host="fu-1", now=filled, dropped=3), filled)
    shown = rows_of(client, "/transfers", "hosts")
    assert [row.split()[0] for row in shown] == ["fu-1", "fu-2", "bu-1", "gui-1"]
    assert "filter unit records lost within 60 s exact" in shown[0]
    assert " 4 1.0" in shown[0], "three were dropped, one was refused"
    assert "filter unit reporting within 60 s 90.0 s ahead" in shown[1]
    assert "builder unit reporting" in shown[2]


def test_hosts_that_are_silent_for_a_week_are_out_of_service(filled: float, client: FlaskClient) -> None:
    TransferHost.update(seen=TransferHost.seen - 7 * 86400).where(TransferHost.host.in_(["bu-1", "gui-1"])).execute()
    shown = rows_of(client, "/transfers", "hosts")
    assert ["out of service" in row for row in shown] == [False, False, True, True]
    assert all(row.startswith("fu-") for row in rows_of(client, "/transfers", "disks"))
    found = text(client, "/transfers")
    assert "disk above mark" not in found
    assert "GUI machine unreachable" not in found
    assert "Clean-up of GUI machines" not in found
    assert f"damaged file {CUT['name']}" in found, "a problem of a run"


@pytest.mark.both_databases
def test_a_process_that_stops_reporting_becomes_silent_on_an_open_page(filled: float, client: FlaskClient) -> None:
    polls = [poll_of(client.get(address).text) for address in ("/transfers", PAGE, "/transfers/hosts/fu-2")]
    assert [client.get(poll).status_code for poll in polls] == [204, 204, 204]
    TransferHost.update(seen=TransferHost.seen - 100).where(TransferHost.host == "fu-2").execute()
    answers = [client.get(poll, headers={"HX-Request": "true"}) for poll in polls]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert all("silent" in words(answer.text) and "<html" not in answer.text for answer in answers)
    assert re.search(r"fu-2 filter unit silent 10\d s ago", words(answers[0].text))


def test_a_page_is_up_to_date_until_something_new_is_reported_of_what_it_shows(filled: float, hub: Settings, client: FlaskClient) -> None:
    overview, ongoing, older = (poll_of(client.get(address).text) for address in ("/transfers", PAGE, f"/transfers/runs/{OLDER}"))
    receive(hub, report(mode="bu", now=filled, state={}), filled)  # a state that cannot be used, and no record
    receive(hub, report(file_record(70, at=filled + 1), now=filled + 1, state=fu_state(clients=(process(7, snapshot=filled),))), filled + 1)
    assert [client.get(poll).status_code for poll in (overview, ongoing, older)] == [200, 200, 204]


@pytest.mark.both_databases
def test_clients_with_missing_files_come_first(filled: float, client: FlaskClient) -> None:
    shown = rows_of(client, PAGE, "clients")
    assert re.match(r"CSC fu-1 missing no new snapshot for more than 3 lumisections", shown[0]), shown[0]
    assert re.match(
        r"sistrip_cfg.py \(8\) process 8 for \d+ \w+ fu-1 missing no snapshot yet, more than 3 lumisections after its start – nothing yet at gui-1 0",
        shown[1],
    ), shown[1]
    assert re.match(
        r"CTPPS fu-2 not sent rsync ended with 255: Connection refused , [-\d]+ [:\d]+ \d+ \w+ ago nothing yet 0 – – – 3$", shown[2]
    ), shown[2]
    assert [row.split()[0] for row in shown[3:]] == ["BRIL", "SiStrip"]
    assert "5 clients, 2 with a missing file" in words(client.get(PAGE).text)


def test_a_client_is_shown_with_its_delay_sizes_and_restart(filled: float, client: FlaskClient) -> None:
    bril, sistrip = rows_of(client, PAGE, "clients")[3:]
    assert re.match(
        r"BRIL restarted process 9 for \d+ \w+ fu-1 sent \d+ \w+ ago nothing yet at gui-1 1 123.5 MB 3.0 s \(3.0 s\) – 0$", bril
    ), bril
    assert re.match(r"SiStrip fu-1 sent \d+ \w+ ago nothing yet at gui-1 2 1.0 kB 3.0 s \(3.0 s\) – 0$", sistrip), sistrip


def test_the_age_of_a_snapshot_is_right_whatever_the_clock_of_its_host_shows(filled: float, client: FlaskClient) -> None:
    (row,) = [row for row in client.get(PAGE).text.split("</tr>") if "<bdi>CTPPS</bdi>" in row and "Connection refused" in row]
    (age,) = re.findall(r'data-age="(\d+)"', row)
    assert int(age) == 3, "the clock of fu-2 is 90 s ahead"


def test_a_root_file_is_shown_when_it_was_sent_and_until_then(hub: Settings, client: FlaskClient) -> None:
    now = time.time()
    waits = root_record(2, "CTPPS", at=now, sent=0.0, attempts=2, error="No space left on device")
    receive(hub, report(root_record(1, at=now, size=5_200_000), waits, now=now, state=fu_state("over")), now)
    failed, sent = rows_of(client, PAGE, "clients")
    assert re.match(r"CTPPS fu-1 not sent No space left on device , [-\d]+ [:\d]+ – – 0 – – 5.0 kB , not sent yet 2$", failed), failed
    assert re.search(r"complete – – 0 – – 5.2 MB , \d{4}-\d\d-\d\d [\d:]+ after 3.0 s 0$", sent), sent


def test_a_note_on_a_file_that_was_sent_is_shown_and_is_no_error(hub: Settings, client: FlaskClient) -> None:
    now = time.time()
    receive(hub, report(root_record(1, at=now, error="checked by its size alone"), now=now, state=fu_state("over")), now)
    (sent,) = rows_of(client, PAGE, "clients")
    assert "complete checked by its size alone" in sent


def test_concatenations_show_what_went_in_and_what_was_left_out(filled: float, client: FlaskClient) -> None:
    shown = rows_of(client, PAGE, "concatenations")
    assert len(shown) == 5
    assert re.search(r" 2 1 19 1 1.9 kB 1.0 s$", shown[0]), shown[0]
    found = text(client, PAGE)
    assert "15 earlier concatenations" in found
    assert f"left out {CUT['name']} : {CUT['reason']}" in found
    assert "1 ME of several clients" in found
    assert "DQM/a SiStrip, CTPPS" in found
    (address, *_) = re.findall(r'href="([^"]+/concatenations/\d+)"', client.get(PAGE).text)
    assert rows_of(client, address, "inputs")[0].startswith("SiStrip fu-1 ")
    assert re.search(r"SiStrip fu-1 [-\d]+ [:\d]+ 10 1 1.0 kB$", rows_of(client, address, "inputs")[0])
    assert CUT["reason"] in text(client, address)


def test_an_unknown_run_host_or_concatenation_is_not_found(filled: float, client: FlaskClient) -> None:
    for path in ("runs/1", f"runs/{2**40}", f"runs/{'9' * 30}", "hosts/fu-9", f"{PAGE[11:]}/concatenations/999", "runs/1/concatenations/1"):
        assert client.get(f"/transfers/{path}").status_code == 404, path


def test_merges_show_whether_they_were_accepted_and_what_went_in(filled: float, client: FlaskClient) -> None:
    page = f"/transfers/runs/{OLDER}"
    shown = rows_of(client, page, "merges")
    assert re.match(r"1 accepted [-\d]+ [:\d]+ 1 1 19 2 5.0 kB 9.0 s DQM_V0001_R000397456__Global__Online__ALL.root", shown[0]), shown[0]
    assert re.match(r"none refused DQM/size has not the sum of the inputs", shown[1]), shown[1]
    found = text(client, page)
    assert "left out DQM_V0001_CSC_R000397455__fu-1.root" in found
    assert "SiStrip fu-1 5.0 kB DQM_V0001_SiStrip_R000397456__fu-1.root" in found
    assert "1 ROOT file in version 1" in found
    assert re.search(r"1 ROOT file in the merge that was refused at [-\d]+ [:\d]+", found)


def test_deliveries_show_the_newest_of_each_gui_machine_and_those_that_failed(filled: float, client: FlaskClient) -> None:
    shown = rows_of(client, PAGE, "deliveries")
    assert len(shown) == 2, "the older concatenation of gui-1 is not shown"
    assert re.match(r"gui-1 concatenation registered [-\d]+ [:\d]+ 2.0 s 3.0 s 1 1.9 kB new.pb", shown[0]), shown[0]
    assert re.match(r"gui-2 concatenation failed No route to host .* – – 4 1.9 kB concat_1.pb$", shown[1]), shown[1]
    merged = rows_of(client, f"/transfers/runs/{OLDER}", "deliveries")
    assert [row.split()[0] for row in merged] == ["gui-0", "gui-1", "gui-2"]
    assert all("merged file registered" in row for row in merged)


def test_a_failed_delivery_is_shown_until_a_newer_file_has_arrived(hub: Settings, client: FlaskClient) -> None:
    now = time.time()
    late = [delivery_record(n, at=now + n, name=f"{n}.pb", registered=0.0, copied=0.0, error="No route to host") for n in (1, 2)]
    receive(hub, report(*late, mode="bu", now=now), now)
    assert [row.split()[2] for row in rows_of(client, PAGE, "deliveries")] == ["failed", "failed"]
    receive(hub, report(delivery_record(3, at=now + 3, name="3.pb"), mode="bu", now=now), now)
    assert [row.split()[2] for row in rows_of(client, PAGE, "deliveries")] == ["registered"]


def test_gui_machines_disks_and_clean_up_are_shown(filled: float, client: FlaskClient) -> None:
    reachable, unreachable = rows_of(client, "/transfers", "gui")
    assert re.match(r"gui-1 reachable [-\d]+ [:\d]+ 0 files bu-1", reachable)
    assert re.match(r"gui-2 unreachable [-\d]+ [:\d]+ 3 files bu-1 No route to host", unreachable)
    disks = rows_of(client, "/transfers", "disks")
    assert disks[:2] == ["bu-1 /fff/output 95.0 % above the mark 90 %", "gui-1 /data/dqmgui/files 93.0 % above the mark 90 %"]
    assert disks[2:] == ["bu-1 /fff/ramdisk 40.0 % 90 %", "fu-1 , fu-2 /fff/output 30.0 % 90 %"], "what is shared or alike is one row"
    (cleanup,) = rows_of(client, "/transfers", "cleanup")
    wanted = r"gui-1 /data/dqmgui/files 26 2.6 kB 4 .* , 26 files, 2.60 GB 20 of an older run , 6 of the newest run stays above the mark"
    assert re.match(wanted, cleanup), cleanup


@pytest.mark.both_databases
def test_problems_stand_above_everything_until_they_end(filled: float, hub: Settings, client: FlaskClient) -> None:
    found = text(client, "/transfers")
    assert "GUI machine unreachable gui-2 : No route to host bu-1 , since" in found
    assert "disk above mark /fff/output : more than 90% used, its mark bu-1 , since" in found
    assert f"file missing CSC : no new snapshot for more than 3 lumisections run {RUN} , fu-1 , since" in found
    assert f"damaged file {CUT['name']} : {CUT['reason']}" in found
    receive(hub, report(concatenation_record(70, at=filled + 9), mode="bu", now=filled + 9), filled + 9)
    assert "GUI machine unreachable" not in text(client, "/transfers")
    assert CUT["reason"] not in text(client, PAGE).partition("Concatenations")[0]


def test_a_merge_that_failed_marks_its_run_until_one_is_accepted(hub: Settings, client: FlaskClient) -> None:
    now = time.time()
    receive(hub, report(merge_record(1, at=now, accepted=False, error="hadd ended with 1", name=""), mode="bu", now=now), now)
    assert re.search(r"merge failed .*hadd ended with 1", text(client, "/transfers"))
    assert " failed 0 " in rows_of(client, "/transfers", "runs")[0]
    receive(hub, report(merge_record(2, at=now + 1), mode="bu", now=now), now)
    assert "hadd ended with 1" not in text(client, "/transfers")
    assert " failed 0 " not in rows_of(client, "/transfers", "runs")[0]


def test_every_kind_of_problem_and_state_of_a_run_has_a_badge() -> None:
    assert set(PROBLEM_BADGES) == set(kinds.PROBLEM_KINDS)
    assert list(RUN_BADGES) == list(kinds.RUN_STATES)


def test_problems_with_one_cause_are_one_line(hub: Settings, client: FlaskClient) -> None:
    now = time.time()
    for host in ("fu-1", "fu-2"):
        records = [file_record(number, f"Client{number:02}", at=now) for number in range(1, 16)]
        receive(hub, report(*records, host=host, now=now, state=fu_state("over")), now)
    found = text(client, "/transfers")
    assert "30 problems" in found
    listed = ", ".join(f"Client{number:02}" for number in range(1, 13))
    assert found.count(f"file missing {listed} and 3 more: it has snapshots, but no ROOT file run {RUN} , fu-") == 2


def test_a_host_shows_its_client_processes_and_rounds_of_clean_up(filled: float, client: FlaskClient) -> None:
    (row,) = [row for row in rows_of(client, "/transfers/hosts/fu-1", "fu") if " 9 " in row]
    assert re.match(rf"{RUN} ongoing BRIL 9 yes [-\d]+ [:\d]+", row), row
    assert f"{RUN} ongoing sistrip_cfg.py 8 no none yet" in rows_of(client, "/transfers/hosts/fu-1", "fu")
    assert f"{RUN} ongoing fu-1" in rows_of(client, "/transfers/hosts/bu-1", "bu")
    assert (
        "26 files 2.60 GB 20 of an older run , 6 of the newest run 50.0 % run1.pb" in rows_of(client, "/transfers/hosts/gui-1", "rounds")[0]
    )


def test_pages_of_the_run_in_other_areas_and_these_lead_to_each_other(filled: float, client: FlaskClient) -> None:
    register([Entry("/Global/Online/ALL", RUN, 0, "/data/concat.pb", "protobuf")])
    square.job(RUN, "sistrip", filled)
    assert f'href="/square/runs/{RUN}">DQM^2' in client.get(PAGE).text
    assert f'<a href="{PAGE}">Transfers</a>' in client.get(f"/square/runs/{RUN}").text
    plots = f"/browse/{RUN}/Global/Online/ALL"
    assert f'href="{plots}">Plots of' in client.get(PAGE).text
    assert f'href="{PAGE}">Transfers</a>' in client.get(plots).text
    with client.application.test_request_context():
        assert [link for link in links_to_run(5, "gui") if link.text == "Transfers"] == []


@pytest.mark.both_databases
def test_a_client_leads_to_the_job_of_its_newest_process_in_dqm2(filled: float, hub: Settings, client: FlaskClient) -> None:
    both = process(7, snapshot=filled), process(10, snapshot=filled, restarted=True)
    receive(hub, report(now=filled + 1, state=fu_state(clients=both)), filled + 1)
    for pid, host in ((7, "fu-1"), (10, "fu-1.cms"), (9, "fu-2")):
        square.job(RUN, f"client{pid}", filled, pid=pid, host=host)
    links = re.findall(r'<a class="stop" href="([^"]+)"><bdi>([^<]+)', client.get(f"{PAGE}?tz=utc").text)
    assert [name for _, name in links] == ["SiStrip"], "the process 9 of BRIL is at fu-1"
    assert "client10" in text(client, unescape(links[0][0]))
    assert "tz=utc" in links[0][0]


def test_a_client_whose_process_dqm2_does_not_know_leads_to_the_newest_job_of_its_configuration(
    filled: float, hub: Settings, client: FlaskClient
) -> None:
    for attempt, path in enumerate(["/x/sistrip_cfg.py", "/x/sistrip_cfg.py", "/x/other_cfg.py"]):
        square.job(RUN, f"attempt{attempt}", filled, pid=100 + attempt, host="fu-2", path=path, started=filled + attempt)
    links = re.findall(r'<a class="stop" href="([^"]+)"><bdi>([^<]+)', client.get(PAGE).text)
    assert [name for _, name in links] == ["CTPPS"], "the only client at fu-2"
    assert "attempt1" in text(client, unescape(links[0][0]))


def test_an_me_of_several_clients_leads_to_its_plot(filled: float, hub: Settings, client: FlaskClient) -> None:
    example = {"name": "DQM/a b/ü", "first": "SiStrip at fu-1", "second": "CTPPS at fu-2"}
    receive(hub, report(concatenation_record(70, at=filled, examples=[example]), mode="bu", now=filled), filled)
    assert "DQM/a b/ü SiStrip at fu-1, CTPPS at fu-2" in text(client, PAGE)
    assert "/browse/" not in client.get(PAGE).text, "the hub has no plots of the run"
    register([Entry("/Global/Online/ALL", RUN, 0, "/data/concat.pb", "protobuf")])
    (address,) = re.findall(rf'href="(/browse/{RUN}/Global/Online/ALL\?[^"]+)"', client.get(f"{PAGE}?tz=utc").text)
    assert parse_qs(urlsplit(unescape(address)).query) == {"plot": ["DQM/a b/ü"], "tz": ["utc"]}


def test_names_of_other_machines_are_text(hub: Settings, client: FlaskClient) -> None:
    evil, now = "<script>alert(1)</script>", time.time()
    records = (file_record(1, evil, at=now, error=evil, sent=0.0), file_record(2, LONG, at=now))
    receive(hub, report(*records, now=now, state=fu_state(clients=(process(7, tag=evil),))), now)
    left = {"left_out": [{"name": evil, "reason": evil}], "name": evil, "at": now}
    inputs = [{"host": evil, "client": evil, "size": 1, "arrived": now, "entries": 1, "replaced": 0}]
    products = (
        concatenation_record(1, **left, inputs=inputs, examples=[evil, {"me": evil}]),
        merge_record(2, **left, error=evil, inputs=[{"host": evil, "client": evil, "name": evil, "size": 1}]),
        delivery_record(3, evil, at=now, error=evil, name=evil),
    )
    receive(hub, report(*products, mode="bu", now=now), now)
    (number,) = re.findall(r"/concatenations/(\d+)", client.get(PAGE).text)
    for address in ("/transfers", PAGE, f"{PAGE}/concatenations/{number}", "/transfers/hosts/fu-1", "/transfers/hosts/bu-1"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert evil not in answer.text, address
    assert evil in words(client.get(PAGE).text) or "alert(1)" in client.get(PAGE).text


@pytest.mark.parametrize("address", ["/transfers", PAGE, "/transfers/hosts/fu-1"])
def test_the_zone_of_times_stays_in_all_links(filled: float, client: FlaskClient, address: str) -> None:
    html = client.get(f"{address}?tz=utc").text.partition("<main")[2].partition("</main>")[0]
    links = re.findall(r'(?:href|hx-get)="(/transfers[^"]*)"', html)
    others = [link for link in links if "tz=utc" not in link]
    assert [link for link in others if "tz=local" not in link] == [address], "only the link to the default zone has none"


def test_the_help_names_all_states_and_problems(client: FlaskClient) -> None:
    found = text(client, "/help/transfers")
    assert all(word in found for word in ("ongoing", "ending", "merging", "merged", "over"))
    assert all(word in found for word in ("file missing", "GUI machine unreachable", "disk above mark", "damaged file"))
    assert "more than 3 lumisections" in found
