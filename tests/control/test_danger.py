"""Dangerous commands: each names its object, and what ends or is deleted at P5, on the button that submits it."""

from __future__ import annotations

import re
from html import unescape

from app.control.commands import COMMANDS
from tests.control.conftest import Room
from tests.support.p5 import FU


def button(room: Room, address: str) -> str:
    """Text of the button that confirms a command."""
    page = room.get(f"/control/{address}").text
    found = re.search(r'aria-label="Confirmation".*?<button type="submit"([^>]*)>(.*?)</button>', page, re.DOTALL)
    assert found
    assert "danger" in found[1]
    return unescape(re.sub(r"<[^>]+>", "", found[2])).strip()


def test_the_button_of_a_dangerous_command_names_its_object_and_effect(room: Room) -> None:
    jobs = room.p5.jobs(FU)
    job, run = jobs[0], room.p5.status()["systems"]["production"]["run"]
    client = job["tag"].removesuffix("_dqm_sourceclient-live")
    assert button(room, f"restart_hltd?host={FU}") == f"Restart hltd on {FU}, {len(jobs)} jobs will stop"
    assert button(room, f"restart_fff?host={FU}") == f"Restart the DQM tools on {FU}"
    assert button(room, f"kill?key={job['_id']}&signal=9") == f"Kill {client} (process {job['pid']}) on {job['hostname']}, 1 job will stop"
    pattern = rf"Delete data of run {run} \(production\) at P5, [\d,]+ documents will be deleted"
    assert re.fullmatch(pattern, button(room, f"drop?run={run}"))


def test_every_command_that_ends_jobs_or_deletes_documents_is_dangerous(room: Room) -> None:
    job = room.p5.jobs(FU)[0]
    run = room.p5.status()["systems"]["production"]["run"]
    args = {"host": FU, "system": "production", "key": job["_id"], "signal": "9", "run": str(run), "client": "a_cfg.py", "state": "0"}
    args |= {"run_number": f"run{run}"}
    for spec in COMMANDS.values():
        impact = spec.impact(room.settings, args)
        assert bool(spec.danger) or not (impact.jobs or impact.documents), spec.name
