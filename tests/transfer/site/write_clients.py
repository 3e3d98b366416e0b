"""Writes the files of clients by ROOT: `python -m tests.transfer.site.write_clients FOLDER RUN...`.

For each run and client there are snapshots `<run>/<client>/<version>.pb`, each with more entries than the one before, and the ROOT
file `<run>/<client>/end.root`. `contents.json` has what ROOT says that is in each: by file and ME the array of a histogram (of a
profile: the sums) with its entries, or the text of a scalar.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import ROOT

from app.formats import Kind
from tests.formats.snapshots import EFFICIENCY, Object, serialise
from tests.formats.write_root_files import Writer
from tests.formats.write_snapshots import histogram, tag
from tests.transfer.site.clients import CLIENTS, END, VERSIONS


def made(client: str, run: int, fills: int) -> dict[str, ROOT.TH1]:
    """The histograms of a client by path, with an integer number of entries in each bin."""
    random = ROOT.TRandom3(1 + CLIENTS.index(client) + 10 * (run % 1000))
    found = {
        f"{client}/Main/occupancy": ROOT.TH1F("occupancy", "", 20, 0, 1),
        f"{client}/Main/map": ROOT.TH2F("map", "", 5, 0, 1, 4, 0, 1),
        f"{client}/Main/profile": ROOT.TProfile("profile", "", 5, 0, 1),
        f"{client}/Deep/er/efficiency": ROOT.TH1D("efficiency", "", 5, 0, 1),
        "Shared/Info/common": ROOT.TH1D("common", "", 10, 0, 1),
    }
    for _ in range(fills):
        x, y = random.Uniform(), random.Uniform()
        for thing in found.values():
            if thing.ClassName() == "TProfile":
                thing.Fill(x, int(8 * y))
            elif thing.GetDimension() == 2:
                thing.Fill(x, y)
            else:
                thing.Fill(x)
    return found


def scalars(client: str, run: int, fills: int) -> dict[str, str]:
    """The scalars of a client by path."""
    return {f"{client}/EventInfo/processedEvents": f"i={fills}", f"{client}/EventInfo/iRun": f"i={run}"}


def write_snapshot(path: Path, client: str, run: int, fills: int) -> None:
    """Write a PB file."""
    objects: list[Object] = []
    for me, thing in made(client, run, fills).items():
        objects.append(histogram(me, thing, EFFICIENCY if me.endswith("efficiency") else 0))
        if me.endswith("occupancy"):
            objects.append(tag(f"{me}.test", "qr=st:100:1:X:fine"))
    objects += [tag(me, text, Kind.INT) for me, text in scalars(client, run, fills).items()]
    path.write_bytes(serialise(objects))


def write_root_file(path: Path, client: str, run: int, fills: int) -> None:
    """Write a ROOT file."""
    writer = Writer(path)
    writer.run = run
    for me, thing in made(client, run, fills).items():
        folder, _, name = me.rpartition("/")
        writer.put(folder, thing)
        if name == "efficiency":
            writer.tag(folder, name, "e=1")
        if name == "occupancy":
            writer.tag(folder, f"{name}.test", "qr=st:100:1:X:fine")
    for me, text in scalars(client, run, fills).items():
        folder, _, name = me.rpartition("/")
        writer.tag(folder, name, text)
    writer.close()


def contents(client: str, run: int, fills: int) -> dict[str, list[float] | str]:
    """What is in a file with so many fills: by ME the array and the entries, or the text of a scalar."""
    found: dict[str, list[float] | str] = {me: text[2:] for me, text in scalars(client, run, fills).items()}
    for me, thing in made(client, run, fills).items():
        found[me] = [*(thing.GetArray()[cell] for cell in range(thing.GetNcells())), thing.GetEntries()]
    return found


def main(folder: Path, runs: list[int]) -> None:
    """Write the files of these runs."""
    ROOT.TH1.AddDirectory(False)
    known = {}
    for run in runs:
        for client in CLIENTS:
            place = folder / str(run) / client
            place.mkdir(parents=True)
            for version in range(1, VERSIONS + 1):
                write_snapshot(place / f"{version}.pb", client, run, 10 * version)
                known[f"{run}/{client}/{version}.pb"] = contents(client, run, 10 * version)
            write_root_file(place / END, client, run, 10 * VERSIONS + 5)
            known[f"{run}/{client}/{END}"] = contents(client, run, 10 * VERSIONS + 5)
    (folder / "contents.json").write_text(json.dumps(known))


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(text) for text in sys.argv[2:]])
