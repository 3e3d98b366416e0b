"""Writes a DQM file with a TH1F of an older class version: `make_old_version_file.py FILE`.

ROOT cannot write old versions, so the version number is changed in the bytes of the object and of the file's StreamerInfo.
The content is not that of ROOT's real version 2, but no program has a StreamerInfo for version 2 built in either.
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


def with_old_version(raw: bytes) -> bytes:
    """The file with version OLD instead of 3."""
    after_key = raw.index(b"\x04TH1F" + bytes([len(NAME)]) + NAME.encode())
    at = raw.index(b"\x00\x03\x40", after_key)
    raw = raw[: at + 1] + bytes([OLD]) + raw[at + 2 :]
    (described,) = re.finditer(rb"\x04TH1F\x00.{4}\x00\x00\x00\x03", raw, re.DOTALL)
    return raw[: described.end() - 1] + bytes([OLD]) + raw[described.end() :]


if __name__ == "__main__":
    target = Path(sys.argv[1])
    write(target)
    target.write_bytes(with_old_version(target.read_bytes()))
