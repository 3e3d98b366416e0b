"""Writes histograms at two moments, and what was filled in between, by ROOT alone: `make_windows.py FOLDER`.

Of each histogram `<name>.early.obj` and `<name>.late.obj` are snapshots; `<name>.between.obj` is a histogram that has had only the
entries between them. Those in `refused/` have no such thing.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import ROOT

Book = Callable[[], ROOT.TH1]
Fill = Callable[[ROOT.TH1, ROOT.TRandom3], None]

SAVE = """
void save(const TObject &object, const char *path) {
  TBufferFile buffer(TBuffer::kWrite);
  buffer.WriteObject(&object);
  std::ofstream(path, std::ios::binary).write(buffer.Buffer(), buffer.Length());
}
"""


class Snapshots(NamedTuple):
    early: ROOT.TH1
    late: ROOT.TH1
    between: ROOT.TH1 | None = None


def filled(book: Book, fill: Fill, before: int = 300, after: int = 200) -> Snapshots:
    """A histogram after `before` entries and after `after` more, and one with these alone, from the same random numbers."""
    late, between, random = book(), book(), ROOT.TRandom3(5)
    for _ in range(before):
        fill(late, random)
    early, later = late.Clone(), ROOT.TRandom3(random)
    for _ in range(after):
        fill(late, random)
        fill(between, later)
    return Snapshots(early, late, between)


def restarted(book: Book, fill: Fill, before: int = 100, after: int = 300) -> Snapshots:
    """A histogram after `before` entries, and another one on the right of it after `after`, as when its client was restarted."""
    early, late, random = book(), book(), ROOT.TRandom3(5)
    for histogram, entries, shift in ((early, before, -1.5), (late, after, 1.5)):
        for _ in range(entries):
            fill(Shifted(histogram, shift), random)
    return Snapshots(early, late)


class Shifted(NamedTuple):
    """Fills a histogram at greater x."""

    histogram: ROOT.TH1
    shift: float

    def Fill(self, x: float, *more: float) -> None:  # the name of ROOT
        self.histogram.Fill(x + self.shift, *more)


def in_one(histogram: ROOT.TH1, random: ROOT.TRandom3) -> None:
    histogram.Fill(random.Gaus(0.2, 1.5))


def in_two(histogram: ROOT.TH1, random: ROOT.TRandom3) -> None:
    histogram.Fill(random.Gaus(0.2, 1.5), random.Uniform(-0.2, 1.1))


def in_three(histogram: ROOT.TH1, random: ROOT.TRandom3) -> None:
    histogram.Fill(random.Gaus(0.2, 1.5), random.Uniform(-0.2, 1.1), random.Uniform(-0.2, 1.1))


def by(weight: float) -> Fill:
    """Fills with a constant weight."""

    def fill(histogram: ROOT.TH1, random: ROOT.TRandom3) -> None:
        axes = 2 if isinstance(getattr(histogram, "histogram", histogram), ROOT.TH2 | ROOT.TProfile) else 1
        histogram.Fill(*(random.Uniform() for _ in range(axes)), weight)

    return fill


def set_a_bin(histogram: ROOT.TH1, random: ROOT.TRandom3) -> None:
    in_one(histogram, random)
    histogram.SetBinContent(1, histogram.GetBinContent(1) + 1)


def not_weighted(histogram: ROOT.TH1) -> ROOT.TH1:
    """A histogram for which ROOT keeps no sums of squares, whatever it is filled with."""
    histogram.SetBit(ROOT.TH1.kIsNotW)
    return histogram


def weighted(histogram: ROOT.TH1, random: ROOT.TRandom3) -> None:
    histogram.Fill(random.Gaus(0.2, 1.5), random.Integer(8) / 4)


def weighted_profile(histogram: ROOT.TH1, random: ROOT.TRandom3) -> None:
    histogram.Fill(random.Gaus(0.2, 1.5), random.Integer(8) / 4, 1 + random.Integer(3))


def polygons() -> ROOT.TH2Poly:
    histogram = ROOT.TH2Poly("polygons", "Sensors;x;y", -3.0, 3.0, 0.0, 1.0)
    for x in (-2.0, -1.0, 0.0, 1.0):
        add_square(histogram, x)
    return histogram


def add_square(histogram: ROOT.TH2Poly, x: float) -> None:
    square = ROOT.TGraph(4, array("d", [x, x + 1, x + 1, x]), array("d", [0, 0, 1, 1]))
    ROOT.SetOwnership(square, False)
    histogram.AddBin(square)


def with_sums(histogram: ROOT.TH1) -> ROOT.TH1:
    histogram.Sumw2()
    return histogram


def kinds() -> Iterator[tuple[str, Snapshots]]:
    """One histogram of each class."""
    for letter in "CSIFD":
        one, two = getattr(ROOT, f"TH1{letter}"), getattr(ROOT, f"TH2{letter}")
        yield f"TH1{letter}", filled(lambda one=one: one("one", "One;x;y", 40, -3, 3), in_one)
        yield f"TH2{letter}", filled(lambda two=two: two("two", "Two;x;y", 12, -3, 3, 5, 0, 1), in_two)
        if letter != "C":
            three = getattr(ROOT, f"TH3{letter}")
            yield f"TH3{letter}", filled(lambda three=three: three("three", "Three;x;y", 6, -3, 3, 4, 0, 1, 3, 0, 1), in_three)
    yield "TProfile", filled(lambda: ROOT.TProfile("profile", "Means;x;y", 20, -3, 3), in_two)
    yield "TProfile2D", filled(lambda: ROOT.TProfile2D("surface", "Means;x;y", 6, -3, 3, 4, 0, 1), in_three)
    yield "TH2Poly", filled(polygons, in_two)


def odd() -> Iterator[tuple[str, Snapshots]]:
    """Histograms that need care."""
    yield "weighted", filled(lambda: with_sums(ROOT.TH1D("weighted", "", 40, -3, 3)), weighted)
    yield "weighted profile", filled(lambda: with_sums(ROOT.TProfile("weighted", "", 20, -3, 3)), weighted_profile)
    yield "uneven", filled(lambda: ROOT.TH1F("uneven", "", 4, array("d", [-3, -1, -0.5, 0, 3])), in_one)
    yield "unchanged", filled(lambda: ROOT.TH1F("unchanged", "", 40, -3, 3), in_one, after=0)
    yield "from nothing", filled(lambda: ROOT.TH1F("new", "", 40, -3, 3), in_one, before=0)
    part = filled(lambda: ROOT.TH1F("part", "", 40, -3, 3), in_one)
    for each in part:
        each.GetXaxis().SetRange(10, 20)
    yield "part", part
    fitted = filled(lambda: ROOT.TH1F("fitted", "", 40, -3, 3), in_one)
    fitted.late.Fit("gaus", "Q0")
    fitted.late.SetMaximum(1000)
    fitted.late.SetMinimum(5)
    yield "fitted", fitted
    labelled = filled(lambda: ROOT.TH1F("labelled", "", 5, 0, 5), lambda one, random: one.Fill(random.Uniform(5)))
    for number in range(1, 4):
        labelled.early.GetXaxis().SetBinLabel(number, f"FED {number}")
    for each in (labelled.late, labelled.between):
        for number in range(1, 6):
            each.GetXaxis().SetBinLabel(number, f"FED {number}")
    yield "labelled", labelled
    buffered = filled(lambda: ROOT.TH1F("buffered", "", 40, -3, 3), in_one, before=5)
    waiting = ROOT.TH1F("buffered", "", 40, -3, 3)
    waiting.SetBuffer(100)
    random = ROOT.TRandom3(5)
    for _ in range(5):
        in_one(waiting, random)
    yield "buffered", buffered._replace(early=waiting)


def harvested(fraction: float, entries: Sequence[int] = (15, 45, 30)) -> Snapshots:
    """Contents that were set, which add up to 15, 45 and 30 without `fraction`."""
    found = [ROOT.TH1D("harvested", "", 5, 0, 5) for _ in range(3)]
    for number in range(1, 6):
        for histogram, content in zip(found, (number, 3 * number, 2 * number), strict=True):
            histogram.SetBinContent(number, content + fraction)
    for histogram, number in zip(found, entries, strict=True):
        histogram.SetEntries(number)
    return Snapshots(*found)


def good_channels() -> ROOT.TH2F:
    """A map whose cells are all set to 1."""
    channels = ROOT.TH2F("channels", "", 2, 0, 2, 2, 0, 2)
    for x in (1, 2):
        for y in (1, 2):
            channels.SetBinContent(x, y, 1)
    return channels


def refused() -> Iterator[tuple[str, Snapshots]]:
    """Snapshots without anything in between."""

    def line() -> ROOT.TH1:
        return ROOT.TH1F("line", "", 40, -3, 3)

    good = filled(line, in_one)
    yield "reset", Snapshots(good.late, good.early)
    yield "fewer in a bin", restarted(line, in_one)
    yield "axes", Snapshots(filled(lambda: ROOT.TH1F("line", "", 40, -3, 3.5), in_one).early, good.late)
    yield "bins", Snapshots(filled(lambda: ROOT.TH1F("line", "", 20, -3, 3), in_one).early, good.late)
    yield "class", Snapshots(filled(lambda: ROOT.TH1D("line", "", 40, -3, 3), in_one).early, good.late)
    labelled = filled(line, in_one)
    labelled.early.GetXaxis().SetBinLabel(1, "LS 1")
    labelled.late.GetXaxis().SetBinLabel(1, "LS 2")
    yield "labels", labelled
    average = filled(line, in_one)
    average.late.SetBit(ROOT.TH1.kIsAverage)
    yield "efficiency", average
    yield "spread", filled(lambda: ROOT.TProfile("spread", "", 20, -3, 3, "s"), in_two)
    yield "map of spreads", filled(lambda: ROOT.TProfile2D("spread", "", 6, -3, 3, 4, 0, 1, "s"), in_three)
    yield "ratio", harvested(0.5)
    yield "state", harvested(0, (5, 5, 0))
    yield "harvested", harvested(0)
    yield "state set to the same", Snapshots(good_channels(), good_channels())
    yield "filled, then set", filled(line, set_a_bin)
    yield "rounded", filled(lambda: ROOT.TH1I("rounded", "", 40, -3, 3), weighted)
    yield "weighted, restarted", restarted(lambda: with_sums(ROOT.TH1F("line", "", 40, -3, 3)), by(2))
    yield "map, weighted without sums, restarted", restarted(lambda: not_weighted(ROOT.TH2F("map", "", 12, -3, 3, 5, 0, 1)), by(2))
    yield "profile, restarted", restarted(lambda: ROOT.TProfile("profile", "", 20, -3, 3), by(1))
    yield "weighted profile, restarted", restarted(lambda: ROOT.TProfile("profile", "", 20, -3, 3), by(2))
    yield "polygons, restarted", restarted(polygons, in_two)
    restart = restarted(line, in_one, before=300, after=100)
    for each in restart[:2]:
        each.SetEntries(1)
    yield "one entry, restarted", restart
    normalised = filled(lambda: ROOT.TH1F("normalised", "", 40, -3, 3), in_one)
    for each in normalised[:2]:
        each.Scale(1 / each.Integral())
    yield "normalised", normalised
    scaled = filled(lambda: ROOT.TProfile("scaled", "", 20, -3, 3), in_two)
    for each in scaled[:2]:
        each.Scale(1 / each.GetEntries())
    yield "scaled profile", scaled
    endless = filled(line, in_one)
    endless.early.SetEntries(float("nan"))
    yield "entries without number", endless
    infinite = filled(line, in_one)
    for each in infinite[:2]:
        each.SetBinContent(3, float("inf"))
    yield "infinite", infinite
    narrow, wide = (filled(lambda limits=limits: ROOT.TProfile("profile", "", 20, -3, 3, *limits), in_two) for limits in ((0, 0.5), (0, 1)))
    yield "limits of a profile", Snapshots(narrow.early, wide.late)
    heavy = filled(lambda: with_sums(ROOT.TH1F("heavy", "", 40, -3, 3)), in_one)
    for each in heavy[:2]:
        each.Fill(0, 1e8)
    yield "heavy", heavy
    full = filled(lambda: ROOT.TH1S("full", "", 40, -3, 3), in_one)
    full.late.Fill(0, 40000)
    yield "full", full
    yield "polygons", Snapshots(filled(polygons, in_two).early, with_another(filled(polygons, in_two).late))
    yield "text", Snapshots(ROOT.TObjString("before"), ROOT.TObjString("after"))
    yield "graph", Snapshots(ROOT.TGraph(3), good.late)


def with_another(histogram: ROOT.TH2Poly) -> ROOT.TH2Poly:
    add_square(histogram, 2.0)
    return histogram


def main(folder: Path) -> None:
    ROOT.gROOT.SetBatch()
    ROOT.TH1.AddDirectory(False)
    ROOT.gInterpreter.Declare(SAVE)
    (folder / "refused").mkdir()
    for where, found in ((folder, kinds()), (folder, odd()), (folder / "refused", refused())):
        for name, snapshots in found:
            for moment, histogram in snapshots._asdict().items():
                if histogram:
                    ROOT.save(histogram, str(where / f"{name}.{moment}.obj"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
