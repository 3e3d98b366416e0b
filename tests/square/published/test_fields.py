"""Only fields of the allow-list are published, and their texts are redacted."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.events import Event
from app.core.settings import Settings
from app.publish.sanitize.sanitizer import Sanitizer
from app.square.models import Host, HostStatus, Job, Run
from app.square.published.clients import forms
from app.square.published.fields import (
    UNPUBLISHED,
    UNPUBLISHED_OF_RUN,
    PublicEvent,
    PublicJob,
    PublicMachine,
    PublicRun,
    public_event,
    public_job,
    public_machine,
    public_run,
)
from app.square.published.plan import hosts
from app.square.runs import MachineState

KEY = b"a key of this test, and of no hub"
MARK = "qzsecretqz"


def marked_job(**change: object) -> Job:
    """A job with a secret in each of its texts."""
    values = {
        "system": "production",
        "key": f"dqm-source-state-run358788-hostfu-c2f11-11-04-pid041548-{MARK}",
        "run": 358788,
        "tag": f"beam_dqm_sourceclient-live token={MARK}",
        "host": "fu-c2f11-11-04.cms",
        "pid": 987654321,
        "exit_code": -11,
        "fi_state": 1,
        "lumi": 98,
        "events": 12,
        "rate": 0.5,
        "rss_kb": 521724,
        "data_run": 349963,
        "cmssw": f"12_4_8 /home/{MARK}/x",
        "runkey": f"pp_run password={MARK}",
        "path": f"/nfshome0/{MARK}/beam_cfg.py",
        "started": 1.0,
        "reported": 2.0,
        "version": 1,
    }
    return Job(**values | change)


def test_only_the_named_fields_of_a_job_are_published(hub: Settings) -> None:
    seen = public_job(marked_job(), Sanitizer(KEY))
    assert seen._replace(identifier="", runkey="", cmssw="") == PublicJob(
        "", 358788, "fu..04", "client-1", -11, 1, 98, 12, 0.5, 521724, "", "", 1.0, 2.0, False
    )
    assert MARK not in repr(seen)
    for inside in ("c2f11", "987654321", "041548", "beam_cfg", "nfshome"):
        assert inside not in repr(seen)
    assert (seen.runkey, seen.cmssw) == ("pp_run password=token-1", "12_4_8 path-1")


def test_each_column_is_either_published_or_listed_as_unpublished(hub: Settings) -> None:
    published = set(PublicJob._fields) - {"identifier", "name", "is_stopped"} | {"tag", "stopped_by"}
    assert published | UNPUBLISHED == set(Job._meta.fields)
    assert not published & UNPUBLISHED
    run = set(PublicRun._fields) - {"clients"}
    assert run == set(Run._meta.fields) - UNPUBLISHED_OF_RUN


def test_ordinary_names_of_a_job_are_kept(hub: Settings) -> None:
    job = marked_job(tag="l1tstage2emulator_dqm_sourceclient-live", runkey="cosmic_run", cmssw="12_4_8_39145_39162_39341_39326_39353")
    seen = public_job(job, Sanitizer(KEY))
    assert (seen.name, seen.runkey, seen.cmssw) == ("l1tstage2emulator", "cosmic_run", "12_4_8_39145_39162_39341_39326_39353")


@pytest.mark.parametrize("tag", ["jdoe_dqm_sourceclient-live", "ecal_jdoe_private", "ecal-jdoe", "pixel_dqm_sourceclient-live_jdoe"])
@pytest.mark.both_databases
def test_the_tag_of_an_unknown_client_is_published_only_in_a_form_of_the_settings(hub: Settings, tag: str) -> None:
    assert public_job(marked_job(tag=tag), Sanitizer(KEY)).name == "client-1"
    chosen = replace(hub, square_published_clients="[a-z]+_test_dqm_sourceclient-live|ecal.*")
    seen = public_job(marked_job(tag=tag), Sanitizer(KEY, names=forms(chosen))).name
    assert seen == (tag if tag.startswith("ecal") else "client-1")


def test_the_tags_of_all_clients_of_the_real_runs_are_published(hub: Settings, fixtures_dir: Path) -> None:
    texts = [path.read_text() for path in (fixtures_dir / "dqmsquare").glob("*.json")]
    tags = {tag for text in texts for tag in re.findall(r'"tag": ?"([^"]*(?:-live|Instance))"', text.replace("\\", ""))}
    assert len(tags) > 25
    clean = Sanitizer(KEY)
    assert [tag for tag in tags if public_job(marked_job(tag=tag), clean).name != tag.removesuffix("_dqm_sourceclient-live")] == []


def test_an_identifier_is_the_same_each_time_and_another_with_another_key(hub: Settings) -> None:
    one, other = Sanitizer(KEY), Sanitizer(b"another key")
    key = "dqm-source-state-run358788-hostfu-c2f11-11-04-pid041548"
    assert one.identifier(key) == Sanitizer(KEY).identifier(key) == "73c965fffebad7cd702f"
    assert other.identifier(key) != one.identifier(key)
    assert one.identifier(key[:-1]) != one.identifier(key)


@pytest.mark.parametrize(
    ("name", "public_name"),
    [
        ("dqmfu-c2b03-45-01", "dqmfu-c2b03-.."),
        ("dqmfu-c2b03-45-01.cms", "dqmfu-c2b03-.."),
        ("DQMRUBU-C2A06-03-01", "dqmrubu-c2a06-.."),
        ("fu-c2f11-11-04", "fu..04"),
        ("bu-c2f11-09-01.cern.ch", "bu..01"),
    ],
)
def test_a_host_has_its_public_name(hub: Settings, name: str, public_name: str) -> None:
    clean = Sanitizer(KEY)
    assert clean.host(name) == public_name
    assert clean.host(public_name) == clean.text(public_name) == public_name


@pytest.mark.parametrize("name", ["dqm-prod-local.cms", "lxplus801.cern.ch", "10.176.62.46", f"x password={MARK}", "gateway7"])
def test_a_host_name_of_another_form_becomes_a_pseudonym(hub: Settings, name: str) -> None:
    public_name = Sanitizer(KEY).host(name)
    assert name.partition(".")[0] not in public_name
    assert MARK not in public_name


def test_a_run_is_published_with_its_jobs(hub: Settings) -> None:
    run = Run(
        system="production",
        run=358788,
        first=1.0,
        last=2.0,
        jobs=3,
        running=1,
        finished=1,
        crashed=1,
        lumi=99,
        data_run=None,
        runkey="cosmic_run",
        cmssw="12_4_8",
        version=7,
    )
    seen = public_run(run, [marked_job()], Sanitizer(KEY))
    assert seen[:-1] == PublicRun(358788, None, "cosmic_run", "12_4_8", 1.0, 2.0, 99, ())[:-1]
    assert [job.host for job in seen.clients] == ["fu..04"]


def test_the_message_of_a_machine_is_published_without_names(hub: Settings) -> None:
    message = f"ConnectionRefusedError(111, 'Connect call failed (10.176.62.46, 9215)') to dqmfu-c2b03-45-01.cms, token={MARK}"
    seen = public_machine(MachineState("dqmfu-c2b03-45-01", False, message, 2.0, 1.0), Sanitizer(KEY))
    assert seen == PublicMachine(
        "dqmfu-c2b03-..", False, "ConnectionRefusedError(111, 'Connect call failed (address-1, 9215)') to host-1, token=token-1", 2.0
    )


def test_an_event_has_the_public_names_of_hosts(hub: Settings) -> None:
    event = Event(
        "silent-host-1",
        "production",
        "silent-host",
        None,
        "dqmfu-c2b03-45-01",
        3.0,
        "dqmfu-c2b03-45-01 is silent",
        f"fu-c2f11-11-04.cms: /home/{MARK}/x, for 60 s",
    )
    clean = Sanitizer(KEY)
    assert public_event(event, clean) == PublicEvent(
        clean.identifier("silent-host-1"), 3.0, "silent-host", None, "dqmfu-c2b03-.. is silent", "fu..04: path-1, for 60 s"
    )


def test_redactions_are_counted_by_kind(hub: Settings) -> None:
    clean = Sanitizer(KEY)
    clean.lines(["/home/jdoe/x", "fu-c2f11-11-04 and 10.1.2.3", "with token=a1b2c3", "export A_B_C=d"])
    assert clean.counts == {"path": 1, "host": 1, "address": 1, "token": 1, "environment": 1}


def test_hosts_of_tables_and_settings_are_found_anywhere(hub: Settings) -> None:
    Host.create(system="production", name="ru7gateway", role="bu", version=1)
    HostStatus.create(system="production", name="ru8gateway", up=True, first=1.0, last=2.0, version=1)
    out = Sanitizer(KEY, hosts(replace(hub, square_gateway="ru9gateway"))).text(
        "from RU7gateway to ru8gateway.cms, ru9gateway.cern.ch and ru7gateway"
    )
    assert out == "from host-1 to host-2, host-3 and host-1"
