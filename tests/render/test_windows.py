"""What was filled between two snapshots of an object: ROOT's own histogram of the entries in between is the right answer."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.formats import Payload
from app.trends.difference import difference
from app.trends.metrics.metric import NoPoint
from app.trends.reading import read_histogram
from render.client import NOT_SUBTRACTED, RenderResponse, Request
from render.errors import RenderRefused
from tests.render.pictures import read
from tests.render.service import Service
from tests.render.test_protocol import exchange, item, message
from tests.support.patience import PATIENCE_S
from tests.support.shared import shared_folder

KINDS = [*(f"TH{size}{letter}" for size in (1, 2, 3) for letter in "SIFD"), "TH1C", "TH2C", "TProfile", "TProfile2D", "TH2Poly"]
ODD = ["weighted", "weighted profile", "uneven", "unchanged", "from nothing", "part", "fitted", "labelled", "buffered"]
SPEC = "w=400;h=300"

RESET = "was reset, or its client was restarted"
SHRUNK = f"a bin has less than before: it {RESET}, or its contents were scaled"
SET = "its contents do not add up to what was filled: they are set instead, or rounded"
FULL = "a bin holds so much that it no longer counts each entry"
REFUSED = {
    "reset": f"it has fewer entries than before: it {RESET}",
    "fewer in a bin": SHRUNK,
    "weighted, restarted": SHRUNK,
    "map, weighted without sums, restarted": SHRUNK,
    "profile, restarted": SHRUNK,
    "weighted profile, restarted": SHRUNK,
    "polygons, restarted": SHRUNK,
    "one entry, restarted": SHRUNK,
    "normalised": SHRUNK,
    "scaled profile": SHRUNK,
    "axes": "its axes have changed",
    "bins": "its axes have changed",
    "polygons": "its axes have changed",
    "class": "its class has changed: it was a TH1D and is a TH1F",
    "graph": "its class has changed",
    "labels": "the labels of its bins have changed",
    "efficiency": "it is an average such as an efficiency, and the difference of two is none",
    "spread": "the errors of this profile are not those of the mean, so that a difference has none",
    "map of spreads": "the errors of this profile are not those of the mean, so that a difference has none",
    "ratio": SET,
    "state": SET,
    "harvested": SET,
    "state set to the same": SET,
    "filled, then set": SET,
    "rounded": SET,
    "full": FULL,
    "heavy": FULL,
    "limits of a profile": "its axes have changed",
    "entries without number": "the number of its entries is not finite",
    "infinite": "a bin has a content that is not finite",
    "text": "it is a text",
}

IN_DOUBT = ("polygons, restarted", "scaled profile")
"""What trends do not check: they read no TH2Poly, and take a profile whatever became of its values."""

Window = Callable[..., RenderResponse]


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def write(folder: Path) -> None:
        script = Path(__file__).with_name("make_windows.py")
        subprocess.run([sys.executable, "-W", "ignore", str(script), str(folder)], check=True, timeout=PATIENCE_S)

    return shared_folder(tmp_path_factory, "windows", write)


@pytest.fixture
def window(service: Service, snapshots: Path) -> Window:
    """Draws what was filled between the snapshots of a name."""

    def draw(name: str, spec: str = SPEC, **more: Any) -> RenderResponse:
        late, early = ((snapshots / f"{name}.{moment}.obj").read_bytes() for moment in ("late", "early"))
        return service.client.render(Request(name=f"Test/{name}", spec=spec, objects=[(late, 0)], earlier=[(early, 0)], **more))

    return draw


@pytest.fixture
def plain(service: Service, snapshots: Path) -> Window:
    """Draws the histogram that has had only the entries in between."""

    def draw(name: str, spec: str = SPEC) -> RenderResponse:
        raw = (snapshots / f"{name}.between.obj").read_bytes()
        return service.client.render(Request(name=f"Test/{name}", spec=spec, objects=[(raw, 0)]))

    return draw


def assert_same(found: Any, right: Any, where: str = "") -> None:
    """Whether two documents differ by no more than rounding."""
    if isinstance(right, dict):
        assert found.keys() == right.keys(), where
        for key in right:
            assert_same(found[key], right[key], f"{where}.{key}")
    elif isinstance(right, list):
        assert len(found) == len(right), where
        for index, each in enumerate(right):
            assert_same(found[index], each, f"{where}[{index}]")
    else:
        assert found == (pytest.approx(right, rel=1e-9, abs=1e-9) if isinstance(right, float) else right), where


@pytest.mark.parametrize("name", [*KINDS, *ODD])
def test_a_window_has_contents_errors_and_statistics_of_the_entries_in_it(window: Window, plain: Window, name: str) -> None:
    found, right = (json.loads(draw(name, f"{SPEC};format=json").image) for draw in (window, plain))
    assert_same(found, right)


@pytest.mark.parametrize("name", ["TH1F", "TH1S", "TH2F", "TH2Poly", "TH3F", "fitted", "labelled"])
def test_a_window_is_drawn_like_any_object(window: Window, plain: Window, name: str) -> None:
    assert read(window(name).image).pixels == read(plain(name).image).pixels


@pytest.mark.parametrize("name", [*(kind for kind in KINDS if kind not in ("TH1C", "TH2C", "TH2Poly")), "weighted", "uneven"])
def test_trends_take_the_same_difference(snapshots: Path, name: str) -> None:
    """The service computes in C++, trends in Python: both agree with ROOT, so with each other."""

    def histogram(moment: str) -> Any:
        return read_histogram(Payload(0x10, (snapshots / f"{name}.{moment}.obj").read_bytes(), 0))

    found, right = difference(histogram("late"), histogram("early")), histogram("between")
    assert found.entries == right.entries
    for key in ("contents", "errors"):
        assert np.allclose(getattr(found, key), getattr(right, key), rtol=1e-6, atol=1e-7), key


@pytest.mark.parametrize(
    "name", ["reset", "axes", "bins", "class", "spread", *(name for name in REFUSED if REFUSED[name] == SHRUNK and name not in IN_DOUBT)]
)
def test_trends_refuse_the_same_differences(snapshots: Path, name: str) -> None:
    late, early = (
        read_histogram(Payload(0x10, (snapshots / "refused" / f"{name}.{moment}.obj").read_bytes(), 0)) for moment in ("late", "early")
    )
    with pytest.raises(NoPoint):
        difference(late, early)


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("form", ["png", "json"])
def test_what_cannot_be_subtracted_is_refused_with_a_reason(window: Window, name: str, form: str) -> None:
    with pytest.raises(RenderRefused) as refusal:
        window(f"refused/{name}", f"{SPEC};format={form}")
    assert (refusal.value.code, str(refusal.value)) == (NOT_SUBTRACTED, REFUSED[name])


def test_all_of_an_object_without_earlier_snapshot_is_in_the_window(service: Service, snapshots: Path) -> None:
    late = ((snapshots / "TH1F.late.obj").read_bytes(), 0)
    whole = service.client.render(Request(name="Test/x", spec=SPEC, objects=[late]))
    assert service.client.render(Request(name="Test/x", spec=SPEC, objects=[late], earlier=[(b"", 0)])) == whole


def test_nothing_is_in_the_window_of_a_missing_object(service: Service, snapshots: Path) -> None:
    missing = service.client.render(Request(name="Test/x", spec=SPEC, objects=[(b"", 0)]))
    early = ((snapshots / "TH1F.early.obj").read_bytes(), 0)
    assert service.client.render(Request(name="Test/x", spec=SPEC, objects=[(b"", 0)], earlier=[early])) == missing


def test_a_damaged_snapshot_is_not_subtracted(service: Service, snapshots: Path) -> None:
    late, early = ((snapshots / f"TH1F.{moment}.obj").read_bytes() for moment in ("late", "early"))
    request = Request(name="Test/x", spec=SPEC, objects=[(late, 0)], earlier=[(early[:100], 0)])
    with pytest.raises(RenderRefused, match="its earlier snapshot is damaged"):
        service.client.render(request)


def test_references_of_a_window_are_drawn_over_it(service: Service, snapshots: Path) -> None:
    late, early, between = (((snapshots / f"TH1F.{moment}.obj").read_bytes(), 0) for moment in ("late", "early", "between"))
    spec = f"{SPEC};ref=ratiooverlay;norm=False"
    found = service.client.render(Request(name="Test/x", spec=spec, objects=[late, late], earlier=[early, (b"", 0)]))
    assert found == service.client.render(Request(name="Test/x", spec=spec, objects=[between, late]))


def test_each_object_can_have_a_window_of_its_own(service: Service, snapshots: Path) -> None:
    late, early, between = (((snapshots / f"TH2F.{moment}.obj").read_bytes(), 0) for moment in ("late", "early", "between"))
    spec = f"{SPEC};ref=difference;norm=False"
    found = service.client.render(Request(name="Test/x", spec=spec, objects=[late, late], earlier=[early, early]))
    assert found == service.client.render(Request(name="Test/x", spec=spec, objects=[between, between]))


def test_a_refusal_tells_which_object_has_no_window(service: Service, snapshots: Path) -> None:
    good, bad = (
        [((snapshots / f"{name}.{moment}.obj").read_bytes(), 0) for moment in ("late", "early")] for name in ("TH1F", "refused/axes")
    )
    request = Request(name="Test/x", spec=SPEC, objects=[good[0], good[0], bad[0]], earlier=[good[1], (b"", 0), bad[1]])
    with pytest.raises(RenderRefused, match=r"^its axes have changed$") as refusal:
        service.client.render(request)
    assert refusal.value.place == 2


@pytest.mark.parametrize("ref", ["overlay", "ratiooverlay", "difference"])
def test_a_picture_tells_in_its_corner_after_which_lumisection_its_window_begins(service: Service, snapshots: Path, ref: str) -> None:
    late, early = (((snapshots / f"TH1F.{moment}.obj").read_bytes(), 0) for moment in ("late", "early"))
    request = Request(name="Test/x", spec=f"{SPEC};ref={ref}", objects=[late, late], earlier=[early, (b"", 0)])
    pictures = [read(service.client.render(replace(request, after=after)).image) for after in (None, 12, 13)]
    without, twelve, thirteen = (np.array(each.pixels).reshape(300, 400, -1) for each in pictures)
    for one, other in ((without, twelve), (twelve, thirteen)):
        rows, columns, _ = np.nonzero(one != other)
        assert 280 < rows.min() <= rows.max() < 300
        assert 0 < columns.min() <= columns.max() < 90


def test_a_message_of_windows_has_a_snapshot_for_each_object(service: Service, snapshots: Path) -> None:
    late = (snapshots / "TH1F.late.obj").read_bytes()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE_S)
        connection.connect(str(service.state / "socket"))
        assert exchange(connection, message(data=item(late), kind=5)) == (2, b"")
        assert exchange(connection, message(data=item(late) * 3, kind=5)) == (2, b"")
        assert exchange(connection, message(data=item(late) + item(b""), kind=5))[0] == 0
