"""Writes files that take much memory or time, by ROOT: `python -m tests.trends.write_hostile FOLDER RUN`."""

from __future__ import annotations

import sys

import numpy as np
import ROOT

MAPS = 12
"""Empty maps of a few kB in the file, and of 14 MB in memory."""
BINS = 2_000_000
ZSTD = 501
"""Of the compressions of ROOT by far the quickest for so many equal bytes."""


def maps() -> list[ROOT.TH1]:
    """Maps `map_0`, `map_1`..., each as large as one may be."""
    return [ROOT.TH2F(f"map_{number}", "", 1900, 0, 1, 1900, 0, 1) for number in range(MAPS)]


def peak() -> list[ROOT.TH1]:
    """A histogram `peak` with so many bins that a fit of it takes minutes."""
    one = ROOT.TH1F("peak", "", BINS, 0, 100)
    below = (np.linspace(0, 100, BINS + 2, dtype=np.float32) - 40) / 5
    one.Set(BINS + 2, 1000 * np.exp(-(below + np.exp(-below)) / 2))  # much like the density of Landau
    return [one]


def main(target: str, run: str) -> None:
    """Write the files, named by their kind."""
    for kind in (maps, peak):
        file = ROOT.TFile(f"{target}/{kind.__name__}.root", "recreate", "", ZSTD)
        folder = file.mkdir(f"DQMData/Run {run}/DT/Run summary", "", True)
        for made in kind():
            folder.WriteTObject(made, made.GetName())
        file.Close()


if __name__ == "__main__":
    ROOT.gROOT.SetBatch(True)
    ROOT.TH1.AddDirectory(False)
    main(*sys.argv[1:])
