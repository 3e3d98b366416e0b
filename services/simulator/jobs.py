"""DQM jobs: a cmsRun process, the script that monitors it, and the documents of this script."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from . import logs
from .machines import Client
from .runs import JobFault, Run
from .store import Document

REPORT_S = 30.0
"""Interval of reports; a job also reports at its start and exit."""

NO_FAULT = JobFault("")


@dataclass
class Job:
    """One process of a client in a run."""

    host: str
    client: Client
    run: Run
    pid: int
    started: float
    attempt: int
    random: Random
    fault: JobFault = NO_FAULT
    state: int = 0  # of the file iterator: 0 open, 1 end of run seen, 2 end of run reached
    exit_code: int | None = None
    silent: bool = False  # stuck: does not read or report
    skipped: list[int] = field(default_factory=list)  # lumisections too old at the start of the job
    seen: list[int] = field(default_factory=list)  # lumisections read
    events: int = 0
    lines: list[str] = field(default_factory=list)  # log
    memory: dict[str, str] = field(default_factory=dict)  # /proc/PID/statm by time
    statistics: dict[str, dict[str, str]] = field(default_factory=dict)  # of lumisections, by time
    omitted_keys: set[str] = field(default_factory=set)  # missing in documents

    def __post_init__(self) -> None:
        self.lines += logs.first_lines(self.cmdline, self.run.number, self.pid - 7, self.started)

    @property
    def id(self) -> str:
        """Identifier of the document."""
        return f"dqm-source-state-run{self.run.number:06d}-host{self.host}-pid{self.pid:06d}"

    @property
    def alive(self) -> bool:
        """Whether the process is running."""
        return self.exit_code is None

    @property
    def lumi(self) -> int:
        """The latest lumisection read, 0 for none."""
        return self.seen[-1] if self.seen else 0

    @property
    def cmdline(self) -> list[str]:
        """Command line of the process."""
        run = self.run
        area = "playback" if run.source != run.number else "production"
        path = f"/cmsnfsdqmdata/dqmdata/dqm_cmssw/{run.release.replace('production', area)}/src/DQM/Integration/python/clients"
        config = f"{path}/{self.client.tag}_cfg.py"
        what = [f"runNumber={run.number}", f"runkey={run.plan.key}", f"runUniqueKey={run.unique_key}"]
        return ["cmsRun", config, "runInputDir=/fff/BU0/ramdisk", *what]

    def read(self, now: float) -> None:
        """Read the lumisections that arrived at least a few seconds ago: reading takes this long."""
        if self.fault.kind == "blind" or self.silent:
            return
        for lumi, arrived, lines in self.run.read_lumis[len(self.skipped) + len(self.seen) :]:
            if arrived + 5 > now:
                break
            if arrived < self.started - 60:
                self.skipped.append(lumi)
                continue
            events = int(self.client.rate * 23.3 * self.random.uniform(0.9, 1.1))
            milliseconds = int(self.random.gauss(23310, 40))
            rate = f"{events * 1000 / milliseconds:.9g}"
            self.statistics[str(int(arrived) + 5)] = {"n": str(lumi), "nevents": str(events), "nmillis": str(milliseconds), "rate": rate}
            self.seen.append(lumi)
            self.events += events
            self.lines += lines

    def report(self, now: float) -> Document:
        """The current document; its keys are in the order in which the script and cmsRun write them."""
        pages = int((self.client.memory + 220 * len(self.seen)) / 4)
        self.memory[str(int(now))] = f"{pages * 2} {pages} 31234 12 0 {int(pages * 1.4)} 0"
        run = {"tag": self.client.tag, "run": self.run.number}
        document = {"hostname": self.host, "sequence": 0, "cmdline": self.cmdline, "stdlog_gzip": f"{self._log_file}.gz", "pid": self.pid}
        document |= {"monitoring_pid": self.pid - 7, "monitoring_socket": f"/tmp/dqm_monitoring/.es_monitoring_pid{self.pid - 7:08d}"}
        document |= {"type": "dqm-source-state", **run, "_id": self.id, "stdout_fn": self._log_file, "stderr_fn": self._log_file}
        document |= {"extra": self._extra(pages), "report_timestamp": now} | self._from_cmsrun(now)
        if self.exit_code is not None:
            document["exit_code"] = self.exit_code
        return {key: value for key, value in document.items() if key not in self.omitted_keys}

    def _from_cmsrun(self, now: float) -> dict[str, str]:
        """Fields that cmsRun reports, all of them strings; there are no events before the first lumisection."""
        fields = {"next_lumi": str(self.lumi + 1), "fi_state": str(self.state), "update_timestamp": str(int(now))}
        if self.seen:
            last = list(self.statistics.values())[-1]
            fields |= {"cmssw_run": str(self.run.source), "cmssw_lumi": str(self.lumi), "events_total": str(self.events)}
            fields |= {"lumi_number": last["n"], "lumi_events": last["nevents"], "lumi_duration_ms": last["nmillis"]}
            fields |= {"events_rate": last["rate"]}
        return fields

    def _extra(self, pages: int) -> dict[str, Any]:
        states = {f"lumi{lumi:06d}": "skipped: fast-forward to the latest lumi" for lumi in self.skipped}
        states |= {f"lumi{lumi:06d}": "close: eof" for lumi in self.seen}
        if self.seen and self.alive and not self.state:
            states[f"lumi{self.lumi:06d}"] = "open: file iterator"
        info = {
            "Name": "cmsRun",
            "State": "S (sleeping)" if self.alive else "Z (zombie)",
            "Pid": str(self.pid),
            "Uid": "4001\t4001\t4001\t4001",
        }
        info |= {"VmSize": f"{pages * 8} kB", "VmRSS": f"{pages * 4} kB", "Threads": "8"}
        return {
            "stdlog_start": logs.log_start(self.lines),
            "stdlog_end": logs.log_end(self.lines),
            "environ": {"HOME": "/nfshome0/dqmpro", "USER": "dqmpro", "HOSTNAME": f"{self.host}.cms", "DQM2_SOCKET": "/tmp/dqm_monitoring"},
            "ps_info": info,
            "mem_info": dict(self.memory),
            "lumi_seen": states,
            "lumi_stats": dict(self.statistics),
        }

    def end(self, now: float, code: int) -> None:
        """End the process, with the log lines of its exit code."""
        self.exit_code = code
        run, tag = self.run.number, self.client.tag
        self.lines += logs.crash_lines(code, tag, run, self.lumi) if code else logs.end_lines(run, tag, now, self.events)

    @property
    def _log_file(self) -> str:
        return f"/var/log/hltd/pid/hlt_run{self.run.number}_pid{self.pid:08d}.log"
