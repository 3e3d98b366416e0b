"""Reads DQMIO files and framed objects with ROOT: one line of JSON per request on standard input.

A request is a JSON array. With one item, the path of a file, the answer is a list of what the file holds: run, lumisection, name,
flags and value of each ME. With two, the file that holds a frame and the displacement of its buffer, it is the value alone. The
value of a histogram is a line with its whole content.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import ROOT

from tests.formats.write_dqmio_files import TYPES

ROOT.gErrorIgnoreLevel = ROOT.kError
ROOT.TH1.AddDirectory(False)
ROOT.gInterpreter.Declare("""
#include <cstring>
#include <fstream>
#include <sstream>
std::string described(TH1 *h) {
  std::ostringstream text;
  text << h->ClassName() << " '" << h->GetName() << "' '" << h->GetTitle() << "' " << h->GetEntries() << " integral " << h->Integral();
  size_t hash = 14695981039346656037ULL;
  for (int cell = 0; cell < h->GetNcells(); ++cell)
    for (double value : {h->GetBinContent(cell), h->GetBinError(cell)}) {
      size_t bits;
      std::memcpy(&bits, &value, sizeof bits);
      hash = (hash ^ bits) * 1099511628211ULL;
    }
  text << " of " << h->GetNcells() << " bins " << hash;
  for (TAxis *axis : {h->GetXaxis(), h->GetYaxis(), h->GetZaxis()})
    text << "; " << axis->GetTitle() << " " << axis->GetNbins() << " " << axis->GetXmin() << " " << axis->GetXmax() << " " << axis->GetBinLabel(1);
  for (TObject *function : *h->GetListOfFunctions())
    text << "; " << function->ClassName() << " " << function->GetName() << " " << ((TF1 *)function)->Eval(3);
  return text.str();
}
std::string framed(const std::string &path, int displacement) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  std::string data = text.str();
  TBufferFile buffer(TBuffer::kRead, data.size(), data.data(), false);
  buffer.SetBufferDisplacement(displacement);
  buffer.InitMap();
  std::unique_ptr<TH1> histogram(static_cast<TH1 *>(buffer.ReadObjectAny(TH1::Class())));
  return described(histogram.get());
}
""")


def read(path: str) -> Iterator[tuple[int, int, str, int, str]]:
    """Run, lumisection, name, flags and value of each ME in a file."""
    file = ROOT.TFile(path)
    for row in file["Indices"]:
        if row.Type == 1000:
            continue
        run, lumi, tree = int(row.Run), int(row.Lumi), file[TYPES[row.Type]]
        for number in range(row.FirstIndex, row.LastIndex + 1):
            tree.GetEntry(number)
            value = ROOT.described(tree.Value) if row.Type > 2 else tree.Value
            yield run, lumi, str(tree.FullName), int(tree.Flags), str(value)


if __name__ == "__main__":
    for line in sys.stdin:
        request = json.loads(line)
        answer = list(read(*request)) if len(request) == 1 else str(ROOT.framed(*request))
        print(json.dumps(answer), flush=True)
