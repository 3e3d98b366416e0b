"""Writes ROOT files of clients with ROOT, and their sums: `python -m tests.transfer.bu.write_client_files FOLDER`.

It runs in a process of its own, since the tests themselves must not load ROOT.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import ROOT

from tests.transfer.bu.client_files import CLIENTS, CUT, FULL, LABELS, ODD, SHARED, own_folder

CLASSES = ["TH1F", "TH1D", "TH1I", "TH1S", "TH1C", "TH2F", "TH2D", "TH2S", "TH3F", "TProfile", "TProfile2D"]


def filled(kind: str, name: str, seed: int, fill: int = 60):
    """A histogram of this class with random numbers."""
    dimensions = 3 if "3" in kind else 2 if "2" in kind else 1
    axes = [12, 0.0, 6.0, 4, -3.0, 3.0, 3, 0.0, 2.0][: 3 * dimensions]
    histogram = getattr(ROOT, kind)(name, kind, *axes)
    random = ROOT.TRandom3(seed)
    for _ in range(fill):
        values = [random.Gaus(3, 2), random.Gaus(0, 1), random.Gaus(1, 0.4)][:dimensions]
        if kind.startswith("TProfile"):
            values.append(random.Gaus(10, 1))
        histogram.Fill(*values)
    return histogram


def weighted(seed: int):
    histogram = ROOT.TH1F("weighted", "", 10, 0.0, 1.0)
    histogram.Sumw2()
    for number in range(40):
        histogram.Fill((number * seed % 10) / 10, 0.1 + number / 7)
    return histogram


def buffered(number: int):
    """A histogram that has not yet chosen its axis; its entries are in a buffer."""
    histogram = ROOT.TH1D("buffered", "", 10, 0.0, 0.0)
    for entry in range(20):
        histogram.Fill(entry + number)
    return histogram


def with_bins(kind: str, name: str, contents: Iterable[float], high: float = 3.0):
    values = list(contents)
    histogram = getattr(ROOT, kind)(name, "", len(values), 0.0, high)
    for bin, value in enumerate(values, 1):
        histogram.SetBinContent(bin, value)
    return histogram


def labelled(number: int):
    histogram = with_bins("TH1F", "labelled", [1, 2, 3])
    for bin, label in enumerate(LABELS[number], 1):
        histogram.GetXaxis().SetBinLabel(bin, label)
    histogram.SetBinContent(0, 5)  # ROOT does not add it where labels differ
    return histogram


def shared(number: int) -> list[object]:
    """The MEs that all clients have."""
    return [
        *(filled(kind, kind, 10 * number + 1) for kind in CLASSES),
        weighted(number + 3),
        with_bins("TH1F", "negative", [3.1 * (-1) ** number, -2.7, number]),
        with_bins("TH1S", "full", [FULL, 1, 2]),
        with_bins("TH1F", "not a number", [float("nan"), float("inf"), 1]),
        labelled(number),
        buffered(number),
    ]


def marks(number: int) -> list[str]:
    """The scalars, quality tests and efficiency marks of a client."""
    return [
        f"<Events>i={number}</Events>",
        "<Rate>i=7</Rate>" if number else "<Rate>f=6.5</Rate>",
        f"<TH1F.Limits>qr=st:{100 * (number + 1)}:0.5:Limits:of * and ; {number}</TH1F.Limits>",
        "<TH1F>e=1</TH1F>",
        f"<{ODD}>s=the same</{ODD}>",
    ]


def write(path: Path, folders: dict[str, list[object]]) -> None:
    file = ROOT.TFile(str(path), "RECREATE", "", 101)
    for folder, objects in folders.items():
        place = file
        for part in folder.split("/"):
            place = place.Get(part) if place.GetListOfKeys().Contains(part) else place.mkdir(part)
        place.cd()
        for one in objects:
            (ROOT.TObjString(one) if isinstance(one, str) else one).Write()
    file.Close()


def numbers(histogram) -> dict[str, list[float]]:
    """What a histogram keeps of each bin."""
    bins = range(histogram.GetNcells())
    is_profile = histogram.ClassName().startswith("TProfile")
    found = {"content": [histogram.GetArray()[bin] if is_profile else histogram.GetBinContent(bin) for bin in bins]}
    if histogram.GetSumw2N():
        found["squares"] = list(histogram.GetSumw2())
    if is_profile:
        found["entries"] = [histogram.GetBinEntries(bin) for bin in bins]
    return found


def write_clients(folder: Path) -> None:
    """The files of the clients, and the sums by ROOT of what ROOT adds by itself."""
    sums: dict[str, object] = {}
    for number, client in enumerate(CLIENTS):
        both = shared(number)
        own = [filled("TH1F", "own", 50 + number), filled("TH1F", ODD, 60 + number)]
        write(folder / f"{client}.root", {own_folder(client): own, SHARED: [*both, *marks(number)]})
        sums |= {f"{own_folder(client)}/{one.GetName()}": one for one in own}
        for one in both[: len(CLASSES) + 2]:
            place = f"{SHARED}/{one.GetName()}"
            if place in sums:
                sums[place].Add(one)
            else:
                sums[place] = one.Clone()
    (folder / "sums.json").write_text(json.dumps({place: numbers(one) for place, one in sums.items()}))


def write_bad_files(folder: Path) -> None:
    """Files that cannot be read, and files that do not fit to those of the clients."""
    (folder / "cut.root").write_bytes((folder / f"{CLIENTS[-1]}.root").read_bytes()[:-CUT])
    (folder / "not root.root").write_bytes(b"x" * 1000)
    newer_marks = ["<TH1F>e=1</TH1F>", "<TH1F.Limits>qr=st:300:0.5:Limits:of the other</TH1F.Limits>", "<TH1F>s=of the other</TH1F>"]
    others: dict[str, dict[str, list[object]]] = {
        "other class": {SHARED: [filled("TH1D", "TH1F", 5), *newer_marks, "<TH1F2>i=5</TH1F2>"]},
        "other axes": {SHARED: [with_bins("TH1F", "TH1F", range(7))]},
        "other folder": {f"{SHARED}/TH1F": [with_bins("TH1F", "inner", [5])]},
    }
    for name, folders in others.items():
        write(folder / f"{name}.root", {own_folder(name): [with_bins("TH1F", "own", [len(name)])], **folders})
    damaged = folder / "damaged.root"
    write(damaged, {own_folder("Damaged"): [filled("TH1F", "damaged", 5, 2000), filled("TH1F", "whole", 6)]})
    file = ROOT.TFile.Open(str(damaged))
    key = file.GetDirectory(own_folder("Damaged")).GetKey("damaged")
    begin = key.GetSeekKey() + key.GetKeylen() + 20
    file.Close()
    data = damaged.read_bytes()
    damaged.write_bytes(data[:begin] + b"\0" * 40 + data[begin + 40 :])


def main() -> None:
    folder = Path(sys.argv[1])
    ROOT.TH1.AddDirectory(False)
    write_clients(folder)
    write_bad_files(folder)


if __name__ == "__main__":
    main()
