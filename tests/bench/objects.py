"""Writes the histograms for render.py: `python -m tests.bench.objects FOLDER`. A separate program, because it loads ROOT."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import ROOT

from tests.render.make_objects import SAVE


def peak(name: str) -> ROOT.TH1:
    """A peak over 100 bins with integer contents, like most histograms."""
    histogram = ROOT.TH1F(name, "Transverse energy of clusters;E_{T} [GeV];Entries", 100, 0, 100)
    for _ in range(5000):
        histogram.Fill(ROOT.gRandom.Gaus(40, 12))
    return histogram


def occupancy(name: str, columns: int, rows: int) -> ROOT.TH2:
    """A map with hits in every cell, most in the middle, and a dead row. Neighbouring cells rarely have the same colour."""
    histogram = ROOT.TH2F(name, "Occupancy;module;ladder", columns, 0.5, columns + 0.5, rows, 0.5, rows + 0.5)
    for x in range(1, columns + 1):
        for y in range(1, rows + 1):
            hits = 40 + 160 * ROOT.TMath.Gaus(x, columns / 2, columns / 4) * ROOT.TMath.Gaus(y, rows / 2, rows / 4)
            histogram.SetBinContent(x, y, 0 if y == rows // 3 else ROOT.gRandom.Poisson(hits))
    histogram.ResetStats()  # as if they were filled
    return histogram


def few_entries(name: str) -> ROOT.TH2:
    """A typical map, with about 500 of its 1600 cells filled; empty cells cost no time."""
    histogram = ROOT.TH2F(name, "Occupancy;#eta;#phi", 40, -4, 4, 40, -4, 4)
    for _ in range(2000):
        histogram.Fill(ROOT.gRandom.Gaus(0, 1), ROOT.gRandom.Gaus(0, 1))
    return histogram


def means() -> ROOT.TH2:
    profile = ROOT.TProfile2D("TProfile2D", "Mean charge;ladder;module", 60, 0, 60, 40, 0, 40)
    for cell in range(3 * 60 * 40):
        profile.Fill(cell % 60, cell // 60 % 40, 100 + ROOT.gRandom.Gaus(0, 10))
    return profile


def box() -> ROOT.TH3:
    histogram = ROOT.TH3F("TH3F", "Vertices;x;y;z", 12, -3, 3, 12, -3, 3, 12, -3, 3)
    for _ in range(2000):
        histogram.Fill(*(ROOT.gRandom.Gaus(0, 1) for _ in range(3)))
    return histogram


def half(histogram: ROOT.TH1) -> ROOT.TH1:
    """An earlier snapshot of a histogram of counts."""
    earlier = histogram.Clone(f"{histogram.GetName()}-earlier")
    for cell in range(histogram.GetNcells()):
        earlier.SetBinContent(cell, histogram.GetBinContent(cell) // 2)
    earlier.ResetStats()
    return earlier


def everything() -> Iterator[ROOT.TObject]:
    yield from (peak(f"TH1F-{number}") for number in range(4))
    yield few_entries("TH2F-40x40")
    yield occupancy("TH2F-50x50", 50, 50)
    yield occupancy("TH2F-100x100", 100, 100)
    yield occupancy("TH2F-300x200", 300, 200)
    yield means()
    yield box()


def main(folder: Path) -> None:
    ROOT.gROOT.SetBatch()
    ROOT.TH1.AddDirectory(False)
    ROOT.gInterpreter.Declare(SAVE)
    ROOT.gRandom.SetSeed(1)
    for item in everything():
        ROOT.save(item, str(folder / f"{item.GetName()}.obj"))
        if not item.InheritsFrom("TProfile2D"):
            ROOT.save(half(item), str(folder / f"{item.GetName()}-earlier.obj"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
