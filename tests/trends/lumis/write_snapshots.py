"""Writes snapshots of lumisections, with histograms of ROOT: `python -m tests.trends.lumis.write_snapshots FOLDER`.

`each-L.pb` has the entries of lumisection L alone, `sum-L.pb` those of all up to L. Lumisection L has `values(L)` in the
histogram DT/n, and in the profile DT/p as the quantity at x = 0.5, or from L + 0.5 on at x = 1.5.
"""

from __future__ import annotations

import sys
from pathlib import Path

from app.formats import Kind

LUMIS = (1, 2, 4)
RUN = 355555
"""As the snapshots say in EventInfo, with the lumisection."""


def values(lumi: int) -> list[float]:
    """The values that are filled in a lumisection: 10 times its number of them, at centers of bins 0.1 apart."""
    return [lumi + 0.05 + 0.1 * (index % 10) for index in range(10 * lumi)]


def main(folder: str) -> None:
    """Write the files."""
    import ROOT

    from tests.formats.snapshots import serialise
    from tests.formats.write_snapshots import histogram as written
    from tests.formats.write_snapshots import tag

    ROOT.gROOT.SetBatch(True)
    ROOT.TH1.AddDirectory(False)
    total = [ROOT.TH1D("n", "n", 100, 0, 10), ROOT.TProfile("p", "p", 2, 0, 2)]
    for lumi in LUMIS:
        each = [ROOT.TH1D("n", "n", 100, 0, 10), ROOT.TProfile("p", "p", 2, 0, 2)]
        for histogram, profile in (total, each):
            for value in values(lumi):
                histogram.Fill(value)
                profile.Fill(1.5 if value > lumi + 0.5 else 0.5, value)
        for name, objects in (("sum", total), ("each", each)):
            info = [tag("DT/EventInfo/iRun", f"i={RUN}", Kind.INT), tag("DT/EventInfo/iLumiSection", f"i={lumi}", Kind.INT)]
            content = serialise([*(written(f"DT/{made.GetName()}", made) for made in objects), *info])
            Path(folder, f"{name}-{lumi}.pb").write_bytes(content)


if __name__ == "__main__":
    main(*sys.argv[1:])
