"""The formulas of metrics of one dimension, written with the methods of ROOT. The other modules of formulas add theirs."""

from __future__ import annotations

import math
from collections.abc import Callable
from math import hypot, sqrt
from types import SimpleNamespace

import ROOT

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
