"""Writes files that take much memory or time, by ROOT: `python -m tests.trends.write_hostile KIND FILE RUN`."""

from __future__ import annotations

import sys

import ROOT

MAPS = 12
"""Empty maps of a few kB in the file, and of 14 MB in memory."""
BINS = 4_000_000


def maps() -> list[ROOT.TH1]:
    """Maps `map_0`, `map_1`..., each as large as one may be."""
    return [ROOT.TH2F(f"map_{number}", "", 1900, 0, 1, 1900, 0, 1) for number in range(MAPS)]


def peak() -> list[ROOT.TH1]:
    """A histogram `peak` with so many bins that a fit of it takes minutes."""
    one = ROOT.TH1F("peak", "", BINS, 0, 100)
    for number in range(1, BINS + 1):
        one.SetBinContent(number, 1000 * ROOT.TMath.Landau(one.GetBinCenter(number), 40, 5))
    return [one]


def main(kind: str, path: str, run: str) -> None:
    """Write the file."""
    file = ROOT.TFile(path, "recreate")
    folder = file.mkdir(f"DQMData/Run {run}/DT/Run summary", "", True)
    for made in {"maps": maps, "peak": peak}[kind]():
        folder.WriteTObject(made, made.GetName())
    file.Close()


if __name__ == "__main__":
    ROOT.gROOT.SetBatch(True)
    ROOT.TH1.AddDirectory(False)
    main(*sys.argv[1:])
