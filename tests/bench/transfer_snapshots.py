"""Writes the snapshots of the delay of the transfer by ROOT: `python -m tests.bench.transfer_snapshots FOLDER LUMIS`.

That of lumisection n has a histogram whose first n bins are 1, so that its edge is at n; `other.pb` is that of other clients.
"""

from __future__ import annotations

import sys
from pathlib import Path

import ROOT

from tests.formats.snapshots import serialise
from tests.formats.write_snapshots import histogram


def main() -> None:
    """Write all files."""
    folder, lumis = Path(sys.argv[1]), int(sys.argv[2])
    folder.mkdir(parents=True)
    ROOT.TH1.AddDirectory(False)  # several have one name
    for lumi in range(1, lumis + 1):
        thing = ROOT.TH1F("lumisection", "", lumis + 1, 0.5, lumis + 1.5)
        for number in range(1, lumi + 1):
            thing.SetBinContent(number, 1)
        (folder / f"{lumi}.pb").write_bytes(serialise([histogram("Clock/lumisection", thing)]))
    others = [histogram(f"Others/histogram {number}", ROOT.TH1F(f"histogram {number}", "", 100, 0, 1)) for number in range(500)]
    (folder / "other.pb").write_bytes(serialise(others))


if __name__ == "__main__":
    main()
