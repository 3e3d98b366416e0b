"""Hiding places from which something left, or could have: one test for each."""

from __future__ import annotations

import pytest

from app.settings import Settings
from app.square.events import Event, one_line
from app.square.models import Job, Run
from app.square.outside.sanitize import Sanitizer

KEY = b"a key of this test, and of no hub"


def job(**change: object) -> Job:
    values = {
        "system": "production", "key": "dqm-source-state-run358788-hostfu-c2f11-11-04-pid041548", "run": 358788, "tag": "beam", "host": "fu-c2f11-11-04",
        "cmssw": "12_4_8", "runkey": "pp_run", "path": "", "started": 1.0, "reported": 2.0, "version": 1,
    }  # fmt: skip
    return Job(**values | change)


@pytest.mark.parametrize(
    "name",
    ["srv_c2a06_42", "jdoe_laptop", "jdoe's mac", "box 17", "jdoe" * 80, "jdoé", "dqmfu-c2b03-45-01:9215", "dqmfu-c2b03-45-01.", "-jdoe", "dqmfu_c2b03_45_01"],
)  # fmt: skip
def test_a_host_whose_name_is_none_has_a_pseudonym(hub: Settings, name: str) -> None:
    assert Sanitizer(KEY).host(name) == "host-1"


def test_a_client_and_a_release_do_not_name_who_made_them(hub: Settings) -> None:
    path = "/nfshome0/jdoe/CMSSW_12_4_8_jdoe_test/src/DQM/Integration/python/clients/ecal_jdoe_private_cfg.py"
    made = job(path=path, tag="ecal_jdoe_private", cmssw="12_4_8_jdoe_test", runkey="jdoe_run")
    run = Run(
        system="production", run=358788, first=1.0, last=2.0, jobs=1, running=1, finished=0, crashed=0, runkey="jdoe_run", cmssw="12_4_8_jdoe_test", version=1
    )  # fmt: skip
    seen = Sanitizer(KEY).run(run, [made])
    assert (seen.runkey, seen.cmssw) == ("user-1_run", "12_4_8_user-1_test")
    assert (seen.clients[0].name, seen.clients[0].cmssw) == ("ecal_user-1_private", "12_4_8_user-1_test")


@pytest.mark.parametrize(("kind", "by_key"), [("crash", True), ("stuck", True), ("run-start", False)])
def test_an_event_does_not_name_who_made_the_client(hub: Settings, kind: str, by_key: bool) -> None:
    made = job(path="/nfshome0/jdoe/ecal_jdoe_private_cfg.py", tag="ecal_jdoe_private")
    made.save(force_insert=True)
    event = Event(
        "x-1", "production", kind, 358788, made.key if by_key else "", 3.0, "ecal_jdoe_private crashed", "pp_run, CMSSW 12_4_8_jdoe_test"
    )
    seen = Sanitizer(KEY).event(event)
    assert (seen.title, seen.text) == ("ecal_user-1_private crashed", "pp_run, CMSSW 12_4_8_user-1_test")


@pytest.mark.parametrize("host", ["srv_c2a06_42", "jdoe's  mac", "dqm"])
def test_an_event_names_no_host_whatever_it_is_called(hub: Settings, host: str) -> None:
    made = job(host=host)
    made.save(force_insert=True)
    shown = one_line(host)
    crash = Sanitizer(KEY).event(
        Event("x-1", "production", "crash", 358788, made.key, 3.0, "beam crashed", f"Exit code 65, on {shown}, lumisection 7")
    )
    assert crash.text == "Exit code 65, on host-1, lumisection 7"
    silent = Sanitizer(KEY).event(Event("x-2", "production", "silent-host", None, host, 3.0, f"{shown} is down", "P5 says: timed out"))
    assert silent.title == "host-1 is down"
