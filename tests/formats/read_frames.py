"""Decodes framed objects with ROOT: one line of JSON per request on standard input.

A request is a JSON array: the file that holds the frame, and the displacement of its buffer. The answer has the class,
the name, the entries, mean and RMS by axis, and the content of every bin with underflow and overflow.
"""

from __future__ import annotations

import json
import sys

import ROOT

ROOT.TH1.AddDirectory(False)
ROOT.gInterpreter.Declare("""
#include <fstream>
#include <sstream>
TH1 *read_frame(const std::string &path, int displacement) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  std::string data = text.str();
  TBufferFile buffer(TBuffer::kRead, data.size(), data.data(), false);
  buffer.SetBufferDisplacement(displacement);
  buffer.InitMap();
  return static_cast<TH1 *>(buffer.ReadObjectAny(TH1::Class()));
}
""")
for line in sys.stdin:
    histogram = ROOT.read_frame(*json.loads(line))
    answer = {
        "class": histogram.ClassName(),
        "name": histogram.GetName(),
        "entries": histogram.GetEntries(),
        "moments": [[histogram.GetMean(axis), histogram.GetStdDev(axis)] for axis in (1, 2, 3)],
        "bins": [histogram.GetBinContent(number) for number in range(histogram.GetNcells())],
    }
    print(json.dumps(answer), flush=True)
