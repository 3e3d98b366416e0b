"""Writes a DQM file with ROOT, and what ROOT says of each bin of its histograms: `python -m tests.gui.plots.write_histograms FOLDER`.

`bins.json` has for each histogram a list of its cells in the order of ROOT, each with the bins of its axes (number, lower and
upper edge, label), its content and its error. It runs in a process of its own, since the tests themselves must not load ROOT.
"""

from __future__ import annotations

import json
import math
import sys
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ROOT

from tests.render.make_objects import polygons

EDGES = [0.0, 0.1, 0.5, 2.0, 7.5]


def filled(histogram: Any, entries: int = 300, weight: float = 0.0) -> Any:
    """The histogram with random entries, also outside its axes; with weights near `weight` unless it is 0.

    All are multiples of 1/8, so that sums are exact and ROOT finds equal values in a bin of a profile to be equal.
    """
    random = ROOT.TRandom3(7)
    values = histogram.GetDimension() + histogram.InheritsFrom("TProfile") + histogram.InheritsFrom("TProfile2D")
    for _ in range(entries):
        weights = [random.Uniform(weight, 3 * weight)] if weight else []
        numbers = [*(random.Gaus(2, 2.5) for _ in range(values)), *weights]
        histogram.Fill(*(math.ceil(8 * number) / 8 for number in numbers))
    return histogram


def plain() -> Iterator[Any]:
    for kind in ("TH1F", "TH1S", "TH1D", "TH1I"):
        yield filled(getattr(ROOT, kind)(kind, "", 7, 0, 1))
    for kind in ("TH2F", "TH2S", "TH2D", "TH2I"):
        yield filled(getattr(ROOT, kind)(kind, "", 5, -1, 4, 3, 0, 10 / 3))
    for kind in ("TH3F", "TH3D"):
        yield filled(getattr(ROOT, kind)(kind, "", 3, 0, 4, 2, -1, 5, 4, 0, 0.7))


def special() -> Iterator[Any]:
    weighted = ROOT.TH1D("weighted", "", 6, 0, 5)
    weighted.Sumw2()
    yield filled(weighted, weight=0.1)
    edges = array("d", EDGES)
    yield filled(ROOT.TH1F("variable", "", 4, edges))
    yield filled(ROOT.TH2D("variable2", "", 4, edges, 3, array("d", [-1.0, 0.0, 1.0, 10.0])), weight=0.1)
    labelled = filled(ROOT.TH2F("labelled", "", 3, 0, 3, 2, 0, 2))
    for number, label in ((1, "FED 600"), (3, "=η<b>")):
        labelled.GetXaxis().SetBinLabel(number, label)
    labelled.GetYaxis().SetBinLabel(2, "bad")
    yield labelled
    strange = filled(ROOT.TH1F("strange", "", 6, 0, 5))
    for number, value in ((1, math.nan), (2, math.inf), (3, -math.inf), (4, -7.25)):
        strange.SetBinContent(number, value)
    yield strange
    errors = ROOT.TH1F("errors", "", 4, 0, 4)
    for number in range(6):
        errors.SetBinContent(number, number / 3)
        errors.SetBinError(number, math.nan if number == 2 else number / 7)
    yield errors
    yield ROOT.TH1F("empty", "", 3, 0, 1)


def profiles() -> Iterator[Any]:
    for option in ("", "s", "i", "g"):
        for name, weight in (("", 0.0), ("weighted", 0.3)):
            yield filled(ROOT.TProfile(f"TProfile{option}{name}", "", 8, -3, 6, option), 40, weight)
            yield filled(ROOT.TProfile2D(f"TProfile2D{option}{name}", "", 4, -3, 6, 3, -2, 4, option), 30, weight)
        for name, values in {"equal": (0.25, 5, 4), "thirds": (0.1, 1 / 3, 1e6 / 3)}.items():
            equal = ROOT.TProfile(f"{name}{option}", "", 4, array("d", EDGES), option)
            for place, value, times in zip((0.05, 0.3, 1.0), values, (3, 7, 4), strict=True):
                for _ in range(times):
                    equal.Fill(place, value)
            yield equal


def poly() -> Iterator[Any]:
    counts = polygons("counts", [4, 0, 2.5])
    yield counts
    weighted = polygons("polygons", [0, 0, 0])
    weighted.Sumw2()
    for x, y, weight in ((2, 2, 3), (2, 2, 0.5), (6, 2, 1), (9.9, 9.9, 2), (11, 5, 4), (-3, 20, 1)):
        weighted.Fill(x, y, weight)
    yield weighted


def place(axis: Any, number: int) -> tuple[int, float, float, str]:
    return number, axis.GetBinLowEdge(number), axis.GetBinUpEdge(number), str(axis.GetBinLabel(number))


def cells(histogram: Any) -> Iterator[tuple[list[Any], float, float]]:
    """Each cell of a histogram with its bins, content and error by ROOT."""
    if histogram.InheritsFrom("TH2Poly"):
        for number in (*range(1, histogram.GetNumberOfBins() + 1), *range(-1, -10, -1)):
            yield [number], histogram.GetBinContent(number), histogram.GetBinError(number)
        return
    axes = [histogram.GetXaxis(), histogram.GetYaxis(), histogram.GetZaxis()][: histogram.GetDimension()]
    for cell in range(math.prod(axis.GetNbins() + 2 for axis in axes)):
        x, y, z = (array("i", [0]) for _ in range(3))
        histogram.GetBinXYZ(cell, x, y, z)
        places = [place(axis, number[0]) for axis, number in zip(axes, (x, y, z), strict=False)]
        yield places, histogram.GetBinContent(cell), histogram.GetBinError(cell)


def main(folder: Path) -> None:
    ROOT.TH1.AddDirectory(False)
    ROOT.TH1.StatOverflows(True)
    file = ROOT.TFile(str(folder / "DQM_V0001_R000000007__A__Bins__DQMIO.root"), "RECREATE")
    target = file.mkdir("DQMData/Run 7/Bins/Run summary/All", "", True)
    found = {}
    for histogram in (*plain(), *special(), *profiles(), *poly()):
        target.WriteTObject(histogram)
        found[histogram.GetName()] = list(cells(histogram))
    file.Close()
    (folder / "bins.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
