"""Writes files of runs by ROOT: `python -m tests.trends.write_runs FILE RUN VALUE ...`; VALUE is in bin 2 of DT/n."""

from __future__ import annotations

import sys

import ROOT


def write(path: str, run: int, value: float) -> None:
    """A file with a count, an empty histogram, one with NaN, and a map."""
    file = ROOT.TFile(path, "recreate")
    folder = file.mkdir(f"DQMData/Run {run}/DT/Run summary", "", True)
    count = ROOT.TH1D("n", "n", 5, 0, 5)
    count.SetBinContent(2, value)
    count.SetEntries(value)
    broken = ROOT.TH1D("nan", "nan", 5, 0, 5)
    broken.SetBinContent(2, float("nan"))
    for made in (count, ROOT.TH1D("empty", "empty", 5, 0, 5), broken, ROOT.TH2D("map", "map", 2, 0, 2, 2, 0, 2)):
        folder.WriteTObject(made, made.GetName())
    file.Close()


if __name__ == "__main__":
    ROOT.gROOT.SetBatch(True)
    ROOT.TH1.AddDirectory(False)
    arguments = sys.argv[1:]
    for path, run, value in zip(arguments[::3], arguments[1::3], arguments[2::3], strict=True):
        write(path, int(run), float(value))
