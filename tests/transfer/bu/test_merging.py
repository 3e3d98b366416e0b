"""Merges of files that ROOT wrote, by the real hadd and root, read by uproot."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot

from app.core.settings import TREE
from app.formats import scan
from services.transfer.bu.merging import MergeFailed, MergeStopped, MergeTimedOut, merge_files
from services.transfer.options import BuOptions
from tests.support.patience import PATIENCE_S
from tests.support.processes import until
from tests.support.small_disk import small_disk
from tests.support.uproot_mes import read_mes
from tests.transfer.bu.arrivals import script
from tests.transfer.bu.client_files import CLIENTS, FULL, HADD, ODD, ROOT, RUN, SHARED, own_folder

OPTIONS = BuOptions(hadd=HADD, root=ROOT, merge_limit_s=20 * PATIENCE_S)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "a folder 'with' #?*.root"
    folder.mkdir()
    return folder


def array_of(model: Any) -> Any:
    """The array of a histogram, which is a base of its class or of one of those."""
    for base in model.bases:
        if base.classname.startswith("TArray"):
            return base
        if (found := array_of(base)) is not None:
            return found
    return None


def numbers(histogram: Any) -> dict[str, list[float]]:
    """What a histogram keeps of each bin, as uproot reads it."""
    found = {"content": np.asarray(array_of(histogram), dtype=float)}
    if len(histogram.member("fSumw2")):
        found["squares"] = np.asarray(histogram.member("fSumw2"))
    if histogram.classname.startswith("TProfile"):
        found["entries"] = np.asarray(histogram.member("fBinEntries"))
    return {name: list(values) for name, values in found.items()}


@pytest.mark.slow
def test_a_merged_file_has_the_sum_of_each_histogram_and_the_newest_of_all_else(client_files: Path, work: Path) -> None:
    made = merge_files([client_files / f"{client}.root" for client in CLIENTS], work, OPTIONS, threading.Event())
    assert made.path
    assert made.size == made.path.stat().st_size
    assert not made.left_out
    expected = json.loads((client_files / "sums.json").read_text())
    with uproot.open(made.path) as file:
        keys = [key.partition(";")[0] for key in file.keys(recursive=True, cycle=True, filter_classname="TH*|TProfile*") if ODD not in key]
        assert len(keys) == len(set(keys))
        assert made.histograms == len(expected) + 4
        for place, sums in expected.items():
            folder, _, name = place.rpartition("/")
            found = numbers(file[folder].key(f"{name};1").get())
            for kind, values in sums.items():
                np.testing.assert_allclose(found[kind], values, rtol=1e-6, err_msg=f"{place} {kind}")
        full, odd, labelled = (file[SHARED][name] for name in ("full", "not a number", "labelled"))
        assert list(full.values()) == [32767, len(CLIENTS), 2 * len(CLIENTS)]
        assert math.isnan(odd.values()[0])
        assert list(odd.values()[1:]) == [math.inf, len(CLIENTS)]
        assert file[SHARED]["buffered"].member("fBuffer")[0] == 20 * len(CLIENTS)  # the number of entries in it
        labels = labelled.member("fXaxis").member("fLabels")
        sums = {str(label): labelled.values()[label.member("@fUniqueID") - 1] for label in labels}
        assert sums == {"A": 2.0, "B": 6.0, "C": 7.0, "D": 3.0}
    assert (made.saturated, made.saturated_names, FULL) == (1, [f"{SHARED}/full"], 20000)
    mes = {me.path: me for me in read_mes(made.path)}
    assert {name.decode() for name in scan(made.path).samples[RUN, 0].names} == mes.keys() - {
        "Shared/All/TH1C"
    }  # a class that hubs do not read
    (test,) = mes["Shared/All/TH1F"].tests
    assert (test.name, test.status, test.message) == ("Limits", 300, "of * and ; 2")
    marks = ["<Events>i=2</Events>", "<Rate>i=7</Rate>", "<TH1F>e=1</TH1F>", f"<{ODD}>s=the same</{ODD}>"]
    with uproot.open(made.path) as file:
        found_marks = [key.rpartition(";")[0] for key in file[SHARED].keys(filter_classname="TObjString")]
    assert sorted(mark for mark in found_marks if ">qr=" not in mark) == sorted(marks)
    assert made.resolved == (len(CLIENTS) - 1) * (len(marks) + 1)


@pytest.mark.slow
def test_files_that_cannot_be_read_are_named_and_the_others_merged(client_files: Path, work: Path) -> None:
    names = ["SiStrip", "cut", "not root", "damaged", "CTPPS"]
    made = merge_files([client_files / f"{name}.root" for name in names], work, OPTIONS, threading.Event())
    assert [path.stem for path in made.included] == ["SiStrip", "CTPPS"]
    assert {path.stem: reason for path, reason in made.losses().items()} == {
        "cut": "it was not written to its end",
        "not root": "ROOT cannot open it: TFile::Init: not root.root not a ROOT file",
        "damaged": f"{own_folder('Damaged')}/damaged cannot be read",
    }
    assert made.path
    with uproot.open(made.path) as file:
        one, two = (uproot.open(path)[SHARED]["TH1F"].values(flow=True) for path in made.included)
        np.testing.assert_array_equal(file[SHARED]["TH1F"].values(flow=True), one + two)
        assert "Damaged" not in file["DQMData"].keys(recursive=False, cycle=False)


@pytest.mark.slow
def test_of_a_file_with_an_object_that_cannot_be_added_all_others_are_merged(client_files: Path, work: Path) -> None:
    others = ["other class", "other axes", "other folder"]
    inputs = [client_files / f"{name}.root" for name in ("SiStrip", "CTPPS", *others)]
    before = [path.read_bytes() for path in inputs]
    made = merge_files(inputs, work, OPTIONS, threading.Event())
    assert (made.included, made.left_out) == (inputs, {})
    assert {path.stem: reason for path, reason in made.losses().items()} == {
        "other class": f"in part: {SHARED}/TH1F has another class in other files",
        "other axes": f"in part: {SHARED}/TH1F cannot be added to that of other files: contents are no sums",
        "other folder": f"in part: {SHARED}/TH1F has another class in other files",
    }
    assert [path.read_bytes() for path in inputs] == before
    assert made.path
    with uproot.open(made.path) as file:
        one, two = (uproot.open(path)[SHARED]["TH1F"].values(flow=True) for path in inputs[:2])
        np.testing.assert_array_equal(file[SHARED]["TH1F"].values(flow=True), one + two)
        assert [list(file[own_folder(name)]["own"].values()) for name in others] == [[len(name)] for name in others]
        marks = {key.rpartition(";")[0] for key in file[SHARED].keys(filter_classname="TObjString")}
    assert {mark for mark in marks if mark.startswith("<TH1F")} == {
        "<TH1F>e=1</TH1F>",
        "<TH1F.Limits>qr=st:200:0.5:Limits:of * and ; 1</TH1F.Limits>",  # of CTPPS
        "<TH1F2>i=5</TH1F2>",
    }


def failing(tmp_path: Path, hadd: str, root: str = "exit 0") -> BuOptions:
    return BuOptions(hadd=script(tmp_path / "hadd", hadd), root=script(tmp_path / "root", root), merge_limit_s=PATIENCE_S)


@pytest.mark.parametrize(
    ("hadd", "words"),
    [
        ("echo 'SysError in <TFile::WriteBuffer>: error writing (No space left on device)'; exit 1", "hadd: No space left on device"),
        ("echo libCore.so: cannot open shared object file; exit 127", "hadd ended with 127: libCore.so"),
        ("kill -9 $$", "hadd ended with -9"),
        ("exit 0", "root ended with 0"),
    ],
)
def test_no_input_is_blamed_when_the_disk_is_full_or_root_cannot_run(
    client_files: Path, work: Path, tmp_path: Path, hadd: str, words: str
) -> None:
    with pytest.raises(MergeFailed, match=words):
        merge_files([client_files / "BRIL.root"], work, failing(tmp_path, hadd), threading.Event())


def test_the_error_of_a_compiler_is_named_and_not_the_marks_below_it(client_files: Path, work: Path, tmp_path: Path) -> None:
    said = "echo \"merge_check.C:8:10: fatal error: 'merge_sums.h' file not found\"; echo '         ^~~~~'; exit 1"
    with pytest.raises(MergeFailed, match=r"root ended with 1: merge_check\.C:8:10: fatal error"):
        merge_files([client_files / "BRIL.root"], work, failing(tmp_path, "exit 0", said), threading.Event())


def test_no_input_is_blamed_when_the_disk_gets_full_and_no_program_says_so(client_files: Path, tmp_path: Path) -> None:
    inputs = [client_files / f"{client}.root" for client in CLIENTS]
    with small_disk(tmp_path / "disk"):
        fill = f"head -c 100000000 /dev/zero > {tmp_path}/disk/other 2> /dev/null"
        for hadd, root in ((f"{fill}; exit 1", "exit 0"), ("touch merged.root.tmp", f"{fill}; : > answer.txt; exit 1")):
            (tmp_path / "disk" / "work").mkdir()
            with pytest.raises(MergeFailed, match=r"the disk is full: 0\.07 MB must be free"):
                merge_files(inputs, tmp_path / "disk" / "work", failing(tmp_path, hadd, root), threading.Event())
            shutil.rmtree(tmp_path / "disk" / "work")
            (tmp_path / "disk" / "other").unlink()


def test_a_merge_does_not_begin_without_space_for_all_inputs(client_files: Path, work: Path, tmp_path: Path) -> None:
    large = tmp_path / "large.root"
    with large.open("wb") as file:
        file.truncate(shutil.disk_usage(tmp_path).total)  # a hole, which needs no space
    with pytest.raises(MergeFailed, match="the disk is full"):
        merge_files([large], work, failing(tmp_path, "exit 1"), threading.Event())


def test_an_absent_program_is_named(client_files: Path, work: Path) -> None:
    with pytest.raises(MergeFailed, match="/no/hadd: No such file"):
        merge_files([client_files / "BRIL.root"], work, BuOptions(hadd="/no/hadd"), threading.Event())


def running_in(folder: Path) -> list[str]:
    """The processes with this working folder."""
    found = []
    for pid in os.listdir("/proc"):
        with suppress(OSError):
            if os.readlink(f"/proc/{pid}/cwd") == str(folder):
                found.append(pid)
    return found


def test_a_merge_ends_with_the_service_and_leaves_no_process(client_files: Path, work: Path, tmp_path: Path) -> None:
    stop = threading.Event()
    started = tmp_path / "started"
    options = failing(tmp_path, f"touch {started}; sleep 1000000")

    def stop_when_started() -> None:
        until(started.exists, "hadd")
        stop.set()

    stopper = threading.Thread(target=stop_when_started)
    stopper.start()
    with pytest.raises(MergeStopped):
        merge_files([client_files / "BRIL.root"], work, options, stop)
    stopper.join()
    until(lambda: not running_in(work), "the end of hadd and its children")


def test_an_input_that_is_replaced_meanwhile_is_merged_again_and_not_blamed(client_files: Path, work: Path, tmp_path: Path) -> None:
    source = tmp_path / "client.root"
    source.write_bytes((client_files / "BRIL.root").read_bytes())
    options = failing(tmp_path, f"cp {source} {source}.new; mv {source}.new {source}; exit 1")
    with pytest.raises(MergeFailed, match="inputs were replaced while they were merged"):
        merge_files([source], work, options, threading.Event())


def test_a_file_at_which_hadd_alone_fails_is_found(client_files: Path, work: Path, tmp_path: Path) -> None:
    """As one at which it crashes, though ROOT can read it."""
    crash = f'for file in *.root; do cmp -s "$file" {client_files}/CTPPS.root && case "$*" in *"$file"*) kill -SEGV $$;; esac; done'
    options = failing(tmp_path, f"{crash}\ntouch merged.root.tmp; exit 0", """echo '{"end": true}' > answer.txt""")
    made = merge_files([client_files / f"{client}.root" for client in CLIENTS], work, options, threading.Event())
    assert [path.stem for path in made.included] == ["SiStrip", "BRIL"]
    assert [(path.stem, reason) for path, reason in made.left_out.items()] == [("CTPPS", "hadd ended with -11: ")]


def test_an_input_at_which_root_crashes_is_left_out(client_files: Path, work: Path, tmp_path: Path) -> None:
    crash = f"""echo '{{"begins": 1}}' > answer.txt; cmp -s 1.root {client_files}/CTPPS.root && kill -SEGV $$"""
    options = failing(tmp_path, "touch merged.root.tmp", f"""{crash}\necho '{{"input": 1, "problem": ""}}\n{{"end": true}}' > answer.txt""")
    made = merge_files([client_files / f"{client}.root" for client in CLIENTS], work, options, threading.Event())
    assert [path.stem for path in made.included] == ["SiStrip", "BRIL"]
    assert list(made.left_out.values()) == ["ROOT crashed when it read the file"]


def test_a_file_is_left_out_as_a_whole_when_it_never_fits(client_files: Path, work: Path, tmp_path: Path) -> None:
    suspect = """echo '{"suspect": 1, "reason": "TH1F does not fit"}\n{"end": true}' > answer.txt"""
    root = f"""case "$*" in *"merge_check.C(2,"*) {suspect};; *) echo '{{"end": true}}' > answer.txt;; esac"""
    inputs = [client_files / f"{client}.root" for client in CLIENTS[:2]]
    made = merge_files(inputs, work, failing(tmp_path, "touch merged.root.tmp", root), threading.Event())
    assert (made.included, made.losses()) == (inputs[:1], {inputs[1]: "TH1F does not fit"})


def test_an_input_that_needs_more_memory_than_there_is_is_left_out(client_files: Path, work: Path, tmp_path: Path) -> None:
    """A damaged length makes ROOT ask for it; without blame the other files were never merged."""
    hadd = f"cmp -s 1.root {client_files}/CTPPS.root && echo std::bad_alloc && exit 1; touch merged.root.tmp"
    root = f"""cmp -s 1.root {client_files}/CTPPS.root && echo '{{"input": 1, "problem": "no memory"}}' > answer.txt"""
    options = failing(tmp_path, hadd, f"""{root} || : > answer.txt\necho '{{"end": true}}' >> answer.txt""")
    made = merge_files([client_files / f"{client}.root" for client in CLIENTS], work, options, threading.Event())
    assert [path.stem for path in made.included] == ["SiStrip", "BRIL"]


@pytest.mark.parametrize(("hadd", "root"), [("sleep 1000000", "exit 1"), (": > merged.root.tmp", "sleep 1000000")])
def test_a_program_gets_all_the_time_that_is_left_and_no_input_is_blamed_when_that_is_over(
    client_files: Path, work: Path, tmp_path: Path, hadd: str, root: str
) -> None:
    calls = tmp_path / "calls"
    calls.touch()
    options = replace(failing(tmp_path, f"echo hadd >> {calls}; {hadd}", f"echo root >> {calls}; {root}"), merge_limit_s=1.5)
    began = time.monotonic()
    with pytest.raises(MergeTimedOut, match=r"^it was not complete after 1\.5 s \(bu\.merge_limit_s\)$"):
        merge_files([client_files / "BRIL.root"], work, options, threading.Event())
    assert time.monotonic() - began >= options.merge_limit_s
    assert calls.read_text().split() in ([], ["hadd"], ["hadd", "root"])  # nothing was read once more for a suspicion
    until(lambda: not running_in(work), "the end of hadd and its children")


def test_after_a_time_out_inputs_are_read_alone_and_one_at_which_root_hangs_is_left_out(
    client_files: Path, work: Path, tmp_path: Path
) -> None:
    hang = f"cmp -s 0.root {client_files}/CTPPS.root && exec sleep 1000000"
    root = f"""{hang}; echo '{{"end": true}}' > answer.txt"""
    options = replace(failing(tmp_path, "touch merged.root.tmp", root), merge_limit_s=40.0)
    inputs = [client_files / f"{client}.root" for client in ("SiStrip", "BRIL", "CTPPS")]
    made = merge_files(inputs, work, options, threading.Event(), after_time_out=True)
    assert [path.stem for path in made.included] == ["SiStrip", "BRIL"]
    ((path, reason),) = made.left_out.items()
    assert path.stem == "CTPPS"
    limit = re.fullmatch(r"ROOT did not end within (\d+(?:\.\d+)?) s when it read this file alone", reason)
    assert limit
    assert 5 <= float(limit[1]) <= 20, "at most half of what remains, and at least an eighth of all"


MERGE = """
import sys, threading
from pathlib import Path
from services.transfer.bu.merging import merge_files
from services.transfer.options import BuOptions
merge_files([Path(sys.argv[1])], Path(sys.argv[2]), BuOptions(hadd=sys.argv[3]), threading.Event())
"""


def test_hadd_ends_with_the_service_that_is_killed(client_files: Path, work: Path, tmp_path: Path) -> None:
    started = tmp_path / "started"
    hadd = script(tmp_path / "hadd", f"touch {started}; sleep 1000000")
    command = [sys.executable, "-c", MERGE, str(client_files / "BRIL.root"), str(work), hadd]
    with subprocess.Popen(command, cwd=TREE) as service:
        until(started.exists, "hadd")
        service.kill()
    until(lambda: not running_in(work), "the end of hadd and its children")
