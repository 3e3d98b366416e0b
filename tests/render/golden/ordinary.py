"""Plots of one object."""

from __future__ import annotations

import ROOT

from tests.render.golden.album import LARGE, page
from tests.render.golden.objects import LINES, MAPS
from tests.render.golden.words import text_at

ROOM_FOR_PALETTE = 0.14


def coloured(histogram: ROOT.TH1, options: str = "COLZ") -> None:
    """A plot with a palette at its right edge."""
    ROOT.gPad.SetRightMargin(ROOM_FOR_PALETTE)
    histogram.Draw(options)


def plain(histogram: ROOT.TH1) -> None:
    histogram.Draw()


for kind in [*LINES, "TProfile", "uneven", "named", "signed", "fitted", "empty"]:
    page("", kind, name=kind)(plain)
for kind in [*MAPS, "TProfile2D", "TH2Poly", "named map", "fine map"]:
    page("", kind, name=kind.replace(" ", "_"))(coloured)


@page("", "TH1F", size=LARGE)
def large_line(histogram: ROOT.TH1) -> None:
    histogram.Draw()


@page("", "TProfile", size=LARGE)
def large_profile(profile: ROOT.TProfile) -> None:
    profile.Draw()


@page("", "TH2F", size=LARGE)
def large_map(histogram: ROOT.TH2) -> None:
    coloured(histogram)


@page("", "TH3F")
def box(histogram: ROOT.TH3) -> None:
    coloured(histogram, "BOX2Z")


@page("ytype=log", "steep")
def log_y(histogram: ROOT.TH1) -> None:
    ROOT.gPad.SetLogy()
    histogram.Draw()


@page("xtype=log;ytype=log", "steep", size=LARGE)
def log_x_and_y(histogram: ROOT.TH1) -> None:
    ROOT.gPad.SetLogx()
    ROOT.gPad.SetLogy()
    histogram.Draw()


@page("ytype=log", "flat")
def log_y_of_less_than_two_powers(histogram: ROOT.TH1) -> None:
    ROOT.gPad.SetLogy()
    histogram.GetYaxis().SetMoreLogLabels()
    histogram.Draw()


@page("xtype=lin;ytype=lin;ztype=lin", "steep")
def linear(histogram: ROOT.TH1) -> None:
    histogram.Draw()


@page("xtype=log;ztype=log", "steep map", size=LARGE)
def log_map(histogram: ROOT.TH2) -> None:
    ROOT.gPad.SetLogx()
    ROOT.gPad.SetLogz()
    coloured(histogram)


@page("ytype=log", "steep map")
def log_y_of_map(histogram: ROOT.TH2) -> None:
    ROOT.gPad.SetLogy()
    coloured(histogram)


@page("xmin=20;xmax=61", "TH1F")
def part_of_x(histogram: ROOT.TH1) -> None:
    histogram.GetXaxis().SetRangeUser(20, 61)
    histogram.Draw()


@page("xmin=0", "signed")
def from_0_on(histogram: ROOT.TH1) -> None:
    histogram.GetXaxis().SetRangeUser(0, 3)
    histogram.Draw()


@page("xmax=0;ymin=-20.5;ymax=0", "signed")
def up_to_0(histogram: ROOT.TH1) -> None:
    histogram.GetXaxis().SetRangeUser(-3, 0)
    histogram.SetMinimum(-20.5)
    histogram.SetMaximum(0)
    histogram.Draw()


@page("ymin=0;ymax=500", "flat")
def contents_from_0(histogram: ROOT.TH1) -> None:
    histogram.SetMinimum(0)
    histogram.SetMaximum(500)
    histogram.Draw()


@page("ymin=0", "TProfile")
def profile_from_0(profile: ROOT.TProfile) -> None:
    profile.SetMinimum(0)
    profile.Draw()


@page("ytype=log;ymin=10;ymax=1e7;xmin=100", "steep")
def part_of_log(histogram: ROOT.TH1) -> None:
    ROOT.gPad.SetLogy()
    histogram.GetXaxis().SetRangeUser(100, 1000)
    histogram.SetMinimum(10)
    histogram.SetMaximum(1e7)
    histogram.Draw()


@page("xmin=0;ymin=-1;ymax=0", "TH2F")
def part_of_map(histogram: ROOT.TH2) -> None:
    histogram.GetXaxis().SetRangeUser(0, 2.5)
    histogram.GetYaxis().SetRangeUser(-1, 0)
    coloured(histogram)


@page("zmin=0;zmax=30", "TH2F")
def contents_of_map(histogram: ROOT.TH2) -> None:
    histogram.SetMinimum(0)
    histogram.SetMaximum(30)
    coloured(histogram)


@page("zmin=110;zmax=125", "TProfile2D")
def contents_of_profile_map(profile: ROOT.TProfile2D) -> None:
    profile.SetMinimum(110)
    profile.SetMaximum(125)
    coloured(profile)


@page("xmin=3;ztype=log;zmin=20", "TH2Poly", size=LARGE)
def part_of_polygons(histogram: ROOT.TH2Poly) -> None:
    histogram.GetXaxis().SetRangeUser(3, 10)
    histogram.SetMinimum(20)
    ROOT.gPad.SetLogz()
    histogram.GetZaxis().SetMoreLogLabels()
    coloured(histogram)


@page("xmin=0.2;ymax=0.5;zmin=0;zmax=0.7", "TH3F")
def part_of_box(histogram: ROOT.TH3) -> None:
    histogram.GetXaxis().SetRangeUser(0.2, 1)
    histogram.GetYaxis().SetRangeUser(0, 0.5)
    histogram.GetZaxis().SetRangeUser(0, 0.7)
    coloured(histogram, "BOX2Z")


@page("drawopts=HIST", "signed")
def hist(histogram: ROOT.TH1) -> None:
    histogram.Draw("HIST")


@page("drawopts=E", "TH1F")
def errors(histogram: ROOT.TH1) -> None:
    histogram.Draw("E")


@page("drawopts=HIST TEXT", "named")
def numbers(histogram: ROOT.TH1) -> None:
    histogram.Draw("HIST TEXT")


@page("drawopts=LP", "flat")
def points(histogram: ROOT.TH1) -> None:
    histogram.Draw("LP")


@page("drawopts=COL", "TH2F")
def col(histogram: ROOT.TH2) -> None:
    histogram.Draw("COL")


@page("drawopts=COLZTEXT", "named map", size=LARGE)
def numbers_on_a_map(histogram: ROOT.TH2) -> None:
    coloured(histogram, "COLZTEXT")


@page("drawopts=LEGO2", "coarse map")
def lego(histogram: ROOT.TH2) -> None:
    histogram.Draw("LEGO2")


@page("drawopts=SURF1Z", "coarse map")
def surface(histogram: ROOT.TH2) -> None:
    coloured(histogram, "SURF1Z")


@page("drawopts=BOX", "coarse map")
def boxes(histogram: ROOT.TH2) -> None:
    histogram.Draw("BOX")


@page("drawopts=CONT4Z", "coarse map")
def contours(histogram: ROOT.TH2) -> None:
    coloured(histogram, "CONT4Z")


@page("showerrbars=1", "TH1F")
def error_bars(histogram: ROOT.TH1) -> None:
    histogram.Draw("HIST E1 X0")


@page("showerrbars=1;drawopts=P", "weighted")
def error_bars_and_points(histogram: ROOT.TH1) -> None:
    histogram.Draw("P HIST E1 X0")


@page("showstats=0", "TH1F")
def no_statistics(histogram: ROOT.TH1) -> None:
    ROOT.gStyle.SetOptStat(0)
    histogram.Draw()


@page("showstats=111111", "uneven")
def more_statistics(histogram: ROOT.TH1) -> None:
    ROOT.gStyle.SetOptStat(111111)
    histogram.Draw()


@page("showstats=0", "TH2F", size=LARGE)
def map_without_statistics(histogram: ROOT.TH2) -> None:
    ROOT.gStyle.SetOptStat(0)
    coloured(histogram)


@page("", "nan")
def not_a_number(histogram: ROOT.TH1) -> None:
    """Drawn as 0 under a notice."""
    histogram.SetBinContent(20, 0)
    histogram.ResetStats()
    histogram.Draw()
    notice = text_at(0.15, 0.8, "NaNs")
    notice.SetTextSize(0.1)
    notice.SetTextColor(ROOT.kRed + 3)


@page("xtype=log", "signed")
def log_of_a_part(histogram: ROOT.TH1) -> None:
    """An axis that begins below 0 begins somewhere above it."""
    ROOT.gPad.SetLogx()
    histogram.Draw()


@page("xtype=log;ytype=log;ymin=-1", "below")
def no_log_below_0(histogram: ROOT.TH1) -> None:
    """Where nothing is above 0 the scale stays linear."""
    histogram.SetMinimum(-1)
    histogram.Draw()
