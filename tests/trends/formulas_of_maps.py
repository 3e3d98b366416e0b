"""The formulas of metrics of maps, of trackers and of HCAL, written with the methods of ROOT."""

from __future__ import annotations

import math
from math import hypot, sqrt
from types import SimpleNamespace

import ROOT

from tests.trends.formulas import NoPoint, Pair, formula

# Maps


def mean_of(histogram: ROOT.TH1, columns: range, rows: range, least: float = -math.inf) -> Pair:
    """The mean content, where a content below `least` counts as 0."""
    contents = [histogram.GetBinContent(x, y) for x in columns for y in rows]
    return (math.fsum(value for value in contents if value >= least or least == -math.inf) / len(contents) if contents else 0), 0


@formula("basic.SummaryMapPartition")
def summary_map_partition(h: SimpleNamespace, binx: int, nbinsy: int) -> Pair:
    return math.fsum(h.main.GetBinContent(binx, y) for y in range(1, nbinsy + 1)) / nbinsy, 0


def last_filled(histogram: ROOT.TH1) -> int:
    return max((bin for bin in range(histogram.GetNbinsX()) if histogram.GetBinContent(bin) > 0), default=-1)


@formula("basic.AverageYwithXCut")
def average_with_cut(h: SimpleNamespace, nbinx: int) -> Pair:
    last = last_filled(h.main)
    if last < 0:
        raise NoPoint
    return math.fsum(h.main.GetBinContent(bin) for bin in range(last - 3)) / (last - 3), 0


@formula("basic.Mean2D")
def mean_2d(h: SimpleNamespace) -> Pair:
    return mean_of(h.main, range(h.main.GetNbinsX()), range(h.main.GetNbinsY()))


@formula("muon_metrics.MeanCh")
def mean_channel(h: SimpleNamespace, ch: int) -> Pair:
    return mean_of(h.main, range(h.main.GetNbinsX() + 1), range(ch, ch + 1))


def all_rows(histogram: ROOT.TH1) -> range:
    return range(1, histogram.GetNbinsY() + 1)


@formula("basic.MeanPosOnly")
def mean_positive(h: SimpleNamespace) -> Pair:
    return mean_of(h.main, range(1, h.main.GetNbinsX() + 1), range(1, 2), 0)


@formula("basic.MeanYForXBin")
def mean_of_column(h: SimpleNamespace, xbin: int) -> Pair:
    return mean_of(h.main, range(xbin, xbin + 1), all_rows(h.main), 0)


@formula("basic.MeanXRange")
def mean_of_columns(h: SimpleNamespace, xmin: int, xmax: int) -> Pair:
    return mean_of(h.main, range(xmin, xmax), all_rows(h.main), 0)


@formula("basic.MeanYRange")
def mean_of_rows(h: SimpleNamespace, ymin: float, ymax: float) -> Pair:
    return mean_of(h.main, range(1, h.main.GetNbinsX() + 1), range(int(ymin), int(ymax)))


@formula("basic.BinRatio2D")
def bin_ratio(h: SimpleNamespace, Nxbin: int, Nybin: int, Dxbin: int, Dybin: int) -> Pair:
    over, under = h.main.GetBinContent(Nxbin, Nybin), h.main.GetBinContent(Dxbin, Dybin)
    return (over / under, over / under * sqrt(1 / under + 1 / over)) if under else (0, 0)


@formula("basic.BinCount2D")
def bin_count_2d(h: SimpleNamespace, xbin: int, ybin: int, normErr: bool = True) -> Pair:
    error = h.main.GetBinError(xbin, ybin)
    return h.main.GetBinContent(xbin, ybin), error / sqrt(h.main.GetEntries()) if normErr else error


@formula("basic.Bin2DRatio")
def bin_2d_ratio(h: SimpleNamespace, xbin: int, ybin: int, normEntries: bool = True) -> Pair:
    over, under = h.main.GetBinContent(xbin, ybin), h.histo1.GetBinContent(xbin, ybin)
    if normEntries:
        over, under = over * h.main.GetEntries(), under * h.histo1.GetEntries()
    error = sqrt(over) if normEntries else h.main.GetBinError(xbin, ybin) / sqrt(h.main.GetEntries())
    return (over / under, error / under) if under else (0, 0)


# Trackers


@formula("basic.PixelEfficiency")
def pixel_efficiency(h: SimpleNamespace) -> Pair:
    found = h.main.GetMean() * h.main.GetEntries()
    total = found + h.histo1.GetMean() * h.histo1.GetEntries()
    return (found / total, sqrt(found / total * (1 - found / total) / total)) if total else (0, 0)


@formula("basic.PixelDigiPerClusterPix")
def digis_per_pixel(h: SimpleNamespace) -> Pair:
    axis = 3 if "2" in h.main.ClassName() else 1
    digis, pixels = h.main.GetMean(axis), h.histo1.GetMean(axis) * h.histo2.GetMean(axis)
    if pixels == 0 or digis < 1:
        return 0, 0
    spread = hypot(h.histo1.GetMeanError(), h.histo2.GetMeanError()) / pixels
    return digis / pixels, digis / pixels * hypot(h.main.GetMeanError() / digis, spread)


def mean_of_filled(contents: list[float]) -> Pair:
    filled = [value for value in contents if value != 0]
    if not filled:
        return 0, 0
    mean = sum(filled) / len(filled)
    return mean, sqrt(sum(value * value for value in filled) / len(filled) - mean * mean) / sqrt(len(filled))


@formula("basic.ProfileMean")
def profile_mean(h: SimpleNamespace) -> Pair:
    return mean_of_filled([h.main.GetBinContent(x, y) for x in range(1, h.main.GetNbinsX() + 1) for y in all_rows(h.main)])


@formula("basic.ProfileMeanBPixModules")
def profile_mean_of_modules(h: SimpleNamespace, modNum: int) -> Pair:
    columns = (5 - modNum, h.main.GetNbinsX() - (4 - modNum))
    return mean_of_filled([h.main.GetBinContent(x, y) for x in columns for y in all_rows(h.main)])


@formula("basic.FED25ErrorFraction")
def fed_errors(h: SimpleNamespace, thr: float, norm: float, normErr: bool = True) -> Pair:
    limit, cells = thr * h.main.GetMaximum(), h.main.GetNbinsX() * h.main.GetNbinsY()
    part = sum(h.main.GetBinContent(x, y) > limit for x in range(1, h.main.GetNbinsX() + 1) for y in all_rows(h.main)) / norm
    return 100 * part, 100 * sqrt(part * (1 - part) / cells) if normErr else 0


@formula("basic.StripFEDErrorFraction")
def strip_fed_errors(h: SimpleNamespace, fedId: int, errorType: int) -> Pair:
    total = h.histo1.GetMaximum()
    part = h.main.GetBinContent(fedId - 49, errorType) / total if total else 0
    return 100 * part, 100 * sqrt(part * (1 - part) / total) if total else 0


@formula("basic.StripBadComponent")
def strip_bad_components(h: SimpleNamespace, binsx: list[int], biny: int, norm: float) -> Pair:
    return 100 * math.fsum(h.main.GetBinContent(x, biny) for x in binsx) / norm, 0


# HCAL


def box(name: str) -> dict[int, list[tuple[int, int]]]:
    """The cells (eta, phi) of some boxes by depth, as the maps of HCAL of 2020 have them."""
    if name.startswith("HBX"):
        return {}
    if name.startswith("HO2M"):  # rings of 12 wedges
        start = 12 * (int(name[-2:]) // 2 - 1)
        return {4: [(eta, (phi + start - 1) % 72 + 1) for eta in range(28, 33) for phi in range(-1, 11)]}
    start = 4 * (int(name[-2:]) - 1)
    etas, end = (range(27, 43), 27) if name.startswith("HBM") else (range(43, 59), 58)
    phis = [(phi + start - 1) % 72 + 1 for phi in (-1, 0, 1, 2)]
    return {depth: [(eta, phi) for eta in etas for phi in phis if depth < 4 or eta != end] for depth in (1, 2, 3, 4)}


def filled_cells(h: SimpleNamespace, name: str, depth: tuple[int, int, int]) -> list[float]:
    maps, cells = (h.main, h.histo1, h.histo2), []
    for each, places in box(name).items():
        for eta, phi in places:
            contents = [maps[index].GetBinContent(eta, phi) for index in range(3) if depth[index] == each]
            cells += [value for value in contents if value != 0][:1]
    return cells


@formula("hcal_metrics.RBXMean")
def box_mean(h: SimpleNamespace, name: str, depth: tuple[int, int, int]) -> Pair:
    cells = filled_cells(h, name, depth)
    return (math.fsum(cells) / len(cells) if cells else 0), 0


@formula("hcal_metrics.RBXCountNonZeroChan")
def box_count(h: SimpleNamespace, name: str, depth: tuple[int, int, int]) -> Pair:
    return len(filled_cells(h, name, depth)), 0
