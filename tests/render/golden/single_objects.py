"""Golden images of single objects."""

from __future__ import annotations

from array import array

import ROOT

from tests.render.golden.objects import LINES, MAPS
from tests.render.golden.registry import LARGE, SMALL, golden_image
from tests.render.golden.text_plots import text_at
from tests.render.make_objects import draw_with_palette, make_room_for_y_title, place_y_title

POWER = 6.5
"""Width of a number such as 2x10^5 in letters."""


def draw_plain(histogram: ROOT.TH1) -> None:
    histogram.Draw()


for kind in [*LINES, "TProfile", "uneven", "named", "signed", "fitted", "empty"]:
    golden_image("", kind, name=kind)(draw_plain)
for kind in [*MAPS, "TProfile2D", "TH2Poly", "named map", "fine map"]:
    golden_image("", kind, name=kind.replace(" ", "_"))(draw_with_palette)


@golden_image("", "TH1F", size=LARGE)
def large_line(histogram: ROOT.TH1) -> None:
    histogram.Draw()


@golden_image("", "TProfile", size=LARGE)
def large_profile(profile: ROOT.TProfile) -> None:
    profile.Draw()


@golden_image("", "TH2F", size=LARGE)
def large_map(histogram: ROOT.TH2) -> None:
    draw_with_palette(histogram)


@golden_image("", "TH3F")
def box(histogram: ROOT.TH3) -> None:
    draw_with_palette(histogram, "BOX2Z")


@golden_image("ytype=log", "steep")
def log_y(histogram: ROOT.TH1) -> None:
    ROOT.gPad.SetLogy()
    histogram.Draw()


@golden_image("xtype=log;ytype=log", "steep", size=LARGE)
def log_x_and_y(histogram: ROOT.TH1) -> None:
    ROOT.gPad.SetLogx()
    ROOT.gPad.SetLogy()
    histogram.Draw()


@golden_image("ytype=log", "flat")
def log_y_of_less_than_two_powers(histogram: ROOT.TH1) -> None:
    ROOT.gPad.SetLogy()
    histogram.GetYaxis().SetMoreLogLabels()
    make_room_for_y_title(*SMALL, letters=POWER)
    place_y_title(histogram, POWER)
    histogram.Draw()


@golden_image("xtype=lin;ytype=lin;ztype=lin", "steep")
def linear(histogram: ROOT.TH1) -> None:
    histogram.Draw()


@golden_image("xtype=log;ztype=log", "steep map", size=LARGE)
def log_map(histogram: ROOT.TH2) -> None:
    ROOT.gPad.SetLogx()
    ROOT.gPad.SetLogz()
    draw_with_palette(histogram)


@golden_image("ytype=log", "steep map")
def log_y_of_map(histogram: ROOT.TH2) -> None:
    ROOT.gPad.SetLogy()
    draw_with_palette(histogram)


@golden_image("ztype=log", "hot map")
def log_map_with_empty_cells(histogram: ROOT.TH2) -> None:
    """ROOT begins the scale at 1, six decades below the contents, so that no numbers stand between the powers of ten."""
    ROOT.gPad.SetLogz()
    draw_with_palette(histogram)


@golden_image("ztype=log", "level map")
def log_map_of_nearly_equal_contents(histogram: ROOT.TH2) -> None:
    """No two numbers would stand on a logarithmic scale."""
    draw_with_palette(histogram)


@golden_image("ytype=log;ymin=900;ymax=910", "level")
def log_between_near_limits(histogram: ROOT.TH1) -> None:
    histogram.SetMinimum(900)
    histogram.SetMaximum(910)
    histogram.Draw()


@golden_image("ytype=log", "level")
def log_of_nearly_equal_contents(histogram: ROOT.TH1) -> None:
    """ROOT leaves room for several numbers on both sides."""
    ROOT.gPad.SetLogy()
    histogram.GetYaxis().SetMoreLogLabels()
    make_room_for_y_title(*SMALL, letters=POWER)
    place_y_title(histogram, POWER)
    histogram.Draw()


@golden_image("showstats=110111", "hot map")
def table_of_underflow_and_overflow(histogram: ROOT.TH2) -> None:
    """The table has three lines, below name, entries and means."""
    ROOT.gStyle.SetOptStat(110111)
    histogram.GetZaxis().ChangeLabel(-1, -1, -1, 13)
    draw_with_palette(histogram, lines=4 + 3)


@golden_image("showstats=111111111", "TH2F")
def few_numbers_of_a_low_palette(histogram: ROOT.TH2) -> None:
    """Below all statistics there is room for five numbers."""
    ROOT.gStyle.SetOptStat(111111111)
    histogram.GetZaxis().SetNdivisions(505)
    draw_with_palette(histogram, lines=14)


@golden_image("showstats=1", "TH2F")
def statistics_1_are_all_usual_ones(histogram: ROOT.TH2) -> None:
    ROOT.gStyle.SetOptStat(1111)
    draw_with_palette(histogram)


@golden_image("", "hot map")
def power_of_ten_above_a_palette(histogram: ROOT.TH2) -> None:
    """The uppermost number, 40, stands below its tick and not on the power of ten."""
    histogram.GetZaxis().ChangeLabel(-1, -1, -1, 13)
    draw_with_palette(histogram)


@golden_image("", "labelled map")
def map_with_long_labels(histogram: ROOT.TH2) -> None:
    label = ROOT.TLatex(0, 0, "TIB layer 4 stereo")
    label.SetTextFont(histogram.GetYaxis().GetLabelFont())
    label.SetTextSize(histogram.GetYaxis().GetLabelSize() * 2 / 3)
    width, height = array("I", [0]), array("I", [0])
    label.GetBoundingBox(width, height)
    ROOT.gPad.SetLeftMargin((width[0] + 0.03 * SMALL[1]) / SMALL[0])
    draw_with_palette(histogram)


@golden_image("xmin=20;xmax=61", "TH1F")
def part_of_x(histogram: ROOT.TH1) -> None:
    histogram.GetXaxis().SetRangeUser(20, 61)
    histogram.Draw()


@golden_image("xmin=0", "signed")
def from_0_on(histogram: ROOT.TH1) -> None:
    histogram.GetXaxis().SetRangeUser(0, 3)
    histogram.Draw()


@golden_image("xmax=0;ymin=-20.5;ymax=0", "signed")
def up_to_0(histogram: ROOT.TH1) -> None:
    histogram.GetXaxis().SetRangeUser(-3, 0)
    histogram.SetMinimum(-20.5)
    histogram.SetMaximum(0)
    histogram.Draw()


@golden_image("ymin=0;ymax=500", "flat")
def contents_from_0(histogram: ROOT.TH1) -> None:
    histogram.SetMinimum(0)
    histogram.SetMaximum(500)
    histogram.Draw()


@golden_image("ymin=0", "TProfile")
def profile_from_0(profile: ROOT.TProfile) -> None:
    profile.SetMinimum(0)
    profile.Draw()


@golden_image("ytype=log;ymin=10;ymax=1e7;xmin=100", "steep")
def part_of_log(histogram: ROOT.TH1) -> None:
    ROOT.gPad.SetLogy()
    histogram.GetXaxis().SetRangeUser(100, 1000)
    histogram.SetMinimum(10)
    histogram.SetMaximum(1e7)
    histogram.Draw()


@golden_image("xmin=0;ymin=-1;ymax=0", "TH2F")
def part_of_map(histogram: ROOT.TH2) -> None:
    histogram.GetXaxis().SetRangeUser(0, 2.5)
    histogram.GetYaxis().SetRangeUser(-1, 0)
    draw_with_palette(histogram)


@golden_image("zmin=0;zmax=30", "TH2F")
def contents_of_map(histogram: ROOT.TH2) -> None:
    histogram.SetMinimum(0)
    histogram.SetMaximum(30)
    draw_with_palette(histogram)


@golden_image("zmin=110;zmax=125", "TProfile2D")
def contents_of_profile_map(profile: ROOT.TProfile2D) -> None:
    profile.SetMinimum(110)
    profile.SetMaximum(125)
    draw_with_palette(profile)


@golden_image("xmin=3;ztype=log;zmin=20", "TH2Poly", size=LARGE)
def part_of_polygons(histogram: ROOT.TH2Poly) -> None:
    histogram.GetXaxis().SetRangeUser(3, 10)
    histogram.SetMinimum(20)
    ROOT.gPad.SetLogz()
    histogram.GetZaxis().SetMoreLogLabels()
    draw_with_palette(histogram)


@golden_image("xmin=0.2;ymax=0.5;zmin=0;zmax=0.7", "TH3F")
def part_of_box(histogram: ROOT.TH3) -> None:
    histogram.GetXaxis().SetRangeUser(0.2, 1)
    histogram.GetYaxis().SetRangeUser(0, 0.5)
    histogram.GetZaxis().SetRangeUser(0, 0.7)
    draw_with_palette(histogram, "BOX2Z")


@golden_image("drawopts=HIST", "signed")
def hist(histogram: ROOT.TH1) -> None:
    histogram.Draw("HIST")


@golden_image("drawopts=E", "TH1F")
def errors(histogram: ROOT.TH1) -> None:
    histogram.Draw("E")


@golden_image("drawopts=HIST TEXT", "named")
def numbers(histogram: ROOT.TH1) -> None:
    histogram.Draw("HIST TEXT")


@golden_image("drawopts=LP", "flat")
def points(histogram: ROOT.TH1) -> None:
    histogram.Draw("LP")


@golden_image("drawopts=COL", "TH2F")
def col(histogram: ROOT.TH2) -> None:
    histogram.Draw("COL")


@golden_image("drawopts=COLZTEXT", "named map", size=LARGE)
def numbers_on_a_map(histogram: ROOT.TH2) -> None:
    draw_with_palette(histogram, "COLZTEXT")


@golden_image("drawopts=LEGO2", "coarse map")
def lego(histogram: ROOT.TH2) -> None:
    histogram.Draw("LEGO2")


@golden_image("drawopts=SURF1Z", "coarse map")
def surface(histogram: ROOT.TH2) -> None:
    draw_with_palette(histogram, "SURF1Z")


@golden_image("drawopts=BOX", "coarse map")
def boxes(histogram: ROOT.TH2) -> None:
    histogram.Draw("BOX")


@golden_image("drawopts=CONT4Z", "coarse map")
def contours(histogram: ROOT.TH2) -> None:
    draw_with_palette(histogram, "CONT4Z")


@golden_image("showerrbars=1", "TH1F")
def error_bars(histogram: ROOT.TH1) -> None:
    histogram.Draw("HIST E1 X0")


@golden_image("showerrbars=1;drawopts=P", "weighted")
def error_bars_and_points(histogram: ROOT.TH1) -> None:
    histogram.Draw("P HIST E1 X0")


@golden_image("showstats=0", "TH1F")
def no_statistics(histogram: ROOT.TH1) -> None:
    ROOT.gStyle.SetOptStat(0)
    histogram.Draw()


@golden_image("showstats=111111", "uneven")
def more_statistics(histogram: ROOT.TH1) -> None:
    ROOT.gStyle.SetOptStat(111111)
    histogram.Draw()


@golden_image("showstats=0", "TH2F", size=LARGE)
def map_without_statistics(histogram: ROOT.TH2) -> None:
    ROOT.gStyle.SetOptStat(0)
    draw_with_palette(histogram)


@golden_image("", "nan")
def not_a_number(histogram: ROOT.TH1) -> None:
    """Drawn as 0 under a note, with the stored number of entries."""
    entries = histogram.GetEntries()
    histogram.SetBinContent(20, 0)
    histogram.ResetStats()
    histogram.SetEntries(entries)
    histogram.Draw()
    note = text_at(0.15, 0.8, "NaNs")
    note.SetTextSize(0.1)
    note.SetTextColor(ROOT.kRed + 3)


@golden_image("xtype=log", "signed")
def log_of_a_part(histogram: ROOT.TH1) -> None:
    """A logarithmic axis that starts below 0 is displayed from a value above 0."""
    ROOT.gPad.SetLogx()
    histogram.Draw()


@golden_image("xtype=log;ytype=log;ymin=-1", "below")
def no_log_below_0(histogram: ROOT.TH1) -> None:
    """The scale stays linear if no value is above 0."""
    histogram.SetMinimum(-1)
    histogram.Draw()
