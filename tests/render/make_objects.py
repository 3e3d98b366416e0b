"""Writes one object of each kind, serialised by TBufferFile::WriteObject, into files: `make_objects.py FOLDER`.

A separate program, because importing ROOT is slow and prints warnings. `<name>.obj` contains the bytes.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path

import ROOT


def filled_1d(kind: str, name: str, bins: int = 50) -> ROOT.TH1:
    histogram = getattr(ROOT, kind)(name, f"{kind} of a signal;E_{{T}} [GeV];Entries", bins, 0.0, 100.0)
    for i in range(1, bins + 1):
        for _ in range(int(40 * ROOT.TMath.Gaus(i, 0.4 * bins, 0.1 * bins) + 4)):
            histogram.Fill(histogram.GetBinCenter(i))
    return histogram


def filled_2d(kind: str, name: str, nx: int = 40, ny: int = 30) -> ROOT.TH2:
    histogram = getattr(ROOT, kind)(name, f"{kind} map;#eta;#phi", nx, -2.5, 2.5, ny, -3.2, 3.2)
    for x in range(1, nx + 1):
        for y in range(1, ny + 1):
            weight = int(50 * ROOT.TMath.Gaus(x, nx / 2, nx / 5) * ROOT.TMath.Gaus(y, ny / 3, ny / 6))
            histogram.SetBinContent(x, y, weight)
    histogram.SetEntries(nx * ny)
    return histogram


def filled_3d(kind: str, name: str, bins: int = 8) -> ROOT.TH3:
    histogram = getattr(ROOT, kind)(name, f"{kind} box;x;y;z", bins, 0, 1, bins, 0, 1, bins, 0, 1)
    for x in range(1, bins + 1):
        for y in range(1, bins + 1):
            histogram.SetBinContent(x, y, (x * y) % bins + 1, x + y)
    histogram.SetEntries(bins**2)
    return histogram


def filled_profiles() -> Iterator[tuple[str, ROOT.TH1]]:
    profile = ROOT.TProfile("TProfile", "Efficiency against time;LS;#epsilon", 40, 0, 200)
    surface = ROOT.TProfile2D("TProfile2D", "Mean charge;ladder;module", 20, 0, 20, 12, 0, 12)
    for i in range(2000):
        profile.Fill(i % 200, 0.9 + 0.05 * ROOT.TMath.Sin(i / 17.0))
        surface.Fill(i % 20, (i // 20) % 12, 100 + i % 37)
    yield "TProfile", profile
    yield "TProfile2D", surface


def polygons(name: str, sizes: list[float]) -> ROOT.TH2Poly:
    """A map of 10 by 10 with a triangle, a square and a polygon of two parts; `sizes` are their contents."""
    triangle, square = [(1.0, 1.0), (4.0, 1.0), (1.0, 8.0)], [(5.0, 1.0), (9.0, 1.0), (9.0, 5.0), (5.0, 5.0)]
    shapes = [[triangle], [square], [[(5.0, 6.0), (7.0, 6.0), (6.0, 9.0)], [(7.5, 6.0), (9.0, 6.0), (9.0, 9.0)]]]
    histogram = ROOT.TH2Poly(name, "Sensors;x;y", 0.0, 10.0, 0.0, 10.0)
    for number, (parts, content) in enumerate(zip(shapes, sizes, strict=True), 1):
        graphs = ROOT.TMultiGraph()
        for corners in parts:
            graph = ROOT.TGraph(len(corners))
            for corner, (x, y) in enumerate(corners):
                graph.SetPoint(corner, x, y)
            ROOT.SetOwnership(graph, False)
            graphs.Add(graph)
        ROOT.SetOwnership(graphs, False)
        histogram.AddBin(graphs if len(parts) > 1 else graphs.GetListOfGraphs().First())
        histogram.SetBinContent(number, content)
    histogram.SetEntries(sum(sizes) if all(map(math.isfinite, sizes)) else 3)
    return histogram


def with_content(name: str, value: float) -> ROOT.TH1:
    histogram = filled_1d("TH1F", name)
    histogram.SetBinContent(20, value)
    return histogram


def buffered() -> Iterator[tuple[str, ROOT.TH1]]:
    """Histograms whose entries 1, 2, 2 and 3 are still in ROOT's buffer, with fixed and with automatic axes."""
    for name, axis in {"buffered": (10, 0, 10), "automatic": (10, 0, -1)}.items():
        histogram = ROOT.TH1F(name, "Entries in the buffer;x;y", *axis)
        histogram.SetBuffer(100)
        for value in (1.0, 2.0, 2.0, 3.0):
            histogram.Fill(value)
        yield name, histogram
    profile = ROOT.TProfile("bufferedprofile", "Entries in the buffer;x;y", 10, 0, 10)
    profile.SetBuffer(100)
    profile.Fill(1, 5)
    yield "bufferedprofile", profile


def texts() -> Iterator[tuple[str, ROOT.TH1]]:
    """Texts in UTF-8 and in Latin-1, formulas, and texts of a length that nobody can read."""
    for encoding in ("utf-8", "latin-1"):
        labelled = ROOT.TH2F(encoding, "", 2, 0, 2, 2, 0, 2)
        labelled.SetTitle("Größe µ; Länge [µm] ;Häufigkeit".encode(encoding))
        for axis in (labelled.GetXaxis(), labelled.GetYaxis()):
            axis.SetBinLabel(1, "Zürich".encode(encoding))
            axis.SetBinLabel(2, "½ p_{é}".encode(encoding))
        labelled.Fill(1, 1)
        yield encoding, labelled
    yield "greek", ROOT.TH1F("greek", "τ → 3µ;Δφ;χ²", 10, 0, 1)
    yield "greek formula", ROOT.TH1F("formula", "#tau #rightarrow 3#mu;#Delta#phi;#chi^{2}", 10, 0, 1)
    yield "nested", ROOT.TH1F("nested", "{" * 200_000, 10, 0, 1)
    yield "formulas", ROOT.TH1F("formulas", f"t;{'#alpha_{i}' * 200_000};{'#sqrt{x}' * 200_000}", 10, 0, 1)
    boxed = ROOT.TH1F("boxed", "A box of text", 10, 0, 1)
    box = ROOT.TPaveText(0, 0, 1, 1)
    box.AddText("{" * 200_000)
    ROOT.SetOwnership(box, False)
    boxed.GetListOfFunctions().Add(box)
    yield "boxed", boxed
    many = ROOT.TH1F("many labels", "Labels", 2000, 0, 1)
    for i in range(1, 2001):
        many.GetXaxis().SetBinLabel(i, f"{i} {'µ' * 300}")
    yield "many labels", many
    for name, title in {"stray brace": "} " + "x" * 600, "braced": "{" + "x" * 600 + "}"}.items():
        yield name, ROOT.TH1F(name, title, 10, 0, 1)
    for name, scale in {"long titles": 20000, "long titles 2": 19000}.items():
        long = ROOT.TH1F(
            name,
            "Long;" + "Charge of the clusters in a module " * 4 + ";Number of good clusters per event and layer of the barrel",
            9,
            0,
            9,
        )
        for i in range(1, 10):
            long.SetBinContent(i, scale * i)
        yield name, long
    for name, content in {"untitled": 12345, "untitled zero": 0, "untitled large": 3e5}.items():
        plain = ROOT.TH1F(name, "No title of y;x", 10, 0, 10)
        for i in range(1, 11):
            plain.SetBinContent(i, content * (1 + i / 10))
        yield name, plain
    labelled = ROOT.TH2F("labelled map", "Labels;Module;Ladder", 12, 0, 12, 8, 0, 8)
    for i in range(1, 13):
        labelled.GetXaxis().SetBinLabel(i, f"BPix_BmI_SEC{i}_LYR3")
        labelled.SetBinContent(i, 3, i)
    yield "labelled map", labelled


def special() -> Iterator[tuple[str, ROOT.TObject]]:
    yield "empty", ROOT.TH1F("empty", "Nothing yet;x;y", 50, 0, 100)
    yield "empty2d", ROOT.TH2F("empty2d", "Nothing yet;x;y", 40, -2.5, 2.5, 30, -3.2, 3.2)
    yield "nan", with_content("nan", float("nan"))
    yield "inf", with_content("inf", float("inf"))
    yield "unfilled", ROOT.TH1F("unfilled", "Axes are automatic;x;y", 10, 0, -1)
    undrawable = {"point": (5, 5), "tiny": (0, 1e-300), "vast axis": (-1e308, 1e308), "close": (1, 1 + 1e-15), "reversed": (5, 1)}
    for name, axis in undrawable.items():
        strange = ROOT.TH1F(name, "An axis that cannot be drawn;x;y", 20, *axis)
        strange.SetBinContent(3, 7)
        yield name, strange
    part = filled_1d("TH1F", "part")
    part.GetXaxis().SetRange(17, 23)
    yield "part", part
    for kind in ("TH1D", "TH2D"):
        minute = (filled_1d if kind == "TH1D" else filled_2d)(kind, f"minute{kind}")
        minute.Scale(1e-310)
        yield f"minute{kind}", minute
    summed = filled_1d("TH1F", "summed")
    sums = ROOT.std.vector["double"](20)
    summed.GetStats(sums.data())
    summed.SetBinContent(20, float("nan"))
    summed.PutStats(sums.data())
    summed.SetEntries(21)
    yield "summed", summed
    yield "huge", with_content("huge", 3e38)
    yield "reference", filled_1d("TH1F", "reference")
    higher = filled_1d("TH1S", "higher")
    higher.Scale(7)
    yield "higher", higher
    for name, factor in {"negative": -1, "faint": 0.001}.items():
        other = filled_1d("TH1D", name)
        other.Scale(factor)
        yield name, other
    numerous = filled_1d("TH1D", "numerous")  # numbers of five digits
    numerous.Scale(1500)
    yield "numerous", numerous
    narrow = filled_2d("TH2D", "narrow")  # numbers such as 6x10^2 on a logarithmic scale
    for x in range(1, 41):
        for y in range(1, 31):
            narrow.SetBinContent(x, y, 100 + x * y)
    yield "narrow", narrow
    level = filled_2d("TH2D", "level")  # numbers with a power of ten, and fewer than two on a logarithmic scale
    for x in range(1, 41):
        for y in range(1, 31):
            level.SetBinContent(x, y, 1e6 + 100 * x)
    yield "level", level
    rising = ROOT.TH1F("rising", "Rising;x;y", 50, 0, 100)
    for i in range(1, 51):
        rising.SetBinContent(i, i)
    yield "rising", rising
    yield "coarse", filled_1d("TH1F", "coarse", 25)
    yield "taller2d", ROOT.TH2F("taller2d", "Other edges;x;y", 40, -2.5, 2.5, 30, -6.4, 6.4)
    yield "below0", ROOT.TH1F("below0", "Nothing above 0;x;y", 50, -100, 0)
    yield "big2d", filled_2d("TH2F", "big2d", 100, 100)
    yield "bigger2d", filled_2d("TH2F", "bigger2d", 300, 200)
    infinite = filled_2d("TH2D", "nan2d")
    infinite.SetBinContent(3, 3, float("nan"))
    infinite.SetBinContent(4, 4, float("-inf"))
    yield "nan2d", infinite
    profile = ROOT.TProfile("nanprofile", "NaN in a profile;x;y", 10, 0, 10)
    profile.Fill(3, 2.0)
    profile.Fill(5, float("nan"))
    yield "nanprofile", profile
    yield "TH2Poly", polygons("TH2Poly", [10, 40, 70])
    yield "lowpoly", polygons("lowpoly", [5, 20, 10])
    yield "leftpoly", polygons("leftpoly", [5, 20, 60])
    yield "nanpoly", polygons("nanpoly", [10, float("nan"), 70])
    yield "emptypoly", ROOT.TH2Poly("emptypoly", "No bins;x;y", 0.0, 10.0, 0.0, 10.0)
    for name, scale in {"below": -1.0, "below 2": -0.5}.items():
        negative = ROOT.TH1D(name, "Contents below 0, without stored errors;x;y", 10, 0, 10)
        for i in range(1, 11):
            negative.SetBinContent(i, scale * (10 + i))
        yield name, negative
    yield "words", ROOT.TObjString("first line\n\nthird: Zürich µ Ω")
    yield "named", ROOT.TNamed("named", "not a histogram")
    yield "graph", ROOT.TGraph(3)
    yield "slow", filled_2d("TH2S", "slow", 1000, 500)
    yield "vast", ROOT.TH2C("vast", "", 3200, 0, 1, 3200, 0, 1)


def everything() -> Iterator[tuple[str, ROOT.TObject]]:
    for letter in "SIFD":
        yield f"TH1{letter}", filled_1d(f"TH1{letter}", f"TH1{letter}")
        yield f"TH2{letter}", filled_2d(f"TH2{letter}", f"TH2{letter}")
        yield f"TH3{letter}", filled_3d(f"TH3{letter}", f"TH3{letter}")
    yield from filled_profiles()
    yield from buffered()
    yield from texts()
    yield from special()


SAVE = """
#include <TImageDump.h>

// Paints the statistics box of the first plot of this name in the pad again, over what has been painted since.
struct BoxAgain : TObject {
  explicit BoxAgain(const char *plot) : plot(plot) {}
  void Paint(Option_t *) override {
    const auto histogram = dynamic_cast<TH1 *>(gPad->GetPrimitive(plot));
    if (const auto box = histogram ? histogram->GetListOfFunctions()->FindObject("stats") : nullptr)
      box->Paint();
  }
  TString plot;
};

void save(const TObject &object, const char *path) {
  TBufferFile buffer(TBuffer::kWrite);
  buffer.WriteObject(&object);
  std::ofstream(path, std::ios::binary).write(buffer.Buffer(), buffer.Length());
}

// Paints the canvas with ROOT and writes rows of 0xAARRGGBB.
void paint(TCanvas &canvas, const char *path) {
  TImageDump dump("", 114);
  dump.SetBit(BIT(11));
  gVirtualPS = &dump;
  canvas.Paint();
  TImage *image = dump.GetImage();
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char *>(image->GetArgbArray()), 4l * image->GetWidth() * image->GetHeight());
}
"""

PAINTED_BY_ROOT = {"TH1F": "", "TH2F": "COLZ", "TProfile": "", "TH2Poly": "COLZ"}
"""Objects that are also painted by ROOT for comparison, with their draw options."""

WIDTH, HEIGHT = 400, 300


def set_style() -> None:
    """Set the default style described in docs/developers/renderer.md."""
    style = ROOT.gStyle
    style.Reset()
    for set_colour in (style.SetFillColor, style.SetCanvasColor, style.SetPadColor, style.SetFrameFillColor):
        set_colour(10)
    style.SetTitleFillColor(10)
    style.SetStatColor(10)
    style.SetCanvasBorderMode(0)
    style.SetPadBorderMode(0)
    style.SetFrameBorderMode(0)
    style.SetTitleBorderSize(0)
    style.SetTitleStyle(0)
    style.SetStatBorderSize(1)
    style.SetOptStat(1111)
    style.SetNumberContours(99)
    style.SetLabelSize(0.04, "XYZ")


DIGIT = 0.022
"""Width of a digit of an axis as a share of the smaller side of the canvas, with which letters scale."""


def make_room_for_y_title(width: int, height: int, letters: float = 5) -> None:
    """Widen the left margin for a y title beside numbers of so many letters, at least five."""
    ROOT.gPad.SetLeftMargin(max(0.1, max(0.18, letters * DIGIT + 0.06) * min(width, height) / width))


def place_y_title(histogram: ROOT.TH1, letters: float) -> None:
    """Move the y title beside numbers of so many letters; ROOT does so only on linear axes of pads as large as the canvas."""
    width, height, axis = ROOT.gPad.GetWw(), ROOT.gPad.GetWh(), histogram.GetYaxis()
    axis.SetTitleOffset((letters * DIGIT + 0.035) * min(width, height) / (1.6 * axis.GetTitleSize() * width))


def draw_with_palette(histogram: ROOT.TH1, options: str = "COLZ", lines: int = 0) -> None:
    """Draw a plot with a palette in the right margin, below the statistics box if there is one.

    It has `lines`, by default those of name, entries, and mean and width of each axis."""
    pad, style = ROOT.gPad, ROOT.gStyle
    if not style.GetOptStat() or histogram.TestBit(ROOT.TH1.kNoStats):
        pad.SetRightMargin(0.2)
        histogram.Draw(options)
        return
    pad.SetRightMargin(1 - style.GetStatX() + style.GetStatW())
    left = 1 - pad.GetRightMargin() + 0.005
    lines = lines or 2 + 2 * histogram.GetDimension()
    top = style.GetStatY() - lines * style.GetStatH() / 4 - 0.065
    palette = ROOT.TPaletteAxis(left, pad.GetBottomMargin(), left + 0.05 - 0.005, top, histogram)
    palette.SetOption("brNDC")
    palette.SetBit(ROOT.TPaletteAxis.kHasView, any(word in options for word in ("LEGO", "SURF", "CONT4")) or histogram.GetDimension() == 3)
    ROOT.SetOwnership(palette, False)
    histogram.GetListOfFunctions().AddFirst(palette)
    histogram.Draw(options)


def paint_with_root(name: str, item: ROOT.TH1, path: Path) -> None:
    canvas = ROOT.TCanvas("canvas", "", WIDTH + 4, HEIGHT + 28)
    options = PAINTED_BY_ROOT[name]
    item.UseCurrentStyle()
    make_room_for_y_title(WIDTH, HEIGHT)
    if "Z" in options:
        draw_with_palette(item, options)
    else:
        item.Draw(options)
    ROOT.paint(canvas, str(path))


def main(folder: Path) -> None:
    ROOT.gROOT.SetBatch()
    ROOT.TH1.AddDirectory(False)
    ROOT.gInterpreter.Declare(SAVE)
    set_style()
    for name, item in everything():
        ROOT.save(item, str(folder / f"{name}.obj"))
        if name == "TH2Poly":
            file = ROOT.TFile(str(folder / "polygons.root"), "RECREATE")
            file.WriteTObject(item)
            file.Close()
        if name in PAINTED_BY_ROOT:
            paint_with_root(name, item, folder / f"{name}.argb")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
