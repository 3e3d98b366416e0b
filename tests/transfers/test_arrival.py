"""How far the data of a run got, as its page shows it."""

from __future__ import annotations

import re
import time

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.transfers.models import TransferRun
from tests.diary.test_pages import words
from tests.transfers.samples import (
    RUN,
    Json,
    bu_state,
    concatenation_record,
    delivery_record,
    file_record,
    fu_state,
    merge_record,
    process,
    receive,
    report,
)
from tests.transfers.test_pages import PAGE, poll_of, rows_of

CLIENTS = ("fu-1", "SiStrip"), ("fu-2", "CTPPS")


def input_of(host: str, client: str, arrived: float) -> Json:
    return {"host": host, "client": client, "size": 1000, "arrived": arrived, "entries": 10, "replaced": 0}


def report_files(hub: Settings, now: float, written: float) -> None:
    """Both clients wrote a snapshot at this time, which was sent 1 s later. now: Unix s."""
    for host, client in CLIENTS:
        running = process(7, tag=client, snapshot=written)
        record = file_record(int(written) % 10**6, client, at=written + 2, written=written, sent=written + 1)
        receive(hub, report(record, host=host, now=written, state=fu_state(clients=(running,))), written)


def report_builder(
    hub: Settings, now: float, *records: Json, machines: tuple[str, ...] = ("gui-1", "gui-2"), state: str = "ongoing"
) -> None:
    gui = [{"name": name, "reachable": True, "since": now - 900, "error": "", "waiting": 0} for name in machines]
    receive(hub, report(*records, mode="bu", now=now, state=bu_state(state, gui_machines=gui)), now)


def way(client: FlaskClient) -> str:
    return words(re.findall(r'<ol class="way".*?</ol>', client.get(PAGE).text, re.DOTALL)[0])


def ages(client: FlaskClient) -> dict[str, tuple[str, bool]]:
    """By client the text of the column "In the GUI", and whether it is marked as an error."""
    section = client.get(PAGE).text.partition('aria-labelledby="clients-title"')[2].partition("</section>")[0]
    found = {}
    for row in section.partition("<tbody>")[2].split("</tr>")[:-1]:
        cell = re.findall(r'<td data-label="In the GUI".*?</td>', row, re.DOTALL)[0]
        found[words(row).split()[0]] = words(cell).strip(), "badge-error" in cell
    return found


@pytest.mark.both_databases
def test_a_client_shows_the_age_of_its_data_at_the_gui_machine_with_the_oldest_ones(hub: Settings, client: FlaskClient) -> None:
    now = time.time()
    report_files(hub, now, now - 6)
    old, new = (
        concatenation_record(n, name=f"{n}.pb", at=at, inputs=[input_of(host, name, at - 2) for host, name in CLIENTS[:n]])
        for n, at in ((1, now - 198), (2, now - 8))
    )
    arrived = [delivery_record(n + 10, f"gui-{n}", at=now - 1, name=f"{3 - n}.pb", made=now - 9) for n in (1, 2)]
    report_builder(hub, now, old, new, *arrived)
    shown = ages(client)
    assert re.fullmatch(r"3 min ago at gui-2", shown["SiStrip"][0]), shown
    assert shown["CTPPS"] == ("nothing yet", False), "it is in the concatenation at gui-1 only, and began a moment ago"
    assert shown["SiStrip"][1]
    report_builder(hub, now + 1, delivery_record(20, "gui-2", at=now, name="2.pb", made=now - 8))
    shown = ages(client)
    assert all(re.fullmatch(r"1\d s ago", text) and not is_late for text, is_late in shown.values()), shown


def test_the_steps_from_the_client_to_the_gui_have_their_ages_and_the_late_ones_are_marked(hub: Settings, client: FlaskClient) -> None:
    now = time.time()
    report_files(hub, now, now - 20)
    inputs = [input_of(host, name, now - 199) for host, name in CLIENTS]
    made = concatenation_record(1, name="1.pb", at=now - 190, inputs=inputs)
    report_builder(hub, now, made, delivery_record(2, at=now - 185, name="1.pb", made=now - 190))
    wanted = r" *written at the FU 2\d s ago sent to the BU (19|2\d) s ago concatenated bu-1 3 min ago in the GUI gui-1 3 min ago in the GUI gui-2 nothing yet *"
    assert re.fullmatch(wanted, way(client)), way(client)
    html = re.findall(r'<ol class="way".*?</ol>', client.get(PAGE).text, re.DOTALL)[0]
    assert ["late" in step for step in html.split("</li>")[:-1]] == [False, False, True, True, False], "the run began a moment ago"


def test_data_that_do_not_come_long_after_the_start_of_a_client_are_late(hub: Settings, client: FlaskClient) -> None:
    now = time.time()
    report_files(hub, now, now - 100)
    report_builder(hub, now, machines=("gui-1",))
    assert set(ages(client).values()) == {("nothing yet at gui-1", True)}
    assert way(client).endswith("concatenated nothing yet in the GUI gui-1 nothing yet ")
    html = re.findall(r'<ol class="way".*?</ol>', client.get(PAGE).text, re.DOTALL)[0]
    assert ["late" in step for step in html.split("</li>")[:-1]] == [True] * 4


def test_a_delivery_that_failed_is_not_in_the_gui(hub: Settings, client: FlaskClient) -> None:
    now = time.time()
    report_files(hub, now, now - 6)
    made = concatenation_record(1, name="1.pb", at=now - 3, inputs=[input_of(host, name, now - 4) for host, name in CLIENTS])
    report_builder(hub, now, made, delivery_record(2, at=now, name="1.pb", registered=0.0, error="answered 401"), machines=("gui-1",))
    assert {text for text, _ in ages(client).values()} == {"nothing yet"}


def test_a_client_is_merged_when_all_gui_machines_have_a_merged_file_with_its_root_file(hub: Settings, client: FlaskClient) -> None:
    now = time.time()
    report_files(hub, now, now - 60)
    merged = merge_record(1, at=now - 9, name="merged.root")  # of SiStrip at fu-1 alone
    sent = [delivery_record(n + 1, f"gui-{n}", at=now, what="merged file", name="merged.root") for n in (1, 2)]
    report_builder(hub, now, merged, sent[0], state="merged")
    assert ages(client)["SiStrip"] == ("–", False)
    report_builder(hub, now, sent[1], state="merged")
    assert (ages(client)["SiStrip"], ages(client)["CTPPS"]) == (("merged", False), ("–", False))


def test_the_page_of_a_run_without_news_shows_that_its_data_got_late(hub: Settings, client: FlaskClient) -> None:
    now = time.time()
    report_files(hub, now, now - 6)
    report_builder(hub, now, machines=("gui-1",))
    poll = poll_of(client.get(PAGE).text)
    assert client.get(poll).status_code == 204
    TransferRun.update(changed=TransferRun.changed - 71).where(TransferRun.run == RUN).execute()  # three lumisections are 69.9 s
    assert client.get(poll).status_code == 200


def test_a_gui_machine_without_a_hub_is_done_with_the_copy(hub: Settings, client: FlaskClient) -> None:
    now = time.time()
    report_files(hub, now, now - 6)
    made = concatenation_record(1, name="1.pb", at=now - 3, inputs=[input_of(host, name, now - 4) for host, name in CLIENTS])
    report_builder(hub, now, made, delivery_record(2, at=now, name="1.pb", registered=0.0), machines=("gui-1",))
    assert "gui-1 concatenation copied" in rows_of(client, PAGE, "deliveries")[0]
    assert "badge-warning" not in client.get(PAGE).text.partition('id="deliveries-title"')[2]
    assert not any(is_late for _, is_late in ages(client).values())
