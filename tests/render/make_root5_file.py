"""Writes a DQM file with a histogram in the layout of other times or programs: `make_root5_file.py LAYOUT FILE`.

| layout | the histogram |
|---|---|
| root5 | TH1F version 1 with TH1 version 6, as ROOT 5 and CMS software of Run 1 |
| geant4 | TH1F version 1 with TH1 version 3 and no byte counts before both, as programs with their own writer |
| swapped | as root5, but the members fEntries and fTsumw have changed places |

ROOT writes only the newest layout. The members that came later are cut out of its bytes and of the StreamerInfo of the file,
and zeros behind both keep the places of everything else.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import ROOT

FOLDER, NAME, ENTRIES, SUM = "DQMData/Run 1/Sub/Run summary/Folder", "old", 100, 7
BINS = 10
NEWER = {"root5": ["fBinStatErrOpt", "fStatOverflows"]}
NEWER |= {"swapped": NEWER["root5"], "geant4": ["fBufferSize", "fBuffer", *NEWER["root5"]]}
NEWER_BYTES = {"root5": 8, "swapped": 8, "geant4": 13}
VERSIONS = {"root5": 6, "swapped": 6, "geant4": 3}
COUNTED = 0x40000000

STREAMED = """
TString streamed(TObject *object, int keylen) {
  TBufferFile buffer(TBuffer::kWrite, 1 << 20);
  buffer.SetBufferOffset(keylen);
  buffer.MapObject(object);
  object->Streamer(buffer);
  TString hex;
  for (int i = keylen; i < buffer.Length(); ++i)
    hex += TString::Format("%02x", (unsigned char)buffer.Buffer()[i]);
  return hex;
}
"""


def write(path: Path) -> None:
    file = ROOT.TFile(str(path), "RECREATE", "", 0)  # not compressed
    file.mkdir(FOLDER).cd()
    histogram = ROOT.TH1F(NAME, "Of older times;x;y", BINS, 0, BINS)
    for i in range(1, BINS + 1):
        histogram.SetBinContent(i, i)
    stats = ROOT.std.vector["double"](20)
    stats[0] = SUM
    histogram.PutStats(stats.data())
    histogram.SetEntries(ENTRIES)
    histogram.Write()
    file.Close()


def end_of(raw: bytes, at: int) -> int:
    """The end of the object whose byte count is at `at`."""
    return at + 4 + (struct.unpack_from(">I", raw, at)[0] & ~COUNTED)


def old_object(raw: bytes, layout: str) -> bytes:
    """The content of a TH1F in an older layout."""
    content, end = bytearray(raw), end_of(raw, 6)
    at = 12
    for _ in ("TNamed", "TAttLine", "TAttFill", "TAttMarker"):
        at = end_of(raw, at)
    at += 4  # the number of cells
    for _ in "xyz":
        at = end_of(raw, at)
    at += 4  # the bars; then the entries and the sum of weights
    if layout == "swapped":
        content[at : at + 16] = raw[at + 8 : at + 16] + raw[at : at + 8]
    cut = NEWER_BYTES[layout]
    for count_at, version in ((0, 1), (6, VERSIONS[layout])):
        size = struct.unpack_from(">I", raw, count_at)[0] - cut
        struct.pack_into(">IH", content, count_at, size, version)
    del content[end - cut : end]
    return bytes(content[4:6] + content[10:] if layout == "geant4" else content)


def old_streamers(file: ROOT.TFile, layout: str, keylen: int) -> bytes:
    """The list of StreamerInfo of a file, with the older layout."""
    streamers = file.GetStreamerInfoList()
    for info in streamers:
        if info.GetName() == "TH1F":
            info.SetClassVersion(1)
            info.GetElements().At(0).SetBaseVersion(VERSIONS[layout])
        if info.GetName() == "TH1":
            info.SetClassVersion(VERSIONS[layout])
            elements = info.GetElements()
            by_name = {element.GetName(): element for element in elements}
            for name in NEWER[layout]:
                elements.Remove(by_name[name])
            elements.Compress()
            if layout == "swapped":
                first = elements.IndexOf(by_name["fEntries"])
                elements[first], elements[first + 1] = by_name["fTsumw"], by_name["fEntries"]
    return bytes.fromhex(str(ROOT.streamed(streamers, keylen)))


def patched(raw: bytes, seek: int, size: int, content: bytes) -> bytes:
    """The file with other content in `size` bytes from `seek`."""
    assert len(content) <= size
    return raw[:seek] + content.ljust(size, b"\0") + raw[seek + size :]


def with_old_layout(path: Path, layout: str) -> bytes:
    raw, file = path.read_bytes(), ROOT.TFile(str(path))
    key = file.GetDirectory(FOLDER).GetKey(NAME)
    at, size = key.GetSeekKey() + key.GetKeylen(), key.GetObjlen()
    raw = patched(raw, at, size, old_object(raw[at : at + size], layout))
    at = file.GetSeekInfo()
    keylen = struct.unpack_from(">h", raw, at + 14)[0]
    return patched(raw, at + keylen, file.GetNbytesInfo() - keylen, old_streamers(file, layout, keylen))


if __name__ == "__main__":
    ROOT.TH1.AddDirectory(False)
    ROOT.gInterpreter.Declare(STREAMED)
    target = Path(sys.argv[2])
    write(target)
    target.write_bytes(with_old_layout(target, sys.argv[1]))
