"""The bins of every class of histograms are those of ROOT: edges, labels, contents and errors."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import create_app
from app.core.settings import Settings
from app.gui.current import current_catalog, current_plots
from app.gui.plots.bins import MAX_CELLS, REGIONS, Axis, Bins, bins_of
from app.gui.plots.number_array import Number
from app.gui.samples import SampleKey
from tests.support import gui
from tests.support.patience import PATIENCE_S
from tests.support.shared import shared_folder

pytestmark = pytest.mark.slow

TREE = Path(__file__).parents[3]
NAMES = [
    *("TH1F", "TH1S", "TH1D", "TH1I", "TH2F", "TH2S", "TH2D", "TH2I", "TH3F", "TH3D"),
    *("weighted", "variable", "variable2", "labelled", "strange", "errors", "empty"),
    *(f"{kind}{option}{name}" for option in ("", "s", "i", "g") for name in ("", "weighted") for kind in ("TProfile", "TProfile2D")),
    *("equal", "equals", "equali", "equalg"),
]


@pytest.fixture(scope="session")
def histograms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a DQM file and what ROOT says of its bins."""

    def write(folder: Path) -> None:
        command = [sys.executable, "-W", "ignore", "-m", "tests.gui.plots.write_histograms", str(folder)]
        subprocess.run(command, cwd=TREE, check=True, timeout=PATIENCE_S)

    return shared_folder(tmp_path_factory, "bins", write)


@pytest.fixture
def by_root(histograms: Path) -> dict[str, list[list[Any]]]:
    """Places, content and error of each cell of each histogram."""
    found: dict[str, list[list[Any]]] = json.loads((histograms / "bins.json").read_text())
    return found


@pytest.fixture
def app(hub: Settings, histograms: Path) -> Flask:
    [file] = histograms.glob("*.root")
    gui.register_all([file])
    return create_app(hub.replace(file_roots=(str(histograms),)))


@pytest.fixture
def bins_in_json(app: Flask) -> Callable[[str], Bins]:
    """Returns the bins of a histogram from the JSON of the render service."""

    def read(name: str) -> Bins:
        with app.app_context():
            sample = current_catalog().open(SampleKey(7, 0, "/A/Bins/DQMIO"), PATIENCE_S)
            index = sample.names.find(f"Bins/All/{name}".encode())
            assert index is not None
            return bins_of(json.loads(current_plots().json(sample, index)))

    return read


def near(value: float) -> Any:
    """What stands for a number of ROOT: JSON has 7 digits of a float and no number that is not finite."""
    return pytest.approx(value, rel=2e-6, abs=1e-15) if math.isfinite(value) else None


@pytest.mark.parametrize("name", NAMES)
def test_contents_and_errors_of_all_bins_are_those_of_root(
    name: str, bins_in_json: Callable[[str], Bins], by_root: dict[str, list[list[Any]]]
) -> None:
    bins, cells = bins_in_json(name), by_root[name]
    assert len(cells) > 4
    assert list(bins.contents) == [near(content) for _, content, _ in cells]
    assert list(bins.errors) == [near(error) for _, _, error in cells]


@pytest.mark.parametrize("name", NAMES)
def test_edges_and_labels_of_all_bins_are_those_of_root(
    name: str, bins_in_json: Callable[[str], Bins], by_root: dict[str, list[list[Any]]]
) -> None:
    bins = bins_in_json(name)
    for cell, (places, _, _) in enumerate(by_root[name]):
        for axis, mine, (number, low, high, label) in zip(bins.axes, bins.position(cell), places, strict=True):
            last = len(axis.bins) - 1
            assert mine.name == {0: "underflow", last: "overflow"}.get(number, str(number))
            assert mine.label == label
            assert mine.low == (-math.inf if number == 0 else pytest.approx(low, rel=1e-12, abs=1e-12))
            assert mine.high == (math.inf if number == last else pytest.approx(high, rel=1e-12, abs=1e-12))


@pytest.mark.parametrize(("option", "errors"), [("", [0] * 3), ("s", [0] * 3), ("i", [(12 * n) ** -0.5 for n in (3, 7, 4)])])
def test_equal_values_have_no_spread_where_rounding_makes_one(
    option: str, errors: list[float], bins_in_json: Callable[[str], Bins]
) -> None:
    bins = bins_in_json(f"thirds{option}")
    assert list(bins.contents) == pytest.approx([0, 0.1, 1 / 3, 1e6 / 3, 0, 0])
    assert list(bins.errors) == pytest.approx([0, *errors, 0, 0])


@pytest.mark.parametrize("name", ["counts", "polygons"])
def test_polygons_and_the_nine_bins_around_them_are_those_of_root(
    name: str, bins_in_json: Callable[[str], Bins], by_root: dict[str, list[list[Any]]]
) -> None:
    bins, cells = bins_in_json(name), by_root[name]
    assert list(bins.contents) == [near(content) for _, content, _ in cells]
    assert list(bins.errors) == [near(error) for _, _, error in cells]
    assert [place.name for place in bins.axes[0].bins] == [str(at) if at > 0 else f"overflow {-at}" for (at,), _, _ in cells]
    assert bins.axes[0].bins[0].label == "x 1 to 4, y 1 to 8"
    assert [place.label for place in bins.axes[0].bins[-9:]] == list(REGIONS)


def test_a_histogram_of_too_many_bins_or_of_the_wrong_number_is_refused_with_a_sentence(bins_in_json: Callable[[str], Bins]) -> None:
    axis = {"fNbins": MAX_CELLS + 1, "fXbins": [], "fXmin": 0, "fXmax": 1, "fLabels": None, "fTitle": ""}
    with pytest.raises(ValueError, match="It has 1,048,577 bins; a table shows at most 1,048,576"):
        bins_of({"_typename": "TH1F", "fXaxis": axis, "fArray": []})
    with pytest.raises(ValueError, match="Its axes have 4 bins, but it has 3 contents"):
        bins_of({"_typename": "TH1F", "fXaxis": axis | {"fNbins": 2}, "fArray": [1, 2, 3]})


def test_a_reference_has_to_fit_in_the_room_that_others_leave() -> None:
    axis = {"fNbins": 8, "fXbins": [], "fXmin": 0, "fXmax": 1, "fLabels": None, "fTitle": ""}
    document = {"_typename": "TH2F", "fXaxis": axis, "fYaxis": axis, "fArray": [0] * 100, "fSumw2": []}
    assert len(bins_of(document, room=100).contents) == 100
    with pytest.raises(ValueError, match="It has 100 bins; a table shows at most 1,048,576, those of references included"):
        bins_of(document, room=99)


def test_a_map_of_too_many_cells_is_refused_before_its_errors_are_computed() -> None:
    axis = {"fNbins": 2000, "fXbins": [], "fXmin": 0, "fXmax": 1, "fLabels": None, "fTitle": ""}
    with pytest.raises(ValueError, match="It has 4,008,004 bins"):
        bins_of({"_typename": "TH2F", "fXaxis": axis, "fYaxis": axis, "fArray": [0] * 2002**2, "fSumw2": []})


def test_an_axis_whose_ends_are_not_finite_has_bins_without_edges() -> None:
    axis = {"fNbins": 1, "fXbins": [], "fXmin": 0, "fXmax": None, "fLabels": None, "fTitle": ""}
    found = bins_of({"_typename": "TH1F", "fXaxis": axis, "fArray": [0, 1, 0], "fSumw2": []}).axes[0]
    edges: list[tuple[Number, Number]] = [(-math.inf, None), (None, None), (None, math.inf)]
    assert [(place.low, place.high) for place in found.bins] == edges
    assert isinstance(found, Axis)
