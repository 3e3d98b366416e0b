"""A monitor element that crashed the render service three times is not drawn until it is released or its file changes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.gui.catalog.catalog import Catalog, OpenSample
from app.gui.errors import PlotError
from app.gui.models import File, Quarantine
from app.gui.plots import quarantine
from app.gui.plots.plot_parts import PlotPart
from app.gui.plots.plots import Plots
from app.gui.problems import status_of
from app.gui.samples import SampleKey
from app.queue import execution
from app.security import Role, tokens
from app.security.models import Audit, User
from render.build import build
from render.errors import NO_RESPONSE, RenderCrashed, RenderDisconnected, RenderLost
from render.options import Options
from tests.render.service import TREE, compile_plugin
from tests.support import gui
from tests.support.cli import dqmhub
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.slow

MAP = b"PixelPhase1/EventInfo/reportSummaryMap"
CRASH, ABORT, SPIN, ONCE = Options(width=401), Options(width=402), Options(width=403), Options(width=404)

WILD = """
#include "../src/DQMRenderPlugin.h"
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

struct MapPlugin : DQMRenderPlugin {
  bool applies(const VisDQMObject &o, const VisDQMImgInfo &) override { return o.objname == "reportSummaryMap"; }
  void preDraw(TCanvas *, const VisDQMObject &, const VisDQMImgInfo &i, VisDQMRenderInfo &) override {
    if (i.width == 401)
      *reinterpret_cast<volatile int *>(8) = 1;
    if (i.width == 402)
      abort();
    volatile bool turning = true;
    while (i.width == 403 && turning) {
    }
    if (i.width == 404 && open("FLAG", O_CREAT | O_EXCL, 0600) >= 0)
      abort();
  }
} map_plugin;
"""


@pytest.fixture(scope="module")
def flag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("flag") / "crashed"


@pytest.fixture(scope="module")
def render_service(tmp_path_factory: pytest.TempPathFactory, flag: Path) -> Iterator[Path]:
    """A render service with a plugin that crashes it."""
    build(TREE, sys.executable)
    library = compile_plugin(tmp_path_factory.mktemp("wild"), WILD.replace("FLAG", str(flag)))
    with gui.render_service(tmp_path_factory.mktemp("r"), "--load", str(library), "--cpu", "1") as folder:
        yield folder


@pytest.fixture
def sample(hub: Settings) -> OpenSample:
    execution.connect(hub)
    return Catalog(hub).open(SampleKey(367129, 0, "/ZeroBias/Run2023C-Demo-v1/DQMIO"), PATIENCE_S)


def problem(hub: Settings, sample: OpenSample, options: Options) -> PlotError:
    """The error of a plot in a web process that has just started."""
    with pytest.raises(PlotError) as raised:
        Plots(hub).plot(sample, MAP, options)
    return raised.value


def put_into_quarantine(hub: Settings, sample: OpenSample) -> None:
    for _ in range(3):
        quarantine.count_crash(sample, MAP, RenderCrashed("x", "died of SIGSEGV", "MapPlugin"))


def test_the_third_crash_puts_an_me_into_quarantine(hub: Settings, sample: OpenSample) -> None:
    first = problem(hub, sample, CRASH)  # drawn twice: two processes crash
    assert status_of(first)[0] == 502
    assert ": died of SIGSEGV, in the plugin MapPlugin" in first.message
    assert quarantine.quarantined() == []
    assert status_of(problem(hub, sample, SPIN))[0] == 502  # drawn once
    (held,) = quarantine.quarantined()
    assert (held.me, held.crashes, held.plugin) == (MAP.decode(), 3, "MapPlugin")
    assert held.reason == "took more than 1 s of CPU time"
    refused = problem(hub, sample, Options(width=500))  # these options might work, but are refused as well
    assert status_of(refused)[0] == 422
    assert refused.message.startswith(
        f"{MAP.decode()} is in quarantine: it crashed 3 render processes, the last one took more than 1 s of CPU time "
        "in the plugin MapPlugin; an operator can release it"
    )


def test_other_mes_are_drawn(hub: Settings, sample: OpenSample) -> None:
    put_into_quarantine(hub, sample)
    assert Plots(hub).plot(sample, sample.names[3], Options()).found


def test_crashes_with_options_that_somebody_chose_keep_the_me_from_nobody_else(hub: Settings, sample: OpenSample) -> None:
    for width in (401, 402):
        assert status_of(problem(hub, sample, Options(width=width, drawopts="BOX", zmin=1.0)))[0] == 502
    (held,) = quarantine.quarantined()
    assert held.me == f"{MAP.decode()} drawn with drawopts=BOX, zmin=1.0"
    refused = problem(hub, sample, Options(width=500, drawopts="BOX", zmin=1.0))
    assert status_of(refused)[0] == 422
    assert refused.message.startswith(f"{held.me} is in quarantine: it crashed 4 render processes")
    for options in (Options(width=500), Options(width=500, drawopts="BOX"), Options(width=500, drawopts="COLZ", zmin=1.0)):
        assert Plots(hub).plot(sample, MAP, options).found


def test_an_me_in_quarantine_is_no_reference_either(hub: Settings, sample: OpenSample) -> None:
    put_into_quarantine(hub, sample)
    with pytest.raises(PlotError, match=f"{MAP.decode()} is in quarantine"):
        Plots(hub).overlay([PlotPart(sample, sample.names[3]), PlotPart(sample, MAP)], Options())


def test_a_crash_of_an_overlay_is_counted_for_its_mes_together(hub: Settings, sample: OpenSample) -> None:
    both = [PlotPart(sample, MAP), PlotPart(sample, sample.names[3])]
    with pytest.raises(PlotError) as raised:
        Plots(hub).overlay(both, ABORT)
    assert status_of(raised.value)[0] == 502
    (row,) = Quarantine.select()
    assert (row.me, row.crashes) == (f"{MAP.decode()} + {sample.names[3].decode()}", 2)
    assert Plots(hub).plot(sample, MAP, Options()).found


def test_a_crash_that_does_not_repeat_is_counted_but_the_plot_is_drawn(hub: Settings, sample: OpenSample, flag: Path) -> None:
    flag.unlink(missing_ok=True)
    assert Plots(hub).plot(sample, MAP, ONCE).found
    (row,) = Quarantine.select()
    assert (row.crashes, row.reason) == (1, "died of SIGABRT")


def test_a_new_version_of_the_file_is_drawn_again(hub: Settings, sample: OpenSample) -> None:
    put_into_quarantine(hub, sample)
    newer = sample._replace(identity=f"{sample.url}\0001\0002")
    File.update(size=1, mtime_ns=2).where(File.url == sample.url).execute()
    assert quarantine.quarantined() == []
    quarantine.refuse_quarantined(newer, MAP)
    quarantine.count_crash(newer, MAP, RenderLost("x", "no geometry"))
    (row,) = Quarantine.select()
    assert (row.crashes, row.reason, row.plugin) == (1, "no geometry", "")


@pytest.mark.parametrize("name", [b"a/\xff\xfe", b"a/\0b", "a/µ".encode()])
@pytest.mark.both_databases
def test_an_me_of_any_name_can_be_quarantined(hub: Settings, sample: OpenSample, name: bytes) -> None:
    for _ in range(3):
        quarantine.count_crash(sample, name, RenderLost("x", "no geometry"))
    with pytest.raises(PlotError, match="is in quarantine"):
        quarantine.refuse_quarantined(sample, name)
    quarantine.refuse_quarantined(sample, name + b"2")


@pytest.mark.parametrize(
    ("error", "is_lasting"), [(RenderDisconnected("x", NO_RESPONSE), False), (RenderCrashed("x", "died of SIGSEGV"), True)]
)
def test_an_me_whose_processes_were_killed_from_outside_is_drawn_again_after_an_hour(
    hub: Settings, sample: OpenSample, error: RenderLost, is_lasting: bool
) -> None:
    for _ in range(3):
        quarantine.count_crash(sample, MAP, error)
    with pytest.raises(PlotError, match="is in quarantine"):
        quarantine.refuse_quarantined(sample, MAP)
    Quarantine.update(last=Quarantine.last - 3601).execute()
    if is_lasting:
        with pytest.raises(PlotError, match="is in quarantine"):
            quarantine.refuse_quarantined(sample, MAP)
    else:
        assert Plots(hub).plot(sample, MAP, Options(width=500)).found


def test_removing_a_file_removes_its_quarantine(hub: Settings, sample: OpenSample) -> None:
    lonely = File.create(url="/data/lonely.root", format="tdirectory", size=1, mtime_ns=2, registered=0.0)
    put_into_quarantine(hub, sample._replace(url=lonely.url, identity=f"{lonely.url}\0001\0002"))
    assert len(quarantine.quarantined()) == 1
    File.delete().where(File.id == lonely.id).execute()
    assert Quarantine.select().count() == 0


def bearer(role: Role) -> dict[str, str]:
    user = User.create(name=role.title, role=role, password="", created=0.0)
    return {"Authorization": f"Bearer {tokens.make(user, 'test', role, 1)[1]}"}


@pytest.mark.both_databases
def test_an_operator_releases_an_me_on_the_status_page(client: FlaskClient, hub: Settings, sample: OpenSample) -> None:
    put_into_quarantine(hub, sample)
    number = quarantine.quarantined()[0].id
    operator, expert = bearer(Role.OPERATOR), bearer(Role.EXPERT)
    status_page = client.get("/status", headers=operator).text
    assert MAP.decode() in status_page
    assert "died of SIGSEGV" in status_page
    assert f'action="/status/release/{number}"' in status_page
    assert MAP.decode() in client.get("/status", headers=expert).text
    assert "/status/release/" not in client.get("/status", headers=expert).text
    assert client.post(f"/status/release/{number}", headers=expert).status_code == 403
    assert client.post(f"/status/release/{number}", headers=operator).status_code == 303
    assert quarantine.quarantined() == []
    quarantine.refuse_quarantined(sample, MAP)
    (row,) = Audit.select().where(Audit.action == "release from quarantine")
    assert (row.user, row.target) == ("operator", f"{MAP.decode()} in {sample.url}")
    for gone in (number, 2**63):
        assert client.post(f"/status/release/{gone}", headers=operator).status_code == 404


def test_the_api_answers_with_the_reason(client: FlaskClient, hub: Settings, sample: OpenSample) -> None:
    put_into_quarantine(hub, sample)
    client.application.config["HUB"] = hub
    answer = client.get(f"/api/v1/render/367129/ZeroBias/Run2023C-Demo-v1/DQMIO/{MAP.decode()}?w=777")
    assert answer.status_code == 422
    assert "is in quarantine" in answer.json["message"]


def test_the_command_line_lists_and_releases(hub: Settings, sample: OpenSample) -> None:
    put_into_quarantine(hub, sample)

    (row,) = json.loads(dqmhub(hub, "quarantine", "ls", "--json").stdout)
    assert (row["me"], row["crashes"], row["plugin"]) == (MAP.decode(), 3, "MapPlugin")
    assert "3 crashes, last: died of SIGSEGV in the plugin MapPlugin" in dqmhub(hub, "quarantine", "ls").stdout
    assert dqmhub(hub, "quarantine", "release", str(row["id"])).stdout == f"Released {row['id']}\n"
    assert dqmhub(hub, "quarantine", "ls").stdout == ""
    again = dqmhub(hub, "quarantine", "release", str(row["id"]))
    assert again.returncode == 1
    assert "is no longer in quarantine" in again.stderr


def test_the_page_of_a_plot_names_its_plugin(client: FlaskClient, hub: Settings, sample: OpenSample) -> None:
    place = "/browse/367129/ZeroBias/Run2023C-Demo-v1/DQMIO/PixelPhase1/EventInfo"
    client.application.config["HUB"] = hub
    assert "the plugin MapPlugin" in client.get(f"{place}?plot={MAP.decode()}&details=1").text
    assert Plots(hub).plot(sample, MAP, Options()).plugins == "MapPlugin"
    assert Plots(hub).plot(sample, sample.names[3], Options()).plugins == ""
