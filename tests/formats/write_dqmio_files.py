"""Writes DQMIO files with ROOT, for the tests of their reader: `python -m tests.formats.write_dqmio_files FOLDER`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import ROOT

from tests.formats import write_root_files
from tests.formats.file_contents import COMPRESSIONS, HOSTILE
from tests.formats.write_root_files import new

SCALARS = {"Ints": "Long64_t", "Floats": "double", "Strings": "std::string"}
HISTOGRAMS = ["TH1F", "TH1S", "TH1D", "TH2F", "TH2S", "TH2D", "TH3F", "TProfile", "TProfile2D", "TH1I", "TH2I"]
TYPES = [*SCALARS, *(f"{name}s" for name in HISTOGRAMS)]
EFFICIENCY = 0x00200000
LUMI = 0x00040000

ROOT.TH1.AddDirectory(False)
ROOT.gInterpreter.Declare("""
#include <TBranchElement.h>
#include <TFile.h>
#include <TTree.h>

// The branches as CMS software makes them: values of numbers by address, all else by the address of a pointer.
template <class T> struct Entries {
  TTree *tree;
  std::string name, *namePointer = &name;
  unsigned flags = 0;
  T value{}, *pointer = &value;

  // unversioned: as some versions of ROOT make branches of every class, and this one of most with one dimension.
  Entries(const char *title, TFile &file, bool unversioned) : tree(new TTree(title, title)) {
    tree->SetDirectory(&file);
    tree->Branch("FullName", &namePointer);
    tree->Branch("Flags", &flags);
    if constexpr (std::is_arithmetic_v<T>)
      tree->Branch("Value", &value);
    else if constexpr (std::is_same_v<T, std::string>)
      tree->Branch("Value", &pointer);
    else {
      pointer = nullptr;
      if (unversioned) {
        auto info = TClass::GetClass<T>()->GetStreamerInfo();
        auto branch = new TBranchElement(tree, "Value", (TStreamerInfo *)info, -1, (char *)&pointer, 128 * 1024, 0);
        tree->GetListOfBranches()->Add(branch);
        branch->SetAddress(&pointer);
      } else
        tree->Branch("Value", &pointer, 128 * 1024, 0);
    }
  }
  void fill(const std::string &path, unsigned bits, const T &what) {
    name = path;
    flags = bits;
    if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>)
      value = what;
    else
      pointer = const_cast<T *>(&what);
    tree->Fill();
  }
};

struct Ranges {
  TTree *tree;
  unsigned run, lumi, history = 0, type;
  ULong64_t begin = 0, end = 0, first, last;

  Ranges(TFile &file) : tree(new TTree("Indices", "Indices")) {
    tree->SetDirectory(&file);
    tree->Branch("Run", &run);
    tree->Branch("Lumi", &lumi);
    tree->Branch("ProcessHistoryIndex", &history);
    tree->Branch("BeginTime", &begin);
    tree->Branch("EndTime", &end);
    tree->Branch("Type", &type);
    tree->Branch("FirstIndex", &first);
    tree->Branch("LastIndex", &last);
  }
  void fill(unsigned r, unsigned l, unsigned t, ULong64_t f, ULong64_t until) {
    run = r, lumi = l, type = t, first = f, last = until;
    tree->Fill();
  }
};
""")


class Writer:
    """A DQMIO file: `put` and `scalar` add MEs, and `end` assigns them to a run and lumisection."""

    def __init__(self, path: Path, compression: int = 101, types: list[str] = TYPES, unversioned: bool = False):
        # Without the time and a random identifier, so that the file is reproducible.
        self.file = ROOT.TFile(f"{path}?reproducible=test", "RECREATE", "1", compression)
        self.ranges = ROOT.Ranges(self.file)
        self.entries = {name: ROOT.Entries[SCALARS.get(name, name[:-1])](name, self.file, unversioned) for name in types}
        self.ended = dict.fromkeys(types, 0)

    def put(self, path: str, value: object, flags: int = 0) -> None:
        self.entries[f"{value.ClassName()}s"].fill(path, flags, value)

    def scalar(self, type_: str, path: str, value: object) -> None:
        self.entries[type_].fill(path, 0, value)

    def end(self, run: int, lumi: int) -> None:
        filled = False
        for name, entries in self.entries.items():
            number = entries.tree.GetEntries()
            if number > self.ended[name]:
                self.ranges.fill(run, lumi, TYPES.index(name), self.ended[name], number - 1)
                self.ended[name] = number
                filled = True
        if not filled:
            self.ranges.fill(run, lumi, 1000, 0, 0)

    def close(self) -> None:
        self.file.mkdir("MetaData")
        self.file.Write()
        self.file.Close()


class Directories(write_root_files.Writer):
    """The same MEs as a legacy file."""

    def put(self, path: str, value: object, flags: int = 0) -> None:
        super().put(path.rpartition("/")[0], value)
        if flags & EFFICIENCY:
            self.scalar("efficiency", path, 1)

    def scalar(self, type_: str, path: str, value: object) -> None:
        folder, _, name = path.rpartition("/")
        super().put(folder, ROOT.TObjString(f"<{name}>{type_[0].lower()}={value}</{name}>"))


def everything(writer: Writer | Directories, lumi: int) -> None:
    for kind in HISTOGRAMS:
        writer.put(f"All/{kind[:3]}/my {kind}", new(kind, f"my {kind}", 100 * (lumi + 1)))
    fitted = new("TH1F", "fitted")
    fitted.Fit("gaus", "Q0")
    fitted.Fit("pol1", "Q0+")
    fitted.GetXaxis().SetBinLabel(1, "first")
    fitted.GetXaxis().SetBinLabel(2, "second")
    writer.put("All/fitted", fitted)
    writer.put("All/efficiency", new("TH1F", "efficiency"), EFFICIENCY)
    writer.put("All/lumi", new("TH1F", "lumi"), LUMI)
    writer.put("All/both", new("TH1D", "both"), EFFICIENCY | LUMI | 1)
    writer.scalar("Ints", "All/integer", -42 + lumi)
    writer.scalar("Ints", "All/large", 1 << 62)
    writer.scalar("Floats", "All/real", 3.14)
    writer.scalar("Floats", "All/infinite", float("inf"))
    writer.scalar("Strings", "All/text", f"of lumisection {lumi} <b>&")
    writer.scalar("Strings", "All/long", "long " * 200)
    writer.scalar("Strings", "All/empty", "")


def types(folder: Path) -> None:
    writer = Writer(folder / "types.root")
    for lumi in [1, 2, 5, 0]:
        everything(writer, lumi)
        writer.end(1, lumi)
    writer.close()
    directories = Directories(folder / "directories.root")
    everything(directories, 0)
    directories.close()


def unversioned(folder: Path) -> None:
    writer = Writer(folder / "unversioned.root", unversioned=True)
    everything(writer, 0)
    writer.end(1, 0)
    writer.close()


def compressed(folder: Path) -> None:
    for name, setting in COMPRESSIONS.items():
        writer = Writer(folder / f"{name}.root", setting)
        everything(writer, 0)
        writer.end(1, 0)
        writer.close()


def runs(folder: Path) -> None:
    """A file of older software, without the trees of the newest types."""
    writer = Writer(folder / "runs.root", types=TYPES[:12])
    for run in [367129, 1, 400_000_000]:
        for lumi in [1, 2, 3, 0]:
            if lumi != 2:
                writer.put("Sub/in all", new("TH1F", "in all", run % 1000 + lumi))
                writer.put(f"Sub/in {run}:{lumi}", new("TH2F", "in one"))
            writer.end(run, lumi)
    writer.close()


def names(folder: Path) -> None:
    writer = Writer(folder / "names.root")
    for name in [*HOSTILE, "BadModuleList", "y" * 100_000]:
        writer.put(f"Sub/histograms/{name}", new("TH1F", "x", 10))
        writer.scalar("Strings", f"Sub/scalars/{name}", name)
    for odd in ["", "/leading", "double//slash", "trailing/", b"Sub/nul\0in it", b"Sub/latin-1 \xe9 letter"]:
        writer.put(odd, new("TH1F", "odd", 10))
    writer.put("Sub/twice", new("TH1F", "first", 10))
    writer.put("Sub/twice", new("TH1F", "second", 20))
    writer.end(1, 0)
    writer.close()


def baskets(folder: Path) -> None:
    """Many baskets in each branch, and objects larger than a basket."""
    writer = Writer(folder / "baskets.root")
    large = ROOT.TH2D("large", "", 1500, 0, 1, 1500, 0, 1)
    for bin in range(0, 1500 * 1500, 997):
        large.SetBinContent(bin, bin)
    for entries in writer.entries.values():
        entries.tree.SetBasketSize("*", 1000)
    for lumi in range(1, 8):
        for number in range(30):
            writer.put(f"Sub/folder/ME {number}", new("TH1F", f"ME {number}", lumi * number))
            writer.scalar("Ints", f"Sub/folder/number {number}", lumi * number)
        writer.put("Sub/large", large)
        writer.end(1, lumi)
    writer.close()


def cycles(folder: Path) -> None:
    """A file whose trees were written twice, before and after the second lumisection."""
    writer = Writer(folder / "cycles.root")
    for lumi in [1, 2]:
        everything(writer, lumi)
        writer.end(1, lumi)
        writer.file.Write()
    writer.close()


def unflushed(folder: Path) -> None:
    """A file of a writer that crashed after saving its trees, with unfull baskets in the records of the trees."""
    if os.fork() == 0:
        writer = Writer(folder / "unflushed.root")
        writer.entries["TH1Fs"].tree.SetBasketSize("Value", 10_000)
        for lumi in [1, 2, 3]:
            everything(writer, lumi)
            writer.end(1, lumi)
        for entries in [writer.ranges, *writer.entries.values()]:
            entries.tree.AutoSave("SaveSelf")
        os._exit(0)
    os.wait()


def unfinished(folder: Path) -> None:
    """A file of a writer that crashed after saving its trees but not the list of them, with more data after them."""
    if os.fork() == 0:
        writer = Writer(folder / "unfinished.root")
        for lumi in [1, 2]:
            everything(writer, lumi)
            writer.end(1, lumi)
        for entries in [writer.ranges, *writer.entries.values()]:
            entries.tree.AutoSave()
        everything(writer, 3)
        writer.entries["TH1Fs"].tree.FlushBaskets()
        writer.file.Flush()
        os._exit(0)
    os.wait()


def far(folder: Path) -> None:
    """Baskets after byte 4.5e9 of a sparse file."""
    writer = Writer(folder / "far.root")
    everything(writer, 1)
    writer.end(1, 1)
    for entries in writer.entries.values():
        entries.tree.FlushBaskets()
    free = writer.file.GetListOfFree().Last()
    free.SetFirst(4_500_000_000)
    free.SetLast(9_000_000_000)
    writer.file.SetEND(4_500_000_000)
    everything(writer, 2)
    writer.end(1, 2)
    writer.close()


def small(folder: Path) -> None:
    """Small files with every feature, the source of the damaged ones."""
    for name, compression in {"small": 0, "small-zlib": 101}.items():
        writer = Writer(folder / f"{name}.root", compression, ["Ints", "Strings", "TH1Fs", "TH2Ss"])
        for lumi in [1, 2, 3]:
            for path in ["Alpha/one", "Alpha/two/deep", "Beta/three"]:
                writer.put(f"{path}/TH1F", new("TH1F", "TH1F", lumi))
                writer.put(f"{path}/TH2S", new("TH2S", "TH2S", lumi))
                writer.scalar("Ints", f"{path}/number", lumi)
                writer.scalar("Strings", f"{path}/text", f"text {lumi}")
            writer.end(1, lumi)
        writer.close()


if __name__ == "__main__":
    target = Path(sys.argv[1])
    for write in [unflushed, unfinished, types, unversioned, compressed, runs, names, baskets, cycles, far, small]:
        write(target)
