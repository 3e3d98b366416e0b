"""Writes random colour maps and ROOT's own pictures of them: `make_maps.py FOLDER`; a program of its own, because it loads ROOT.

`<n>.obj` is the map, `<n>.argb` its picture, and `specs.json` the list of what the service is to be asked: [[n, spec, width, height], ...].
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

from tests.render.make_objects import SAVE, set_style

MAPS = 60
KINDS = ["TH2F", "TH2F", "TH2D", "TH2S", "TH2I", "TProfile2D"]
CONTENTS = ["hits", "sparse", "signed", "equal", "steep", "one", "none", "tiny"]


@dataclass
class Asked:
    """What of a map is to be shown, and how."""

    width: int
    height: int
    drawing: str = "COLZ"
    log: set[str] = field(default_factory=set)
    limits: dict[str, tuple[float, float]] = field(default_factory=dict)

    def spec(self) -> str:
        parts = [f"w={self.width};h={self.height};drawopts={self.drawing}"]
        parts += [f"{axis}type=log" for axis in sorted(self.log)]
        parts += [f"{axis}min={low!r};{axis}max={high!r}" for axis, (low, high) in self.limits.items()]
        return ";".join(parts)


def edges(draw: random.Random, most: int) -> array[float]:
    """Bin edges: few or many, equal or not, above 0 or on both sides."""
    bins = int(math.exp(draw.uniform(0, math.log(most))))
    low = draw.choice([-3.0, 0.0, 1.0, 20.0])
    widths = [draw.choice([1.0, draw.uniform(0.1, 5)]) for _ in range(bins)] if draw.random() < 0.4 else [10 / bins] * bins
    found = [low]
    for width in widths:
        found.append(found[-1] + width)
    return array("d", found)


def content(draw: random.Random, pattern: str) -> float:
    match pattern:
        case "hits":
            return draw.randint(0, 60)
        case "sparse":
            return draw.choice([0, 0, 0, draw.randint(1, 9)])
        case "signed":
            return draw.choice([0, draw.randint(-50, 50)])
        case "equal":
            return 7
        case "steep":
            return float(int(math.exp(draw.uniform(0, 9))))
        case "tiny":
            return draw.uniform(0, 1e-3)
    return 0


def random_map(draw: random.Random, number: int) -> ROOT.TH2:
    kind, pattern, most = draw.choice(KINDS), draw.choice(CONTENTS), draw.choice([8, 60, 500])
    x, y = edges(draw, most), edges(draw, most)
    made = getattr(ROOT, kind)(f"map{number}", f"{kind} {pattern};x;y", len(x) - 1, x, len(y) - 1, y)
    for row in range(1, len(y)):
        for column in range(1, len(x)):
            if kind == "TProfile2D":
                if draw.random() < 0.8:
                    made.Fill(made.GetXaxis().GetBinCenter(column), made.GetYaxis().GetBinCenter(row), content(draw, pattern))
            else:
                made.SetBinContent(column, row, content(draw, pattern))
    if pattern == "one":
        made.Fill(made.GetXaxis().GetBinCenter(1), made.GetYaxis().GetBinCenter(1), 3)
    return made


def random_view(draw: random.Random, item: ROOT.TH2) -> Asked:
    asked = Asked(draw.randint(60, 500), draw.randint(60, 400), draw.choice(["COLZ", "COLZ", "COLZ", "COL", "COL0Z", "COLZTEXT"]))
    if item.GetNbinsX() * item.GetNbinsY() > 1000:
        asked.drawing = asked.drawing.replace("TEXT", "")
    for name, axis in {"x": item.GetXaxis(), "y": item.GetYaxis()}.items():
        low, high = axis.GetXmin(), axis.GetXmax()
        if draw.random() < 0.3:
            asked.limits[name] = (draw.uniform(low, (low + high) / 2), draw.uniform((low + high) / 2 + 1e-3, high))
        if draw.random() < 0.25 and asked.limits.get(name, (low, high))[0] > 0:
            asked.log.add(name)
    least, most = item.GetMinimum(), item.GetMaximum()
    if draw.random() < 0.3 and least < most:
        asked.limits["z"] = (least + draw.uniform(0.05, 0.4) * (most - least), most - draw.uniform(-0.2, 0.4) * (most - least))
    if draw.random() < 0.3 and least >= 0 and most > 0:
        asked.log.add("z")
    return asked


def paint(item: ROOT.TH2, asked: Asked, path: Path) -> None:
    canvas = ROOT.TCanvas("canvas", "", asked.width + 4, asked.height + 28)
    if "Z" in asked.drawing:
        canvas.SetRightMargin(0.14)
    item.UseCurrentStyle()
    for name, axis in {"x": item.GetXaxis(), "y": item.GetYaxis()}.items():
        if name in asked.limits:
            axis.SetRangeUser(*asked.limits[name])
    if "z" in asked.limits:
        item.SetMinimum(asked.limits["z"][0])
        item.SetMaximum(asked.limits["z"][1])
    canvas.SetLogx("x" in asked.log)
    canvas.SetLogy("y" in asked.log)
    canvas.SetLogz("z" in asked.log)
    least, most = asked.limits.get("z", (item.GetMinimum(0), item.GetMaximum()))
    item.GetZaxis().SetMoreLogLabels(most < 100 * least)
    item.Draw(asked.drawing)
    ROOT.paint(canvas, str(path))


def main(folder: Path) -> None:
    ROOT.gROOT.SetBatch()
    ROOT.TH1.AddDirectory(False)
    ROOT.gInterpreter.Declare(SAVE)
    set_style()
    draw = random.Random(20)
    specs = []
    for number in range(MAPS):
        item = random_map(draw, number)
        asked = random_view(draw, item)
        ROOT.save(item, str(folder / f"{number}.obj"))
        paint(item, asked, folder / f"{number}.argb")
        specs.append((number, asked.spec(), asked.width, asked.height))
    (folder / "specs.json").write_text(json.dumps(specs))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
