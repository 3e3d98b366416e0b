"""Plots and JSON of windows over the API: the last lumisections of an ongoing run, from the files of the demo program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.gui.errors import NoWindow
from app.gui.files.entries import ONLINE_DATASET
from app.gui.plots.plot_parts import PlotPart, with_windows
from app.gui.samples import SampleKey
from app.gui.snapshots.models import LiveSnapshot
from tests.gui.snapshots.conftest import RUN, LiveRun

LINE = "OfflinePV/offlinePrimaryVertices/vtxNbr"
PROFILE = "SiStrip/MechanicalView/TOB/layer_1/NumberOfClusterProfile__TOB__1"
NEW = "Hcal/DigiTask/ADC/HB"
NO_WINDOW = {
    "EcalBarrel/EventInfo/reportSummaryMap": "EventInfo holds the state of a subsystem, which does not add up",
    "Info/EventInfo/iLumiSection": "it is a number",
    "HLT/EGM/Ele32_WPTight/efficiency_pt": "it is an efficiency, and the difference of two is none",
}


@pytest.fixture
def app(live: LiveRun, render_service: Path) -> Flask:
    """A hub with snapshots of the lumisections 1 to 4."""
    (live.settings.data / "render").symlink_to(render_service)
    live.keep(1, 2, 3, 4)
    return create_app(live.settings)


def address(form: str, path: str, run: int = 0) -> str:
    return f"/api/v1/{form}/{run}{ONLINE_DATASET}/{path}"


def document(client: FlaskClient, path: str, **query: Any) -> dict[str, Any]:
    answer = client.get(address("json", path), query_string=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def test_a_window_has_what_the_last_lumisections_added(client: FlaskClient, live: LiveRun) -> None:
    """The whole histogram at lumisection 4, less the same at lumisection 2."""
    late, window = document(client, LINE), document(client, LINE, window=2)
    live.write(2)
    early = document(client, LINE, notOlderThan=live.seconds)
    assert early["fEntries"] < late["fEntries"]
    for key in ("fEntries", "fTsumw"):
        assert window[key] == late[key] - early[key]
    assert window["fArray"] == [after - before for after, before in zip(late["fArray"], early["fArray"], strict=True)]


def test_a_profile_has_the_means_of_the_window_alone(client: FlaskClient) -> None:
    late, window = document(client, PROFILE), document(client, PROFILE, window=2)
    assert 0 < sum(window["fBinEntries"]) < sum(late["fBinEntries"])


def test_a_window_is_drawn_in_every_format_with_an_etag_of_its_own(client: FlaskClient) -> None:
    for form in ("png", "root"):
        whole, window, shorter = (client.get(address("render", LINE), query_string={"window": n, "format": form}) for n in (0, 2, 1))
        assert [each.status_code for each in (whole, window, shorter)] == [200, 200, 200]
        assert len({each.headers["ETag"] for each in (whole, window, shorter)}) == 3
        assert len({each.data for each in (whole, window, shorter)}) == 3
        headers = {"If-None-Match": window.headers["ETag"]}
        assert client.get(address("render", LINE), query_string={"window": 2, "format": form}, headers=headers).status_code == 304


def test_a_window_names_the_lumisection_of_its_start(client: FlaskClient) -> None:
    for form in ("render", "json"):
        assert client.get(address(form, LINE), query_string={"window": 3}).headers["DQM-Window-Start"] == "1"
        assert "DQM-Window-Start" not in client.get(address(form, LINE)).headers


def test_of_several_objects_the_first_is_in_the_window_or_each_in_its_own(client: FlaskClient) -> None:
    objects = [f"archive/{run}{ONLINE_DATASET}/{LINE}" for run in (0, 0, RUN)]
    entries = [document(client, LINE, window=length)["fEntries"] for length in (0, 1, 2, 3)]
    for lengths, right in ((["2"], [2, 0, 0]), (["1", "0", "3"], [1, 0, 3])):
        found = client.get("/api/v1/json_overlay", query_string={"obj": objects, "window": lengths}).json["objects"]
        assert [each["fEntries"] for each in found] == [entries[length] for length in right]
    picture = client.get("/api/v1/render_overlay", query_string={"obj": objects, "window": 2})
    assert (picture.status_code, picture.headers["DQM-Window-Start"]) == (200, "2")


def test_what_has_no_window_says_why(client: FlaskClient) -> None:
    for path, reason in NO_WINDOW.items():
        for form in ("render", "json"):
            answer = client.get(address(form, path), query_string={"window": 2})
            assert (answer.status_code, answer.json["message"]) == (422, f"No window of {path}: {reason}")


def test_a_histogram_with_fewer_entries_than_before_has_no_window(client: FlaskClient, live: LiveRun) -> None:
    LiveSnapshot.delete().where(LiveSnapshot.lumi != 4).execute()
    LiveSnapshot.update(lumi=2).execute()  # its entries are those of lumisection 4
    live.write(3)
    answer = client.get(address("render", LINE), query_string={"window": 1, "notOlderThan": live.seconds})
    reason = "it has fewer entries than before: it was reset, or its client was restarted"
    assert (answer.status_code, answer.json["message"]) == (422, f"No window of {LINE}: {reason}")
    assert answer.headers["DQM-No-Window"] == "1"


def test_an_overlay_names_the_element_that_has_no_window(client: FlaskClient, live: LiveRun) -> None:
    LiveSnapshot.delete().where(LiveSnapshot.lumi != 4).execute()
    LiveSnapshot.update(lumi=2).execute()
    live.write(3)
    objects = [f"archive/0{ONLINE_DATASET}/{path}" for path in (PROFILE, LINE)]
    query = {"obj": objects, "window": ["0", "1"], "notOlderThan": live.seconds}
    answer = client.get("/api/v1/render_overlay", query_string=query)
    assert answer.status_code == 422
    assert answer.json["message"].startswith(f"No window of {LINE}: ")


def test_the_name_of_a_saved_window_is_not_that_of_the_whole_run(client: FlaskClient) -> None:
    for form in ("png", "pdf", "root"):
        names = [
            client.get(address("render", LINE), query_string={"window": length, "format": form}).headers["Content-Disposition"]
            for length in ("", 2)
        ]
        assert [name.partition("filename=")[2] for name in names] == [f"vtxNbr_run0.{form}", f"vtxNbr_run0_after_ls2.{form}"]


def test_an_element_that_is_new_in_the_window_is_whole(client: FlaskClient) -> None:
    """The demo program writes the plots of Hcal from the middle of a run on."""
    assert document(client, NEW, window=3)["fEntries"] == document(client, NEW)["fEntries"] > 0


def test_a_window_that_is_not_shorter_than_the_run_is_the_whole_run(client: FlaskClient) -> None:
    assert document(client, LINE, window=30) == document(client, LINE)


def test_without_snapshot_or_element_nothing_is_found(client: FlaskClient) -> None:
    missing = client.get(address("render", "Info/none"), query_string={"window": 2})
    assert (missing.status_code, missing.mimetype) == (404, "image/png")
    assert client.get(address("json", "Info/none"), query_string={"window": 2}).status_code == 404
    LiveSnapshot.delete().execute()
    answer = client.get(address("render", LINE), query_string={"window": 2})
    assert answer.status_code == 404
    assert answer.json["message"].endswith("from 2 lumisections ago (lumisection 2); no snapshots of it are kept")


def test_a_run_that_cannot_be_ongoing_has_no_windows(live: LiveRun) -> None:
    live.write(2)
    sample = live.sample()._replace(key=SampleKey(RUN, 0, "/ZeroBias/Run2023C-v1/DQMIO"))
    with pytest.raises(NoWindow, match=r"^Only online runs have windows"):
        with_windows([PlotPart(sample, LINE.encode())], [2], live.snapshots)


def test_a_wrong_length_of_a_window_is_refused(client: FlaskClient) -> None:
    problem = "Expected whole numbers of lumisections up to 1000, at most one for each object"
    for form in ("render", "json"):
        for values in (["x"], ["-1"], ["1001"], ["1", "2"]):
            answer = client.get(address(form, LINE), query_string={"window": values})
            assert (answer.status_code, answer.json["errors"]) == (400, [{"field": "window", "problem": problem}])
