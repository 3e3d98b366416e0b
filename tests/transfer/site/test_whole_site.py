"""Runs on their whole way at a site of real hosts: from clients on FUs to the GUI of each GUI machine, where all sums are right."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from services.transfer.names import TEMPORARY
from tests.support.processes import until
from tests.transfer.site.conftest import NEXT_RUN, RUN
from tests.transfer.site.hosts import Host, HostProcess
from tests.transfer.site.online_site import OnlineSite, content, online_site, start_hub

pytestmark = pytest.mark.slow

COMMON = "Shared/Info/common"
"""An ME that all clients have."""
FLOOD = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text()) + 1000
"""More events than the kernel keeps for a process."""


def lose_events(process: HostProcess, folder: Path) -> None:
    """Stop a process until the kernel has dropped events of a folder that it watches."""
    process.stop()
    for number in range(FLOOD):
        os.close(os.open(folder / f"{number % 2}{TEMPORARY}", os.O_WRONLY | os.O_CREAT))
    process.go_on()


def disks(site: OnlineSite) -> list[tuple[Host, Path]]:
    """The folders of files at the BU and a GUI machine."""
    (gui,) = site.guis
    return [(site.bu, site.target), (gui, gui.folder / "pb"), (gui, gui.folder / "root")]


def missing_reports(run: dict[str, Any]) -> list[str]:
    """What a hub does not know of the run of the test below."""
    if not run:
        return ["anything"]
    clients = {(client["host"], client["client"]): client for client in run["clients"]}
    snapshots = {("fu1", "SiStrip"): 3, ("fu2", "CSC"): 1, ("fu2", "Ecal"): 2, ("fu2", "SiStrip"): 1}
    damaged = "DQM_V0001_SiStrip_R000367094__fu2.root"
    merges = [one for one in run["merges"] if [left["name"] for left in one["left_out"]] == [damaged] and len(one["inputs"]) == 3]
    delivered = {one["name"] for one in run["deliveries"] if one["registered"]}
    known = {
        "clients and their snapshots": {key: client["snapshots"] for key, client in clients.items()} == snapshots,
        "ROOT files": all(client["root_sent"] for client in clients.values()),
        "that nothing is missing": not any(client["missing"] for client in clients.values()),
        "the damaged snapshot": any(one["left_out"] for one in run["concatenations"]),
        "the merge": any(one["is_accepted"] for one in merges),
        "its delivery": any(one["name"] in delivered for one in merges),
    }
    return [what for what, is_known in known.items() if not is_known]


def test_every_histogram_is_in_the_gui_once_in_spite_of_wrong_clocks_lost_events_a_crash_and_damage(
    tmp_path: Path, sqlite_template: Path, client_files: Path, render: Path
) -> None:
    with online_site(tmp_path, sqlite_template, client_files, render, "fu1", "fu2", "bu", "gui1") as site:
        fu1, fu2 = site.fus
        transfers = [site.start(host) for host in (fu1, fu2, site.bu, *site.guis)]
        site.write_heartbeats(RUN)
        strip, ecal = site.client("SiStrip", RUN, fu1, skew_s=-86400), site.client("Ecal", RUN, fu2, skew_s=3600)
        again, csc = site.client("SiStrip", RUN, fu2), site.client("CSC", RUN, fu2)
        for client in (strip, ecal, again, csc):
            client.snapshot(1)
            client.backup()
        site.wait_until_shown(RUN, site.live)
        lose_events(transfers[0], strip.root_file.parent)
        strip.snapshot(2)
        newest = site.contents[strip.snapshots[-1]][COMMON]
        until(lambda: content(site.guis[0], RUN, COMMON) == newest, "the snapshot that arrived last")
        csc.begin_root_file()
        ecal.write_snapshot(b"\x0a\x80 no entry")
        strip.crash()
        restarted = site.client("SiStrip", RUN, fu1)
        restarted.snapshot(3)
        site.wait_until_shown(RUN, site.live)
        site.write_heartbeats(NEXT_RUN)
        site.client("CSC", NEXT_RUN, fu1).snapshot(1)
        for client in (restarted, ecal, csc):
            client.end()
        again.end_damaged()
        site.wait_until_shown(NEXT_RUN, site.live)
        site.wait_until_shown(RUN, site.merged)
        assert site.shows(site.guis[0], NEXT_RUN, site.live, as_run=0), "run 0 is the newest run"
        until(lambda: missing_reports(site.reported(RUN)) == [], "all reports")
        assert [transfer.end() for transfer in transfers] == [0, 0, 0, 0]
        assert site.strangers() == []


def test_a_run_goes_on_after_full_disks(tmp_path: Path, sqlite_template: Path, client_files: Path, render: Path) -> None:
    with online_site(tmp_path, sqlite_template, client_files, render, "fu1", "bu", "gui1") as site:
        (fu,) = site.fus
        bu_disk, pb_disk, root_disk = (host.small_disk(folder) for host, folder in disks(site))
        for disk in (bu_disk, pb_disk, root_disk):
            disk.fill()
        transfers = [site.start(fu)]
        site.write_heartbeats(RUN)
        strip = site.client("SiStrip", RUN, fu)
        strip.snapshot(1)
        site.wait_for_log(fu, "No space left")
        bu_disk.free()
        site.wait_for_log(fu, "Sent ")
        bu_disk.fill()
        transfers.append(site.start(site.bu))
        site.wait_for_log(site.bu, "Cannot concatenate")
        bu_disk.free()
        site.wait_for_log(site.bu, "GUI machine gui1")
        pb_disk.free()
        site.wait_until_shown(RUN, site.live)
        strip.end()
        site.write_heartbeats()
        site.wait_for_log(site.bu, "DQM_V0001_R000367094__Global__Online__ALL.root")
        root_disk.free()
        site.wait_until_shown(RUN, site.merged)
        assert [transfer.end() for transfer in transfers] == [0, 0]


def test_a_run_goes_on_after_losses_of_power_and_cut_cables(
    tmp_path: Path, sqlite_template: Path, client_files: Path, render: Path
) -> None:
    with online_site(tmp_path, sqlite_template, client_files, render, "fu1", "fu2", "bu", "gui1", "gui2") as site:
        fu1, fu2 = site.fus
        for host in (fu1, fu2, site.bu):
            site.start(host)
        site.write_heartbeats(RUN)
        strip, ecal = site.client("SiStrip", RUN, fu1), site.client("Ecal", RUN, fu2)
        for client in (strip, ecal):
            client.snapshot(1)
        site.wait_until_shown(RUN, site.live)
        site.bu.kill()
        site.guis[0].kill()
        strip.snapshot(2)
        site.bu.boot()
        site.start(site.bu)
        site.guis, down = site.guis[1:], site.guis[0]
        site.wait_until_shown(RUN, site.live)
        fu2.set_link("down")
        ecal.snapshot(3)
        down.boot()
        start_hub(down)
        fu2.set_link("up")
        site.guis.append(down)
        site.wait_until_shown(RUN, site.live)
        strip.end()
        ecal.end()
        fu1.kill()
        site.write_heartbeats()
        fu1.boot()
        site.start(fu1)
        site.wait_until_shown(RUN, site.merged)
