"""The pages of the workspaces that show report summaries or certification values of all subsystems."""

from __future__ import annotations

import re

import numpy as np
import pytest
import uproot
from flask.testing import FlaskClient
from uproot.writing import WritableDirectory
from uproot.writing.identify import add_to_directory

from app.core.settings import Settings
from app.gui.files.entries import Entry
from app.gui.files.register import register
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.layout import Layout, PlotCell
from app.gui.layouts.workspace import Workspace
from tests.gui.pages.pages import COSMICS, read, words
from tests.gui.pages.test_workspaces import SCOPES, links

NEWER = "/?run_number=367140&dataset_name=/Cosmics/Run2023C-Demo-v1/DQMIO"
"""The sample COSMICS in links of the React front end."""


@pytest.fixture
def hub(hub: Settings) -> Settings:
    maps = tuple(PlotCell(f"{name}/EventInfo/reportSummaryMap") for name in ("Hcal", "EcalBarrel", "Castor"))
    import_all(
        [
            Workspace("Summary", SCOPES, "Summaries", 1, folders=("Summary",)),
            Workspace("Reports", SCOPES, "Summaries", 2, kind="summary"),
            Workspace("Certification", SCOPES, "Summaries", 4, kind="certification"),
            Layout("Summary/Summaries", SCOPES, (maps,)),
        ]
    )
    return hub


def test_the_summary_has_the_subsystems_in_the_order_of_the_layout_with_their_maps_and_values(client: FlaskClient) -> None:
    page = read(client, f"{COSMICS}?ws=Summary")
    maps = re.findall(r'alt="Report summary map of ([^",]*)', page)
    assert maps[:2] == ["Hcal", "EcalBarrel"]
    assert "Without report summary in this sample: Castor" in words(page)
    assert re.search(r"\d\d\.\d %", words(page))


def test_a_link_of_the_react_front_end_to_the_summary_opens_the_summary(client: FlaskClient) -> None:
    for place in (f"{COSMICS}/Summary?ws=Summary", f"{NEWER}&folder_path=Summary&workspaces=Summary"):
        page = client.get(place, follow_redirects=True).text
        assert 'alt="Report summary map of Hcal' in page
        assert links(page, "Leave the workspace") == [COSMICS]
    assert "Summaries" in words(read(client, f"{COSMICS}/Summary?ws=Reports"))
    assert "Hcal/EventInfo/reportSummaryMap" in read(client, f"{COSMICS}/Summary/Summaries?ws=Summary")


def test_the_map_of_a_subsystem_leads_to_its_workspace_by_the_name_of_this(client: FlaskClient) -> None:
    import_all([Workspace("HCAL", SCOPES, folders=("Hcal",))])
    page = read(client, f"{COSMICS}?ws=Summary")
    assert links(page, "Workspace HCAL") == [f"{COSMICS}?ws=HCAL"]
    assert links(page, "Folder EcalBarrel") == [f"{COSMICS}/EcalBarrel?ws=Summary"]


def test_the_reports_are_the_table_alone(client: FlaskClient) -> None:
    page = read(client, f"{COSMICS}?ws=Reports")
    assert "Report summary map" not in page
    assert "Subsystem Good Failing tests Monitor elements" in words(page)


CERTIFICATION = {"Hcal": ("0.97", {"HB": "0.5", "HE": "1"}), "Muons": ("-1", {}), "Tracking": ("", {})}
"""Value of each subsystem, "" for none, and the values of its parts."""


def put_values(folder: WritableDirectory, values: dict[str, str]) -> None:
    """Write numbers as files of CMSSW have them, in the name of a text."""
    for name, value in values.items():
        text = f"<{name}>f={value}</{name}>"
        add_to_directory(text, text, folder, [])


@pytest.fixture
def certified(hub: Settings) -> str:
    """The address of a sample with certification values, and maps of them but for Muons."""
    path = hub.data / "demo" / "certified.root"
    path.parent.mkdir(exist_ok=True)
    with uproot.recreate(path) as file:
        for subsystem, (value, parts) in CERTIFICATION.items():
            folder = file.mkdir(f"DQMData/Run 500/{subsystem}/Run summary/EventInfo")
            put_values(folder, {"CertificationSummary": value} if value else {})
            if subsystem != "Muons":
                folder["CertificationSummaryMap"] = np.histogram2d([0.5], [0.5], 2)
            put_values(folder.mkdir("CertificationContents"), parts)
    register([Entry("/A/Certified/DQMIO", 500, 0, str(path), "tdirectory")])
    return "/browse/500/A/Certified/DQMIO"


def test_the_certification_has_the_values_parts_and_maps_of_the_subsystems(client: FlaskClient, certified: str) -> None:
    page = read(client, f"{certified}?ws=Certification")
    assert re.findall(r'alt="(Certification map of [^"]*)"', page) == ["Certification map of Hcal, 97.0 %", "Certification map of Tracking"]
    assert "Muons no map no DAQ" in words(page)
    table = words(page.partition('id="values-title"')[2])
    assert "Hcal 97.0 % 2 parts HB 50.0 % HE 100.0 %" in table
    assert "Muons no DAQ" in table
    assert links(page, "HB")[0].startswith(f"{certified}/Hcal/EventInfo/CertificationContents?plot=")
    assert "No subsystem of this sample has a certification" in words(read(client, f"{COSMICS}?ws=Certification"))
