"""Writes DQM files with ROOT, for the tests of the parser: `python -m tests.formats.write_root_files FOLDER`.

It runs in a process of its own, since the tests themselves must not load ROOT."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import ROOT

from tests.formats.file_contents import COMPRESSIONS, HOSTILE


def new(kind: str, name: str, fill: int = 500):
    """A filled histogram of the class `kind`."""
    dimensions = 3 if "3" in kind else 2 if "2" in kind else 1
    axes = [12, 0.0, 6.0, 9, -3.0, 3.0, 4, 0.0, 2.0][: 3 * dimensions]
    histogram = getattr(ROOT, kind)(name, f"{kind};x;y", *axes)
    random = ROOT.TRandom3(7)
    for _ in range(fill):
        values = [random.Gaus(3, 1.2), random.Gaus(0, 1), random.Gaus(1, 0.4)][:dimensions]
        if kind.startswith("TProfile"):
            values.append(random.Gaus(10, 1))
        histogram.Fill(*values)
    return histogram


def polygons(name: str):
    histogram = ROOT.TH2Poly(name, "TH2Poly", 0.0, 10.0, 0.0, 10.0)
    for x in range(0, 10, 2):
        square = ROOT.TGraph(4)
        for corner, (dx, y) in enumerate([(0, 0), (2, 0), (2, 10), (0, 10)]):
            square.SetPoint(corner, x + dx, y)
        histogram.AddBin(square)
        histogram.Fill(x + 1, 5, x + 1)
    return histogram


class Writer:
    """A DQM file: objects by folder below `DQMData/Run N/<Subsystem>/Run summary`."""

    def __init__(self, path: Path, compression: int = 101):
        # Without the time and a random identifier, so that the file is reproducible.
        self.file = ROOT.TFile(f"{path}?reproducible=test", "RECREATE", "", compression)
        self.run = 1

    def folder(self, path: str):
        subsystem, *rest = path.split("/")
        return self.directory("/".join(["DQMData", f"Run {self.run}", subsystem, "Run summary", *rest]))

    def directory(self, path: str):
        return self.file.mkdir(path, "", True)

    def put(self, path: str, thing) -> None:
        self.folder(path).WriteTObject(thing)

    def tag(self, path: str, name: str, value: str) -> None:
        self.put(path, ROOT.TObjString(f"<{name}>{value}</{name}>"))

    def close(self) -> None:
        self.file.Close()


def classes(folder: Path) -> None:
    writer = Writer(folder / "classes.root")
    for kind in ["TH1F", "TH1S", "TH1D", "TH1I", "TH2F", "TH2S", "TH2D", "TH2I", "TH3F", "TH3S", "TH3D", "TH3I", "TProfile", "TProfile2D"]:
        writer.put(f"All/{kind[:3]}", new(kind, f"my {kind}"))
    writer.put("All/TH2", polygons("my TH2Poly"))
    titled = new("TH1F", "with a long title")
    titled.SetTitle("title " * 100)
    writer.put("All/TH1", titled)
    writer.put("All", ROOT.TNamed("no ME", "of another class"))
    writer.put("All", ROOT.TTree("no ME either", ""))
    writer.directory("DQMData/Run 1/All/By Lumi Section 1-1").WriteTObject(new("TH1F", "not in Run summary"))
    writer.put("All/BadModuleList", new("TH1F", "dropped"))
    writer.directory("Elsewhere").WriteTObject(new("TH1F", "not in DQMData"))
    writer.file.WriteTObject(ROOT.TObjString("CMSSW_14_0_0"))
    writer.close()


def buffered(folder: Path) -> None:
    """Histograms with their entries still in ROOT's buffer."""
    writer = Writer(folder / "buffered.root")
    random = ROOT.TRandom3(3)
    fixed = {kind: [10, 0.0, 4.0, 8, -1.0, 3.0, 4, 0.0, 2.0] for kind in ["TH1F", "TH2F", "TH3F", "TProfile", "TProfile2D"]}
    for name, axes in {"fixed": fixed, "automatic": {kind: [10, 0.0, -1.0] * 3 for kind in fixed}}.items():
        for kind in axes:
            dimensions = 3 if "3" in kind else 2 if "2" in kind else 1
            histogram = getattr(ROOT, kind)(f"{name} {kind}", "", *axes[kind][: 3 * dimensions])
            histogram.SetBuffer(1000)
            for _ in range(40):
                values = [random.Uniform(-1, 5) for _ in range(dimensions + kind.startswith("TProfile"))]
                histogram.Fill(*values, random.Uniform(1, 2))
            writer.put("Buffered", histogram)
    labelled = ROOT.TH1F("labels and functions", "", 5, 0, 5)
    labelled.SetOption("HIST")
    labelled.GetXaxis().SetBinLabel(2, "second")
    labelled.GetListOfFunctions().Add(ROOT.TF1("fit", "gaus", 0, 5))
    extended = ROOT.TH1F("extended", "", 5, 0, 5)
    extended.SetCanExtend(ROOT.TH1.kAllAxes)
    filled = ROOT.TH1F("filled and buffered", "", 5, 0, 5)
    for histogram in (labelled, extended, filled):
        histogram.SetBuffer(100)
        for value in [1.5, 2.5, 2.5, 7.0, float("nan")]:
            histogram.Fill(value)
        if histogram is filled:
            histogram.BufferEmpty()
        writer.put("Buffered", histogram)
    writer.close()


def compressed(folder: Path) -> None:
    for name, setting in COMPRESSIONS.items():
        writer = Writer(folder / f"{name}.root", setting)
        for kind in ["TH1F", "TH2D", "TProfile"]:
            writer.put("Sub/folder", new(kind, kind))
        if name != "none":
            large = ROOT.TH2D("several blocks", "", 1500, 0, 1, 1500, 0, 1)
            for bin in range(0, 1500 * 1500, 997):
                large.SetBinContent(bin, bin)
            writer.put("Sub/folder", large)
        writer.close()


def cycles(folder: Path) -> None:
    writer = Writer(folder / "cycles.root")
    for entries in [10, 20, 30]:
        writer.put("Sub/folder", new("TH1F", "thrice", entries))
    writer.put("Sub/folder", new("TH1F", "deleted"))
    writer.folder("Sub/folder").Delete("deleted;*")
    writer.put("Sub/folder", new("TH1F", "first a TH1F"))
    second = new("TH2F", "first a TH1F")
    writer.put("Sub/folder", second)
    writer.tag("Sub/folder", "value", "i=1")
    writer.tag("Sub/folder", "value", "i=2")
    writer.close()


def runs(folder: Path) -> None:
    writer = Writer(folder / "runs.root")
    for run in [1, 367129, 367130]:
        writer.run = run
        writer.put("Sub", new("TH1F", "in all"))
        writer.put("Sub", new("TH1F", f"in {run}"))
    writer.directory("DQMData/Run summary of nothing")
    writer.close()


def names(folder: Path) -> None:
    writer = Writer(folder / "names.root")
    for name in HOSTILE:
        writer.put("Sub/histograms", new("TH1F", name, 10))
        writer.tag("Sub/scalars", name, f"s={name}")
        writer.put(f"Sub/{name}", new("TH1F", "in a folder", 10))
    writer.folder("Sub/odd").WriteTObject(new("TH1F", "x"), "down/below")
    writer.folder("Sub/odd").WriteTObject(new("TH1F", "x"), "/leading slash")
    writer.folder("Sub/odd").WriteTObject(new("TH1F", "x"), "nul@here")
    writer.folder("Sub/odd").WriteTObject(new("TH1F", "x"), "latin-1 @ letter")
    writer.close()


def tags(folder: Path) -> None:
    writer = Writer(folder / "tags.root")
    for name, value in {
        "integer": "i=-42",
        "real": "f=3.1400000000000001",
        "text": "s=plain",
        "empty": "s=",
        "markup": 's=a < b, <b>bold</b> & </text> "quoted"\nsecond line',
        "long": "s=" + "long " * 200,
        "equal=sign": "i=7",
        "ME.with.dots": "i=1",
    }.items():
        writer.tag("Tags", name, value)
    writer.tag("Tags", "real.close to pi", "qr=st:100:1:ContentsWithinExpected:")
    writer.put("Tags", new("TH1F", "efficiency"))
    writer.tag("Tags", "efficiency", "e=1")
    writer.put("Tags", new("TH1F", "no efficiency"))
    writer.tag("Tags", "no efficiency", "e=0")
    writer.put("Tags", ROOT.TObjString("no tag"))
    writer.put("Tags", ROOT.TObjString("<open>i=1</closed>"))
    writer.tag("Tags", "nobody.test", "qr=st:300:0:A:no such ME")
    writer.tag("Tags", "efficiency.malformed", "qr=300")
    writer.put("Tags", new("TH1F", "both"))
    writer.tag("Tags", "both", "i=1")
    for status in [30, 50, 60, 70, 90, 100, 200, 300]:
        writer.put("Tests", new("TH1F", f"status {status}"))
        writer.tag("Tests", f"status {status}.test", f"qr=st:{status}:0.5:Algorithm:a message: with colons <and> more")
    writer.put("Tests", new("TH1F", "a.b"))
    writer.put("Tests", new("TH1F", "a"))
    writer.tag("Tests", "a.b.test", "qr=st:300:0:X:of a.b")
    writer.tag("Tests", "a.test.2", "qr=st:200:0:X:of a")
    writer.tag("Tests", "a.test", "qr=st:100:1:X:")
    writer.tag("Tests", "a.again", "qr=st:100:1:X:")
    writer.tag("Tests", "a.again", "qr=st:50:1:X:written last")
    writer.close()


def far(folder: Path) -> None:
    """Objects after byte 4.5e9 of a sparse file."""
    writer = Writer(folder / "far.root")
    writer.put("Near", new("TH1F", "near"))
    writer.file.Write()
    free = writer.file.GetListOfFree().Last()
    free.SetFirst(4_500_000_000)
    free.SetLast(9_000_000_000)
    writer.file.SetEND(4_500_000_000)
    writer.put("Far/away", new("TH1F", "far"))
    writer.put("Near", new("TH2F", "far too"))
    writer.tag("Far/away", "far.test", "qr=st:200:1:X:far")
    writer.close()


def small(folder: Path) -> None:
    """A small file with every feature, the source of the damaged ones."""
    writer = Writer(folder / "small.root")
    for kind in ["TH1F", "TH1S", "TH2F", "TProfile"]:
        for folder_name in ["Alpha/one", "Alpha/two/deep", "Beta/three"]:
            writer.put(folder_name, new(kind, f"{kind} of it"))
            writer.tag(folder_name, f"{kind} of it.test", "qr=st:300:0:X:message")
    writer.tag("Beta/three", "scalar", "i=42")
    writer.close()


def unfinished(folder: Path) -> None:
    """A file of a crashed writer: with the objects, without the lists of keys."""
    if os.fork() == 0:
        writer = Writer(folder / "unfinished.root")
        for number in range(20):
            writer.put(f"Sub/folder {number % 3}", new("TH1F", f"ME {number}"))
        writer.file.Flush()
        os._exit(0)
    os.wait()


if __name__ == "__main__":
    ROOT.TH1.AddDirectory(False)
    target = Path(sys.argv[1])
    for write in [unfinished, classes, buffered, compressed, cycles, runs, names, tags, far, small]:
        write(target)
