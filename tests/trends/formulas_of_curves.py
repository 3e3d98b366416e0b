"""The formulas of fits and of turn-on curves, written with the methods of ROOT."""

from __future__ import annotations

from math import hypot, sqrt
from types import SimpleNamespace

import ROOT

from tests.trends.formulas import NoPoint, Pair, formula
from tests.trends.formulas_of_maps import last_filled

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
