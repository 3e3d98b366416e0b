"""Writes a DQM file whose folders and monitor elements have names that try to break pages: `write_hostile_file.py FILE`."""

from __future__ import annotations

import sys
from pathlib import Path

import ROOT

NAMES = [
    "<script>window.hurt=1</script>",
    "<img src=x onerror=window.hurt=1>",
    '"><svg onload=window.hurt=1>',
    "' autofocus onfocus=window.hurt=1 x='",
    "{{ 7*7 }} ${7*7}",
    "javascript:window.hurt=1",
    "hx-on:click=window.hurt=1",
    "#url[javascript:window.hurt=1]{link}",
    "a#b?c&d=e%2Ff%25+g;h",
    "back\\slash",
    "..",
    ".",
    "~..",
    "new\nline\ttab",
    "  blanks  ",
    "\u202eright to left\u202c η 日本",
    "x" * 300,
    "latin@letter",
]


def main(path: Path) -> None:
    ROOT.TH1.AddDirectory(False)
    file = ROOT.TFile(str(path), "RECREATE")
    for name in NAMES:
        histogram = ROOT.TH1F(name, name, 10, 0, 10)
        histogram.Fill(3)
        folder = file.mkdir("DQMData/Run 7/Hostile/Run summary/MEs", "", True)
        folder.WriteTObject(histogram)
        folder.WriteTObject(ROOT.TObjString(f"<{name}.test>qr=st:300:0:{name}:{name}</{name}.test>"))
        file.mkdir(f"DQMData/Run 7/Hostile/Run summary/Folders/{name}", "", True).WriteTObject(histogram, "inside")
    file.mkdir("DQMData/Run 7/Hostile/Run summary/Texts", "", True).WriteTObject(ROOT.TObjString(f"<text>s={NAMES[0]}{NAMES[1]}</text>"))
    file.Close()
    path.write_bytes(path.read_bytes().replace(b"latin@letter", b"latin\xe9letter"))  # what ROOT writes where Python cannot say it


if __name__ == "__main__":
    main(Path(sys.argv[1]))
