"""Golden images of ratios, stacks and differences."""

from __future__ import annotations

import math

import ROOT

from tests.render.golden.overlays import (
    COLOURS,
    LABELS,
    NAMES,
    Reference,
    coloured,
    draw_boxes,
    draw_note,
    draw_overlay,
    floating_point_copy,
    owned_by_root,
    references,
)
from tests.render.golden.registry import LARGE, SMALL, golden_image
from tests.render.golden.single_objects import POWER, draw_with_palette
from tests.render.make_objects import make_room_for_y_title, place_y_title

TITLE = 0.05
"""Height of a title as a fraction of the canvas."""


def scale_letters(histogram: ROOT.TH1) -> None:
    """Scale the letters of an axis to their size on the whole canvas."""
    pad = ROOT.gPad
    width, height = pad.GetWw(), pad.GetWh()
    factor = min(width, height) / min(width * pad.GetWNDC(), height * pad.GetHNDC())
    for axis in (histogram.GetXaxis(), histogram.GetYaxis()):
        axis.SetLabelSize(axis.GetLabelSize() * factor)
        axis.SetTitleSize(axis.GetTitleSize() * factor)


def pads() -> tuple[ROOT.TPad, ROOT.TPad]:
    """The pads for the plot (upper 70 % of the canvas) and the ratios (from 5 to 30 %)."""
    upper, lower = owned_by_root(ROOT.TPad("upper", "", 0, 0.3, 1, 1)), owned_by_root(ROOT.TPad("lower", "", 0, 0.05, 1, 0.3))
    upper.SetBottomMargin(0.03)
    upper.SetTopMargin(0.1 / 0.7)  # a tenth of the canvas, as above other plots
    lower.SetTopMargin(0.05)
    lower.SetBottomMargin(0.4)
    upper.Draw()
    lower.Draw()
    return upper, lower


def make_ratio(main: ROOT.TH1, reference: ROOT.TH1) -> ROOT.TH1:
    ratio = floating_point_copy(main)
    ratio.SetTitle("")
    ratio.Sumw2()
    ratio.Divide(reference)
    return ratio


def draw_ratios(
    main: ROOT.TH1, copies: list[Reference], labels: tuple[str, ...] = (), errors: bool = False, incompatible: tuple[int, ...] = ()
) -> ROOT.TPad:
    """Draw the overlay, and below it the ratio to each reference, which has errors, except those in `incompatible`.

    Returns the lower pad.
    Its range covers the ratios and 0.9 to 1.1, with a margin of 10 %."""
    upper, lower = pads()
    lower.cd()
    ratio_histograms = [
        (number, coloured(make_ratio(main, reference), number)) for number, reference in copies if number not in incompatible
    ]
    axis = main.GetXaxis()
    first, last = axis.GetFirst(), axis.GetLast()
    values = [ratio.GetBinContent(i) for _, ratio in ratio_histograms for i in range(first, last + 1)]
    displayed = [0.9, 1.1, *(value for value in values if 0.001 < value < 10)]
    low, high = min(displayed), max(displayed)
    frame = ratio_histograms[0][1]
    frame.GetXaxis().SetRange(first, last)
    frame.SetMinimum(low - 0.1 * (high - low))
    frame.SetMaximum(high + 0.1 * (high - low))
    frame.GetYaxis().SetTitle("Ratio")
    frame.GetXaxis().SetTitle(axis.GetTitle())
    frame.GetYaxis().SetNdivisions(504)
    scale_letters(frame)
    frame.Draw("AXIS")
    one = owned_by_root(ROOT.TLine(axis.GetBinLowEdge(first), 1, axis.GetBinUpEdge(last), 1))
    one.SetLineColor(ROOT.kGray + 1)
    one.SetLineStyle(2)
    one.Draw()
    for _, ratio in ratio_histograms:
        ratio.Draw("SAME P E1 X0")
    upper.cd()
    scale_letters(main)
    ROOT.gStyle.SetTitleH(TITLE / upper.GetHNDC())
    main.GetXaxis().SetLabelSize(0)
    main.GetXaxis().SetTitleSize(0)
    for _, copy in copies:
        copy.Sumw2(errors)
    draw_overlay(main, copies, labels, errors)
    for pad in (upper, lower):
        pad.cd()
        make_room_for_y_title(pad.GetWw(), pad.GetWh())
    for histogram in (main, frame):
        place_y_title(histogram, max(len("0.95"), len(str(int(main.GetMaximum())))))
    upper.cd()
    return lower


@golden_image("ref=ratiooverlay", "run", "shifted")
def ratio_of_2(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    draw_ratios(main, references(main, others, errors=True))


@golden_image(f"ref=ratiooverlay;{LABELS}", "run", "shifted", "higher", "wide", size=LARGE)
def ratio_of_4(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    draw_ratios(main, references(main, others, errors=True), NAMES)


@golden_image("ref=ratiooverlay", "run", "shifted", "other bins", size=LARGE)
def ratio_with_other_bins(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    """Only the first reference has the bins of the plot."""
    copies = references(main, others, errors=True)
    lower = draw_ratios(main, copies, incompatible=(2,))
    lower.cd()
    draw_note("reference 2 has other bins", 2)


@golden_image("ref=ratiooverlay;norm=False", "many", "more")
def ratio_of_large_numbers(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    """Numbers of five digits leave room for the title."""
    draw_ratios(main, references(main, others, normalised=False, errors=True))


@golden_image("ref=ratiooverlay;xmin=30;xmax=60", "run", "shifted", "wide", size=LARGE)
def part_of_ratio(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    """Scaled to the whole area; the axes cover the displayed part."""
    copies = references(main, others, errors=True)
    for histogram in (main, *(reference for _, reference in copies)):
        histogram.GetXaxis().SetRangeUser(30, 60)
    draw_ratios(main, copies)


@golden_image("ref=ratiooverlay;norm=False;showerrbars=1", "run", "higher", "weighted", size=LARGE)
def ratio_with_error_bars(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    draw_ratios(main, references(main, others, normalised=False, errors=True), errors=True)


def draw_stack(main: ROOT.TH1, copies: list[Reference], labels: tuple[str, ...] = ()) -> None:
    root_stack = owned_by_root(ROOT.THStack("heap", ""))
    for number, histogram in copies:
        histogram.SetFillColor(COLOURS[number - 1])
        root_stack.Add(histogram)
    highest, own, lowest = root_stack.GetStack().Last().GetMaximum(), main.GetMaximum(), main.GetMinimum()
    main.SetMinimum(0)
    if highest > own:
        main.SetMaximum(1.05 * highest)
    if ROOT.gPad.GetLogy():
        main.SetMinimum()
        main.SetMaximum(highest * (1 + 0.2 * math.log10(highest / lowest)))
        main.GetYaxis().SetMoreLogLabels(highest < 100 * lowest)
        make_room_for_y_title(*SMALL, letters=POWER)
        place_y_title(main, POWER)
    main.SetLineWidth(2)
    main.Draw()
    root_stack.Draw("SAME HIST")
    for options in ("SAME", "SAME AXIS"):
        copy = owned_by_root(main.Clone())
        copy.SetStats(False)
        copy.Draw(options)
    draw_boxes(main, copies, labels)


@golden_image("ref=stacked", "run", "shifted", "higher")
def stacked(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    copies = references(main, others, normalised=False)
    total = sum(part.Integral() for _, part in copies)
    for _, part in copies:
        part.Scale(main.Integral() / total)
    draw_stack(main, copies)


@golden_image(f"ref=stacked;norm=False;{LABELS}", "higher", "shifted", "run", "wide", size=LARGE)
def stacked_as_they_are(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    draw_stack(main, references(main, others, normalised=False), NAMES)


@golden_image("ref=stacked;norm=False;ytype=log", "run", "shifted", "higher")
def log_stack(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    ROOT.gPad.SetLogy()
    draw_stack(main, references(main, others, normalised=False))


@golden_image("ref=difference;norm=False", "run", "higher")
def difference_of_lines(main: ROOT.TH1, other: ROOT.TH1) -> None:
    main.Add(other, -1)
    main.SetStats(False)
    main.Draw()


@golden_image("ref=difference;norm=False", "TH2F", "TH2F with one bin off")
def difference_of_maps(main: ROOT.TH2, other: ROOT.TH2) -> None:
    main.Add(other, -1)
    main.SetStats(False)
    draw_with_palette(main)


@golden_image("ref=difference", "TProfile", "other profile")
def difference_of_profiles(main: ROOT.TProfile, other: ROOT.TProfile) -> None:
    """The difference of the means, with its errors."""
    difference = owned_by_root(main.ProjectionX("left"))
    difference.Add(other.ProjectionX("right"), -1)
    difference.SetName(main.GetName())
    difference.UseCurrentStyle()
    difference.SetStats(False)
    make_room_for_y_title(*SMALL, letters=len("-0.022"))
    difference.Draw()
