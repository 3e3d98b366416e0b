"""Histograms of every kind, made by ROOT from fixed seeds. It imports ROOT, so tests run it in a process of its own."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

import ROOT

FOLDER = "DQMData/Run 1/Trends/Run summary"


def write_histograms(path: Path) -> None:
    """A file with all histograms, each below `FOLDER` by its name."""
    ROOT.TH1.AddDirectory(False)
    file = ROOT.TFile(f"{path}?reproducible=trends", "RECREATE", "", 101)
    folder = file.mkdir(FOLDER, "", True)
    for make in (simple, odd, labelled, fitted, turn_ons, maps, depth_maps, profiles, tracker_profiles, buffered):
        for name, histogram in make():
            histogram.SetName(name)
            folder.WriteTObject(histogram)
    file.Close()


Named = Iterator[tuple[str, "ROOT.TH1"]]


def fill(histogram: ROOT.TH1, entry: Callable[[ROOT.TRandom3], tuple[float, ...]], number: int = 1500, seed: int = 7) -> ROOT.TH1:
    """The histogram with that many entries; `entry` draws the values of one, and its weight if it has one."""
    random = ROOT.TRandom3(seed)
    for _ in range(number):
        histogram.Fill(*entry(random))
    return histogram


def with_contents(histogram: ROOT.TH1, content: Callable[[int], float]) -> ROOT.TH1:
    """The histogram with contents of cells set, so that it has entries but no sums."""
    for cell in range(histogram.GetNcells()):
        histogram.SetBinContent(cell, content(cell))
    return histogram


def gauss(random: ROOT.TRandom3) -> tuple[float]:
    return (random.Gaus(0.3, 1.2),)


def weighted(random: ROOT.TRandom3) -> tuple[float, float]:
    return (random.Gaus(0.3, 1.2), random.Uniform(0.5, 2))


def simple() -> Named:
    for kind in "FDSI":
        yield f"gauss_{kind}", fill(getattr(ROOT, f"TH1{kind}")("", "", 40, -3, 3), gauss)
    yield "other_gauss", fill(ROOT.TH1F("", "", 40, -3, 3), gauss, 900, 8)
    weighted_one = ROOT.TH1D("", "", 40, -3, 3)
    weighted_one.Sumw2()
    yield "weighted", fill(weighted_one, weighted)
    unsquared = ROOT.TH1F("", "", 40, -3, 3)
    unsquared.SetBit(ROOT.TH1.kIsNotW)
    yield "weighted_without_squares", fill(unsquared, weighted)
    yield "variable", fill(ROOT.TH1F("", "", 6, array("d", [-3, -1, -0.5, 0, 0.25, 1.5, 3])), gauss)
    yield "contents", with_contents(ROOT.TH1F("", "", 8, 0, 4), lambda cell: (cell * 7) % 5 + 0.5)
    without_entries = with_contents(ROOT.TH1F("", "", 8, 0, 4), lambda cell: (cell * 7) % 5)
    without_entries.SetEntries(0)
    yield "contents_without_entries", without_entries
    yield "ten_bins", fill(ROOT.TH1F("", "", 10, 0, 10), lambda random: (random.Gaus(5, 3),))
    yield "empty", ROOT.TH1F("", "", 10, 0, 10)
    yield "empty_as_gauss", ROOT.TH1F("", "", 40, -3, 3)
    edges = array("d", [-3, *(-2.9 + 0.148 * number for number in range(39)), 3])
    yield "gauss_in_other_bins", fill(ROOT.TH1F("", "", 40, edges), gauss)
    yield "negative_as_gauss", with_contents(ROOT.TH1F("", "", 40, -3, 3), lambda cell: (cell * 7) % 11 - 4)
    yield "one_bin", fill(ROOT.TH1F("", "", 1, -1, 1), gauss, 100)
    yield "uniform", fill(ROOT.TH1F("", "", 50, 0, 1), lambda random: (random.Uniform(-0.05, 1),), 900)
    yield "lumisections", fill(ROOT.TH1F("", "", 60, 0, 60), lambda random: (int(random.Uniform(0, 24)),), 300)
    yield "exponential", fill(ROOT.TH1F("", "", 50, 0, 50), lambda random: (random.Exp(12),), 700)


def odd() -> Named:
    negative = ROOT.TH1F("", "", 8, 0, 4)
    yield "negative", with_contents(negative, lambda cell: cell - 5)
    yield "negative_weights", fill(ROOT.TH1D("", "", 20, -3, 3), lambda random: (random.Gaus(), random.Uniform(-0.5, 1)))
    ranged = fill(ROOT.TH1F("", "", 40, -3, 3), gauss)
    ranged.GetXaxis().SetRange(12, 25)
    yield "ranged", ranged
    ranged_with_flow = fill(ROOT.TH1F("", "", 40, -3, 3), gauss)
    ranged_with_flow.GetXaxis().SetRange(0, 30)
    yield "ranged_with_flow", ranged_with_flow
    yield "nan", with_contents(ROOT.TH1F("", "", 8, 0, 8), lambda cell: math.nan if cell == 3 else cell)
    yield "infinite", with_contents(ROOT.TH1F("", "", 8, 0, 8), lambda cell: math.inf if cell == 3 else cell)
    limited = fill(ROOT.TH1F("", "", 40, -3, 3), gauss)
    limited.SetMaximum(31)
    yield "limited", limited
    with_flow = ROOT.TH1F("", "", 20, -1, 1)
    with_flow.SetStatOverflows(ROOT.TH1.EStatOverflows.kConsider)
    yield "flow_in_sums", fill(with_flow, gauss, 300)
    contents = ROOT.TH1F("", "", 8, 0, 4)
    contents.SetStatOverflows(ROOT.TH1.EStatOverflows.kConsider)
    yield "flow_in_contents", with_contents(contents, lambda cell: cell + 1)
    without_squares = ROOT.TH1F("", "", 4, 0, 4)
    without_squares.Fill(1.5)
    without_squares.PutStats(array("d", [10, 0, 15, 40]))
    yield "sums_without_squares", without_squares


def labelled() -> Named:
    fixed = with_contents(ROOT.TH1F("", "", 3, 0, 3), lambda cell: 3 * cell + 2)
    for number, label in enumerate(("first", "second", "third"), 1):
        fixed.GetXaxis().SetBinLabel(number, label)
    yield "labels", fixed
    missing = with_contents(ROOT.TH1F("", "", 5, 0, 5), lambda cell: 3 * cell + 5)
    for number, label in ((2, "second"), (4, "fourth")):
        missing.GetXaxis().SetBinLabel(number, label)
    yield "labels_missing", missing
    numeric = with_contents(ROOT.TH1F("", "", 2, 0, 2), lambda cell: cell + 5)
    numeric.GetXaxis().SetNoAlphanumeric()
    yield "labels_numeric", numeric
    for name, words in {"labels_by_name": ["one", "two", "three"], "labels_by_name_full": ["one", "two", "three", "four"]}.items():
        by_name = ROOT.TH1F("", "", 4, 0, 4)
        by_name.SetCanExtend(ROOT.TH1.kAllAxes)
        for number, word in enumerate(words, 1):
            for _ in range(number):
                by_name.Fill(word, 1)
        by_name.SetBinContent(0, 7)
        by_name.SetBinContent(by_name.GetNbinsX() + 1, 6)
        yield name, by_name
    restricted = by_name.Clone()
    restricted.GetXaxis().SetRange(1, 3)
    yield "labels_ranged", restricted
    profile = ROOT.TProfile("", "", 3, 0, 3)
    profile.SetCanExtend(ROOT.TH1.kAllAxes)
    for number, word in enumerate(["one", "two", "three"], 1):
        profile.Fill(word, number, 1)
    profile.GetXaxis().SetRange(1, 2)
    yield "labels_profile", profile


def fitted() -> Named:
    yield "charge", fill(ROOT.TH1F("", "", 100, 0, 60_000), lambda random: (random.Landau(20_000, 1800),), 4000)
    yield "charge_300", fill(ROOT.TH1F("", "", 100, 0, 1000), lambda random: (random.Landau(305, 25),), 4000)
    yield "charge_weighted", fill(ROOT.TH1D("", "", 80, 0, 800), lambda random: (random.Landau(305, 25), random.Uniform(0.5, 1.5)))

    def noisy(random: ROOT.TRandom3) -> tuple[float, ...]:
        return (random.Landau(25, 2) + random.Gaus(0, 2),)

    yield "signal_to_noise", fill(ROOT.TH1F("", "", 100, 0, 100), noisy, 3000)
    yield "signal_to_noise_few", fill(ROOT.TH1F("", "", 51, 0, 102), noisy, 140)
    yield "peak", fill(ROOT.TH1F("", "", 60, -5, 5), gauss, 2500)
    yield "negative_peak", fill(ROOT.TH1F("", "", 60, -60, 0), lambda random: (random.Landau(-40, 1.5),), 2500)

    def two_peaks(random: ROOT.TRandom3) -> tuple[float, ...]:
        return (random.Landau(30, 3) if random.Rndm() < 0.6 else random.Gaus(30, 5),)

    yield "two_peaks", fill(ROOT.TH1F("", "", 100, 0, 100), two_peaks, 6000)
    wavy = ROOT.TProfile("", "", 24, -3.14159, 3.14159)
    angle = ROOT.TRandom3(11)
    for _ in range(3000):
        phi = angle.Uniform(-3.2, 3.2)
        wavy.Fill(phi, 1.5 + 3 * math.sin(phi) + angle.Gaus(0, 4))
    yield "wavy", wavy
    yield "squares", with_contents(ROOT.TH1F("", "", 10, 0, 10), lambda cell: cell * cell)
    squares_ranged = with_contents(ROOT.TH1F("", "", 10, 0, 10), lambda cell: cell * cell)
    squares_ranged.GetXaxis().SetRange(3, 7)
    yield "squares_ranged", squares_ranged
    yield "early", with_contents(ROOT.TH1F("", "", 10, -5, 5), lambda cell: 9 if 0 < cell < 7 else 0)


def efficiencies(histogram: ROOT.TH1, tried: int, efficiency: Callable[[float], float]) -> ROOT.TH1:
    """The histogram with an efficiency in each bin and its binomial error."""
    for bin in range(1, histogram.GetNbinsX() + 1):
        passed = round(tried * efficiency(histogram.GetBinCenter(bin)))
        histogram.SetBinContent(bin, passed / tried)
        histogram.SetBinError(bin, math.sqrt(passed / tried * (1 - passed / tried) / tried))
    histogram.SetEntries(2 * tried * histogram.GetNbinsX())
    return histogram


def erf(middle: float, width: float, plateau: float = 0.98) -> Callable[[float], float]:
    return lambda x: plateau * (1 + math.erf((x - middle) / width)) / 2


def turn_ons() -> Named:
    yield "turn_on", efficiencies(ROOT.TH1F("", "", 60, 0, 120), 400, erf(36, 9))
    edges = array("d", [*range(0, 40, 2), *range(40, 80, 5), *range(80, 201, 20)])
    yield "turn_on_variable", efficiencies(ROOT.TH1D("", "", len(edges) - 1, edges), 900, erf(33, 14, 0.95))
    yield "turn_on_saturated", efficiencies(ROOT.TH1F("", "", 40, 0, 120), 400, erf(36, 9, 1))
    yield "turn_on_step", efficiencies(ROOT.TH1F("", "", 40, 0, 120), 400, lambda x: 0 if x < 30 else 0.97)
    yield "turn_on_steep", efficiencies(ROOT.TH1F("", "", 40, 0, 120), 400, lambda x: 0.1 if x < 30 else 0.97)
    yield "turn_on_uncertain", efficiencies(ROOT.TH1F("", "", 40, 0, 120), 8, erf(36, 20))
    yield "turn_on_at_0", efficiencies(ROOT.TH1F("", "", 40, -40, 40), 1000, lambda x: 0.2 if x == -1 else erf(12, 15)(x))
    crossing_0 = efficiencies(ROOT.TH1F("", "", 40, -41, 39), 1000, lambda x: 0.2 if x == 0 else erf(12, 16)(x))
    yield "turn_on_through_0", crossing_0
    yield "turn_on_never", efficiencies(ROOT.TH1F("", "", 40, 0, 120), 400, lambda x: 0.1)
    without_errors = with_contents(ROOT.TH1F("", "", 30, 0, 90), lambda cell: min(cell / 20, 0.9) if 0 < cell < 31 else 0)
    yield "turn_on_without_errors", without_errors

    def phi(x: float) -> float:
        return 0 if abs(x) > 3 else 0.9 + 0.05 * math.sin(x)

    yield "efficiency_phi", efficiencies(ROOT.TH1F("", "", 32, -3.2, 3.2), 500, phi)
    profile = ROOT.TProfile("", "", 40, 0, 120)
    random, curve = ROOT.TRandom3(3), erf(36, 9)
    for _ in range(8000):
        x = random.Uniform(0, 120)
        profile.Fill(x, float(random.Rndm() < curve(x)))
    yield "turn_on_profile", profile


def place(random: ROOT.TRandom3) -> tuple[float, float]:
    return random.Gaus(5, 2.5), random.Gaus(4, 2)


def maps() -> Named:
    for kind in "FDI":
        yield f"map_{kind}", fill(getattr(ROOT, f"TH2{kind}")("", "", 10, 0, 10, 8, 0, 8), place)
    yield "other_map", fill(ROOT.TH2F("", "", 10, 0, 10, 8, 0, 8), place, 1100, 9)
    squared = ROOT.TH2D("", "", 10, 0, 10, 8, 0, 8)
    squared.Sumw2()
    yield "map_weighted", fill(squared, lambda random: (*place(random), random.Uniform(0.5, 2)))
    yield "map_contents", with_contents(ROOT.TH2F("", "", 6, 0, 3, 4, -2, 2), lambda cell: (cell * 7) % 11)
    yield "map_negative", with_contents(ROOT.TH2F("", "", 6, 0, 3, 4, -2, 2), lambda cell: (cell * 7) % 11 - 4)
    yield "map_nan", with_contents(ROOT.TH2F("", "", 4, 0, 4, 3, 0, 3), lambda cell: math.nan if cell == 9 else cell)
    yield "map_empty", ROOT.TH2F("", "", 6, 0, 3, 4, -2, 2)
    for axis in "XY":
        ranged = fill(ROOT.TH2F("", "", 10, 0, 10, 8, 0, 8), place)
        getattr(ranged, f"Get{axis}axis")().SetRange(3, 6)
        yield f"map_ranged_{axis}", ranged
    edges = array("d", [0, 1, 4, 5, 10])
    yield "map_variable", fill(ROOT.TH2F("", "", 4, edges, 8, 0, 8), place)
    words = fill(ROOT.TH2F("", "", 10, 0, 10, 8, 0, 8), place)
    for number in range(1, 11):
        words.GetXaxis().SetBinLabel(number, f"column {number}")
    yield "map_labels", words
    yield "map_below_0", fill(ROOT.TH2F("", "", 10, 0, 10, 8, -4, 4), lambda random: (random.Gaus(5, 3), random.Gaus(0, 3)))
    dead = with_contents(ROOT.TH2F("", "", 16, 0, 16, 10, 0, 10), lambda cell: 40 if cell % 17 == 3 else 30 if cell % 13 == 5 else cell % 4)
    yield "dead_chips", dead
    yield "map_flow_in_contents", flow_in(with_contents(ROOT.TH2F("", "", 6, 0, 3, 4, -2, 2), lambda cell: (cell * 7) % 11))
    cube = ROOT.TH3F("", "", 4, 0, 4, 3, 0, 3, 5, 0, 5)
    yield "cube", fill(cube, lambda random: (random.Gaus(2, 1.5), random.Gaus(1, 1), random.Gaus(3, 2)))
    yield "cube_contents", with_contents(ROOT.TH3F("", "", 4, 0, 4, 3, 0, 3, 2, 0, 2), lambda cell: (cell * 7) % 11 - 2)
    yield "cube_weighted", fill(cube.Clone(), lambda random: (*place(random), 2, random.Uniform(0.5, 2)))


def flow_in(histogram: ROOT.TH1) -> ROOT.TH1:
    histogram.SetStatOverflows(ROOT.TH1.EStatOverflows.kConsider)
    return histogram


def depth_maps() -> Named:
    """Maps of HCAL: eta in 85 bins, phi in 72; about a third of the cells are 0."""
    for depth in range(1, 8):
        random = ROOT.TRandom3(100 + depth)
        histogram = ROOT.TH2F("", "", 85, -42.5, 42.5, 72, 0.5, 72.5)
        for cell in range(histogram.GetNcells()):
            if random.Rndm() > 0.35:
                histogram.SetBinContent(cell, random.Gaus(2 + depth, 1))
        yield f"depth_{depth}", histogram


def profiles() -> Named:
    for name, option in {"mean": "", "spread": "s", "integer": "i", "weights": "g"}.items():
        one = ROOT.TProfile("", "", 10, 0, 10, option)
        yield f"profile_{name}", fill(one, lambda random: (random.Gaus(5, 3), random.Gaus(10, 2)), 400)
        whole = ROOT.TProfile("", "", 10, 0, 10, option)
        yield f"profile_{name}_whole", fill(whole, lambda random: (random.Gaus(5, 3), 1 if random.Rndm() < 0.97 else 2), 150)
        two = ROOT.TProfile2D("", "", 6, 0, 6, 5, 0, 5, option)
        yield f"profile2_{name}", fill(two, lambda random: (random.Gaus(3, 2), random.Gaus(2, 2), random.Gaus(7, 3)), 600)

    def weights(random: ROOT.TRandom3) -> tuple[float, ...]:
        return (random.Gaus(5, 3), random.Gaus(10, 2), random.Uniform(0.5, 2))

    squared = ROOT.TProfile("", "", 10, 0, 10)
    squared.Sumw2()
    yield "profile_weighted", fill(squared, weights, 400)
    two = ROOT.TProfile2D("", "", 6, 0, 6, 5, 0, 5)
    two.Sumw2()

    def heavy(random: ROOT.TRandom3) -> tuple[float, ...]:
        return (random.Gaus(3, 2), random.Gaus(2, 2), random.Gaus(7, 3), random.Uniform(0.5, 2))

    yield "profile2_weighted", fill(two, heavy, 600)
    yield "profile_sparse", fill(ROOT.TProfile("", "", 10, 0, 10), lambda random: (random.Uniform(0, 10), random.Gaus(10, 8)), 14)
    ranged = fill(ROOT.TProfile("", "", 10, 0, 10), lambda random: (random.Gaus(5, 3), random.Gaus(10, 2)), 400)
    ranged.GetXaxis().SetRange(3, 7)
    yield "profile_ranged", ranged
    ranged_map = fill(ROOT.TProfile2D("", "", 6, 0, 6, 5, 0, 5), heavy, 400)
    ranged_map.GetYaxis().SetRange(2, 4)
    yield "profile2_ranged", ranged_map
    yield "profile_empty", ROOT.TProfile("", "", 10, 0, 10)
    yield "profile_flow_ranged", flow_in(ranged.Clone())


def tracker_profiles() -> Named:
    ladder = ROOT.TProfile2D("", "", 9, -4.5, 4.5, 13, -6.5, 6.5)
    for number, (name, mean) in enumerate({"digis": 5.1, "clusters": 2.2, "size": 2.1}.items()):

        def place(random: ROOT.TRandom3, mean: float = mean) -> tuple[float, ...]:
            return (random.Uniform(-4.5, 4.5), random.Uniform(-6.5, 6.5), random.Gaus(mean, 1))

        yield f"{name}_map", fill(ladder.Clone(), place, 900, 20 + number)
        yield name, fill(ROOT.TH1F("", "", 50, 0, 20), lambda random, mean=mean: (random.Gaus(mean, 1),), 900, 30 + number)
        profile = ROOT.TProfile("", "", 20, 0, 20)
        yield f"{name}_profile", fill(profile, lambda random, mean=mean: (random.Uniform(0, 20), random.Gaus(mean, 1)), 500, 50 + number)

    def charge(random: ROOT.TRandom3) -> tuple[float, ...]:
        return (random.Uniform(-4.5, 4.5), int(random.Uniform(-6, 7)), random.Gaus(38, 5))

    yield "ladder_map", fill(ladder.Clone(), charge, 300, 40)
    yield "valid", fill(ROOT.TH1F("", "", 20, 0, 20), lambda random: (random.Gaus(12, 2),), 900)
    yield "missing", fill(ROOT.TH1F("", "", 20, 0, 20), lambda random: (random.Exp(0.5),), 300)


def buffered() -> Named:
    """Histograms with entries that are still in the buffer of ROOT."""
    for kind, axes in {"TH1F": (10, 0, 4), "TH2D": (10, 0, 4, 8, -1, 3), "TProfile": (10, 0, 4), "TProfile2D": (6, 0, 4, 4, -1, 3)}.items():
        histogram = getattr(ROOT, kind)("", "", *axes)
        histogram.SetBuffer(1000)
        values = len(axes) // 3 + kind.startswith("TProfile")

        def draw(random: ROOT.TRandom3, values: int = values) -> tuple[float, ...]:
            return tuple(random.Uniform(-1, 5) for _ in range(values))

        yield f"buffered_{kind}", fill(histogram, draw, 60)
