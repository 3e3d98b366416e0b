"""Draw options that crash ROOT, or that it never finishes, in combination are ignored."""

from __future__ import annotations

import pytest

from tests.render.conftest import Draw
from tests.render.service import Service

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["TH1F", "TProfile"])
@pytest.mark.parametrize("kept", ["LEGO", "SURF", "surf2", "LEGO1"])
@pytest.mark.parametrize("ignored", ["CANDLE", "violin", "CYL", "POL", "SPH", "PSR", "CANDLEX3 VIOLIN"])
def test_options_that_crash_root_with_others_cost_no_worker(draw: Draw, service: Service, name: str, kept: str, ignored: str) -> None:
    before = service.workers
    for options in (f"{kept} {ignored}", f"{ignored}{kept}"):
        assert len(draw(name, spec=f"w=266;h=200;drawopts={options}").colours) > 1
    assert service.workers == before


def test_the_same_options_are_used_for_maps_which_root_can_draw_so(draw: Draw) -> None:
    assert draw("TH2F", spec="w=266;h=200;drawopts=SURF2 SPH") != draw("TH2F", spec="w=266;h=200;drawopts=SURF2")
