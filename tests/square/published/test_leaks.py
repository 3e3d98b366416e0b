"""Leaks that were found, one test for each."""

from __future__ import annotations

import json
import socket
import time

import pytest

from app.core.events import Event
from app.core.settings import Settings
from app.core.text import one_line
from app.publish.pieces import PieceKey, PlanIndex
from app.publish.rendering import RenderContext
from app.publish.sanitize.sanitizer import Sanitizer
from app.square.models import Graph, GraphPart, Host, Job, Run
from app.square.published.fields import public_event, public_run
from app.square.published.file_charts import charts_of_files
from app.square.values import pack_json
from protocol.snapshot import ItemKey
from tests.publish.copies import content, contents
from tests.square.published.test_published import complete, publisher_of

KEY = b"a key of this test, and of no hub"


def job(**change: object) -> Job:
    values = {
        "system": "production",
        "key": "dqm-source-state-run358788-hostfu-c2f11-11-04-pid041548",
        "run": 358788,
        "tag": "beam",
        "host": "fu-c2f11-11-04",
        "cmssw": "12_4_8",
        "runkey": "pp_run",
        "path": "",
        "started": 1.0,
        "reported": 2.0,
        "version": 1,
    }
    return Job(**values | change)


@pytest.mark.parametrize(
    "name",
    [
        "srv_c2a06_42",
        "jdoe_laptop",
        "jdoe's mac",
        "box 17",
        "jdoe" * 80,
        "jdoé",
        "dqmfu-c2b03-45-01:9215",
        "dqmfu-c2b03-45-01.",
        "-jdoe",
        "dqmfu_c2b03_45_01",
    ],
)
def test_an_invalid_host_name_becomes_a_pseudonym(hub: Settings, name: str) -> None:
    assert Sanitizer(KEY).host(name) == "host-1"


def test_a_client_and_a_release_do_not_name_their_author(hub: Settings) -> None:
    path = "/nfshome0/jdoe/CMSSW_12_4_8_jdoe_test/src/DQM/Integration/python/clients/ecal_jdoe_private_cfg.py"
    row = job(path=path, tag="ecal_jdoe_private", cmssw="12_4_8_jdoe_test", runkey="jdoe_run")
    run = Run(
        system="production",
        run=358788,
        first=1.0,
        last=2.0,
        jobs=1,
        running=1,
        finished=0,
        crashed=0,
        runkey="jdoe_run",
        cmssw="12_4_8_jdoe_test",
        version=1,
    )
    seen = public_run(run, [row], Sanitizer(KEY))
    assert (seen.runkey, seen.cmssw) == ("user-1_run", "12_4_8_user-1_test")
    assert (seen.clients[0].name, seen.clients[0].cmssw) == ("client-1", "12_4_8_user-1_test")


@pytest.mark.parametrize(("kind", "by_key"), [("crash", True), ("stuck", True), ("run-start", False)])
@pytest.mark.both_databases
def test_an_event_does_not_name_the_author_of_a_client(hub: Settings, kind: str, by_key: bool) -> None:
    row = job(path="/nfshome0/jdoe/ecal_jdoe_private_cfg.py", tag="ecal_jdoe_private")
    row.save(force_insert=True)
    event = Event(
        "x-1", "production", kind, 358788, row.key if by_key else "", 3.0, "ecal_jdoe_private crashed", "pp_run, CMSSW 12_4_8_jdoe_test"
    )
    seen = public_event(event, Sanitizer(KEY))
    assert (seen.title, seen.text) == ("client-1 crashed" if by_key else "ecal_user-1_private crashed", "pp_run, CMSSW 12_4_8_user-1_test")


@pytest.mark.parametrize("host", ["srv_c2a06_42", "jdoe's  mac", "dqm"])
def test_an_event_names_no_host_of_any_form(hub: Settings, host: str) -> None:
    row = job(host=host)
    row.save(force_insert=True)
    name = one_line(host)
    crash = public_event(
        Event("x-1", "production", "crash", 358788, row.key, 3.0, "beam crashed", f"Exit code 65, on {name}, lumisection 7"),
        Sanitizer(KEY),
    )
    assert crash.text == "Exit code 65, on host-1, lumisection 7"
    silent = public_event(
        Event("x-2", "production", "silent-host", None, host, 3.0, f"{name} is down", "P5 reports: timed out"), Sanitizer(KEY)
    )
    assert silent.title == "host-1 is down"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ssh: connect to host srv-c2d05-12 port 22: No route to host", "ssh: connect to host host-1 port 22: No route to host"),
        (
            "ssh: Could not resolve hostname dqmbox: Name or service not known",
            "ssh: Could not resolve hostname host-1: Name or service not known",
        ),
        ("dvrubu-c2f34 and ctrl-c2d05-12 at c2a11.43.01", "host-1 and host-2 at host-3"),
        ("lost dqmfu-c2b03-..", "lost dqmfu-c2b03-.."),
        ("Author: John Smith <john.smith@cern.ch>", "Author: user-1 <e-mail-1>"),
        ("the password hunter2 is not needed, pw=hunter2", "the password token-1 is not needed, pw=token-1"),
        ("web_secret 'changeme' and password \"open sesame\"", "web_secret 'token-1' and password \"token-2\""),
        ("password required, token expected", "password required, token expected"),
    ],
)
def test_names_and_secrets_in_sentences_are_replaced(hub: Settings, text: str, expected: str) -> None:
    assert Sanitizer(KEY).text(text) == expected


@pytest.mark.parametrize("streams", [("streamDQM", "streamDQM"), ("streamDQM_sm-c2a11-43-01", "streamDQMHistograms")])
def test_a_chart_does_not_name_the_machines_behind_a_stream(hub: Settings, streams: tuple[str, str]) -> None:
    points = pack_json({"lumis": [1], "mtimes": [30.0], "ctimes": [30.0], "evt_processed": [5], "evt_accepted": [4], "fsize": [9]})
    for host, stream in zip(("jdoepc", "srv_c2a06"), streams, strict=True):
        graph = Graph.create(
            system="production",
            key=f"dqm-files-{host}",
            run=7,
            host=host,
            tag="analyze_files",
            global_start=1.0,
            source="global_file",
            lumi_s=23.3,
            received=2.0,
            version=1,
        )
        GraphPart.create(graph=graph, stream=stream, part=0, points=points, version=1)
    items = charts_of_files(RenderContext(PieceKey("files", "production", 7), Sanitizer(KEY), PlanIndex([]), lambda kind, run: {})).items
    assert len(items) == 7
    for item in items:
        for secret in (b"jdoepc", b"srv_", b"c2a", b"analyze_files"):
            assert secret not in content(item), item.key


def test_an_error_on_the_way_to_p5_names_no_host(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "hubbox17")
    settings = hub.replace(square_url="https://tunnel7.example/dqm", publish_folder="/nowhere")
    now = time.time()
    Host.create(
        system="production",
        name="dqmfu-c2b03-45-01",
        role="fu",
        last_ok=now - 500,
        failures=3,
        version=1,
        error="certificate is not valid for 'tunnel7.example' on hubbox17",
    )
    complete(publisher_of(settings))
    (event,) = json.loads(contents()[ItemKey("events", "production", 0, "data")])
    assert event["title"] == "dqmfu-c2b03-.. does not respond"
    assert event["text"] == "certificate is not valid for 'host-1' on host-2"
