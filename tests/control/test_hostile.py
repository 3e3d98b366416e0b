"""Hostile and wrong responses of P5 are harmless and never successes."""

from __future__ import annotations

import json

import pytest

from app.control.models import ANSWERED, FAILED, UNKNOWN
from tests.control.conftest import Room
from tests.support.p5 import FU
from tests.support.trickle import trickling

SCRIPT = "<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("body", "repeat", "why"),
    [
        (f"<html>{SCRIPT}Sign in</html>", 1, "web page"),
        ("", 1, "not JSON"),
        ("{", 1, "not JSON"),
        ("[" * 100_000, 1, "not JSON"),
        ("null", 1, "not a JSON object"),
        ('{"a": 1}', 1, "not a list"),
        ('{"a": [1]}', 1, "not a list"),
        (f'"{SCRIPT}"', 1, "not a JSON object"),
        ("\x1b[31mred\x00\udcff".encode("utf-8", "surrogateescape").decode("latin-1"), 1, "not JSON"),
        ("x" * 1000, 10_000, "not JSON"),
        ("y" * 1000, 20_000, "longer than 16 MB"),
    ],
)
def test_unusable_response_fails_a_query(bare: Room, body: str, repeat: int, why: str) -> None:
    bare.p5.incident("answer_commands", body=body, repeat=repeat)
    row = bare.do("get_dqm_machines")
    assert row.state == FAILED
    assert why in row.error
    page = bare.page_of(row)
    assert len(page) < 200_000
    assert SCRIPT not in page
    assert "\x1b" not in page
    assert bare.get("/control").status_code == 200


@pytest.mark.parametrize(
    ("body", "repeat", "state"),
    [
        (f"<html>{SCRIPT}</html>", 1, FAILED),
        ("", 1, FAILED),
        ("ok", 1, FAILED),
        ("Ok\nOk", 1, FAILED),
        ("Ok" * 500, 20_000, UNKNOWN),
        ("Ok\n", 1, ANSWERED),
    ],
)
def test_command_is_done_only_with_the_exact_confirmation(bare: Room, body: str, repeat: int, state: str) -> None:
    bare.p5.incident("answer_commands", body=body, repeat=repeat)
    row = bare.do("restart_hltd", host=FU)
    assert row.state == state
    assert SCRIPT not in bare.page_of(row)


def test_trickling_response_times_out_and_leaves_a_command_unknown(bare: Room) -> None:
    with trickling(1) as address:
        row = Room(bare.settings.replace(square_url=address, square_command_timeout_s=2.0), bare.p5).do("restart_hltd", host=FU)
    assert row.state == UNKNOWN
    assert row.error.startswith(("no whole answer within 2 s", "no answer within 2 s")), "the latter if even its head came later"


def test_error_status_is_never_a_success(bare: Room) -> None:
    for status in (201, 204, 400, 403, 404, 500, 502):
        bare.p5.incident("answer_commands", body="Ok", status=status)
        assert bare.do("restart_hltd", host=FU).state != ANSWERED


def test_invalid_machine_names_are_ignored(bare: Room) -> None:
    names = ["a b", "-oProxyCommand=x", "x;y", SCRIPT, "\ud800", "fine-01.cms"]
    bare.p5.incident("answer_commands", body=json.dumps({"production_x": names}))
    row = bare.do("get_dqm_machines")
    assert row.state == ANSWERED
    assert "�" in bare.page_of(row)
    assert bare.submit("restart_hltd", host="fine-01").status_code == 202
    for name in names[:-1]:
        assert bare.submit("restart_hltd", host=name).status_code == 400


def test_logs_are_escaped_and_downloaded_as_they_came(bare: Room) -> None:
    log = f"\x1b[31mERROR red\x1b[0m {SCRIPT}\n\u202eturned\x00 \ud800 é\n" + "x" * 100_000 + "\n" + "line\n" * 1000
    bare.p5.incident("answer_commands", body=json.dumps([log, "second"]))
    row = bare.do("get_hltd_logs", host=FU)
    assert row.state == ANSWERED
    page = bare.page_of(row)
    assert SCRIPT not in page
    assert "The first 703 lines are in the download only." in page
    bare.p5.incident("answer_commands", body=json.dumps([log[:200], "second"]))
    page = bare.page_of(bare.do("get_hltd_logs", host=FU))
    assert "ERROR red &lt;script&gt;" in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    answer = bare.get(f"/control/commands/{row.id}/0.txt")
    assert answer.data == log.encode("utf-8", "surrogatepass")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="get_hltd_logs-{row.id}-hltd.log"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert bare.get(f"/control/commands/{row.id}/1.txt").data == b"second"
    assert bare.get(f"/control/commands/{row.id}/2.txt").status_code == 404
