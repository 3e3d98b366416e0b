"""The values that the original computed, on ROOT, from histograms that only its authors have.

A value and its error tell the sums that a metric uses: the number of entries of a rate, the number of cells of a map. Each test
builds a histogram with these sums, and computes the value and the error again. Counts that the numbers imply are asserted to be
whole. The two Landau fits are of contents that follow the curve exactly, so many that the error of the fit is the one in the table.

`basic.Chi2` is missing: it rounds contents to whole entries, and any of thousands would fit its one number. `test_metrics.py`
compares it, as all metrics, with ROOT.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from app.trends.axis import BinnedAxis
from app.trends.expressions import parse_metric
from app.trends.histogram import Histogram, Sums
from app.trends.metrics.hcal_boxes import bins_of_depth
from app.trends.metrics.landau import landau
from app.trends.metrics.metric import Inputs, MetricValue, compute_point

Reals = NDArray[np.float64]
NO_SUMS = Sums(0.0, 0.0, ((0.0, 0.0),) * 3)
CLOSED_FORM = 1e-9
FLAT_LINE = 1e-6
FIT = 0.02
"""Tolerances, as in `test_metrics.py`."""


def histogram(
    cells: Sequence[float] | Reals,
    low: float = 0.0,
    high: float = 1.0,
    errors: Sequence[float] | Reals | None = None,
    entries: float = 0.0,
    stored: Sums = NO_SUMS,
    labels: Sequence[str] = (),
) -> Histogram:
    """A histogram or map with these cells, flow bins included, along x from `low` to `high`."""
    contents = np.array(cells, np.float64)
    axes = [BinnedAxis(low, high, contents.shape[-1] - 2, labels={label: number for number, label in enumerate(labels, 1)})]
    axes += [BinnedAxis(0.0, 1.0, rows - 2) for rows in contents.shape[-2::-1]]
    found_errors = np.sqrt(np.abs(contents)) if errors is None else np.array(errors, np.float64)
    name = f"TH{contents.ndim}D"
    return Histogram(name, tuple(axes), contents, found_errors, contents, contents, entries, stored)


def with_mean(mean: float, error: float, entries: float) -> Histogram:
    """A histogram with a mean and its error: RMS / sqrt(entries)."""
    square = mean**2 + entries * error**2
    return histogram([0, entries, 0], entries=entries, stored=Sums(entries, entries, ((entries * mean, entries * square),)))


def with_total(total: float, entries: float) -> Histogram:
    """A histogram of so many entries with this sum of x."""
    return histogram([0, entries, 0], entries=entries, stored=Sums(entries, entries, ((total, total),)))


def spread_over(total: int, bins: int) -> list[int]:
    """`bins` whole contents above 0 with a sum."""
    return [total - bins + 1, *[1] * (bins - 1)]


def whole(number: float) -> int:
    """A count that a value and its error imply."""
    assert number == pytest.approx(round(number), rel=1e-9)
    return round(number)


Row = tuple[str, Inputs]
ROWS: dict[tuple[float, float], Callable[[float, float], Row]] = {}


def row(value: float, error: float) -> Callable[[Callable[[float, float], Row]], Callable[[float, float], Row]]:
    """Makes a function the histograms of a row of the table."""

    def register(build: Callable[[float, float], Row]) -> Callable[[float, float], Row]:
        ROWS[value, error] = build
        return build

    return register


@row(0.2782674997001051, 0.016254494842125048)
def mean_of_counts(value: float, error: float) -> Row:
    return "basic.Mean()", Inputs(with_mean(value, error, 5000))


@row(2.353391837956327, 0.043277525811481934)
def mean_of_weights(value: float, error: float) -> Row:
    weights, squares = 2982.443, 3411.7  # the effective entries are no whole number
    effective = weights**2 / squares
    sums = Sums(weights, squares, ((weights * value, weights * (value**2 + effective * error**2)),))
    return "basic.Mean()", Inputs(histogram([0, weights, 0], entries=3000, stored=sums))


@row(0.9941477939364806, 0)
def mean_weight_of_an_entry(value: float, error: float) -> Row:
    return "basic.MeanY()", Inputs(histogram([40, 1000 * value, 2000 * value, 70], entries=3000))


@row(5.391566395935889, 0.7678318847418852)
def largest_minus_smallest_content(value: float, error: float) -> Row:
    return "basic.MaxExcursion()", Inputs(histogram([99, -2, 0.5, value - 2, -99], errors=[9, 0.6 * error, 9, 0.8 * error, 9]))


@row(0.9882986340494717, 8.731843620775889e-05)
def pixel_efficiency(value: float, error: float) -> Row:
    expected = whole(value * (1 - value) / error**2)
    found = whole(value * expected)
    return "basic.PixelEfficiency()", Inputs(with_total(found, 100_000), with_total(expected - found, 30_000))


@row(1.0995528558170926, 0.002393302491514067)
def digis_for_each_pixel_of_a_cluster(value: float, error: float) -> Row:
    clusters, size, relative = 2.5, 1.5, error / value
    digis, pixels = value * clusters * size, clusters * size
    of_means = 0.8 * relative * pixels / math.sqrt(2)  # as the original: not by the derivatives
    main, histo1, histo2 = with_mean(digis, 0.6 * relative * digis, 900), with_mean(clusters, of_means, 800), with_mean(size, of_means, 700)
    return "basic.PixelDigiPerClusterPix()", Inputs(main, histo1, histo2)


@row(38.218653648568306, 4.900443296413916)
def mean_of_modules_of_ladders(value: float, error: float) -> Row:
    filled = 24
    spread = error * math.sqrt(filled)
    cells = np.full((15, 11), 7.0)
    cells[1:14, [3, 7]] = 0
    cells[1:13, 3], cells[1:13, 7] = value + spread, value - spread  # columns 3 and 7 of 9: the second modules on both sides
    return "basic.ProfileMeanBPixModules(2)", Inputs(histogram(cells))


@row(0.03037153834639106, 0)
def kolmogorov_probability(value: float, error: float) -> Row:
    low, high = 1.0, 2.0  # of the z whose series 2 sum (-1)^(j-1) exp(-2 j^2 z^2) is the probability
    for _ in range(100):
        middle = (low + high) / 2
        series = 2 * sum((-1) ** (j - 1) * math.exp(-2 * j * j * middle * middle) for j in range(1, 50))
        low, high = (middle, high) if series > value else (low, middle)
    shift = low * 1000 / math.sqrt(1000 * 1000 / 2000)  # z is the distance times the root of the entries
    return "basic.Kolmogorov()", Inputs(histogram([3, 500 + shift, 500 - shift, 9]), reference=histogram([0, 500, 500, 1]))


UNKNOWN_LABEL = histogram([5, 7, 8, 9, 4], labels=["first", "third"])
"""An axis of three bins of which one has no label, so that an unknown label is no new bin."""


@row(5, math.sqrt(5))
def count_of_an_unknown_label(value: float, error: float) -> Row:
    return "basic.BinCount('nowhere')", Inputs(UNKNOWN_LABEL)


@row(0.005, math.sqrt(5) / 1000)
def fraction_of_an_unknown_label(value: float, error: float) -> Row:
    return "basic.RecoFraction('nowhere')", Inputs(UNKNOWN_LABEL, histogram([0, 1000, 0], entries=1000))


@row(0.26041666666666663, 0.11779184937445329)
def dead_chips(value: float, error: float) -> Row:
    part = value / 100
    dead, cells = whole(1536 * part), whole(part * (1 - part) / (error / 100) ** 2)
    assert cells == 36 * 52
    contents = np.full((38, 54), 50.0)  # not above half of the largest content
    contents[0], contents[:, -1] = 500, 500  # flow bins do not count
    contents[[3, 9, 20], [8, 8, 40]] = 51
    contents[30, 30] = 100
    assert dead == (contents[1:-1, 1:-1] > 50).sum()
    return "basic.FED25ErrorFraction(0.5, 1536, True)", Inputs(histogram(contents))


@row(0.27943840579710144, 0.007954786263700315)
def rate_of_entries(value: float, error: float) -> Row:
    entries = whole((value / error) ** 2)
    lumisections = whole(entries / (23 * value))
    lumisection_axis = histogram([9, *spread_over(500, lumisections), *[0] * 8, 9])
    return "basic.EntriesRate(0)", Inputs(histogram([30, *spread_over(entries, 20), 40]), lumisection_axis)


@row(0.11666666666666667, 0.01005160974112105)
def fraction_outside_an_interval(value: float, error: float) -> Row:
    total = whole(value * (1 - value) / error**2)
    outside = whole(value * total)
    cells = [15, *spread_over(total - outside, 21), *[0] * 18, outside - 15 - 6, 6]  # bin 21 is that of x = 20
    return "basic.Fraction1(0,20)", Inputs(histogram(cells, high=40))


@row(1.4732737489035597, 0.11026556071661237)
def level_of_a_line(value: float, error: float) -> Row:
    weights, shifts = np.array([0.1, 0.2, 0.3, 0.4]), np.array([4, -2, 4, -3])
    assert (weights * shifts).sum() == pytest.approx(0, abs=1e-12)
    cells, errors = [99, *value + shifts, 99], [1, *error / np.sqrt(weights), 1]
    return "fits.FlatLine(0,-3.14159,3.14159,0)", Inputs(histogram(cells, -3.14159, 3.14159, errors))


def landau_histogram(value: float, error: float, width: float, low: float, high: float, fitted: tuple[float, float]) -> Histogram:
    """Contents that follow a Landau curve at `value`, so many that the error of its location in the fitted range is `error`.

    The covariance of a fit of contents c with errors sqrt(c) is the inverse of the sum of f_i f_j / c over its bins, f_i being
    the derivative by a parameter.
    """
    bins = 100
    centers = low + (np.arange(bins) + 0.5) * (high - low) / bins

    def curve(location: float, width: float) -> Reals:
        return landau((centers - location) / width)

    step = 1e-4 * width
    by_location = (curve(value + step, width) - curve(value - step, width)) / (2 * step)
    by_width = (curve(value, width + step) - curve(value, width - step)) / (2 * step)
    used = (centers >= fitted[0]) & (centers <= fitted[1])
    derivatives = np.array([by_location, by_width, curve(value, width)])[:, used]
    of_one = np.linalg.inv(derivatives / curve(value, width)[used] @ derivatives.T)[0, 0]
    return histogram([0, *curve(value, width) * of_one / error**2, 0], low, high)


@row(19992.594328242583, 29.788711306355438)
def charge_on_track(value: float, error: float) -> Row:
    width, bin_width = 1800.0, 600.0
    middle = bin_width * round((value - 0.22278 * width) / bin_width)  # of the two largest bins
    main = landau_histogram(value, error, width, 0, 60_000, (0.8 * middle, 1.4 * middle))
    return "fits.LandauAroundMax(0,0.8,1.4,60000)", Inputs(main)


@row(310.41066058855296, 0.6135632597498714)
def charge_of_clusters(value: float, error: float) -> Row:
    return "fits.Landau(0,250.,360.,(310.,30.))", Inputs(landau_histogram(value, error, 25, 0, 1000, (250, 360)))


def depth_map(box: str, depth: int, content: float, filled: int | None = None) -> Histogram:
    """A map of HCAL with the content in the cells of a box, or in the first of them; elsewhere 9."""
    cells = np.full((74, 87), 9.0)
    eta, phi = bins_of_depth(box, depth)
    cells[phi, eta] = 0
    cells[phi[:filled], eta[:filled]] = content
    return histogram(cells)


@row(29, 0)
def channels_of_a_readout_box(value: float, error: float) -> Row:
    maps = (depth_map("HEM01", 5, 2, 14), depth_map("HEM01", 6, -1, 12), depth_map("HEM01", 7, 0.5, 3))
    assert value == 14 + 12 + 3
    return "hcal_metrics.RBXCountNonZeroChan('HEM01',(5,6,7))", Inputs(*maps)


HDQM_MEAN = 2.050917796892511
"""The mean of a readout box in HDQM, which reads all depths from the first map."""


@row(2.254547507022588, 0)
def mean_of_a_readout_box(value: float, error: float) -> Row:
    first, second = depth_map("HBM01", 1, HDQM_MEAN), depth_map("HBM01", 2, 2 * value - HDQM_MEAN)  # of equally many cells
    assert bins_of_depth("HBM01", 1)[0].size == bins_of_depth("HBM01", 2)[0].size == 64
    return "hcal_metrics.RBXMean('HBM01',(1,2,0))", Inputs(first, second)


@row(0.8357692406727717, 0)
def mean_of_a_chamber(value: float, error: float) -> Row:
    cells = np.full((5, 14), 7.0)
    cells[1, :13] = value + np.arange(-6, 7)  # 12 bins and, as in the original, the underflow
    return "muon_metrics.MeanCh(1)", Inputs(histogram(cells))


@row(36.13, 0.73)
def threshold_of_a_turn_on(value: float, error: float) -> Row:
    cells, errors = np.zeros(62), np.full(62, 0.001)
    rise, part = 0.1, (value - 35) / 2  # from the bin with center 35 to that with 37
    cells[18:20] = 0.5 - part * rise, 0.5 + (1 - part) * rise
    cells[20:] = 0.9
    weights = np.array([1 - part, part])
    rest = error**2 - ((weights * 2) ** 2 / 12).sum()
    errors[18:20] = math.sqrt(rest / ((2 / rise * weights) ** 2).sum())
    return "L1T_metrics.TurnOnCurveEffPoint(0.5)", Inputs(histogram(cells, 0, 120, errors))


@row(0.9804924376311936, 0.0022446961531795047)
def plateau_of_a_turn_on(value: float, error: float) -> Row:
    cells, errors = np.zeros(52), np.full(52, 0.001)
    cells[11:19] = 0.1, 0.3, 0.5, 0.7, 0.9, 0.93, 0.93, 0.93  # 20, 50 and 80 % at x = 22, 25 and 28: the plateau is from 37 on
    plateau = slice(19, 51)
    cells[plateau] = value + 0.01 * (-1.0) ** np.arange(32)
    errors[plateau] = cells[plateau] * error * math.sqrt(32) / value  # equal weights
    return "L1T_metrics.TurnOnPlateauEff()", Inputs(histogram(cells, 0, 100, errors))


def point(case: Row) -> MetricValue:
    metric, inputs = case
    return compute_point(parse_metric(metric), inputs)


@pytest.mark.parametrize(("value", "error"), ROWS, ids=[build.__name__ for build in ROWS.values()])
def test_the_value_and_the_error_of_the_original_come_out_again(value: float, error: float) -> None:
    case = ROWS[value, error](value, error)
    found = point(case)
    if case[0].startswith("fits.Landau"):
        assert found.value == pytest.approx(value, abs=FIT * error)
        assert found.error == pytest.approx(error, rel=FIT)
    else:
        tolerance = FLAT_LINE if case[0].startswith("fits.") else CLOSED_FORM
        assert found == pytest.approx((value, error), rel=tolerance)


def test_the_mean_of_a_readout_box_differs_from_that_of_hdqm_which_reads_one_map() -> None:
    metric, inputs = mean_of_a_readout_box(2.254547507022588, 0)
    assert point((metric, inputs)).value == pytest.approx(2.254547507022588, rel=CLOSED_FORM)
    assert inputs.main.contents_at(*bins_of_depth("HBM01", 1)).mean() == pytest.approx(HDQM_MEAN, rel=CLOSED_FORM)
