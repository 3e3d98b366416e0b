"""The expected values of all cases, computed by ROOT: `python -m tests.trends.reference FOLDER`.

It runs in a process of its own, since the tests themselves must not load ROOT. It writes `histograms.root`, and `expected.json`:
of each case its value and error, or the reason why there is none.
"""

from __future__ import annotations

import ast
import json
import math
import sys
from collections.abc import Callable
from math import hypot, sqrt
from pathlib import Path
from types import SimpleNamespace

import ROOT

from tests.trends.cases import CASES, Case
from tests.trends.histograms import FOLDER, write_histograms

Pair = tuple[float, float]
FORMULAS: dict[str, Callable[..., Pair]] = {}


def formula(*names: str) -> Callable[[Callable[..., Pair]], Callable[..., Pair]]:
    """Makes a function the formula of some metrics."""

    def register(function: Callable[..., Pair]) -> Callable[..., Pair]:
        FORMULAS.update(dict.fromkeys(names, function))
        return function

    return register


class NoPoint(Exception):
    """The product has no point here, by its own rule."""


# Moments

for name, value, error in [
    ("basic.Mean", "GetMean", "GetMeanError"),
    ("basic.MeanRMS", "GetMean", "GetStdDev"),
    ("basic.StdDev", "GetStdDev", "GetStdDevError"),
    ("basic.RMSXAxis", "GetStdDev", "GetStdDevError"),
]:
    FORMULAS[name] = lambda h, value=value, error=error: (getattr(h.main, value)(), getattr(h.main, error)())
for name, value, axis in [("MeanYAxis", "Mean", 2), ("MeanZAxis", "Mean", 3), ("RMSYAxis", "StdDev", 2)]:
    FORMULAS[f"basic.{name}"] = lambda h, value=value, axis=axis: tuple(
        getattr(h.main, f"Get{value}{kind}")(axis) for kind in ("", "Error")
    )


@formula("basic.MeanEntries")
def mean_entries(h: SimpleNamespace) -> Pair:
    return h.main.GetMean() * h.main.GetEntries(), h.main.GetMeanError() * h.main.GetEntries()


@formula("basic.Count")
def count(h: SimpleNamespace) -> Pair:
    return h.main.GetEntries(), 0


@formula("basic.MeanY")
def mean_y(h: SimpleNamespace) -> Pair:
    return (h.main.GetSumOfWeights() / h.main.GetEntries() if h.main.GetEntries() else 0), 0


@formula("basic.MaxBin")
def max_bin(h: SimpleNamespace) -> Pair:
    return h.main.GetBinCenter(h.main.GetMaximumBin()), 0


@formula("basic.MaxExcursion")
def max_excursion(h: SimpleNamespace) -> Pair:
    high, low = h.main.GetMaximumBin(), h.main.GetMinimumBin()
    return h.main.GetBinContent(high) - h.main.GetBinContent(low), hypot(h.main.GetBinError(high), h.main.GetBinError(low))


# Bins and intervals


def content(histogram: ROOT.TH1, bin: int | str) -> float:
    return histogram.GetBinContent(histogram.GetXaxis().FindBin(bin) if isinstance(bin, str) else bin)


@formula("basic.BinCount")
def bin_count(h: SimpleNamespace, name: int | str, noError: bool = False) -> Pair:
    found = content(h.main, name)
    return found, 0 if noError else sqrt(found)


@formula("basic.ROCfraction")
def roc_fraction(h: SimpleNamespace, name: int | str, tot: float, noError: bool = False) -> Pair:
    found = content(h.main, name)
    return 100 * found / tot, 0 if noError else 100 * sqrt(found) / tot


@formula("basic.RecoFraction")
def reco_fraction(h: SimpleNamespace, name: int | str, noError: bool = False) -> Pair:
    found, entries = content(h.main, name), h.histo1.GetEntries()
    return (found / entries, 0 if noError else sqrt(found) / entries) if entries else (0, 0)


def sum_from(histogram: ROOT.TH1, first: int) -> float:
    return math.fsum(histogram.GetBinContent(bin) for bin in range(first, histogram.GetNbinsX() + 1))


@formula("basic.BinsCount")
def bins_count(h: SimpleNamespace, startBin: int) -> Pair:
    total = sum_from(h.main, startBin)
    return total, sqrt(total)


@formula("basic.EntriesCount")
def entries_count(h: SimpleNamespace, startValue: float) -> Pair:
    return bins_count(h, h.main.FindBin(startValue))


@formula("basic.EntriesRate")
def entries_rate(h: SimpleNamespace, startValue: float) -> Pair:
    total = sum_from(h.main, h.main.FindBin(startValue))
    filled = sum(h.histo1.GetBinContent(bin) > 0 for bin in range(1, h.histo1.GetNbinsX() + 1))
    return (total / (23 * filled), sqrt(total) / (23 * filled)) if filled else (0, 0)


@formula("basic.FractionInBin")
def fraction_in_bin(h: SimpleNamespace, bin: int) -> Pair:
    found, entries = h.main.GetBinContent(bin), h.main.GetEntries()
    return (found / entries, sqrt(1 / entries + 1 / found) * found / entries) if entries else (0, 0)


@formula("basic.FractionInBinArray")
def fraction_in_bin_array(h: SimpleNamespace, binsnum: list[int], binsden: list[int]) -> Pair:
    over, under = (sum(map(h.main.GetBinContent, bins)) for bins in (binsnum, binsden))
    return (over / under, sqrt(1 / over + 1 / under) * over / under) if over and under else (0, 0)


def inside(histogram: ROOT.TH1, low: float, high: float) -> float:
    return histogram.Integral(histogram.FindBin(low), histogram.FindBin(high))


def with_flow(histogram: ROOT.TH1) -> float:
    return histogram.Integral(0, histogram.GetSize())


def ratio(over: float, under: float) -> Pair:
    if under == 0:
        return 0, 0
    return over / under, sqrt(over + over * over / under) / under if over else 1 / under


@formula("muon_metrics.NOutsideRange")
def outside_range(h: SimpleNamespace, low: float, high: float) -> Pair:
    return h.main.Integral() - inside(h.main, low, high), 0


@formula("basic.Ratio")
def ratio_within(h: SimpleNamespace, low: float, high: float) -> Pair:
    s = inside(h.main, low, high)
    return ratio(s, h.main.Integral() - s)


@formula("basic.Ratio1")
def ratio_with_flow(h: SimpleNamespace, low: float, high: float) -> Pair:
    s = inside(h.main, low, high)
    return ratio(with_flow(h.main) - s, s)


@formula("basic.Fraction")
def fraction(h: SimpleNamespace, low: float, high: float) -> Pair:
    s, total = inside(h.main, low, high), h.main.GetEntries()
    if total == 0:
        return 0, 0
    return s / total, sqrt(1 / s + 1 / total) * s / total if s else 1 / sqrt(total)


@formula("basic.Fraction1")
def fraction_with_flow(h: SimpleNamespace, low: float, high: float) -> Pair:
    s, total = inside(h.main, low, high), with_flow(h.main)
    if total == 0:
        return 0, 0
    rest = total - s
    return rest / total, sqrt(s * s * rest + rest * rest * s) / total**2 if s and rest else 1 / total


@formula("basic.NormBinCount", "basic.Quantile")
def without_point(h: SimpleNamespace, *_: object, **__: object) -> Pair:
    raise NoPoint


# Comparisons


@formula("basic.MeanDiff")
def mean_difference(h: SimpleNamespace) -> Pair:
    return h.main.GetMean() - h.reference.GetMean(), hypot(h.main.GetMeanError(), h.reference.GetMeanError())


@formula("basic.Kolmogorov")
def kolmogorov(h: SimpleNamespace) -> Pair:
    return h.main.KolmogorovTest(h.reference), 0


@formula("basic.Chi2")
def chi2(h: SimpleNamespace) -> Pair:
    if h.main.GetNcells() != h.reference.GetNcells() or h.main.GetDimension() != h.reference.GetDimension():
        raise NoPoint  # where ROOT returns memory that was never set
    return h.main.Chi2Test(h.reference, "UU NORM CHI2"), 0


@formula("basic.NormChi2")
def chi2_by_degrees(h: SimpleNamespace) -> Pair:
    chi2(h)
    return h.main.Chi2Test(h.reference, "UU NORM CHI2/NDF"), 0


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


# Fits


def used_bins(result: ROOT.TFitResultPtr) -> int:
    """The number of bins of a fit."""
    return result.Ndf() + result.NFreeParameters() if result.Get() and int(result) != -1 else 0


def fitted(histogram: ROOT.TH1, expression: str, low: float, high: float, start: tuple[float, ...], times: int = 3) -> list[Pair]:
    """The parameters of a fit in a range of x, and their errors."""
    function = ROOT.TF1("own function", expression, low, high)
    for number in range(function.GetNpar()):
        function.SetParameter(number, start[number] if number < len(start) else 0)
    for _ in range(times):
        result = histogram.Fit(function, "QRNS")
    if not used_bins(result):
        raise NoPoint  # an empty fit has the start values
    return [(function.GetParameter(number), function.GetParError(number)) for number in range(function.GetNpar())]


LANDAU = "[2]*TMath::Landau(x,[0],[1],0)"


@formula("fits.LandauAroundMax")
def landau_around_max(h: SimpleNamespace, diseredParameter: int, lowFrac: float, highFrac: float, hLimit: float) -> Pair:
    top = h.main.GetMaximumBin()
    neighbour = top - 1 if h.main.GetBinContent(top - 1) > h.main.GetBinContent(top + 1) else top + 1
    middle = (h.main.GetBinCenter(top) + h.main.GetBinCenter(neighbour)) / 2
    found = fitted(h.main, LANDAU, middle * lowFrac, middle * highFrac, (middle, middle / 10, h.main.GetMaximum()))[diseredParameter]
    return found if 0 < found[0] < hLimit else (0, 0)


@formula("fits.Landau")
def landau(h: SimpleNamespace, diseredParameter: int, minVal: float, maxVal: float, paramDefaults: tuple[float, ...]) -> Pair:
    found = fitted(h.main, LANDAU, minVal, maxVal, paramDefaults)[diseredParameter]
    return found if found[0] > 0 else (0, 0)


@formula("fits.LandauTest")
def landau_test(
    h: SimpleNamespace,
    diseredParameter: int,
    minVal1: float,
    maxVal1: float,
    minVal2: float,
    maxVal2: float,
    turnRun: int,
    paramDefaults: tuple[float, ...],
) -> Pair:
    location, width, *rest = paramDefaults
    if turnRun > 0:
        found = fitted(h.main, LANDAU, minVal1, maxVal1, (1.58 * location, 1.58 * width, *rest))[diseredParameter]
    else:
        found = fitted(h.main, LANDAU, minVal2, maxVal2, paramDefaults)[diseredParameter]
    return found if 0 < found[0] < 60_000 else (0, 0)


@formula("fits.LandauAroundMaxBin")
def landau_around_max_bin(h: SimpleNamespace, diseredParameter: int, width: float) -> Pair:
    top = h.main.GetBinCenter(h.main.GetMaximumBin())
    for _ in range(3):
        result = h.main.Fit("landau", "QRNS", "", top - width, top + width)
    if not used_bins(result):
        raise NoPoint
    return result.Parameter(diseredParameter), result.ParError(diseredParameter)


@formula("fits.GauLand")
def gauss_and_landau(h: SimpleNamespace, diseredParameter: int, minVal: float, maxVal: float, paramDefaults: tuple[float, ...]) -> Pair:
    half = h.main.GetMaximum() / 2
    start = (*paramDefaults[:2], half, paramDefaults[3], half)
    return fitted(h.main, f"{LANDAU}+[4]*TMath::Gaus(x,[0],[3])", minVal, maxVal, start)[diseredParameter]


@formula("fits.Gaussian")
def gaussian(h: SimpleNamespace, diseredParameter: int, minVal: float, maxVal: float, paramDefaults: tuple[float, ...]) -> Pair:
    return fitted(h.main, "[2]*TMath::Gaus(x,[0],[1],0)", minVal, maxVal, paramDefaults, 1)[diseredParameter]


@formula("fits.FlatLine")
def flat_line(h: SimpleNamespace, diseredParameter: int, minVal: float, maxVal: float, paramDefault: float) -> Pair:
    return fitted(h.main, "[0]", minVal, maxVal, (paramDefault,))[diseredParameter]


@formula("fits.FlatLineXcut")
def flat_line_with_cut(h: SimpleNamespace, diseredParameter: int, minVal: float, maxVal: float, paramDefault: float) -> Pair:
    last = max(last_filled(h.main), 0)
    return fitted(h.main, "[0]", 1, h.main.GetXaxis().GetBinCenter(last - 3), (paramDefault,))[diseredParameter]


@formula("fits.LanGau")
def langau(h: SimpleNamespace, diseredParameter: int, minVal: float, maxVal: float, controlVal: float, paramDefaults: tuple) -> Pair:
    """The intended fit: a Landau convoluted with a Gaussian in 100 steps over 5 widths on each side."""
    if not hasattr(ROOT, "reference_langau"):
        ROOT.gInterpreter.Declare("""double reference_langau(double *x, double *p) {
            double peak = p[1] + 0.22278298 * p[0], step = 10 * p[3] / 100, sum = 0;
            for (int i = 0; i < 100; ++i) {
                double y = x[0] - 5 * p[3] + (i + 0.5) * step;
                sum += TMath::Landau(y, peak, p[0], false) / p[0] * TMath::Gaus(x[0], y, p[3], false);
            }
            return p[2] * step * sum / TMath::Sqrt(TMath::TwoPi()) / p[3];
        }""")
    if h.main.GetEntries() < 150:
        h.main.Rebin(2)
    function = ROOT.TF1("own langau", ROOT.reference_langau, minVal, maxVal, 4)
    top = h.main.GetBinCenter(h.main.GetMaximumBin())
    function.SetParameters(paramDefaults[0], top if top > minVal else paramDefaults[1], h.main.Integral(), paramDefaults[3])
    for _ in range(3):
        h.main.Fit(function, "QRN")
    if function.GetParameter(0) < controlVal or function.GetParameter(1) < minVal:
        raise AssertionError("The case would need a second fit")
    return function.GetMaximumX(), function.GetParError(diseredParameter)


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


# Level-1 trigger


def weights(curve: ROOT.TH1, first: int, last: int) -> list[Pair]:
    """Content and weight of the bins that are not 0."""
    bins = [bin for bin in range(first, last + 1) if curve.GetBinContent(bin) != 0]
    return [(curve.GetBinContent(bin), (curve.GetBinContent(bin) / curve.GetBinError(bin)) ** 2) for bin in bins]


def weighted_mean(curve: ROOT.TH1, first: int, last: int) -> Pair:
    found = weights(curve, first, last)
    total = sum(weight for _, weight in found)
    mean = sum(weight * value for value, weight in found) / total if total else 0
    return mean, mean / sqrt(total) if total else 0


@formula("L1T_metrics.EffMean")
def efficiency_mean(h: SimpleNamespace) -> Pair:
    return weighted_mean(h.main, 1, h.main.GetNbinsX())


@formula("L1T_metrics.EffVariance")
def efficiency_variance(h: SimpleNamespace) -> Pair:
    bins = h.main.GetNbinsX()
    found, (mean, error) = weights(h.main, 1, bins), weighted_mean(h.main, 1, bins)
    total = sum(weight for _, weight in found)
    if total == 0:
        return 0, 0
    spread = sqrt(sum(weight * value * value for value, weight in found) / total - mean * mean)
    return spread, mean * error / (sqrt(bins) * spread)


def crossing_bin(curve: ROOT.TH1, efficiency: float) -> int:
    bins = range(1, curve.GetNbinsX() - 1)
    return next((bin for bin in bins if curve.GetBinContent(bin) <= efficiency < curve.GetBinContent(bin + 1)), 0)


def crossing(curve: ROOT.TH1, efficiency: float, bin: int) -> Pair:
    bins = (bin, bin + 1)
    (low, high), (x_low, x_high) = map(curve.GetBinContent, bins), map(curve.GetBinCenter, bins)

    def error_of(bin: int, content: float) -> float:
        own = curve.GetBinError(bin)
        return own if own < content else content / sqrt(content * curve.GetEntries() / (2 * curve.GetNbinsX()))

    errors = [error_of(bin, low), error_of(bin + 1, high)]
    if errors[0] / low > 0.2 or errors[1] / high > 0.2:
        return 0, 0
    shares = ((high - efficiency) / (high - low), (efficiency - low) / (high - low))
    parts = [share * curve.GetBinWidth(b) / sqrt(12) for share, b in zip(shares, bins, strict=True)]
    parts += [(x_high - x_low) / (high - low) * share * error for share, error in zip(shares, errors, strict=True)]
    return round(x_low * shares[0] + x_high * shares[1], 2), round(hypot(*parts), 2)


@formula("L1T_metrics.TurnOnCurveEffPoint")
def efficiency_point(h: SimpleNamespace, eff_point: float) -> Pair:
    bin = crossing_bin(h.main, eff_point) if 0 <= eff_point <= 1 else 0
    return crossing(h.main, eff_point, bin) if bin else (0, 0)


@formula("L1T_metrics.TurnOnCurveHalfWidth")
def half_width(h: SimpleNamespace) -> Pair:
    low, high = crossing_bin(h.main, 0.2), crossing_bin(h.main, 0.8)
    if not 0 < low < high:
        return 0, 0
    (x_low, low_error), (x_high, high_error) = crossing(h.main, 0.2, low), crossing(h.main, 0.8, high)
    return (x_high - x_low, hypot(low_error, high_error)) if x_low and x_high else (0, 0)


@formula("L1T_metrics.TurnOnCurveRange")
def turn_on_range(h: SimpleNamespace) -> Pair:
    bins, content = range(1, h.main.GetNbinsX() - 1), h.main.GetBinContent
    start = next((bin for bin in bins if content(bin) == 0 < content(bin + 1)), 0)
    end = max((bin for bin in bins if content(bin) not in (0, 1)), default=0)
    low, high = h.main.GetBinCenter(start), h.main.GetBinCenter(end)
    return ((high + low) / 2, (high - low) / 2) if end else (0, 0)


@formula("L1T_metrics.TurnOnPlateauEff")
def plateau_efficiency(h: SimpleNamespace) -> Pair:
    middle, half = efficiency_point(h, 0.5)[0], half_width(h)[0]
    if middle == 0 or half == 0:
        return 0, 0
    centers, edge = h.main.GetBinCenter, middle + 2 * half
    first = next((bin + 1 for bin in range(1, h.main.GetNbinsX()) if centers(bin) < edge <= centers(bin + 1)), 0)
    return weighted_mean(h.main, first, h.main.GetNbinsX()) if first else (0, 0)


@formula("L1T_metrics.TauSavePlots")
def tau_plots(h: SimpleNamespace) -> Pair:
    return 0, 0


def expected(case: Case, folder: ROOT.TDirectory) -> list[float] | str:
    """MetricValue and error of a case, or the name of what was raised; each histogram is read anew, since formulas change some."""
    call = ast.parse(case.metric, mode="eval").body
    arguments = [ast.literal_eval(each) for each in call.args]
    keywords = {each.arg: ast.literal_eval(each.value) for each in call.keywords}
    names = {"main": case.main, "histo1": case.histo1, "histo2": case.histo2, "reference": case.reference}
    histograms = SimpleNamespace(**{role: folder.GetKey(name).ReadObj() if name else None for role, name in names.items()})
    try:
        value, error = FORMULAS[ast.unparse(call.func)](histograms, *arguments, **keywords)
    except (ArithmeticError, ValueError, TypeError, AttributeError, ReferenceError, NoPoint) as failure:
        return type(failure).__name__
    return [float(value), float(error)] if math.isfinite(value) and math.isfinite(error) else "not finite"


def main() -> None:
    """Write both files."""
    folder = Path(sys.argv[1])
    ROOT.gErrorIgnoreLevel = ROOT.kFatal
    write_histograms(folder / "histograms.root")
    file = ROOT.TFile(str(folder / "histograms.root"))
    answers = {case.name: expected(case, file.Get(FOLDER)) for case in CASES}
    extra = {
        "landau": [[x / 7, ROOT.Math.landau_pdf(x / 7)] for x in [*range(-45, 400), *range(400, 100_000, 997)]],
        "kolmogorov": [[z / 50, ROOT.TMath.KolmogorovProb(z / 50)] for z in range(400)],
    }
    (folder / "expected.json").write_text(json.dumps({"cases": answers, **extra}))


if __name__ == "__main__":
    main()
