"""Writes DQM files of two runs to compare in interactive plots: `python -m tests.browser.write_interactive_files FOLDER`.

What run 8 has lies far from what run 7 has, and run 8 has no map of polygons.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ROOT

from tests.render.make_objects import polygons

FACTORS = {7: 1, 8: -10}


def histograms(factor: int) -> Iterator[Any]:
    """Contents and means are 11, 12, ..., 15 times the factor."""
    counts, means = ROOT.TH1F("counts", "", 5, 0, 5), ROOT.TProfile("means", "", 5, 0, 5)
    for number in range(1, 6):
        counts.SetBinContent(number, (10 + number) * factor)
        means.Fill(number - 0.5, (10 + number) * factor)
    yield from (counts, means)


def main(folder: Path) -> None:
    ROOT.TH1.AddDirectory(False)
    for run, factor in FACTORS.items():
        file = ROOT.TFile(str(folder / f"DQM_V0001_R{run:09}__Interactive__Plots-v1__DQMIO.root"), "RECREATE")
        target = file.mkdir(f"DQMData/Run {run}/Plots/Run summary/All", "", True)
        for histogram in histograms(factor):
            target.WriteTObject(histogram)
        if run == min(FACTORS):
            sensors = polygons("sensors", [4, 7, 2.5])
            note = ROOT.TNamed("note", "before the polygons in the JSON")
            ROOT.SetOwnership(note, False)  # the list has it from now on
            sensors.GetListOfFunctions().Add(note)
            target.WriteTObject(sensors)
        file.Close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
