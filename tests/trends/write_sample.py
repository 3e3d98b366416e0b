"""Writes files with the monitor elements of trend configurations, by ROOT: `python -m tests.trends.write_sample CONFIGS FILE RUN ...`.

The class of a monitor element is one that its metric needs, filled at random by the number of the run.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

import ROOT

from app.trends.configs.config import TrendConfig
from app.trends.configs.folder import load_configs

PROFILE_2D = ("MeanZAxis", "ProfileMean", "ProfileMeanBPixModules", "PixelDigiPerClusterPix")
MAPS = ("RBX", "MeanCh", "MeanXRange", "MeanPosOnly", "StripBadComponent", "FED25ErrorFraction")
ENTRIES = 500


def classes(configs: dict[tuple[str, str], TrendConfig]) -> dict[str, tuple[str, str]]:
    """The class of each path, and the metric that decides it."""
    found: dict[str, tuple[str, str]] = {}
    for config in configs.values():
        metric = config.metric.partition("(")[0].rpartition(".")[2]
        kind = "TProfile2D" if metric in PROFILE_2D else "TH2F" if metric.startswith(MAPS) else "TH1F"
        for path in config.paths.values():
            found.setdefault(path, (kind, metric))
    return found


def histogram(name: str, kind: str, metric: str, dice: random.Random) -> ROOT.TObject:
    """A filled histogram."""
    if kind == "TH2F":
        made = ROOT.TH2F(name, name, 84, -42, 42, 72, 0.5, 72.5)
        for _ in range(ENTRIES):
            made.Fill(dice.uniform(-42, 42), dice.uniform(0, 73), dice.uniform(1, 3))
    elif kind == "TProfile2D":
        made = ROOT.TProfile2D(name, name, 72, 0.5, 72.5, 12, 0.5, 12.5)
        for _ in range(ENTRIES):
            made.Fill(dice.uniform(0, 73), dice.uniform(0, 13), dice.gauss(20, 4))
    elif metric.startswith("Landau"):
        made = ROOT.TH1F(name, name, 100, 200, 500)
        for _ in range(ENTRIES):
            made.Fill(ROOT.gRandom.Landau(310, 20))
    elif metric.startswith(("TurnOn", "Eff")):
        made = ROOT.TH1F(name, name, 100, 0, 100)
        for number in range(1, 101):
            efficiency = 1 / (1 + ROOT.TMath.Exp(-(number - 36) / 5))
            made.SetBinContent(number, efficiency)
            made.SetBinError(number, 0.02 * efficiency + 1e-4)
    else:
        made = ROOT.TH1F(name, name, 100, -5, 5)
        for _ in range(ENTRIES):
            made.Fill(dice.gauss(0.3, 1.2))
    return made


def write(path: str, run: int, wanted: dict[str, tuple[str, str]]) -> None:
    """Write a file of one run."""
    dice = random.Random(run)
    ROOT.gRandom.SetSeed(run)
    file = ROOT.TFile(path, "recreate")
    for me, (kind, metric) in wanted.items():
        subsystem, *folders, name = me.split("/")
        folder = f"DQMData/Run {run}/{subsystem}/Run summary/{'/'.join(folders)}".rstrip("/")
        directory = file.GetDirectory(folder) or file.mkdir(folder, "", True)
        directory.WriteTObject(histogram(name, kind, metric, dice), name)
    file.Close()


def main(configs: str, *files_and_runs: str) -> None:
    """Write the files."""
    ROOT.gROOT.SetBatch(True)
    ROOT.TH1.AddDirectory(False)
    wanted = classes(load_configs(Path(configs)).trends)
    for path, run in zip(files_and_runs[::2], files_and_runs[1::2], strict=True):
        write(path, int(run), wanted)


if __name__ == "__main__":
    main(*sys.argv[1:])
