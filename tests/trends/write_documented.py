"""Writes the file of the worked example in docs/users/trend-configs.md, by ROOT: `python -m tests.trends.write_documented FILE RUN`."""

from __future__ import annotations

import sys

import ROOT


def main(path: str, run: str) -> None:
    """Write the file with the numbers that the page names."""
    file = ROOT.TFile(path, "recreate")
    folder = file.mkdir(f"DQMData/Run {run}/Example/Run summary/Tracks", "", True)
    pt = ROOT.TH1F("pt", "Transverse momentum", 10, 0, 10)
    for value in (2.5, 3.5):
        for _ in range(100):
            pt.Fill(value)
    number = ROOT.TH1F("ntracks", "Tracks of an event", 5, 0, 5)
    for tracks, events in ((0, 100), (1, 400), (2, 500)):
        for _ in range(events):
            number.Fill(tracks)
    for made in (pt, number):
        folder.WriteTObject(made, made.GetName())
    file.Close()


if __name__ == "__main__":
    ROOT.gROOT.SetBatch(True)
    ROOT.TH1.AddDirectory(False)
    main(*sys.argv[1:])
