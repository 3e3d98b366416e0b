"""Writes one object of each kind, as TBufferFile::WriteObject gives them, into files: `make_objects.py FOLDER`.

A program of its own, because importing ROOT is slow and noisy. `<name>.obj` holds the bytes.
"""

from __future__ import annotations

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


def with_content(name: str, value: float) -> ROOT.TH1:
    histogram = filled_1d("TH1F", name)
    histogram.SetBinContent(20, value)
    return histogram


def special() -> Iterator[tuple[str, ROOT.TObject]]:
    yield "empty", ROOT.TH1F("empty", "Nothing yet;x;y", 50, 0, 100)
    yield "empty2d", ROOT.TH2F("empty2d", "Nothing yet;x;y", 40, -2.5, 2.5, 30, -3.2, 3.2)
    yield "nan", with_content("nan", float("nan"))
    yield "inf", with_content("inf", float("inf"))
    yield "huge", with_content("huge", 3e38)
    yield "reference", filled_1d("TH1F", "reference", 50)
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
    yield "words", ROOT.TObjString("first line\n\nthird: Zürich µ Ω")
    yield "named", ROOT.TNamed("named", "not a histogram")
    yield "graph", ROOT.TGraph(3)


def everything() -> Iterator[tuple[str, ROOT.TObject]]:
    for letter in "SIFD":
        yield f"TH1{letter}", filled_1d(f"TH1{letter}", f"TH1{letter}")
        yield f"TH2{letter}", filled_2d(f"TH2{letter}", f"TH2{letter}")
        yield f"TH3{letter}", filled_3d(f"TH3{letter}", f"TH3{letter}")
    yield from filled_profiles()
    yield from special()


SAVE = """
void save(const TObject &object, const char *path) {
  TBufferFile buffer(TBuffer::kWrite);
  buffer.WriteObject(&object);
  std::ofstream(path, std::ios::binary).write(buffer.Buffer(), buffer.Length());
}
"""


def main(folder: Path) -> None:
    ROOT.TH1.AddDirectory(False)
    ROOT.gInterpreter.Declare(SAVE)
    for name, item in everything():
        ROOT.save(item, str(folder / f"{name}.obj"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
