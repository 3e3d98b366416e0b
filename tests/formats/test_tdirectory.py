from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import uproot

from app.formats import FormatError, Kind, MEListing, MERow, QTest, payload, scan
from app.formats.elements import MAX_OBJECT
from tests.formats.file_contents import COMPRESSIONS, HOSTILE
from tests.formats.uproot_reader import histograms
from tests.support.patience import PATIENCE_S

STATUSES = [30, 50, 60, 70, 90, 100, 200, 300]
EFFICIENCY_BIT = 0x00200000


def rows(listing: MEListing) -> dict[str, MERow]:
    return {listing.names[index].decode(): listing.columns.row(index) for index in range(len(listing.names))}


def only(path: Path, run: int = 1) -> MEListing:
    return scan(path).samples[run, 0]


def scalars(listing: MEListing) -> dict[str, tuple[Kind, str]]:
    texts = listing.facts.scalars.items()
    return {listing.names[index].decode(): (Kind(listing.columns.kind[index]), text) for index, text in texts}


def qtests(listing: MEListing) -> dict[str, list[QTest]]:
    return {listing.names[index].decode(): tests for index, tests in listing.facts.qtests.items()}


def content(data: bytes) -> bytes:
    """The object in a frame, after its size, a mark and its class."""
    (count,) = struct.unpack_from(">I", data)
    assert count == 0x40000000 | len(data) - 4
    assert data[4:8] == b"\xff\xff\xff\xff"
    return data[data.index(b"\0", 8) + 1 :]


@pytest.mark.parametrize("name", ["classes", *COMPRESSIONS, "cycles", "runs", "tags", "far", "small"])
def test_names_places_and_bytes_equal_those_found_by_uproot(root_files: Path, name: str) -> None:
    path = root_files / f"{name}.root"
    for (run, _), listing in scan(path).samples.items():
        expected = {me: found for me, found in histograms(path, run).items() if "BadModuleList" not in me}
        found = {me: row for me, row in rows(listing).items() if not Kind(row.kind).scalar}
        assert found.keys() == expected.keys()
        for me, row in found.items():
            assert (Kind(row.kind).class_name, *row[:4]) == expected[me][:5]
            assert content(payload(path, "tdirectory", row).data) == expected[me].content


def test_root_decodes_every_class_with_the_bins_read_by_uproot(root_files: Path, tmp_path: Path) -> None:
    path = root_files / "classes.root"
    requests = []
    listed = rows(only(path))
    for number, row in enumerate(listed.values()):
        (tmp_path / str(number)).write_bytes((framed := payload(path, "tdirectory", row)).data)
        requests.append(json.dumps([str(tmp_path / str(number)), framed.displacement]))
    reader = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("read_frames.py"))]
    done = subprocess.run(reader, input="\n".join(requests), capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    assert {Kind(row.kind).class_name for row in listed.values()} == {kind.class_name for kind in Kind if not kind.scalar}
    with uproot.open(path) as file:
        for (me, row), line in zip(listed.items(), done.stdout.splitlines(), strict=True):
            decoded = json.loads(line)
            subsystem, rest = me.split("/", 1)
            assert (decoded["class"], decoded["name"]) == (Kind(row.kind).class_name, me.rpartition("/")[2])
            if row.kind != Kind.TH2POLY:  # which uproot does not know
                values = file[f"DQMData/Run 1/{subsystem}/Run summary/{rest}"].values(flow=True)
                assert decoded["bins"] == pytest.approx(list(values.flatten(order="F")))
                assert sum(decoded["bins"]) > 0


def test_other_objects_are_neither_listed_nor_counted(root_files: Path) -> None:
    result = scan(root_files / "classes.root")
    names = rows(result.samples[1, 0])
    assert result.unreadable == 0
    assert not [me for me in names if any(word in me for word in ("no ME", "not in", "dropped", "CMSSW"))]


def test_highest_cycle_counts_and_deleted_objects_are_not_listed(root_files: Path) -> None:
    listing = only(root_files / "cycles.root")
    assert list(rows(listing)) == ["Sub/folder/first a TH1F", "Sub/folder/thrice", "Sub/folder/value"]
    assert rows(listing)["Sub/folder/first a TH1F"].kind == Kind.TH2F
    assert scalars(listing) == {"Sub/folder/value": (Kind.INT, "2")}


def test_each_run_of_a_file_is_a_sample_of_its_own(root_files: Path) -> None:
    samples = scan(root_files / "runs.root").samples
    assert {key: list(rows(listing)) for key, listing in samples.items()} == {
        (run, 0): [f"Sub/in {run}", "Sub/in all"] for run in (1, 367129, 367130)
    }


def test_objects_after_4_gb_are_found_and_fetched(root_files: Path) -> None:
    path = root_files / "far.root"
    result = scan(path)
    listing = result.samples[1, 0]
    assert result.unreadable == 0
    assert list(rows(listing)) == ["Far/away/far", "Near/far too", "Near/near"]
    assert rows(listing)["Far/away/far"].seek > 1 << 32
    assert qtests(listing) == {"Far/away/far": [QTest("test", 200, "1", "X", "far")]}


@pytest.fixture
def odd_names(root_files: Path, tmp_path: Path) -> Path:
    """The file of names with two names that ROOT does not write from Python."""
    data = (root_files / "names.root").read_bytes()
    path = tmp_path / "names.root"
    path.write_bytes(data.replace(b"nul@here", b"nul\0here").replace(b"latin-1 @ letter", b"latin-1 \xe9 letter"))
    return path


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_of_an_me_folder_or_scalar_is_listed_unchanged(root_files: Path, name: str) -> None:
    listing = only(root_files / "names.root")
    stored = name.rstrip() if name != name.rstrip() else name  # ROOT itself drops blanks at the end
    assert f"Sub/histograms/{stored}" in rows(listing)
    assert f"Sub/{name}/in a folder" in rows(listing)
    assert scalars(listing)[f"Sub/scalars/{name}"] == (Kind.STRING, name)


def test_names_are_converted_to_utf8_and_unusable_ones_are_counted(odd_names: Path) -> None:
    result = scan(odd_names)
    odd = [me for me in rows(result.samples[1, 0]) if me.startswith("Sub/odd/")]
    assert odd == ["Sub/odd/down/below", "Sub/odd/latin-1 é letter"]
    assert result.unreadable == 2  # a NUL, and a slash with nothing before it


def test_scalars_keep_their_text_up_to_the_closing_tag(root_files: Path) -> None:
    found = scalars(only(root_files / "tags.root"))
    assert found == {
        "Tags/integer": (Kind.INT, "-42"),
        "Tags/real": (Kind.FLOAT, "3.1400000000000001"),
        "Tags/text": (Kind.STRING, "plain"),
        "Tags/empty": (Kind.STRING, ""),
        "Tags/markup": (Kind.STRING, 'a < b, <b>bold</b> & </text> "quoted"\nsecond line'),
        "Tags/long": (Kind.STRING, "long " * 200),
        "Tags/equal=sign": (Kind.INT, "7"),
        "Tags/ME.with.dots": (Kind.INT, "1"),
    }


def test_efficiency_is_marked_in_row_and_payload(root_files: Path) -> None:
    path = root_files / "tags.root"
    found = rows(only(path))
    assert [me for me, row in found.items() if row.flags] == ["Tags/efficiency"]
    assert payload(path, "tdirectory", found["Tags/efficiency"]).flags == Kind.TH1F | EFFICIENCY_BIT
    assert payload(path, "tdirectory", found["Tags/no efficiency"]).flags == Kind.TH1F


def test_quality_tests_of_every_status_may_have_colons_in_the_message(root_files: Path) -> None:
    listing = only(root_files / "tags.root")
    for status in STATUSES:
        me = f"Tests/status {status}"
        test = QTest("test", status, "0.5", "Algorithm", "a message: with colons <and> more")
        assert qtests(listing)[me] == [test]
        assert listing.columns.status[listing.names.find(me.encode()) or 0] == status


def test_quality_test_belongs_to_the_longest_matching_me_and_the_last_report_counts(root_files: Path) -> None:
    listing = only(root_files / "tags.root")
    found = qtests(listing)
    assert found["Tests/a.b"] == [QTest("test", 300, "0", "X", "of a.b")]
    assert found["Tests/a"] == [
        QTest("test.2", 200, "0", "X", "of a"),
        QTest("test", 100, "1", "X", ""),
        QTest("again", 50, "1", "X", "written last"),
    ]
    assert found["Tags/real"] == [QTest("close to pi", 100, "1", "ContentsWithinExpected", "")]
    assert listing.columns.status[listing.names.find(b"Tests/a") or 0] == 200


def test_other_strings_are_counted_and_lose_only_themselves(root_files: Path) -> None:
    result = scan(root_files / "tags.root")
    # Two texts that are not tags, a test without an ME, a malformed test, and a scalar with the name of a histogram.
    assert result.unreadable == result.samples[1, 0].unreadable == 5
    assert rows(result.samples[1, 0])["Tags/both"].kind == Kind.TH1F


def test_file_of_a_crashed_writer_lists_all_written_objects(root_files: Path) -> None:
    path = root_files / "unfinished.root"
    result = scan(path)
    found = rows(result.samples[1, 0])
    assert found.keys() == {f"Sub/folder {number % 3}/ME {number}" for number in range(20)}
    assert result.unreadable > 0
    for row in found.values():
        assert len(content(payload(path, "tdirectory", row).data)) == row.objlen


@pytest.mark.parametrize(("run", "mes"), [(367094, 3), (367129, 4)])
def test_real_files_equal_those_read_by_uproot(fixtures_dir: Path, run: int, mes: int) -> None:
    path = fixtures_dir / "dqmfiles" / f"DQM_V0001_R{run:09}__ZeroBias__Run2023C-PromptReco-v1__DQMIO.root"
    listing = only(path, run)
    assert len(listing.names) == mes
    assert scalars(listing)["Info/EventInfo/iRun"] == (Kind.INT, str(run))
    for me, found in histograms(path, run).items():
        row = rows(listing)[me]
        assert (Kind(row.kind).class_name, *row[:4]) == found[:5]
        assert content(payload(path, "tdirectory", row).data) == found.content


def test_replaced_file_gives_an_error_and_not_another_plot(root_files: Path, tmp_path: Path) -> None:
    path = shutil.copy(root_files / "classes.root", tmp_path / "file.root")
    listed = rows(only(path))
    shutil.copy(root_files / "tags.root", path)
    for row in listed.values():
        with pytest.raises(FormatError, match="not the listed object"):
            payload(path, "tdirectory", row)


def test_scalar_has_no_payload(root_files: Path) -> None:
    with pytest.raises(ValueError, match="has no histogram"):
        payload(root_files / "tags.root", "tdirectory", rows(only(root_files / "tags.root"))["Tags/integer"])


def test_object_too_large_for_the_renderer_is_refused_before_reading(root_files: Path) -> None:
    path = root_files / "classes.root"
    row = rows(only(path))["All/TH1/my TH1F"]
    with pytest.raises(FormatError, match=f"at most {MAX_OBJECT}"):
        payload(path, "tdirectory", row._replace(objlen=MAX_OBJECT + 1))


def test_other_files_are_refused_with_the_found_and_the_expected_content(tmp_path: Path, root_files: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("#!/bin/sh\n" * 100)
    os.mkfifo(tmp_path / "pipe")
    with uproot.recreate(tmp_path / "other.root") as file:
        file["tree"] = {"x": [1, 2, 3]}
    for name, problem in {
        "empty": "starts with b'' and has 0 bytes; expected a ROOT file",
        "text": "starts with b'#!/b' and has 1000 bytes; expected a ROOT file",
        "pipe": "is not a regular file",
        "other.root": "has no directory DQMData; expected a DQM file",
    }.items():
        with pytest.raises(FormatError) as caught:
            scan(tmp_path / name)
        assert str(caught.value).startswith(f"{tmp_path / name}: {problem}")
    with pytest.raises(FileNotFoundError):
        scan(tmp_path / "absent")
