"""Files of a real XRootD server in the pages and the API: what goes wrong there is said where it matters, and nowhere else."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.core.settings import TREE, Settings
from app.formats import remote, xrootd
from app.gui.files.entries import Entry
from app.gui.files.register import register
from app.gui.models import File
from app.gui.settings import GuiSettings
from app.security import Role, tokens
from app.security.models import User
from tests.support import gui
from tests.support.patience import PATIENCE_S
from tests.support.processes import environment, until
from tests.support.xrootd import ANSWER_S, XRootD, xrootd_server

pytestmark = pytest.mark.slow


@pytest.fixture
def hub(hub: Settings, demo_files: list[Path], render_service: Path) -> Settings:
    """A hub in which the demo files are registered and plots can be drawn."""
    return gui.with_demo(hub, demo_files, render_service)


NAME = "DQM_V0001_R000367129__ZeroBias__Run2023C-Demo-v1__DQMIO.root"
SAMPLE = "367129/ZeroBias/Remote/DQMIO"
LOCAL = "367129/Muon/Run2023C-Demo-v1/DQMIO"
PLOT = "EcalBarrel/EBTimingTask/EBTMT timing rms 1D summary"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[XRootD]:
    monkeypatch.setattr(xrootd, "RETRY_S", 0.5)
    with xrootd_server() as server:
        yield server
    remote.configure()


@pytest.fixture
def url(hub: Settings, server: XRootD, demo_files: list[Path]) -> str:
    """A demo file behind the server, registered."""
    (file,) = [file for file in demo_files if file.name == NAME]
    url = server.add(NAME, file.read_bytes())
    register([Entry("/ZeroBias/Remote/DQMIO", 367129, 0, url, "tdirectory")])
    return url


@pytest.fixture
def answer_s() -> float:
    """Time limit of an answer of the server, s: it answers at once, but the machine may stall."""
    return PATIENCE_S


@pytest.fixture
def app(hub: Settings, server: XRootD, answer_s: float) -> Flask:
    return create_app(
        hub.replace(file_roots=(*hub.of(GuiSettings).file_roots, server.root), remote_timeout_s=answer_s, remote_recheck_s=0.0)
    )


@contextmanager
def silence(server: XRootD) -> Iterator[None]:
    """The server does not answer, and is not waited for longer than ANSWER_S."""
    server.freeze()
    remote.configure(ANSWER_S, 0.0)
    yield
    server.thaw()
    remote.configure(PATIENCE_S, 0.0)


def image(me: str, sample: str = SAMPLE) -> str:
    return f"/api/v1/render/{sample}/{quote(me)}"


def plots(client: FlaskClient, sample: str) -> list[str]:
    """The paths of some plots of a sample."""
    folder = "EcalBarrel/EBTimingTask"
    data = client.get(f"/api/v1/archive/{sample}/{folder}").json["data"]
    return [item["path"] for item in data if "path" in item]


def test_a_remote_file_is_browsed_and_drawn_as_a_local_one(client: FlaskClient, url: str) -> None:
    of_remote, of_local = (client.get(f"/api/v1/archive/{sample}/").json for sample in (SAMPLE, "367129/ZeroBias/Run2023C-Demo-v1/DQMIO"))
    assert of_remote == of_local
    me = plots(client, SAMPLE)[0]
    ours, theirs = client.get(image(me)), client.get(image(me, "367129/ZeroBias/Run2023C-Demo-v1/DQMIO"))
    assert ours.status_code == 200
    assert ours.data == theirs.data


def test_plots_show_an_error_while_their_server_is_silent_and_recover(client: FlaskClient, server: XRootD, url: str) -> None:
    first, second, *_ = plots(client, SAMPLE)
    drawn = client.get(image(first))
    with silence(server):
        answer = client.get(image(second))
        assert answer.status_code == 503
        assert answer.json["message"].startswith(
            f"Cannot draw {second}: {url.rpartition('/')[2]}: the server 127.0.0.1:{server.port} did not answer within {ANSWER_S:g} s"
        )
        assert client.get(image(first)).data == drawn.data, "cached plots are still available"
        page = client.get(f"/browse/{SAMPLE}")
        assert page.status_code == 200
        assert "Showing the last readable version" in page.text
        assert f"127.0.0.1:{server.port} did not answer within {ANSWER_S:g} s" in page.text
    until(lambda: client.get(image(second)).status_code == 200, "the plot to come again")
    assert "Showing the last readable version" not in client.get(f"/browse/{SAMPLE}").text


def test_an_unread_file_of_a_silent_server_shows_the_reason_and_is_read_later(client: FlaskClient, server: XRootD, url: str) -> None:
    server.stop()
    answer = client.get(f"/browse/{SAMPLE}")
    assert answer.status_code == 503
    assert f"the server 127.0.0.1:{server.port} cannot be reached" in answer.text
    server.start()
    until(lambda: client.get(f"/browse/{SAMPLE}").status_code == 200, "the sample to be shown")


@pytest.mark.parametrize("answer_s", [ANSWER_S])
def test_other_pages_work_while_a_server_is_silent(client: FlaskClient, server: XRootD, url: str) -> None:
    before = client.get(f"/browse/{LOCAL}").data
    server.freeze()
    client.get(f"/browse/{SAMPLE}")
    assert client.get(f"/browse/{LOCAL}").data == before
    assert client.get(image(plots(client, LOCAL)[0], LOCAL)).status_code == 200


def test_a_missing_and_a_forbidden_file_are_reported_and_read_when_available(client: FlaskClient, server: XRootD, url: str) -> None:
    file = server.store / NAME
    file.chmod(0)
    assert "permission denied" in client.get(f"/browse/{SAMPLE}").text
    file.chmod(0o644)
    assert client.get(f"/browse/{SAMPLE}").status_code == 200
    file.rename(server.store / "moved")
    assert "there is no such file" in client.get(f"/browse/{SAMPLE}").text
    (server.store / "moved").rename(file)
    assert client.get(f"/browse/{SAMPLE}").status_code == 200


def test_a_replaced_file_is_read_again(client: FlaskClient, server: XRootD, url: str, demo_files: list[Path]) -> None:
    me = plots(client, SAMPLE)[0]
    before = client.get(image(me)).data
    (other,) = [file for file in demo_files if "RelVal" in file.name]
    server.add(NAME, other.read_bytes())
    until(lambda: client.get(image(me)).data != before, "the plot of the new file")
    assert client.get(image(me)).data == client.get(image(me, "1/RelValTTbar_14TeV/CMSSW_14_0_0-140X_mcRun3_v1/DQMIO")).data


def test_a_remote_file_is_downloaded_whole_or_in_ranges(client: FlaskClient, server: XRootD, url: str) -> None:
    shifter = User.create(name="shifter", role=Role.SHIFTER, password="", created=0.0)
    headers = {"Authorization": f"Bearer {tokens.make(shifter, 'test', Role.SHIFTER, days=1)[1]}"}
    (file,) = client.get("/api/v1/files?dataset=/ZeroBias/Remote").json["data"]
    whole = (server.store / NAME).read_bytes()
    assert client.get(file["content"], headers=headers).data == whole
    assert client.get(file["content"], headers={**headers, "Range": "bytes=100-199"}).data == whole[100:200]
    with silence(server):
        answer = client.get(file["content"], headers=headers)
    assert answer.status_code == 503
    assert "did not answer" in answer.json["message"]


@pytest.mark.parametrize(
    "path",
    [
        "{root}/../../etc/passwd",
        "{root}x/a.root",
        "{root}/a.root?x=1",
        "root://me@{host}//store/a.root",
        "root://other//store/a.root",
        "file://{root}/a.root",
        "{root}//a.root",
        "root://{host}//etc/passwd",
        "{root}/%2e%2e/a.root",
    ],
)
def test_other_remote_files_are_not_registered(client: FlaskClient, server: XRootD, path: str) -> None:
    url = path.format(root=server.root, host=f"127.0.0.1:{server.port}")
    entry = {"dataset": "/A/B/C", "run": 1, "lumi": 0, "file": url, "fileformat": 1}
    answer = client.post("/api/v1/register", json=[entry], headers={"Origin": "http://127.0.0.1:8889"})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json["errors"]] == ["[0].file"]


def test_spellings_of_a_remote_address_register_the_same_file(client: FlaskClient, server: XRootD) -> None:
    entry = {"dataset": "/A/B/C", "run": 1, "lumi": 0, "file": server.url("a.root").replace("root:", "ROOT:"), "fileformat": 1}
    answer = client.post("/api/v1/register", json=[entry], headers={"Origin": "http://127.0.0.1:8889"})
    assert answer.status_code == 201
    assert [file.url for file in File.select().where(File.url.endswith("/a.root"))] == [server.url("a.root")]


def test_the_import_process_reads_from_the_server_under_its_memory_limit(hub: Settings, server: XRootD, url: str) -> None:
    from app.gui.catalog.reader import read

    contents = read(url, "tdirectory", 128, hub.of(GuiSettings).import_cpu_s, PATIENCE_S)
    assert contents.listings[0].me_count > 0


def test_the_server_is_checked_again_when_a_newer_answer_is_required(
    hub: Settings, server: XRootD, url: str, demo_files: list[Path]
) -> None:
    app = create_app(
        hub.replace(file_roots=(*hub.of(GuiSettings).file_roots, server.root), remote_timeout_s=PATIENCE_S, remote_recheck_s=3600.0)
    )
    client = app.test_client()

    def tag(query: str = "") -> str:
        answer = client.get(image("PixelPhase1/EventInfo/reportSummaryMap") + query, base_url="http://127.0.0.1:8889")
        assert answer.status_code == 200
        found: str = answer.headers["ETag"]
        return found

    start = int(time.time())
    before = tag()
    (other,) = [file for file in demo_files if "367100__ZeroBias" in file.name]
    server.add(NAME, other.read_bytes())
    assert [tag(), tag(f"?notOlderThan={start}")] == [before, before]
    newer = tag(f"?notOlderThan={start + 1000}")  # a time to come means now
    assert newer != before
    assert tag() == newer


def test_a_remote_file_is_registered_from_the_command_line_by_its_name(hub: Settings, server: XRootD, demo_files: list[Path]) -> None:
    (file,) = [file for file in demo_files if file.name == NAME]
    url = server.add(NAME.replace("Demo", "Far"), file.read_bytes())
    env = environment(hub.replace(file_roots=(server.root,)))
    command = [sys.executable, "-c", "from app.cli import main; main()", "register", url, "root://elsewhere//store/a.root"]
    done = subprocess.run(command, cwd=TREE, env=env, capture_output=True, text=True, check=False)
    assert done.stdout == "1 new, 0 moved, 0 unchanged, 1 skipped\n"
    assert "root://elsewhere//store/a.root is in none of the folders that may be read" in done.stderr
    assert (File.get(File.url == url)).format == "tdirectory"
