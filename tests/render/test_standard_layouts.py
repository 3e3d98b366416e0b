"""Histograms of older versions of ROOT are read from files that hold no StreamerInfo, as protobuf snapshots."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import uproot

from app.formats.elements import Kind
from app.formats.listing import Payload
from app.formats.statistics import statistics
from app.formats.streamer_info import NO_LIST
from render.client import Request
from render.errors import RenderRefused
from tests.render.root5_objects import ENTRIES, ERAS, SUMS, streamed
from tests.render.service import Service

KINDS = {"TH1F": (10, 0), "TH1D": (10, 0), "TH2F": (4, 3), "TProfile": (10, 0), "TProfile2D": (4, 3)}
"""Classes, with the numbers of bins of both axes."""


def contents_of(kind: str) -> list[float]:
    bins = KINDS[kind]
    return [float(cell) for cell in range((bins[0] + 2) * (bins[1] + 2 if bins[1] else 1))]


def request_for(era: str, kind: str, output_format: str) -> Request:
    content = streamed(ERAS[era], kind, "old", contents_of(kind), KINDS[kind])
    return Request("Sub/old", f"w=400;h=300;format={output_format}", [(content, 0)], int(Kind[kind.upper()]))


@pytest.fixture(scope="module")
def own(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(program, tmp_path_factory.mktemp("own"), "--workers", "1") as service:
        yield service.wait_until_ready()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("era", ERAS)
def test_histograms_of_older_versions_of_root_are_read_without_streamer_info(own: Service, era: str, kind: str) -> None:
    workers = own.workers
    found = json.loads(own.client.render(request_for(era, kind, "json"), lambda: [NO_LIST]).image)
    assert (found["_typename"], found["fName"], found["fTitle"]) == (kind, "old", "old of old")
    assert (found["fArray"], found["fEntries"]) == (contents_of(kind), ENTRIES)
    assert [found[name] for name in ("fTsumw", "fTsumw2", "fTsumwx", "fTsumwx2")] == list(SUMS)
    assert (found["fXaxis"]["fNbins"], found["fXaxis"]["fTitle"]) == (KINDS[kind][0], "x of old")
    if kind.startswith("TProfile"):
        assert found["fBinEntries"] == [1.0] * len(contents_of(kind))
    with uproot.open(io.BytesIO(own.client.render(request_for(era, kind, "root"), lambda: [NO_LIST]).image)) as file:
        assert file["old"].member("fEntries") == ENTRIES
    for output_format in ("png", "svg", "pdf"):
        assert own.client.render(request_for(era, kind, output_format), lambda: [NO_LIST]).code == 0, own.log
    assert own.workers == workers


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("era", ERAS)
def test_statistics_of_older_versions_of_root_are_those_of_their_sums(era: str, kind: str) -> None:
    found = statistics(Payload(0, streamed(ERAS[era], kind, "old", contents_of(kind), KINDS[kind]), 0))
    assert found["Entries"] == ENTRIES
    mean = {"TH2F": "Mean x", "TProfile2D": "Mean"}.get(kind, "Mean")
    assert found[mean] == pytest.approx({"TProfile": 90 / 45, "TProfile2D": 90 / 45}.get(kind, SUMS[2] / SUMS[0]))


def test_the_standard_layouts_count_only_for_files_without_streamer_info(own: Service) -> None:
    assert own.client.render(replace(request_for("5.34", "TH1F", "json"), spec="w=400;h=300"), lambda: [NO_LIST]).code == 0
    assert own.client.render(request_for("5.34", "TH1F", "png")).code == 1, "the file may describe its classes otherwise"


@pytest.mark.parametrize(("at", "version", "of"), [(18 + 4, 4, "TH1F"), (18 + 6 + 4, 4, "TH1")])
def test_a_class_version_that_nothing_describes_is_named_and_not_called_damaged(own: Service, at: int, version: int, of: str) -> None:
    request = request_for("5.34", "TH1F", "json")
    raw = bytearray(request.objects[0][0])
    assert raw[8:13] == b"TH1F\0"
    place = 13 + at - 18
    raw[place : place + 2] = version.to_bytes(2, "big")
    for output_format in ("json", "root"):
        unreadable = replace(request, objects=[(bytes(raw), 0)], spec=f"w=400;h=300;format={output_format}")
        with pytest.raises(RenderRefused, match=f"it has version {version} of the class {of}, which its file does not describe") as refused:
            own.client.render(unreadable, lambda: [NO_LIST])
        assert refused.value.code == 13
    picture = own.client.render(replace(request, objects=[(bytes(raw), 0)], spec="w=400;h=300;format=svg"), lambda: [NO_LIST]).image
    assert b"does not describe" in picture
    assert b"damaged" not in picture


@pytest.mark.parametrize("kind", ["TProfile", "TProfile2D"])
@pytest.mark.parametrize("output_format", ["png", "svg", "pdf", "json", "root"])
def test_a_profile_without_the_entries_of_its_bins_is_damage_without_losing_the_worker(own: Service, kind: str, output_format: str) -> None:
    workers = own.workers
    content = streamed(ERAS["6.08"], kind, "old", contents_of(kind), KINDS[kind], entries=[1.0])
    request = replace(request_for("6.08", kind, output_format), objects=[(content, 0)])
    if output_format in ("json", "root"):
        with pytest.raises(RenderRefused, match="damaged"):
            own.client.render(request, lambda: [NO_LIST])
    else:
        assert own.client.render(request, lambda: [NO_LIST]).code == 2
    assert own.workers == workers


def test_an_axis_of_a_version_that_nothing_describes_is_named(own: Service) -> None:
    request = request_for("5.34", "TH1F", "json")
    raw = bytearray(request.objects[0][0])
    place = raw.index(b"\x05xaxis") - 10 - 6 - 2  # before its name: a TObject, the head of TNamed, and its own version
    assert raw[place : place + 2] == b"\0\x09"
    raw[place : place + 2] = b"\0\x08"
    with pytest.raises(RenderRefused, match="it has version 8 of the class TAxis, which its file does not describe"):
        own.client.render(replace(request, objects=[(bytes(raw), 0)]), lambda: [NO_LIST])
