"""Deliveries to the GUI machines: each file is copied and then registered. Machines and files do not hold up each other.

A machine gets the newest concatenation of each run; merged files are never skipped. Each machine has one thread for concatenations and
one for merged files, since a merged file can take minutes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath
from typing import Any

from ..copying import CopyFailed, RemoteHost, TargetFailed, copy_file, shared_socket
from ..hub import Hub, HubFailed
from ..journal import Journal, JournalFailed
from ..names import DATASET
from ..options import GuiMachineOptions, Options
from .contact import Contact
from .lanes import CONCATENATION, MERGED_FILE, Delivery, Lane

FORMATS = {CONCATENATION: 3, MERGED_FILE: 1}
"""Numbers of the file formats of the DQM GUI."""
KIND = "delivery"
REPORT_S = 60.0
"""Seconds between two reports of the error and the attempts while a delivery fails."""
log = logging.getLogger(__name__)


class GuiMachine:
    """One GUI machine: the files that wait for it, and whether it is reachable."""

    def __init__(self, options: GuiMachineOptions, ssh: tuple[str, ...], journal: Journal, live_run: Callable[[], int], state: str) -> None:
        """Prepare.

        Args:
            options: The machine.
            ssh: The command of ssh.
            journal: Keeps the state of deliveries.
            live_run: Returns the ongoing run (run 0 in the GUI).
            state: A folder for the socket of the connection for concatenations; merged files have connections of their own.
        """
        self.name = options.name
        self._options, self._journal, self._live_run = options, journal, live_run
        self._remotes: dict[str, RemoteHost] = {}
        if options.host:
            socket = shared_socket(state, options.host, ssh)
            self._remotes = {CONCATENATION: RemoteHost(options.host, ssh, socket=socket), MERGED_FILE: RemoteHost(options.host, ssh)}
        self._hub = Hub(options.hub, options.token_file) if options.hub else None
        self._contact = Contact(self.name)
        self._registering = threading.Lock()
        self._logged: set[int] = set()
        self._reported: dict[str, float] = {}  # last report of each lane, s of the monotonic clock
        self._versions: dict[int, int] = {}  # registered by this process; the journal gets them a moment later
        self._lanes = {what: Lane(f"{what} to {self.name}", self._attempt, self._update) for what in FORMATS}

    def add(self, delivery: Delivery) -> None:
        """Deliver a file unless it is delivered already."""
        stored = self._stored(delivery)
        if stored is not None and stored["name"] == delivery.name:
            delivery = replace(delivery, copied=stored["copied"], registered=stored["registered"], is_done=stored["is_done"])
        elif delivery.what == MERGED_FILE:
            self._store(delivery, is_reported=False)
        if not delivery.is_done:
            self._lanes[delivery.what].add(delivery)

    def start(self) -> None:
        """Begin, with the merged files that an earlier process did not deliver, however old their runs are."""
        try:
            for run in self._journal.runs(KIND):
                for key, document in self._journal.of_run(KIND, run).items():
                    if key.startswith(f"{self.name} ") and document["what"] == MERGED_FILE and not document["is_done"]:
                        self._lanes[MERGED_FILE].add(Delivery(**document))
        except JournalFailed as error:
            log.error("Cannot continue the deliveries to %s: %s", self.name, error)
        for lane in self._lanes.values():
            lane.start()

    def uses(self, path: Path) -> bool:
        """Whether a file is still to be delivered."""
        return any(lane.uses(str(path)) for lane in self._lanes.values())

    def state(self) -> dict[str, Any]:
        """For reports: whether the machine is reachable and since when, an error, and the number of waiting files."""
        return {"name": self.name, **self._contact.state(), "waiting": sum(lane.waiting for lane in self._lanes.values())}

    def stop(self) -> None:
        """End after the current copies."""
        for lane in self._lanes.values():
            lane.stop()

    def join(self, timeout_s: float) -> None:
        """Wait for the end."""
        end = time.monotonic() + timeout_s
        for lane in self._lanes.values():
            lane.join(max(0.0, end - time.monotonic()))
        for remote in self._remotes.values():
            remote.close()

    def _attempt(self, delivery: Delivery) -> Delivery:
        """Copy and register a file as far as possible. The first failure and the end are reported, other failures once a minute."""
        previous, delivery = delivery, replace(delivery, attempts=delivery.attempts + 1)
        target = PurePosixPath(self._options.pb_folder if delivery.what == CONCATENATION else self._options.root_folder, delivery.name)
        try:
            if not Path(delivery.path).is_file():
                log.error("Cannot deliver %s to %s: the file is gone", delivery.path, self.name)
                delivery = replace(delivery, error=f"{delivery.path} is gone", is_done=True)
            else:
                if not delivery.copied:
                    self._copy(delivery, target)
                    delivery = replace(delivery, copied=time.time())
                delivery = replace(delivery, registered=self._register(delivery), error="", is_done=True)
                self._contact.note(delivery.what, is_reached=True)
                self._log(delivery)
        except (CopyFailed, HubFailed) as error:
            delivery = self._failed(delivery, error)
        is_due = time.monotonic() - self._reported.get(delivery.what, 0.0) >= REPORT_S
        if is_reported := delivery.is_done or not previous.error or is_due:
            self._reported[delivery.what] = time.monotonic()
        self._store(delivery, is_reported)
        return delivery

    def _log(self, delivery: Delivery) -> None:
        """Log a delivery; for the concatenations of a run only the first one, since each replaces the one before."""
        is_first = delivery.what == MERGED_FILE or delivery.run not in self._logged
        self._logged.add(delivery.run)
        how = "copied and registered" if delivery.registered else "copied, and not registered"
        if not delivery.registered and self._hub:
            how += ", as a later merge of the run is"
        log.log(logging.INFO if is_first else logging.DEBUG, "%s is %s at %s", delivery.name, how, self.name)

    def _failed(self, delivery: Delivery, error: Exception) -> Delivery:
        """The delivery after a failure. When the hub refuses a file, the copy may have been removed: it is copied once more."""
        text = str(error)[:500]
        is_refused = isinstance(error, HubFailed) and error.is_refusal
        is_unreachable = isinstance(error, HubFailed | TargetFailed) or self._is_not_mounted()
        self._contact.note(delivery.what, is_reached=is_refused or not is_unreachable)
        return replace(delivery, error=text, copied=0.0 if is_refused and text != delivery.error else delivery.copied)

    def _copy(self, delivery: Delivery, target: PurePosixPath) -> None:
        if remote := self._remotes.get(delivery.what):
            remote.copy_file(Path(delivery.path), target)
        else:
            copy_file(Path(delivery.path), Path(target))

    def _is_not_mounted(self) -> bool:
        """Whether both folders of a local or mounted machine are missing."""
        return not (self._options.host or Path(self._options.pb_folder).is_dir() or Path(self._options.root_folder).is_dir())

    def _register(self, delivery: Delivery) -> float:
        """Register a copied file; returns the time, or 0 if no registration is needed. Raises HubFailed."""
        if self._hub is None:
            return 0.0
        options = self._options
        is_pb = delivery.what == CONCATENATION
        folder = (options.hub_pb_folder or options.pb_folder) if is_pb else (options.hub_root_folder or options.root_folder)
        path = str(PurePosixPath(folder, delivery.name))
        with self._registering:  # one thread of the machine at a time, so that a merged file stays registered
            runs = self._runs_to_register(delivery)
            entries = [
                {"dataset": DATASET, "run": run, "lumi": 0, "file": path, "fileformat": FORMATS[delivery.what]} for run in sorted(runs)
            ]
            if not entries:
                return 0.0
            self._hub.register(entries)
            self._versions[delivery.run] = max(delivery.version, self._versions.get(delivery.run, 0))
            return time.time()

    def _runs_to_register(self, delivery: Delivery) -> set[int]:
        """The run unless a later merge of it is registered; also run 0 for a concatenation of the ongoing run."""
        try:
            documents = self._journal.of_run(KIND, delivery.run).items()
        except JournalFailed as error:
            log.error("Cannot read what an earlier process registered at %s: %s", self.name, error)
            documents = {}.items()
        versions = [one["version"] for key, one in documents if key.startswith(f"{self.name} ") and one["registered"]]
        newest = max([*versions, self._versions.get(delivery.run, 0)])
        runs = {delivery.run} if newest <= delivery.version else set()
        is_live = delivery.what == CONCATENATION and delivery.run == self._live_run()
        return runs | {0} if is_live else runs

    def _store(self, delivery: Delivery, is_reported: bool) -> None:
        record = None
        if is_reported:
            names = ("run", "what", "name", "size", "made", "copied", "registered", "attempts", "error")
            values = asdict(delivery)
            record = {"kind": KIND, "at": time.time(), "gui_machine": self.name, **{name: values[name] for name in names}}
        try:
            self._journal.put(KIND, delivery.run, delivery.key(self.name), asdict(delivery), record)
        except JournalFailed as error:
            log.error("Cannot store the delivery of %s to %s in the journal: %s", delivery.name, self.name, error)

    def _stored(self, delivery: Delivery) -> dict[str, Any] | None:
        """The document of a delivery, or of the earlier one with its key; None if it cannot be read: then the file is delivered again."""
        try:
            return self._journal.get(KIND, delivery.run, delivery.key(self.name))
        except JournalFailed as error:
            log.error("Cannot read whether %s was delivered to %s: %s", delivery.name, self.name, error)
            return None

    def _update(self) -> None:
        self._contact.update(lane.error for lane in self._lanes.values())


class Deliveries:
    """Deliveries to all GUI machines."""

    def __init__(self, options: Options, journal: Journal, live_run: Callable[[], int]) -> None:
        """Prepare; `live_run` returns the ongoing run (run 0 in the GUI)."""
        ssh, state = options.bu.ssh, options.state
        self._machines = [GuiMachine(machine, ssh, journal, live_run, state) for machine in options.bu.gui_machines]

    def start(self) -> None:
        """Begin to deliver, also the files that an earlier process did not deliver."""
        for machine in self._machines:
            machine.start()

    def add(self, delivery: Delivery) -> None:
        """Deliver a file to all machines that do not have it."""
        for machine in self._machines:
            machine.add(delivery)

    def uses(self, path: Path) -> bool:
        """Whether a file is still to be delivered."""
        return any(machine.uses(path) for machine in self._machines)

    def state(self) -> list[dict[str, Any]]:
        """The machines, for reports."""
        return [machine.state() for machine in self._machines]

    def close(self, timeout_s: float = 1.0) -> None:
        """End; copies that do not end in time are repeated at the next start."""
        for machine in self._machines:
            machine.stop()
        end = time.monotonic() + timeout_s
        for machine in self._machines:
            machine.join(max(0.0, end - time.monotonic()))
