"""Plots divided by their references, references on top of each other, and what is left of a plot without one."""

from __future__ import annotations

import math

import ROOT

from tests.render.golden.album import LARGE, page
from tests.render.golden.ordinary import coloured
from tests.render.golden.overlays import (
    COLOURS,
    LABELS,
    NAMES,
    Reference,
    boxes,
    given_away,
    in_colour,
    in_real_numbers,
    note,
    overlay,
    references,
)

TITLE = 0.05
"""Height of a title, as a share of the canvas."""


def larger_letters(histogram: ROOT.TH1) -> None:
    """Letters as large in a part of the canvas as in the whole."""
    pad = ROOT.gPad
    width, height = pad.GetWw(), pad.GetWh()
    factor = min(width, height) / min(width * pad.GetWNDC(), height * pad.GetHNDC())
    for axis in (histogram.GetXaxis(), histogram.GetYaxis()):
        axis.SetLabelSize(axis.GetLabelSize() * factor)
        axis.SetTitleSize(axis.GetTitleSize() * factor)
    histogram.GetYaxis().SetTitleOffset(1 / factor)


def pads() -> tuple[ROOT.TPad, ROOT.TPad]:
    """The upper 70 % of the canvas, and from 5 to 30 % of it."""
    upper, lower = given_away(ROOT.TPad("upper", "", 0, 0.3, 1, 1)), given_away(ROOT.TPad("lower", "", 0, 0.05, 1, 0.3))
    upper.SetBottomMargin(0.03)
    lower.SetTopMargin(0.05)
    lower.SetBottomMargin(0.4)
    upper.Draw()
    lower.Draw()
    return upper, lower


def quotient(main: ROOT.TH1, reference: ROOT.TH1, errors: bool) -> ROOT.TH1:
    divided = in_real_numbers(main)
    divided.SetTitle("")
    divided.Sumw2()
    below = in_real_numbers(reference)
    divided.Divide(below)
    if not errors:
        divided.Sumw2(False)
    return divided


def ratios(
    main: ROOT.TH1, drawn: list[Reference], labels: tuple[str, ...] = (), errors: bool = False, without: tuple[int, ...] = ()
) -> ROOT.TPad:
    """The overlay above; below it, on the pad that is given, the plot divided by each reference that is not `without`.

    Its range is 10 % more than the ratios and 0.9 to 1.1."""
    upper, lower = pads()
    lower.cd()
    quotients = [(number, in_colour(quotient(main, reference, errors), number)) for number, reference in drawn if number not in without]
    axis = main.GetXaxis()
    first, last = axis.GetFirst(), axis.GetLast()
    values = [divided.GetBinContent(i) for _, divided in quotients for i in range(first, last + 1)]
    shown = [0.9, 1.1, *(value for value in values if 0.001 < value < 10)]
    low, high = min(shown), max(shown)
    frame = quotients[0][1]
    frame.GetXaxis().SetRange(first, last)
    frame.SetMinimum(low - 0.1 * (high - low))
    frame.SetMaximum(high + 0.1 * (high - low))
    frame.GetYaxis().SetTitle("Ratio")
    frame.GetXaxis().SetTitle(axis.GetTitle())
    frame.GetYaxis().SetNdivisions(504)
    larger_letters(frame)
    frame.Draw("AXIS")
    one = given_away(ROOT.TLine(axis.GetBinLowEdge(first), 1, axis.GetBinUpEdge(last), 1))
    one.SetLineColor(ROOT.kGray + 1)
    one.SetLineStyle(2)
    one.Draw()
    for _, divided in quotients:
        divided.Draw("SAME P E1 X0" if errors else "SAME P")
    upper.cd()
    larger_letters(main)
    ROOT.gStyle.SetTitleH(TITLE / upper.GetHNDC())
    main.GetXaxis().SetLabelSize(0)
    main.GetXaxis().SetTitleSize(0)
    overlay(main, drawn, labels, errors)
    return lower


@page("ref=ratiooverlay", "run", "shifted")
def ratio_of_2(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    ratios(main, references(main, others))


@page(f"ref=ratiooverlay;{LABELS}", "run", "shifted", "higher", "wide", size=LARGE)
def ratio_of_4(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    ratios(main, references(main, others), NAMES)


@page("ref=ratiooverlay", "run", "shifted", "other bins", size=LARGE)
def ratio_with_other_bins(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    """A ratio is possible to the first only."""
    drawn = references(main, others)
    lower = ratios(main, drawn, without=(2,))
    lower.cd()
    note("reference 2 has other bins", 2)


@page("ref=ratiooverlay;xmin=30;xmax=60", "run", "shifted", "wide", size=LARGE)
def part_of_ratio(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    """Scaled to the whole area; the axes are those of the part that is shown."""
    drawn = references(main, others)
    for histogram in (main, *(reference for _, reference in drawn)):
        histogram.GetXaxis().SetRangeUser(30, 60)
    ratios(main, drawn)


@page("ref=ratiooverlay;norm=False;showerrbars=1", "run", "higher", "weighted", size=LARGE)
def ratio_with_error_bars(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    ratios(main, references(main, others, normalised=False, errors=True), errors=True)


def stack(main: ROOT.TH1, drawn: list[Reference], labels: tuple[str, ...] = ()) -> None:
    heap = given_away(ROOT.THStack("heap", ""))
    for number, histogram in drawn:
        histogram.SetFillColor(COLOURS[number - 1])
        heap.Add(histogram)
    highest, own, lowest = heap.GetStack().Last().GetMaximum(), main.GetMaximum(), main.GetMinimum()
    main.SetMinimum(0)
    if highest > own:
        main.SetMaximum(1.05 * highest)
    if ROOT.gPad.GetLogy():
        main.SetMinimum()
        main.SetMaximum(highest * (1 + 0.2 * math.log10(highest / lowest)))
        main.GetYaxis().SetMoreLogLabels(highest < 100 * lowest)
    main.SetLineWidth(2)
    main.Draw()
    heap.Draw("SAME HIST")
    for what in ("SAME", "SAME AXIS"):
        above = given_away(main.Clone())
        above.SetStats(False)
        above.Draw(what)
    boxes(drawn, labels)


@page("ref=stacked", "run", "shifted", "higher")
def stacked(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    drawn = references(main, others, normalised=False)
    total = sum(part.Integral() for _, part in drawn)
    for _, part in drawn:
        part.Scale(main.Integral() / total)
    stack(main, drawn)


@page(f"ref=stacked;norm=False;{LABELS}", "higher", "shifted", "run", "wide", size=LARGE)
def stacked_as_they_are(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    stack(main, references(main, others, normalised=False), NAMES)


@page("ref=stacked;norm=False;ytype=log", "run", "shifted", "higher")
def log_stack(main: ROOT.TH1, *others: ROOT.TH1) -> None:
    ROOT.gPad.SetLogy()
    stack(main, references(main, others, normalised=False))


@page("ref=difference", "run", "higher")
def difference_of_lines(main: ROOT.TH1, other: ROOT.TH1) -> None:
    main.Add(other, -1)
    main.SetStats(False)
    main.Draw()


@page("ref=difference", "TH2F", "TH2F with one bin off")
def difference_of_maps(main: ROOT.TH2, other: ROOT.TH2) -> None:
    main.Add(other, -1)
    main.SetStats(False)
    coloured(main)


@page("ref=difference", "TProfile", "other profile")
def difference_of_profiles(main: ROOT.TProfile, other: ROOT.TProfile) -> None:
    """The difference of the means, with its errors."""
    left = given_away(main.ProjectionX("left"))
    left.Add(other.ProjectionX("right"), -1)
    left.SetName(main.GetName())
    left.UseCurrentStyle()
    left.SetStats(False)
    left.Draw()
