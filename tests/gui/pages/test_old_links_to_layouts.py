"""Links of the newer front end of the legacy DQM GUI to plots of layouts, which it has in the folder of their layout, find them."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.layout import Layout, PlotCell
from tests.gui.pages.pages import COSMICS, words

SAMPLE = "367140/Cosmics/Run2023C-Demo-v1/DQMIO"
NEWER = "run_number=367140&dataset_name=/Cosmics/Run2023C-Demo-v1/DQMIO"
FOLDER = "PixelPhase1/Layouts"
BARREL = "PixelPhase1/Tracks/PXBarrel"
CHARGE, SIZE = f"{BARREL}/charge_PXLayer_3", f"{BARREL}/size_PXLayer_1"


@pytest.fixture(autouse=True)
def layouts(hub: Settings) -> None:
    rows = {
        "07 - Mechanical": ("PixelPhase1/Phase1_MechanicalView/charge_PXLayer_3",),
        "30 - Tracks": (SIZE, CHARGE),
        "31 - More": (CHARGE,),
    }
    import_all([Layout(f"{FOLDER}/{name}", ("offline",), (tuple(map(PlotCell, plots)),)) for name, plots in rows.items()])


def opened(client: FlaskClient, link: str) -> tuple[str, str]:
    """The address and text of the page of a link."""
    answer = client.get(link, follow_redirects=True)
    assert answer.status_code == 200, words(answer.text)
    return answer.request.full_path.rstrip("?"), answer.text


def encoded(path: str) -> str:
    return quote(path, safe="")


def test_a_plot_opens_in_the_first_layout_of_the_folder_whose_plot_the_sample_has(client: FlaskClient) -> None:
    address, page = opened(client, f"/?{NEWER}&folder_path={FOLDER}&selected_plots={SAMPLE}/{FOLDER}/charge_PXLayer_3")
    assert address == f"{COSMICS}/{FOLDER}/30 - Tracks?plot={encoded(CHARGE)}"
    assert "Back to layout" in words(page)


def test_several_plots_are_shown_side_by_side(client: FlaskClient) -> None:
    plots = "%26".join(f"{SAMPLE}/{each}" for each in (f"{FOLDER}/charge_PXLayer_3", f"{FOLDER}/size_PXLayer_1", SIZE))
    address, _ = opened(client, f"/?{NEWER}&folder_path={FOLDER}&selected_plots={plots}")
    assert address == f"{COSMICS}/{FOLDER}?mark={encoded(CHARGE)}&mark={encoded(SIZE)}&show=marked"


def test_a_plot_is_compared_with_others_of_its_layout(client: FlaskClient) -> None:
    others = f"{FOLDER}/size_PXLayer_1/reflabel=size"
    address, _ = opened(client, f"/plotsLocalOverlay/?{NEWER}&folders_path={FOLDER}&plot_name=charge_PXLayer_3&overlayPlots={others}")
    assert address.startswith(f"{COSMICS}/{FOLDER}/30 - Tracks?plot={encoded(CHARGE)}&ref={encoded('//' + SIZE)}")


def test_a_plot_that_no_layout_of_the_folder_has_in_the_sample_is_named(client: FlaskClient) -> None:
    answer = client.get(f"/?{NEWER}&selected_plots={SAMPLE}/{FOLDER}/charge_PXLayer_9", follow_redirects=True)
    assert answer.status_code == 404
    assert f"{FOLDER}/charge_PXLayer_9" in words(answer.text)
