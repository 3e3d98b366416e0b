from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.core.settings import TREE
from services.transfer.options import (
    LISTS,
    TABLES,
    BuOptions,
    CleanupOptions,
    FuOptions,
    GuiMachineOptions,
    HubOptions,
    Options,
    OptionsError,
    read_options,
)


def save(folder: Path, text: str) -> Path:
    file = folder / "transfer.toml"
    file.write_text(text)
    return file


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(OptionsError) as caught:
        read_options(save(folder, text))
    return caught.value.problems


def test_without_options_the_places_and_times_are_those_of_production(tmp_path: Path) -> None:
    options = read_options(save(tmp_path, ""))
    cleanup = options.cleanup
    assert cleanup.folder == "/data/dqmgui/files/pb"
    assert (options.fu.folder, options.fu.target) == ("/home/dqmprolocal/output/upload", "/fff/BU0/output/DQMOutput")
    assert (options.bu.folder, options.bu.heartbeats) == ("/fff/output/DQMOutput", "/fff/ramdisk/appliance/boxes")
    assert options.host_name == os.uname().nodename.split(".")[0]
    assert (cleanup.period_s, cleanup.newest, cleanup.life_time_min, cleanup.disk_mark, cleanup.mail_period_min) == (10, 10, 10, 0.9, 30)


def test_options_have_the_values_of_the_file(tmp_path: Path) -> None:
    text = 'log_level = "debug"\n[cleanup]\nfolder = "/data/é"\nperiod_s = 5\nmail_to = ["a@cern.ch", "b@cern.ch"]\ndisk_low = 0.5\n'
    expected = CleanupOptions(folder="/data/é", period_s=5.0, mail_to=("a@cern.ch", "b@cern.ch"), disk_low=0.5)
    assert read_options(save(tmp_path, text)) == Options("debug", cleanup=expected)


def test_all_problems_are_named_by_their_keys(tmp_path: Path) -> None:
    text = 'log_level = "loud"\ncleanupp = 1\n[cleanup]\nfoldr = "/data"\nperiod_s = 0\nnewest = true\nmail_to = "a@b"\ndisk_mark = 0.5\n'
    assert problems(tmp_path, text) == [
        "cleanup.foldr: there is no such option; the nearest name is cleanup.folder",
        "cleanup.period_s = 0: expected a number from 0.1 to 3600",
        "cleanup.newest = True: expected a whole number",
        "cleanup.mail_to = 'a@b': expected a list of texts",
        "log_level = 'loud': expected one of debug, info, warning, error",
        "cleanupp: there is no such option; the nearest name is cleanup",
        "cleanup.disk_low: must not be above cleanup.disk_mark",
    ]


def test_tables_that_may_be_there_several_times_are_read_in_their_order(tmp_path: Path) -> None:
    text = """
host = "fu-1.cms"
[[hubs]]
url = "https://dqm.example.com/hub"
token_file = "/etc/token"
[[hubs]]
url = "http://playback:8889"
[fu]
target = "dqmpro@bu-1:/fff/output/DQMOutput"
ssh = ["ssh", "-p", "2222"]
[bu]
period_s = 5
[[bu.gui_machines]]
name = "gui-1"
host = "dqmpro@gui-1"
hub = "https://gui-1/"
[[bu.gui_machines]]
name = "gui-2"
pb_folder = "/mnt/gui-2/pb"
"""
    options = read_options(save(tmp_path, text))
    assert options.host_name == "fu-1.cms"
    assert options.hubs == (HubOptions("https://dqm.example.com/hub", "/etc/token"), HubOptions("http://playback:8889"))
    assert options.fu == FuOptions(target="dqmpro@bu-1:/fff/output/DQMOutput", ssh=("ssh", "-p", "2222"))
    machines = (GuiMachineOptions("gui-1", "dqmpro@gui-1", hub="https://gui-1/"), GuiMachineOptions("gui-2", pb_folder="/mnt/gui-2/pb"))
    assert options.bu == BuOptions(period_s=5.0, gui_machines=machines)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[hubs]]\n", "hubs 1.url: must be there"),
        ('[[hubs]]\nurl = "dqm.example.com"\n', "hubs 1.url = 'dqm.example.com': expected http://host:port/prefix or https://host/prefix"),
        ("hubs = 1\n", "hubs: expected tables, [[hubs]]"),
        ("[[bu.gui_machines]]\n", "bu.gui_machines 1.name: must be there"),
        (
            '[[bu.gui_machines]]\nname = "a"\nroot_foldr = "/a"\n',
            "bu.gui_machines 1.root_foldr: there is no such option; the nearest name is bu.gui_machines 1.root_folder",
        ),
        (
            '[[bu.gui_machines]]\nname = "a"\n' + '[[bu.gui_machines]]\nname = "a"\nhost = "b"\n',
            "bu.gui_machines.name: 'a' is there 2 times",
        ),
        (
            '[[bu.gui_machines]]\nname = "a"\n[[bu.gui_machines]]\nname = "b"\npb_folder = "/b"\n',
            "bu.gui_machines.root_folder: '/data/dqmgui/files/root' is there 2 times",
        ),
        ('[cleanup]\nstate = "/var"\n', "cleanup.state: there is no such option; the nearest name is state"),
        ('[fu]\ntarget = "bu-1:relative"\n', "fu.target = 'bu-1:relative': expected /folder, host:/folder or user@host:/folder"),
        (
            '[fu]\ntarget = "-oProxyCommand=x:/folder"\n',
            "fu.target = '-oProxyCommand=x:/folder': expected /folder, host:/folder or user@host:/folder",
        ),
        ("[fu]\nssh = []\n", "fu.ssh = []: expected a command with its arguments"),
        ("[fu]\nretry_s = 5\nretry_most_s = 1\n", "fu.retry_s: must not be above fu.retry_most_s"),
        (
            "[bu]\nheartbeat_gap_s = 100\nheartbeat_stale_s = 1\n",
            "bu.heartbeat_gap_s: must not be above bu.heartbeat_stale_s",
        ),
        ('[fu]\nfolder = "/a"\ntarget = "/a/x/../b"\n', "fu.target = '/a/x/../b': must not be in fu.folder"),
        (
            '[bu]\nfolder = "/a/"\n[[bu.gui_machines]]\nname = "a"\npb_folder = "/a"\n',
            "bu.gui_machines 1.pb_folder = '/a': must not be in bu.folder",
        ),
        ('host = "fu 1"\n', """host = 'fu 1': expected "" or letters, digits, "." and "-\""""),
    ],
)
def test_problems_of_tables_are_named_by_their_keys(tmp_path: Path, text: str, problem: str) -> None:
    assert problems(tmp_path, text) == [problem]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('folder = "pb"', "an absolute path"),
        ('release_link = "current_production"', '"" or an absolute path'),
        ("disk_mark = 90", "a number from 0 to 1"),
        ("disk_mark = nan", "a number from 0 to 1"),
        ('mail_server = "mail.cern.ch"', "host:port"),
        ('mail_server = "mail.cern.ch:99999"', "host:port"),
        ('mail_to = ["a b@cern.ch"]', "mail addresses"),
        (r'mail_from = "a@cern.ch\nBcc: b@cern.ch"', "mail addresses"),
        ("mail_to = [1]", "a list of texts"),
        ("folder = 1", "a text"),
    ],
)
def test_an_impossible_value_is_refused(tmp_path: Path, line: str, words: str) -> None:
    (problem,) = problems(tmp_path, f"[cleanup]\n{line}\n")
    assert problem.startswith(f"cleanup.{line.partition(' ')[0]} = ")
    assert words in problem


@pytest.mark.parametrize("text", ["[cleanup", "cleanup = 1\n", "cleanup = [1]\n", "\0"])
def test_a_file_that_is_not_made_of_tables_is_refused(tmp_path: Path, text: str) -> None:
    (problem,) = problems(tmp_path, text)
    assert "Cannot read" in problem or problem == "cleanup: expected a table, [cleanup]"


def test_a_file_that_is_absent_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionsError, match=r"Cannot read .*No such file"):
        read_options(tmp_path / "absent.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff")
    with pytest.raises(OptionsError, match=r"Cannot read .*utf-8"):
        read_options(tmp_path / "binary.toml")


def test_every_option_is_documented_with_its_default() -> None:
    documented = (TREE / "docs/operators/transfer.md").read_text(encoding="utf-8")
    for prefix, table in {"": Options, **{f"{name}.": table for name, table in (TABLES | LISTS).items()}}.items():
        for name, row in table.__dataclass_fields__.items():
            if "check" in row.metadata:
                default = list(row.default) if isinstance(row.default, tuple) else row.default
                line = f"| `{prefix}{name}` | `{str(default) or chr(34) * 2}` | {row.metadata['help']} |"
                assert line in documented, f"add to docs/operators/transfer.md: {line}"
