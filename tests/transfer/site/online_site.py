"""A small online site: FUs with clients, a BU and GUI machines, each a host with real processes, and what their GUIs must show."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from app.core.settings import Settings
from app.security import accounts, tokens
from app.security.roles import Role
from services.transfer.bu.inputs import WORK_FOLDER
from services.transfer.names import FileKind, parse_name
from tests.support.patience import PATIENCE_S
from tests.support.processes import environment, until
from tests.support.site import bound
from tests.transfer.site.clients import END, Client
from tests.transfer.site.hosts import Host, HostProcess, hosts

PORT = 8889
COMPLETE = (FileKind.SNAPSHOT, FileKind.ROOT_FILE, FileKind.CONCATENATION, FileKind.MERGED_FILE)
PAUSE_S = 0.3
"""Between two looks at a GUI, since each takes many requests."""
DATASET = "Global/Online/ALL"
Content = list[float] | str
"""Of a histogram the array and the entries, of a scalar the text."""

HUBS = """
[[hubs]]
url = "http://{address}:{port}"
token_file = "{folder}/token"
"""
FU_OPTIONS = """
log_level = "debug"
state = "{folder}/state"
[fu]
folder = "{folder}/upload"
target = "root@bu:{target}"
scan_s = 5
retry_s = 0.1
retry_most_s = 1
"""
BU_OPTIONS = """
log_level = "debug"
state = "{folder}/state"
[bu]
folder = "{target}"
heartbeats = "{folder}/boxes"
period_s = 2
quiet_s = 0.2
heartbeat_gap_s = 0.5
heartbeat_stale_s = 600
hadd = "{programs}/hadd"
root = "{programs}/root"
"""
CLEANUP_OPTIONS = """
log_level = "debug"
state = "{folder}/state"
[cleanup]
folder = "{folder}/pb"
period_s = 1
"""
GUI_MACHINE = """
[[bu.gui_machines]]
name = "{name}"
host = "root@{name}"
pb_folder = "{folder}/pb"
root_folder = "{folder}/root"
hub = "http://{address}:{port}"
token_file = "{folder}/token"
"""


class OnlineSite:
    """The hosts of a site, and the clients that ran there.

    Attributes:
        fus: The FUs.
        bu: The BU.
        guis: The GUI machines.
        clients: All clients so far, in the order of their start.
    """

    def __init__(self, made: dict[str, Host], source: Path) -> None:
        """Write the options of all hosts.

        Args:
            made: The hosts by name: `fu...`, `bu`, `gui...`.
            source: The files of clients, as write_clients makes them.
        """
        self.fus = [host for name, host in made.items() if name.startswith("fu")]
        self.guis = [host for name, host in made.items() if name.startswith("gui")]
        self.bu = made["bu"]
        self.target = self.bu.folder / "output" / "DQMOutput"
        self.clients: list[Client] = []
        self._transfers: list[tuple[Host, HostProcess]] = []
        self._source = source
        self.contents: dict[str, dict[str, Content]] = json.loads((source / "contents.json").read_text())
        self.target.mkdir(parents=True)
        (self.bu.folder / "boxes").mkdir()
        for fu in self.fus:
            (fu.folder / "upload" / "pb").mkdir(parents=True)
            self._write_options(fu, FU_OPTIONS.format(folder=fu.folder, target=self.target))
        for gui in self.guis:
            for name in ("pb", "root"):
                (gui.folder / name).mkdir()
            self._write_options(gui, CLEANUP_OPTIONS.format(folder=gui.folder))
        self.connect_guis(self.guis)

    def connect_guis(self, guis: list[Host], more: str = "") -> None:
        """Write the options of the BU with these GUI machines, and more options of `[bu]`."""
        programs = Path(sys.prefix, "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages", "ROOT", "bin")
        text = BU_OPTIONS.format(folder=self.bu.folder, target=self.target, programs=programs) + more
        for gui in guis:
            text += GUI_MACHINE.format(name=gui.name, folder=gui.folder, address=gui.address, port=PORT)
        self._write_options(self.bu, text)

    def _write_options(self, host: Host, text: str) -> None:
        (host.folder / "state").mkdir(exist_ok=True)
        hubs = [HUBS.format(address=gui.address, port=PORT, folder=gui.folder) for gui in self.guis[:1]]
        self.options(host).write_text("".join([text, *hubs]))

    def options(self, host: Host) -> Path:
        """The file with the options of a host."""
        return host.folder / "transfer.toml"

    def start(self, host: Host, kill_at: int = 0) -> HostProcess:
        """Start the transfer on a host, in its mode, which is clean-up on GUI machines.

        Args:
            host: The host.
            kill_at: Number of the step at which it kills itself; 0: never.
        """
        mode = "bu" if host is self.bu else "cleanup" if host in self.guis else "fu"
        module = ["tests.transfer.site.killed", str(kill_at)] if kill_at else ["services.transfer"]
        words = [sys.executable, "-m", *module, mode, "--config", str(self.options(host))]
        process = host.start(words, host.folder / "transfer.log")
        self._transfers.append((host, process))
        return process

    def client(self, tag: str, run: int, host: Host, skew_s: float = 0.0) -> Client:
        """Start a client."""
        client = Client(tag, run, host, self._source, skew_s)
        self.clients.append(client)
        return client

    def wait_for_log(self, host: Host, text: str) -> None:
        """Wait until the transfer on a host has logged a text."""
        log = host.folder / "transfer.log"
        until(lambda: text in log.read_text(errors="replace"), f"{text!r} in the log of {host.name}")

    def write_heartbeats(self, *runs: int) -> None:
        """Write the heartbeats of all FUs, with these runs as the active ones."""
        for fu in self.fus:
            document = {"fm_date": "2026-11-29 12:00:00.000000", "activeRuns": list(runs), "version": "2.9"}
            (self.bu.folder / "boxes" / fu.name).write_text(json.dumps(document))

    def live(self, run: int) -> dict[str, list[Content]]:
        """What the GUI must show of an ongoing run, by ME: the content in the newest snapshot of any one of its clients."""
        newest = {(one.host.name, one.tag): one.snapshots[-1] for one in self.clients if one.run == run and one.snapshots}
        found: dict[str, list[Content]] = {}
        for key in newest.values():
            for me, content in self.contents[key].items():
                found.setdefault(me, []).append(content)
        return found

    def merged(self, run: int) -> dict[str, list[Content]]:
        """What the GUI must show of a run that is over, by ME: the sum of its ROOT files, or for a text any one of the texts."""
        found: dict[str, list[Content]] = {}
        for client in {(one.host.name, one.tag): one for one in self.clients if one.run == run and one.has_ended_well}.values():
            for me, content in self.contents[f"{run}/{client.tag}/{END}"].items():
                before = found.get(me, [])
                if before and isinstance(content, list):
                    assert isinstance(before[0], list)
                    found[me] = [[one + other for one, other in zip(before[0], content, strict=True)]]
                else:
                    found[me] = [*before, content]
        return found

    def shows(self, gui: Host, run: int, expected: Callable[[int], dict[str, list[Content]]], as_run: int | None = None) -> bool:
        """Whether the GUI of a machine has all MEs of a run, each of them once, with what is expected.

        Args:
            gui: The GUI machine.
            run: The run.
            expected: `live` or `merged`.
            as_run: The run as the GUI has it; None for the same.
        """
        shown, wanted = run if as_run is None else as_run, expected(run)
        if len(_samples(gui, shown)) != 1 or sorted(names(gui, shown, "")) != sorted(wanted):
            return False
        return all(content(gui, shown, me) in contents for me, contents in wanted.items())

    def wait_until_shown(
        self, run: int, expected: Callable[[int], dict[str, list[Content]]], look: Callable[[], None] | None = None
    ) -> None:
        """Wait until all GUIs show what is expected of a run; what differs fails with the difference.

        Args:
            run: The run.
            expected: `live` or `merged`.
            look: Called again and again; by default it fails when a process of the transfer has ended by itself.
        """
        for gui in self.guis:

            def is_shown(gui: Host = gui) -> bool:
                (look or self._check_processes)()
                time.sleep(PAUSE_S)
                return self.shows(gui, run, expected)

            try:
                until(is_shown, f"run {run} on {gui.name}")
            except AssertionError as error:
                shown, wanted = names(gui, run, ""), expected(run)
                wrong = {me: content(gui, run, me) for me in wanted if me in shown and content(gui, run, me) not in wanted[me]}
                raise AssertionError(f"{error}: names {sorted(shown)}, wanted {sorted(wanted)}, wrong {wrong}; {self.logs()}") from None

    def _check_processes(self) -> None:
        for host, process in self._transfers:
            assert not process.has_died(), f"the transfer on {host.name} has ended"

    def reported(self, run: int) -> dict[str, Any]:
        """What the hub of the first GUI machine, which gets the reports, has of the transfer of a run."""
        return _get(self.guis[0], f"transfers/{run}") or {}

    def strangers(self) -> list[str]:
        """What is at the BU and the GUI machines besides files of runs: parts of files, backups, what programs left behind."""
        places = [self.target, *(gui.folder / name for gui in self.guis for name in ("pb", "root"))]
        files = [path for place in places for path in place.rglob("*") if path.is_file() and WORK_FOLDER not in path.parts]
        return [path.name for path in files if getattr(parse_name(path.name), "kind", None) not in COMPLETE]

    def logs(self) -> str:
        """The end of the log of each host."""
        found = [(host, host.folder / "transfer.log") for host in (*self.fus, self.bu, *self.guis)]
        found += [(host, host.folder / "problems.log") for host in self.guis]
        return "\n".join(f"== {host.name}\n{log.read_text(errors='replace')[-3000:]}" for host, log in found if log.exists())


def _get(gui: Host, address: str) -> Any:
    """The JSON of an address of a GUI; None when it has no such thing, or not yet: then the reason is added to its `problems.log`."""
    try:
        with urllib.request.urlopen(f"http://{gui.address}:{PORT}/api/v1/{quote(address)}", timeout=PATIENCE_S) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code != 404:
            with (gui.folder / "problems.log").open("a") as file:
                file.write(f"{address}: {error.code} {error.read().decode(errors='replace')}\n")
        return None


def _samples(gui: Host, run: int) -> list[dict[str, Any]]:
    """The samples of a run of online data in the GUI, as often as it lists them."""
    found = (_get(gui, "samples") or {"data": []})["data"]
    return [sample for sample in found if (sample["run"], sample["dataset"], sample["lumi"]) == (run, f"/{DATASET}", 0)]


def names(gui: Host, run: int, folder: str) -> list[str]:
    """The paths of all MEs below a folder of a run, as often as the GUI lists them."""
    found: list[str] = []
    for item in (_get(gui, f"archive/{run}/{DATASET}/{folder}") or {"data": []})["data"]:
        found += names(gui, run, f"{folder}/{item['subdir']}".strip("/")) if "subdir" in item else [item["path"]]
    return found


def content(gui: Host, run: int, me: str) -> Content:
    """What the GUI has of an ME."""
    document = _get(gui, f"json/{run}/{DATASET}/{me}")
    if document is None:
        return ""
    if "fArray" in document:
        return [*map(float, document["fArray"]), float(document["fEntries"])]
    return str(document.get("fString", document))


@contextmanager
def online_site(folder: Path, template: Path, source: Path, render: Path | None, *names: str) -> Iterator[OnlineSite]:
    """A site of hosts with these names, whose GUI machines run a hub.

    Args:
        folder: For all files.
        template: A folder with an empty database.
        source: The files of clients, as write_clients makes them.
        render: The folder of a running render service; None for GUI machines without a hub.
        names: Names of the hosts.
    """
    with hosts(folder, *names) as made, ExitStack() as stack:
        site = OnlineSite(made, source)
        for gui in site.guis if render else ():
            prepare_hub(gui, template, render)
            start_hub(gui)
        yield site
        for host in made.values():
            stack.callback(host.kill)


def hub_settings(gui: Host) -> Settings:
    """The settings of the hub of a GUI machine."""
    return Settings(
        data_dir=str(gui.folder / "hub"),
        instance_name=gui.name,
        web_host=gui.address,
        web_port=PORT,
        allowed_hosts=(gui.address,),
        anonymous_read="everyone",
        file_roots=(str(gui.folder),),
    )


def prepare_hub(gui: Host, template: Path, render: Path | None) -> None:
    """Make the database of the hub of a GUI machine, and a token for the BU."""
    settings = hub_settings(gui)
    shutil.copytree(template, settings.data)
    if render:
        (settings.data / "render").symlink_to(render)
    with bound(settings):
        operator = accounts.add("transfer", Role.OPERATOR, "a long password of the tests")
        (gui.folder / "token").touch(0o600)
        (gui.folder / "token").write_text(tokens.make(operator, "BU", Role.OPERATOR, days=1)[1] + "\n")


def start_hub(gui: Host) -> HostProcess:
    """Start the hub of a GUI machine, and wait until it answers."""
    command = [sys.executable, "-c", "from app.cli import main; main(['web'])"]
    process = gui.start(command, gui.folder / "hub.log", environment(hub_settings(gui)))

    def answers() -> bool:
        assert not process.has_ended(), (gui.folder / "hub.log").read_text()
        try:
            return _get(gui, "host") is not None
        except OSError:
            return False

    until(answers, f"the hub of {gui.name}")
    return process


def write_client_files(folder: Path, *runs: int) -> None:
    """Write the files of the clients of these runs by ROOT, in a process of its own."""
    words = ["-W", "ignore", "-m", "tests.transfer.site.write_clients", str(folder), *map(str, runs)]
    subprocess.run([sys.executable, *words], check=True, timeout=PATIENCE_S)
