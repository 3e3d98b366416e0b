"""The histograms of the golden images, by name. They contain no random numbers and are the same everywhere."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from functools import partial

import ROOT

from tests.render.make_objects import filled_1d, filled_2d, filled_3d, polygons

LINES = ["TH1C", "TH1S", "TH1I", "TH1L", "TH1F", "TH1D"]
MAPS = ["TH2C", "TH2S", "TH2I", "TH2F", "TH2D"]


def bell(kind: str, name: str, centre: float, width: float, height: float, bins: int = 50) -> ROOT.TH1:
    """A peak on a flat background with integer contents, between 0 and 100."""
    histogram = getattr(ROOT, kind)(name, f"{name};E_{{T}} [GeV];Entries", bins, 0.0, 100.0)
    for i in range(1, bins + 1):
        x = histogram.GetBinCenter(i)
        for _ in range(int(height * ROOT.TMath.Gaus(x, centre, width)) + 3):
            histogram.Fill(x)
    return histogram


def steep() -> ROOT.TH1:
    """Contents over six decades and two empty bins, on an axis above 0."""
    histogram = ROOT.TH1F("steep", "Steeply falling;p_{T} [GeV];Events", 40, 1, 1000)
    for i in range(1, 39):
        histogram.SetBinContent(i, int(2e6 * 0.7**i))
    histogram.SetEntries(38)
    return histogram


def flat(ground: int = 200) -> ROOT.TH1:
    """Contents within one decade."""
    histogram = ROOT.TH1F("flat", "Hardly any change;LS;Rate [Hz]", 30, 0, 30)
    for i in range(1, 31):
        histogram.SetBinContent(i, ground + 40 * (i % 7))
    return histogram


def signed() -> ROOT.TH1:
    """Contents of both signs with explicit errors, on an axis on both sides of 0."""
    histogram = ROOT.TH1D("signed", "Residuals;#eta;#Delta x [#mum]", 24, -3, 3)
    for i in range(1, 25):
        histogram.SetBinContent(i, 12 * ROOT.TMath.Sin(i / 3.0))
        histogram.SetBinError(i, 1 + i / 12)
    return histogram


def fitted() -> ROOT.TH1:
    """A peak with a fitted function."""
    histogram = bell("TH1F", "fitted", 40, 10, 40)
    function = ROOT.TF1("peak", "gaus(0) + pol0(3)", 10, 70)
    function.SetParameters(40, 40, 10, 3)
    ROOT.SetOwnership(function, False)
    histogram.GetListOfFunctions().Add(function)
    return histogram


def one_bin_off(good: ROOT.TH1, number: int) -> ROOT.TH1:
    """The histogram with one more entry in one bin, which the comparison must detect."""
    good.SetBinContent(number, good.GetBinContent(number) + 1)
    return good


def below() -> ROOT.TH1:
    """Contents and axis below 0."""
    histogram = ROOT.TH1F("below", "Below 0;x;y", 20, -20, -1)
    for i in range(1, 21):
        histogram.SetBinContent(i, -i * i / 40)
    return histogram


def uneven() -> ROOT.TH1:
    """Bins of several widths, with contents below and above the axis."""
    edges = array("d", [0, 1, 2, 5, 10, 15, 30, 60, 100])
    histogram = ROOT.TH1F("uneven", "Bins of several widths;x;y", len(edges) - 1, edges)
    for i in range(10):
        histogram.SetBinContent(i, (i * 7) % 10)
    histogram.SetEntries(45)
    return histogram


def named() -> ROOT.TH1:
    """Bins with labels, and a title with a trailing underscore, which is not drawn."""
    histogram = ROOT.TH1I("named", "States of the modules_", 5, 0, 5)
    for i, (name, count) in enumerate({"good": 812, "noisy": 31, "dead": 7, "masked": 120, "unknown": 2}.items(), 1):
        histogram.GetXaxis().SetBinLabel(i, name)
        histogram.SetBinContent(i, count)
    return histogram


def named_map() -> ROOT.TH2:
    """A small map with labels on both axes, like report summaries."""
    histogram = ROOT.TH2F("report", "Report summary map", 4, 0, 4, 3, 0, 3)
    for x, part in enumerate(["TIB", "TOB", "TEC", "TID"], 1):
        histogram.GetXaxis().SetBinLabel(x, part)
        for y in range(1, 4):
            histogram.SetBinContent(x, y, (x * y) % 5 / 4)
    for y, layer in enumerate(["first", "second", "third"], 1):
        histogram.GetYaxis().SetBinLabel(y, layer)
    return histogram


def steep_map() -> ROOT.TH2:
    """Contents over five decades with empty columns, on axes above 0."""
    histogram = ROOT.TH2D("steepmap", "Steep map;x;y", 20, 1, 1000, 15, 0.1, 10)
    for x in range(1, 21):
        for y in range(1, 16):
            histogram.SetBinContent(x, y, 0 if x % 6 == 0 else int(3e5 * 0.75 ** (x + y)))
    return histogram


def hot_map() -> ROOT.TH2:
    """Contents of millions beside empty cells."""
    histogram = ROOT.TH2D("hot", "Hot cells;x;y", 8, 0, 8, 5, 0, 5)
    for x in range(1, 9):
        histogram.SetBinContent(x, 3, 5e6 * x)
    return histogram


def level_map() -> ROOT.TH2:
    """Contents that are all close to each other."""
    histogram = ROOT.TH2D("levelmap", "Level;x;y", 8, 0, 8, 5, 0, 5)
    for x in range(1, 9):
        for y in range(1, 6):
            histogram.SetBinContent(x, y, 900 + x + y)
    return histogram


def level() -> ROOT.TH1:
    histogram = ROOT.TH1D("level", "Level;x;y", 8, 0, 8)
    for x in range(1, 9):
        histogram.SetBinContent(x, 900 + x)
    return histogram


def labelled_map() -> ROOT.TH2:
    """Labels on the y axis that need more room than numbers."""
    histogram = ROOT.TH2F("labelled", "Modules", 3, 0, 3, 5, 0, 5)
    for y in range(1, 6):
        histogram.GetYaxis().SetBinLabel(y, f"TIB layer {y - 1}" + (" stereo" if y == 5 else ""))
        histogram.SetBinContent(2, y, y)
    return histogram


def profile(kind: str = "", shift: float = 0) -> ROOT.TProfile:
    """A profile with spread in each bin."""
    profile = ROOT.TProfile(f"profile{kind}", "Efficiency against time;LS;#epsilon", 25, 0, 200)
    for i in range(2000):
        profile.Fill(i % 200, 0.9 + shift + 0.05 * ROOT.TMath.Sin(i / 17.0) + 0.01 * (i % 11))
    return profile


def profile2d() -> ROOT.TProfile2D:
    profile = ROOT.TProfile2D("profile2d", "Mean charge;ladder;module", 20, 0, 20, 12, 0, 12)
    for i in range(2000):
        profile.Fill(i % 20, (i // 20) % 12, 100 + i % 37)
    return profile


def holed(value: float) -> ROOT.TH1:
    """A peak in which one bin holds `value`."""
    histogram = bell("TH1F", "holed", 40, 10, 40)
    histogram.SetBinContent(20, value)
    return histogram


def weighted() -> ROOT.TH1:
    """A weighted peak, whose errors are not the square roots of its contents."""
    histogram = bell("TH1F", "weighted", 42, 11, 40)
    histogram.Sumw2()
    histogram.Scale(2.5)
    return histogram


def scaled(name: str, centre: float, factor: float) -> ROOT.TH1:
    histogram = bell("TH1D", name, centre, 10, 40)
    histogram.Scale(factor)
    return histogram


def upside_down() -> ROOT.TH1:
    histogram = bell("TH1F", "upside down", 60, 10, 20)
    histogram.Scale(-1)
    return histogram


OBJECTS: dict[str, Callable[[], ROOT.TH1]] = {
    **{kind: partial(filled_1d, kind, kind) for kind in LINES},
    **{kind: partial(filled_2d, kind, kind) for kind in MAPS},
    "TH3F": partial(filled_3d, "TH3F", "TH3F", 5),
    "TProfile": profile,
    "TProfile2D": profile2d,
    "TH2Poly": partial(polygons, "TH2Poly", [10, 40, 70]),
    "coarse map": partial(filled_2d, "TH2F", "coarse", 10, 8),
    "fine map": partial(filled_2d, "TH2F", "fine", 150, 100),
    "steep": steep,
    "flat": flat,
    "flat and higher": partial(flat, 90000),
    "signed": signed,
    "fitted": fitted,
    "below": below,
    "uneven": uneven,
    "named": named,
    "named map": named_map,
    "steep map": steep_map,
    "hot map": hot_map,
    "level map": level_map,
    "labelled map": labelled_map,
    "level": level,
    "many": partial(scaled, "many", 40, 1000),
    "more": partial(scaled, "more", 42, 1100),
    "empty": partial(ROOT.TH1F, "empty", "Nothing yet;x;y", 50, 0, 100),
    "TH1F with one bin off": lambda: one_bin_off(filled_1d("TH1F", "TH1F"), 40),
    "TH2F with one bin off": lambda: one_bin_off(filled_2d("TH2F", "TH2F"), 500),
    "nan": partial(holed, float("nan")),
    "run": partial(bell, "TH1F", "run", 40, 10, 40),
    "shifted": partial(bell, "TH1F", "shifted", 44, 10, 40),
    "higher": partial(bell, "TH1S", "higher", 40, 12, 90),
    "wide": partial(bell, "TH1D", "wide", 50, 25, 25),
    "weighted": weighted,
    "upside down": upside_down,
    "other bins": partial(bell, "TH1F", "other", 40, 10, 80, bins=25),
    "other profile": partial(profile, "2", 0.03),
    **{f"reference {i}": partial(bell, "TH1F", f"reference {i}", 35 + 3 * i, 8 + i, 30 + 4 * i) for i in range(1, 10)},
}
