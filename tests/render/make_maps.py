"""Writes random colour maps and their images painted by ROOT: `make_maps.py FOLDER`. A separate program, because it loads ROOT.

`<n>.obj` is a map, `<n>.argb` its image, and `specs.json` lists the requests for the service: [[n, spec, width, height], ...].
Some with a palette have a second image, as a plugin may change it: `<n>.updated.argb` after an update of the canvas, with another
size of the palette's labels, `<n>.contours.argb` with other contours.
"""

from __future__ import annotations

import json
import math
import random
import sys
from array import array
from dataclasses import dataclass, field
from pathlib import Path

import ROOT

from tests.render.make_objects import SAVE, draw_with_palette, make_room_for_y_title, set_style

MAPS = 60
CHANGES = {0: "updated", 2: "contours"}
"""Changes of maps by the remainder of their number divided by 4."""

CONTOURS = 7

KINDS = ["TH2F", "TH2F", "TH2D", "TH2S", "TH2I", "TProfile2D"]
CONTENTS = ["hits", "sparse", "signed", "equal", "steep", "one", "none", "tiny"]


@dataclass
class View:
    """Size, options, scales and limits of a plot of a map."""

    width: int
    height: int
    drawing: str = "COLZ"
    log: set[str] = field(default_factory=set)
    limits: dict[str, tuple[float, float]] = field(default_factory=dict)

    def spec(self) -> str:
        parts = [f"w={self.width};h={self.height};showstats=0;drawopts={self.drawing}"]
        parts += [f"{axis}type=log" for axis in sorted(self.log)]
        parts += [f"{axis}min={low!r};{axis}max={high!r}" for axis, (low, high) in self.limits.items()]
        return ";".join(parts)


def edges(rng: random.Random, maximum: int) -> array[float]:
    """Random bin edges: few or many, equidistant or not, above 0 or on both sides of it."""
    bins = int(math.exp(rng.uniform(0, math.log(maximum))))
    low = rng.choice([-3.0, 0.0, 1.0, 20.0])
    widths = [rng.choice([1.0, rng.uniform(0.1, 5)]) for _ in range(bins)] if rng.random() < 0.4 else [10 / bins] * bins
    bin_edges = [low]
    for width in widths:
        bin_edges.append(bin_edges[-1] + width)
    return array("d", bin_edges)


def content(rng: random.Random, pattern: str) -> float:
    match pattern:
        case "hits":
            return rng.randint(0, 60)
        case "sparse":
            return rng.choice([0, 0, 0, rng.randint(1, 9)])
        case "signed":
            return rng.choice([0, rng.randint(-50, 50)])
        case "equal":
            return 7
        case "steep":
            return float(int(math.exp(rng.uniform(0, 9))))
        case "tiny":
            return rng.uniform(0, 1e-3)
    return 0


def random_map(rng: random.Random, number: int) -> ROOT.TH2:
    kind, pattern, maximum = rng.choice(KINDS), rng.choice(CONTENTS), rng.choice([8, 60, 500])
    x, y = edges(rng, maximum), edges(rng, maximum)
    histogram = getattr(ROOT, kind)(f"map{number}", f"{kind} {pattern};x;y", len(x) - 1, x, len(y) - 1, y)
    for row in range(1, len(y)):
        for column in range(1, len(x)):
            if kind == "TProfile2D":
                if rng.random() < 0.8:
                    histogram.Fill(histogram.GetXaxis().GetBinCenter(column), histogram.GetYaxis().GetBinCenter(row), content(rng, pattern))
            else:
                histogram.SetBinContent(column, row, content(rng, pattern))
    if pattern == "one":
        histogram.Fill(histogram.GetXaxis().GetBinCenter(1), histogram.GetYaxis().GetBinCenter(1), 3)
    return histogram


def random_view(rng: random.Random, item: ROOT.TH2) -> View:
    view = View(rng.randint(60, 500), rng.randint(60, 400), rng.choice(["COLZ", "COLZ", "COLZ", "COL", "COL0Z", "COLZTEXT"]))
    if item.GetNbinsX() * item.GetNbinsY() > 1000:
        view.drawing = view.drawing.replace("TEXT", "")
    for name, axis in {"x": item.GetXaxis(), "y": item.GetYaxis()}.items():
        low, high = axis.GetXmin(), axis.GetXmax()
        if rng.random() < 0.3:
            view.limits[name] = (rng.uniform(low, (low + high) / 2), rng.uniform((low + high) / 2 + 1e-3, high))
        if rng.random() < 0.25 and view.limits.get(name, (low, high))[0] > 0:
            view.log.add(name)
    lowest, maximum = item.GetMinimum(), item.GetMaximum()
    if rng.random() < 0.3 and lowest < maximum:
        view.limits["z"] = (lowest + rng.uniform(0.05, 0.4) * (maximum - lowest), maximum - rng.uniform(-0.2, 0.4) * (maximum - lowest))
    if rng.random() < 0.3 and lowest >= 0 and maximum > 0:
        view.log.add("z")
    return view


def choose_numbers_of_log_scale(canvas: ROOT.TCanvas, item: ROOT.TH2, lowest: float, highest: float) -> None:
    """Numbers between the powers of ten if the scale has less than two decades; a linear scale if fewer than two would stand on it."""
    low = lowest if lowest > 0 else min(1, 0.001 * highest)  # where ROOT begins
    numbers = [digit * 10.0**power for power in range(-9, 9) for digit in range(1, 10)]
    item.GetZaxis().SetMoreLogLabels(highest < 100 * low)
    canvas.SetLogz(highest <= 0 or sum(low <= number <= highest for number in numbers) > 1)


def paint(item: ROOT.TH2, view: View, path: Path, change: str = "") -> None:
    canvas = ROOT.TCanvas("canvas", "", view.width + 4, view.height + 28)
    item.UseCurrentStyle()
    if change == "contours":
        low, high = item.GetMinimum(), item.GetMaximum()
        item.SetContour(CONTOURS, array("d", [low + (high - low) * level * level / CONTOURS**2 for level in range(CONTOURS)]))
    for name, axis in {"x": item.GetXaxis(), "y": item.GetYaxis()}.items():
        if name in view.limits:
            axis.SetRangeUser(*view.limits[name])
    if "z" in view.limits:
        item.SetMinimum(view.limits["z"][0])
        item.SetMaximum(view.limits["z"][1])
    canvas.SetLogx("x" in view.log)
    canvas.SetLogy("y" in view.log)
    canvas.SetLogz("z" in view.log)
    if "z" in view.log:
        choose_numbers_of_log_scale(canvas, item, *view.limits.get("z", (item.GetMinimum(), item.GetMaximum())))
    if item.GetYaxis().GetTitle():
        make_room_for_y_title(view.width, view.height)
    if "Z" in view.drawing:
        draw_with_palette(item, view.drawing)
    else:
        item.Draw(view.drawing)
    if change == "updated":
        canvas.Update()
        item.GetListOfFunctions().FindObject("palette").GetAxis().SetLabelSize(0.02)
    ROOT.paint(canvas, str(path))


def main(folder: Path) -> None:
    ROOT.gROOT.SetBatch()
    ROOT.TH1.AddDirectory(False)
    ROOT.gInterpreter.Declare(SAVE)
    set_style()
    ROOT.gStyle.SetOptStat(0)  # with a box, only the service places the palette below it
    rng = random.Random(20)
    specs = []
    for number in range(MAPS):
        item = random_map(rng, number)
        view = random_view(rng, item)
        ROOT.save(item, str(folder / f"{number}.obj"))
        copy = item.Clone()
        paint(item, view, folder / f"{number}.argb")
        if "Z" in view.drawing and (change := CHANGES.get(number % 4)):
            paint(copy, view, folder / f"{number}.{change}.argb", change)
        specs.append((number, view.spec(), view.width, view.height))
    (folder / "specs.json").write_text(json.dumps(specs))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
