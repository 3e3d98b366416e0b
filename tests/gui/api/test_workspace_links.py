"""Links of both front ends of the legacy DQM GUI that name a workspace or a layout lead to them."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.layout import Layout, PlotCell
from app.gui.layouts.workspace import Workspace

CLASSIC = "runnr=367553;dataset=/Global/Online/ALL;sampletype=online_data;filter=all"
NEWER = "run_number=367553&dataset_name=/Global/Online/ALL"
OWN = "367553/Global/Online/ALL"
PLACE = "/browse/367553/Global/Online/ALL"
CHARGE = "PixelPhase1/Tracks/charge_PXBarrel"


@pytest.fixture
def hub(hub: Settings) -> Settings:
    names = ("PixelPhase1", "Everything", "HCAL")
    summary = Layout("PixelPhase1/Layouts/00 - Summary", ("online",), ((PlotCell(CHARGE), None), (PlotCell("Hcal/other"),)))
    import_all([*(Workspace(name, ("online",)) for name in names), Workspace("Btag", ("offline",)), summary])
    return hub


@pytest.mark.parametrize(
    ("query", "target"),
    [
        (
            f"workspace=PixelPhase1;size=M;root=Quick%20collection;focus={CHARGE};zoom=yes;",
            "/PixelPhase1/Tracks?plot=PixelPhase1%2FTracks%2Fcharge_PXBarrel&ws=PixelPhase1",
        ),
        (f"workspace=PixelPhase1;size=M;root=Quick%20collection;focus={CHARGE};zoom=no;", "?ws=PixelPhase1"),
        ("workspace=pixelphase1;size=L;root=Quick%20collection;focus=;zoom=no;", "?size=l&ws=PixelPhase1"),
        (
            "workspace=PixelPhase1;root=Quick%20collection;focus=PixelPhase1/Layouts/00%20-%20Summary;zoom=yes",
            "/PixelPhase1/Layouts/00%20-%20Summary?ws=PixelPhase1",
        ),
        ("workspace=PixelPhase1;root=PixelPhase1/Layouts;focus=;zoom=no;", "/PixelPhase1/Layouts?ws=PixelPhase1"),
        ("workspace=Everything;root=Everything;focus=;zoom=no;", "?ws=Everything"),
        ("workspace=Btag;root=Quick%20collection;focus=;zoom=no;", "?ws=Btag"),
    ],
)
def test_a_link_of_the_classic_front_end_leads_to_its_workspace(client: FlaskClient, query: str, target: str) -> None:
    answer = client.get(f"/start?{CLASSIC};{query}")
    assert (answer.status_code, answer.location) == (302, PLACE + target)


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ("workspaces=PixelPhase1&folder_path=", "?ws=PixelPhase1"),
        ("workspaces=HCAL&folder_path=Hcal/Layouts", "/Hcal/Layouts?ws=HCAL"),
        ("workspaces=Everything", "?ws=Everything"),
        (
            f"folder_path=PixelPhase1/Layouts&selected_plots={OWN}/PixelPhase1/Layouts/charge_PXBarrel",
            "/PixelPhase1/Layouts?plot=PixelPhase1%2FLayouts%2Fcharge_PXBarrel",
        ),
        (
            f"folder_path=PixelPhase1/Layouts&selected_plots={OWN}/PixelPhase1/Layouts/charge_PXBarrel%26{OWN}/PixelPhase1/Layouts/other",
            "/PixelPhase1/Layouts?mark=PixelPhase1%2FLayouts%2Fcharge_PXBarrel&mark=PixelPhase1%2FLayouts%2Fother&show=marked",
        ),
    ],
)
def test_a_link_of_the_newer_front_end_leads_to_its_workspace_and_the_plots_in_its_folders(
    client: FlaskClient, query: str, target: str
) -> None:
    answer = client.get(f"/?{NEWER}&{query}")
    assert (answer.status_code, answer.location) == (302, PLACE + target)


def test_the_workspace_of_everything_is_left_out_where_there_is_none(client: FlaskClient) -> None:
    target = client.get("/start?runnr=1;dataset=/A/B/C;workspace=Everything;root=Everything").location
    assert target == "/browse/1/A/B/C"
