"""Writes a DQM file whose TH1F is of an older version of its class: `make_old_file.py FILE`.

ROOT cannot write such objects any more, so the version is changed in the bytes: in the object, and in the description of the
class that the file has. ROOT's own version 2 is of other times; what counts is that no program has a description of it built in.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import ROOT

FOLDER, NAME, OLD = "DQMData/Run 1/Sub/Run summary/Folder", "old", 2


def write(path: Path) -> None:
    file = ROOT.TFile(str(path), "RECREATE", "", 0)  # not compressed
    file.mkdir(FOLDER).cd()
    histogram = ROOT.TH1F(NAME, "Of older times;x;y", 50, 0, 100)
    for i in range(1, 51):
        histogram.SetBinContent(i, i)
    histogram.Write()
    file.Close()


def changed(raw: bytes) -> bytes:
    """The same file with version OLD in place of 3."""
    after_key = raw.index(b"\x04TH1F" + bytes([len(NAME)]) + NAME.encode())
    at = raw.index(b"\x00\x03\x40", after_key)
    raw = raw[: at + 1] + bytes([OLD]) + raw[at + 2 :]
    (described,) = re.finditer(rb"\x04TH1F\x00.{4}\x00\x00\x00\x03", raw, re.DOTALL)
    return raw[: described.end() - 1] + bytes([OLD]) + raw[described.end() :]


if __name__ == "__main__":
    target = Path(sys.argv[1])
    write(target)
    target.write_bytes(changed(target.read_bytes()))
