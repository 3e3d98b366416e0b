"""Golden images of overlays."""

from __future__ import annotations

import math

import ROOT

from tests.render.golden.registry import EFFICIENCY, HISTOGRAM, LARGE, golden_image
from tests.render.golden.text_plots import text_at
from tests.render.make_objects import draw_with_palette

COLOURS = [
    ROOT.kAzure,
    ROOT.kOrange + 7,
    ROOT.kRed + 1,
    ROOT.kMagenta + 2,
    ROOT.kGreen - 3,
    ROOT.kGray + 2,
    ROOT.kCyan + 2,
    ROOT.kYellow + 3,
    ROOT.kBlue + 2,
]
MIN_LETTER_PIXELS = 8
"""Minimum font size in statistics boxes in pixels. Small plots have boxes enlarged by up to 1.5 for it."""

Reference = tuple[int, ROOT.TH1]
"""Number of a reference, from 1, and the histogram drawn for it."""


def owned_by_root(item: ROOT.TObject) -> ROOT.TObject:
    """Transfer the ownership of `item` to ROOT and return it."""
    ROOT.SetOwnership(item, False)
    return item


def floating_point_copy(histogram: ROOT.TH1) -> ROOT.TH1:
    """A floating-point copy that can be scaled."""
    axis = histogram.GetXaxis()
    copy = owned_by_root(ROOT.TH1D(histogram.GetName(), histogram.GetTitle(), axis.GetNbins(), axis.GetXmin(), axis.GetXmax()))
    copy.Add(histogram)
    copy.SetStats(False)
    return copy


def references(main: ROOT.TH1, others: tuple[ROOT.TH1, ...], normalised: bool = True, errors: bool = False) -> list[Reference]:
    """Copies of the references in their colours, scaled to the area of the plot if `normalised`."""
    copies = []
    for number, other in enumerate(others, 1):
        if not other:
            continue
        copy = floating_point_copy(other)
        if errors:
            copy.Sumw2()
        if normalised and copy.Integral():
            copy.Scale(main.Integral() / copy.Integral())
        if not errors:
            copy.Sumw2(False)
        copies.append((number, coloured(copy, number)))
    return copies


def coloured(histogram: ROOT.TH1, number: int) -> ROOT.TH1:
    histogram.SetLineColor(COLOURS[number - 1])
    histogram.SetMarkerColor(COLOURS[number - 1])
    histogram.SetMarkerStyle(ROOT.kStar)
    histogram.SetMarkerSize(0.85)
    return histogram


def extent(histogram: ROOT.TH1, errors: bool) -> tuple[float, float]:
    """The lowest and highest value drawn in the displayed range."""
    axis = histogram.GetXaxis()
    bins = range(axis.GetFirst(), axis.GetLast() + 1)
    spans = [(histogram.GetBinContent(i), histogram.GetBinError(i) if errors else 0) for i in bins]
    return min(content - error for content, error in spans), max(content + error for content, error in spans)


def widen_range(main: ROOT.TH1, copies: list[Reference], errors: bool = False) -> None:
    """Widen the y axis to the lowest and highest value of all histograms."""
    own_low, own_high = extent(main, errors)
    low, high = min(extent(one, errors)[0] for _, one in copies), max(extent(one, errors)[1] for _, one in copies)
    room = 0.05 * (max(high, own_high) - min(0, low, own_low))
    if high > own_high:
        main.SetMaximum(high + room)
    if low < own_low:
        main.SetMinimum(low - room if low < 0 else max(0, low - room))


def draw_boxes(main: ROOT.TH1, copies: list[Reference], labels: tuple[str, ...] = (), own_lines: int = 4) -> None:
    """Draw the box of the plot again, over the references, and a box for each below it. Boxes shrink to stay on the pad.

    The plot's own box has `own_lines` lines."""
    pad, style = ROOT.gPad, ROOT.gStyle
    if not style.GetOptStat():
        return
    owned_by_root(ROOT.BoxAgain(main.GetName())).Draw()
    width, height = pad.GetWw() * pad.GetWNDC(), pad.GetWh() * pad.GetHNDC()
    normal_letters = 0.03 * min(pad.GetWw(), pad.GetWh())
    enlargement = min(max(MIN_LETTER_PIXELS / normal_letters, 1), 1.5)
    style.SetStatW(style.GetStatW() * enlargement)
    style.SetStatH(style.GetStatH() * enlargement / pad.GetHNDC())
    top = style.GetStatY() - style.GetStatH() * own_lines / 4
    box_height = min(4 * enlargement * normal_letters / 0.75 / height, (top - 0.02) / copies[-1][0])
    for number, histogram in copies:
        lines = [labels[number - 1]] if labels else []
        lines += [f"Entries  {histogram.GetEntries():.7g}", f"Mean  {histogram.GetMean():.4g}", f"RMS  {histogram.GetStdDev():.4g}"]
        lines = lines[: max(1, int(0.75 * box_height * height / (enlargement * normal_letters)))]
        letters = min(enlargement * normal_letters, 0.75 * box_height * height / len(lines)) / min(width, height)
        draw_box(lines, COLOURS[number - 1], letters, top - box_height * (number - 1), box_height)


def draw_box(lines: list[str], colour: int, letters: float, top: float, height: float) -> None:
    """Draw lines in a box as wide as ROOT's own. TPaveText would interpret labels as formulas."""
    right, width = ROOT.gStyle.GetStatX(), ROOT.gStyle.GetStatW()
    owned_by_root(ROOT.TPave(right - width, top - height, right, top, 1, "NDC")).Draw()
    for i, line in enumerate(lines):
        text = text_at(right - 0.95 * width, top - (i + 0.5) * height / len(lines), line)
        text.SetTextAlign(12)
        text.SetTextSize(letters)
        text.SetTextColor(colour)


def draw_note(line: str, number: int, place: int = 0) -> None:
    """Draw a note about a reference at the upper left of the frame, `place` lines below its edge."""
    pad = ROOT.gPad
    letters = 0.04 / pad.GetHNDC()
    text = text_at(pad.GetLeftMargin() + 0.02, 1 - pad.GetTopMargin() - 0.01 - 1.25 * letters * (place + 0.5), line)
    text.SetTextAlign(12)
    text.SetTextSize(letters)
    text.SetTextColor(COLOURS[number - 1])


def draw_overlay(main: ROOT.TH1, copies: list[Reference], labels: tuple[str, ...] = (), errors: bool = False) -> None:
    """Draw the plot and its references in one frame."""
    widen_range(main, copies, errors)
    main.SetLineWidth(2)
    main.Draw("HIST E1 X0" if errors else "")
    for _, histogram in copies:
        histogram.Draw("SAME P E1 X0" if errors else "SAME P")
    draw_boxes(main, copies, labels)


NAMES = ("last year", "last week", "simulated")
LABELS = ";".join(f"reflabel{i}={name}" for i, name in enumerate(NAMES, 1))
TEN = ("run", *(f"reference {i}" for i in range(1, 10)))


@golden_image("", "run", "shifted")
def overlay_of_2(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    draw_overlay(main, references(main, others))


@golden_image(LABELS, "run", "shifted", "higher", "wide", size=LARGE)
def overlay_of_4(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    draw_overlay(main, references(main, others), NAMES)


@golden_image("norm=False", *TEN, size=LARGE)
def overlay_of_10(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    draw_overlay(main, references(main, others, normalised=False))


def overlay_as_they_are(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    draw_overlay(main, references(main, others, normalised=False))


golden_image("norm=False", "run", "higher", "wide", name="overlay_as_they_are")(overlay_as_they_are)
golden_image("", "run", "higher", "wide", flags=HISTOGRAM | EFFICIENCY, name="overlay_of_efficiencies")(overlay_as_they_are)


@golden_image("showerrbars=1", "run", "weighted", "higher", size=LARGE)
def overlay_with_error_bars(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    draw_overlay(main, references(main, others, errors=True), errors=True)


@golden_image("norm=False;ytype=log", "flat", "flat and higher")
def log_overlay(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    ROOT.gPad.SetLogy()
    copies = references(main, others, normalised=False)
    low, high = main.GetMinimum(), copies[0][1].GetMaximum()
    draw_overlay(main, copies)
    main.SetMaximum(high * (1 + 0.2 * math.log10(high / low)))


@golden_image("reflabel1=%CF%84 %E2%86%92 3%C2%B5%3A %23eta%5F%7B1%7D%5E2", "run", "shifted", size=LARGE)
def overlay_with_any_letters(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    draw_overlay(main, references(main, others), ("τ → 3µ: #eta_{1}^2",))


@golden_image("norm=False", "run", "upside down")
def overlay_below_0(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    draw_overlay(main, references(main, others, normalised=False))


@golden_image("norm=False;xmin=30;xmax=50;ymin=0;ymax=100", "run", "shifted", "higher")
def part_of_overlay(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    for histogram in (main, *others):
        histogram.GetXaxis().SetRangeUser(30, 50)
    draw_overlay(main, references(main, others, normalised=False))
    main.SetMinimum(0)
    main.SetMaximum(100)


@golden_image("showstats=0", "run", "shifted", "other bins")
def overlay_without_statistics(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    ROOT.gStyle.SetOptStat(0)
    draw_overlay(main, references(main, others))


@golden_image("", "run", "", "shifted")
def overlay_with_a_missing_reference(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    draw_overlay(main, references(main, others))


@golden_image("ref=object", "run", "shifted", name="first_object_alone")
def first_alone(main: ROOT.TH1, *_: ROOT.TH1) -> None:
    main.Draw()


@golden_image("", "TH2F", "coarse map")
def map_alone(main: ROOT.TH2, *_: ROOT.TH2) -> None:
    draw_with_palette(main)


@golden_image("showstats=0;ktest=0.05", "run", "shifted", "wide", size=LARGE)
def kolmogorov(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    ROOT.gStyle.SetOptStat(0)
    draw_overlay(main, references(main, others))
    for number, other in enumerate(others, 1):
        probability = main.KolmogorovTest(other)
        draw_note(f"KS {probability:.3g}" + (" < 0.05" if probability < 0.05 else ""), number, number - 1)


@golden_image("", "TProfile", "other profile")
def overlay_of_profiles(main: ROOT.TProfile, other: ROOT.TProfile) -> None:
    widen_range(main, [(1, other)])
    main.SetLineWidth(2)
    main.Draw()
    other.SetStats(False)
    coloured(other, 1).Draw("SAME HIST")
    draw_boxes(main, [(1, other)], own_lines=6)
