"""Lines in the log of a DQM job."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

CERN = ZoneInfo("Europe/Zurich")

MAX_LINES = 256
MAX_CHARACTERS = 16384
"""Limits of the beginning and of the end of a log in a document."""

UNUSUAL_LINES = (
    "\x1b[31m%MSG-e\x1b[0m DQMStoreStats: \x1b[1mbold and red\x1b[0m\n",
    "A title <script>alert('log')</script> & <img src=x onerror=alert(1)> was booked twice\n",
    "cafe in Latin-1: caf\udce9, a NUL: \x00, a bell: \a, and é, µ, 日本\n",
    "mail dqm.operator@example.org, see /nfshome0/dqmpro/notes.txt on dqm-prod-local.cms\n",
)
"""Real logs contain colours, markup and invalid UTF-8; one client writes these lines in every run."""

SIGNALS = {-11: "segmentation violation", 134: "abort signal", -6: "abort signal", -15: "sigterm"}


def cmsrun_time(now: float) -> str:
    """A time in the format of cmsRun."""
    return datetime.fromtimestamp(now, CERN).strftime("%d-%b-%Y %H:%M:%S %Z")


def first_lines(cmdline: Sequence[str], run: int, monitoring_pid: int, started: float) -> list[str]:
    """The log before the first lumisection."""
    source = [
        'cms.Source("DQMStreamerReader",',
        "    SelectEvents = cms.untracked.vstring('*'),",
        "    delayMillis = cms.untracked.uint32(500),",
        "    minEventsPerLumi = cms.untracked.int32(1),",
        "    nextLumiTimeoutMillis = cms.untracked.int32(240000),",
        "    runInputDir = cms.untracked.string('/fff/BU0/ramdisk'),",
        f"    runNumber = cms.untracked.uint32({run}),",
        "    skipFirstLumis = cms.untracked.bool(False),",
        "    streamLabel = cms.untracked.string('streamDQM')",
        ")",
        "",
    ]
    config = ["dqmRunConfig: cms.PSet(", "    collectorHost = cms.untracked.string('dqm-prod-local.cms'),"]
    config += ["    collectorPort = cms.untracked.int32(9090),", "    type = cms.untracked.string('production')", ")"]
    lines = [f"-- starting process: {list(cmdline)} --", *(f"Initial Source settings: {source[0]}", *source[1:])]
    lines += ["Loaded configuration file from: ['/etc/dqm_run_config']", *config]
    lines += [
        f"Final Source settings: {source[0]}",
        *source[1:],
        f"Monitoring pipe: /tmp/dqm_monitoring/.es_monitoring_pid{monitoring_pid:08d}",
    ]
    lines += [f"{cmsrun_time(started)}  Waiting for the first lumi in order to initialize."]
    return [f"{line}\n" for line in lines]


def lumi_lines(run: int, lumi: int, read: float) -> list[str]:
    """Lines for one lumisection that the job reads at the time `read`."""
    file = f"/fff/BU0/ramdisk/run{run}/run{run}_ls{lumi:04d}_streamDQM_sm-c2a11-43-01"
    return [
        f"{cmsrun_time(read)}  Found and loaded json file: {file}.jsn\n",
        f"{cmsrun_time(read)}  Initiating request to open file {file}.dat\n",
        f"{cmsrun_time(read)}  Successfully opened file {file}.dat\n",
        f"{cmsrun_time(read + 8)}  Closed file {file}.dat\n",
    ]


def end_lines(run: int, tag: str, now: float, events: int) -> list[str]:
    """Last lines of a job that reached the end of its run."""
    saved = f"./upload/DQM_V0001_{tag.split('_')[0].capitalize()}_R{run:09d}.root"
    return [
        f"{cmsrun_time(now)}  EoR file found: /fff/BU0/ramdisk/run{run}/run{run}_ls0000_EoR.jsn\n",
        f"{cmsrun_time(now)}  Streamer state changed: 0->2\n",
        f"{cmsrun_time(now)}  Writing DQM Root file: {saved}\n",
        "DQMFileSaver::globalEndRun()\n",
        "\n",
        "TrigReport ---------- Event  Summary ------------\n",
        f"TrigReport Events total = {events} passed = {events} failed = 0\n",
        "\n",
        "MessageLogger Summary\n",
        "\n",
        " type     category        sev    module        subroutine        count    total\n",
        " ---- -------------------- -- ---------------- ----------------  -----    -----\n",
        "    1 fileAction           -s DQMFileSaverOnli                       1        1\n",
        "\n",
        "dropped waiting message count 0\n",
        exit_line(0),
    ]


def crash_lines(code: int, tag: str, run: int, lumi: int) -> list[str]:
    """Last lines of a job that crashes by an exception (65, 92) or a signal (134, negative codes)."""
    module = f"{tag.split('_')[0].capitalize()}DigiTask"
    if code not in SIGNALS:
        kind = "FileReadError" if code == 92 else "LogicError"
        lines = [
            "----- Begin Fatal Exception -----------------------------------------------\n",
            f"An exception of category '{kind}' occurred while\n",
            f"   [0] Processing  Event run: {run} lumi: {lumi} event: {lumi * 4711} stream: 0\n",
            "   [1] Running path 'dqmPath'\n",
            f"   [2] Calling method for module {module}/'{module}'\n",
            "Exception Message:\n",
            f"{module}: a collection that it needs is not there\n",
            "----- End Fatal Exception -------------------------------------------------\n",
        ]
    elif code == -15:
        lines = ["%MSG-w UnixSignal: 15 received, ending\n"]
    else:
        lines = [
            f"A fatal system signal has occurred: {SIGNALS[code]}\n",
            "The following is the call stack containing the origin of the signal.\n",
            "\n",
            "Thread 1 (Thread 0x7f5a2b1d0640 (LWP 20112)):\n",
            f"#4  0x00007f5a0c1e8a4b in {module}::analyze(edm::Event const&, edm::EventSetup const&) ()\n",
            "#5  0x00007f5a30f5c2d1 in edm::stream::EDProducerAdaptorBase::doEvent ()\n",
            f"Current Modules: Module: {module}:{module} (crashed)\n",
            f"A fatal system signal has occurred: {SIGNALS[code]}\n",
        ]
    return [*lines, exit_line(code)]


def exit_line(code: int) -> str:
    """The line that the monitoring script appends."""
    return f"\n-- process exit: {code} --\n"


def log_start(lines: Sequence[str]) -> list[str]:
    """The beginning of a log, as in a document."""
    return _first_that_fit(lines[: MAX_LINES + 1])


def log_end(lines: Sequence[str]) -> list[str]:
    """The end of a log, as in a document."""
    return _first_that_fit(lines[: -MAX_LINES - 1 : -1])[::-1]


def _first_that_fit(lines: Sequence[str]) -> list[str]:
    fitting: list[str] = []
    left = MAX_CHARACTERS
    for line in lines:
        left -= len(line)
        if left < 0:
            break
        fitting.append(line)
    return fitting
