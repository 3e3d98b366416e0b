"""Writes protobuf snapshots of ROOT's objects, for the tests of the reader: `python -m tests.formats.write_snapshots FOLDER`.

Every object is also written by its path into a legacy file, the independent way to the same pictures and contents.
"""

from __future__ import annotations

import sys
from pathlib import Path

import ROOT

from app.formats import Kind
from tests.formats.file_contents import HOSTILE
from tests.formats.snapshots import EFFICIENCY, LUMI, Object, serialise
from tests.formats.write_root_files import Writer, new, polygons

ROOT.gInterpreter.Declare("""
std::vector<int> stream_object(const TObject &object) {
  TBufferFile buffer(TBuffer::kWrite);
  buffer.WriteObject(&object);
  auto *bytes = reinterpret_cast<unsigned char *>(buffer.Buffer());
  return {bytes, bytes + buffer.Length()};
}
""")


def stream_object(thing) -> bytes:
    return bytes(ROOT.stream_object(thing))


def histogram(path: str, thing, flags: int = 0) -> Object:
    return Object(path, stream_object(thing), Kind[thing.ClassName().upper()] | flags)


def tag(path: str, text: str, kind: int = Kind.STRING) -> Object:
    name = path.rpartition("/")[2]
    return Object(path, stream_object(ROOT.TObjString(f"<{name}>{text}</{name}>")), kind)


def classes(folder: Path) -> None:
    legacy = Writer(folder / "classes.root")
    objects = []
    for kind in Kind:
        if not kind.scalar:
            thing = polygons("my TH2Poly") if kind is Kind.TH2POLY else new(kind.class_name, f"my {kind.class_name}")
            objects.append(histogram(f"All/{kind.class_name[:3]}/{thing.GetName()}", thing))
            legacy.put(f"All/{kind.class_name[:3]}", thing)
    legacy.close()
    (folder / "classes.pb").write_bytes(serialise(objects))


def marks(folder: Path) -> None:
    peak = new("TH1F", "peak")
    objects = [
        histogram("Marks/efficiency", peak, EFFICIENCY),
        histogram("Marks/of one lumisection", peak, LUMI),
        histogram("Marks/both", peak, EFFICIENCY | LUMI),
        histogram("Marks/neither", peak),
        tag("Marks/integer", "i=-42", Kind.INT),
        tag("Marks/real", "f=3.25", Kind.FLOAT),
        tag("Marks/text", 's=a < b, <b>bold</b> & η\nsecond line "quoted"'),
        tag("Marks/long", "s=" + "long " * 200),
        tag("Marks/empty", "s="),
        tag("Marks/lumi", "i=7", Kind.INT | LUMI),
    ]
    for status in [30, 50, 60, 70, 90, 100, 200, 300]:
        objects += [
            histogram(f"Tests/status {status}", peak),
            tag(f"Tests/status {status}.test", f"qr=st:{status}:0.5:A:a message: with colons"),
        ]
    objects += [histogram("Tests/a.b", peak), histogram("Tests/a", peak)]
    objects += [
        tag("Tests/a.b.test", "qr=st:300:0:X:of a.b"),
        tag("Tests/a.test.2", "qr=st:200:0:X:of a"),
        tag("Tests/nobody.test", "qr=st:300:0:X:"),
    ]
    (folder / "marks.pb").write_bytes(serialise(objects))


def names(folder: Path) -> None:
    peak = new("TH1F", "peak", 10)
    objects = [histogram(f"Names/{name}", peak) for name in HOSTILE]
    objects += [tag(f"Scalars/{name}", f"s={name}") for name in HOSTILE]
    (folder / "names.pb").write_bytes(serialise(objects))


def small(folder: Path) -> None:
    """Small files, the source of the damaged ones."""
    objects = []
    for place in ["Alpha/one", "Alpha/two/deep", "Beta/three"]:
        for kind in ["TH1F", "TH1S", "TH2F", "TProfile"]:
            objects += [
                histogram(f"{place}/{kind} of it", new(kind, f"{kind} of it")),
                tag(f"{place}/{kind} of it.test", "qr=st:300:0:X:message"),
            ]
    objects.append(tag("Beta/three/scalar", "i=42", Kind.INT))
    (folder / "small.pb").write_bytes(serialise(objects))
    (folder / "old.pb").write_bytes(serialise(objects, packed=False))


if __name__ == "__main__":
    ROOT.TH1.AddDirectory(False)
    for write in [classes, marks, names, small]:
        write(Path(sys.argv[1]))
