"""Attributes of runs, fills and lumisections, always the same for one run number and seed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

FIRST_START = datetime(2023, 5, 4, tzinfo=UTC).timestamp()
FIRST_NUMBER = 367_000
SPACING_S = 3600.0
"""Time between the starts of two generated runs."""

LUMI_S = 23.31
"""Length of a lumisection."""

UNITS = {
    "delivered_lumi": "pb^{-1}",
    "recorded_lumi": "pb^{-1}",
    "init_lumi": "10^{30}cm^{-2}s^{-1}",
    "end_lumi": "10^{30}cm^{-2}s^{-1}",
    "energy": "GeV",
    "b_field": "T",
    "l1_rate": "Hz",
    "hlt_physics_rate": "Hz",
    "duration": "s",
}

BITS = [
    "bpix",
    "fpix",
    "tibtid",
    "tecm",
    "tecp",
    "tob",
    "ebm",
    "ebp",
    "eem",
    "eep",
    "esm",
    "esp",
    "hbhea",
    "hbheb",
    "hbhec",
    "hf",
    "ho",
    "dtm",
    "dtp",
    "dt0",
    "cscm",
    "cscp",
    "gem",
]
MUON_BITS = frozenset(("dtm", "dtp", "dt0", "cscm", "cscp", "gem"))
OTHER_BITS = ["gemp", "gemm", "rpc", "castor", "zdc", "rp_time", "rp_sect_45", "rp_sect_56"]

COMPONENTS = ("csc-csc", "dt-dt", "ecal-ecal", "ecal-es", "hcal-hcal", "rpc-rpc", "tracker-pixel", "tracker-strip", "cms-cms")


@dataclass(frozen=True)
class Run:
    """A generated run."""

    number: int
    kind: str  # collisions, cosmics, commissioning or special
    start: float  # Unix s UTC
    end: float | None  # None: ongoing
    draw: float  # a random number from 0 to 1 that belongs to the run

    @property
    def duration_s(self) -> int:
        """Length of the run so far, s."""
        until = datetime.now(UTC).timestamp() if self.end is None else self.end
        return max(int(until - self.start), 0)

    @property
    def lumis(self) -> int:
        """Number of lumisections."""
        return max(math.ceil(self.duration_s / LUMI_S), 1)

    @property
    def fill(self) -> int:
        """Number of the LHC fill."""
        return 8700 + (self.number - FIRST_NUMBER) // 8

    @property
    def year(self) -> int:
        """Year in the names of class, keys and menus, whatever the times of a simulated run are."""
        return datetime.fromtimestamp(FIRST_START + (self.number - FIRST_NUMBER) * SPACING_S, UTC).year


def generated_run(seed: int, number: int, times: tuple[float, float | None] | None) -> Run:
    """The run of a number; `times` are start and end of a run that exists elsewhere."""
    random = Random(f"{seed}:{number}")
    kind = random.choices(("collisions", "cosmics", "commissioning", "special"), (70, 15, 10, 5))[0]
    start = FIRST_START + (number - FIRST_NUMBER) * SPACING_S
    end: float | None = start + random.choice((120, 900, 1800, 3000, 3500))
    if kind == "cosmics" and random.random() < 0.7:
        end = start + 3590
        start -= 300
    if times:
        start, end = times
    return Run(number, kind, start, end, random.random())


def time_text(at: float | None) -> str | None:
    """A time as OMS writes it."""
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def run_attributes(run: Run) -> dict[str, Any]:
    """The attributes of a run in OMS; luminosities and the end of an ongoing run are null."""
    beam = run.kind in ("collisions", "special")
    delivered = round(run.duration_s * (0.008 + 0.006 * run.draw), 6) if beam else 0
    ongoing = run.end is None
    name = {"collisions": "collisions", "special": "collisions", "cosmics": "cosmics", "commissioning": "circulating"}[run.kind]
    menu = {"collisions": "physics/Run{0}/2e34/v1.2.0", "special": "special/LHC/{0}/v2.0", "cosmics": "cosmic/run3_cosmics/{0}/v1.1"}
    return {
        "run_number": run.number,
        "start_time": time_text(run.start),
        "end_time": time_text(run.end),
        "duration": None if ongoing else run.duration_s,
        "b_field": 3.8 if run.draw < 0.95 else 0.0,
        "energy": 6800 if beam else 450,
        "delivered_lumi": None if ongoing else delivered,
        "recorded_lumi": None if ongoing else round(delivered * (0.88 + 0.1 * run.draw), 6),
        "init_lumi": round(17_000 + 4_000 * run.draw, 3) if beam else 0,
        "end_lumi": None if ongoing else round(9_000 + 8_000 * run.draw, 3) if beam else 0,
        "l1_key": f"l1_trg_{name}{run.year}/v{int(50 + 60 * run.draw)}",
        "hlt_key": f"/cdaq/{menu.get(run.kind, 'circulating/{0}/v3.4').format(run.year)}/HLT/V{int(1 + 5 * run.draw)}",
        "l1_rate": round(60_000 + 35_000 * run.draw, 3),
        "hlt_physics_rate": round(1_000 + 900 * run.draw, 3),
        "fill_number": run.fill,
        "fill_type_runtime": "PROTONS" if beam else "COSMICS",
        "stable_beam": beam,
        "last_lumisection_number": run.lumis,
        "last_update": time_text((run.end or run.start) + 60),
    }


def fill_attributes(fill: int) -> dict[str, Any]:
    """The attributes of a fill."""
    first = FIRST_NUMBER + (fill - 8700) * 8
    year = datetime.fromtimestamp(FIRST_START + (first - FIRST_NUMBER) * SPACING_S, UTC).year
    return {
        "fill_number": fill,
        "injection_scheme": f"25ns_{2000 + fill % 500}b_{1990 + fill % 500}_1730_1773_146bpi_18inj",
        "era": f"{year}{'ABCDEF'[fill // 40 % 6]}",
    }


def lumisection_attributes(run: Run, lumi: int) -> dict[str, Any]:
    """The attributes of a lumisection: the tracker is off in the first two, and calorimeters are off in commissioning."""
    ramping = lumi <= 2 or run.kind == "commissioning"
    ready = {bit: bit in MUON_BITS or not ramping for bit in BITS} | dict.fromkeys(OTHER_BITS, True)
    per_lumi = (run_attributes(run)["delivered_lumi"] or 0) / run.lumis
    beam = run.kind in ("collisions", "special")
    return {
        "run_number": run.number,
        "lumisection_number": lumi,
        "cms_active": True,
        "physics_flag": beam,
        **{f"beam{number}_{state}": beam for number in (1, 2) for state in ("present", "stable")},
        **{f"{bit}_ready": state for bit, state in ready.items()},
        "castor_ready": None,
        "delivered_lumi": round(per_lumi * lumi, 6),
        "recorded_lumi": round(per_lumi * lumi * 0.93, 6),
        "prescale_index": 2,
        "prescale_name": "2p0E34",
    }


def registry_record(run: Run) -> dict[str, Any]:
    """The record of a run in the Run Registry; short runs are not significant."""
    short = str(run.year)[2:]
    label = {"collisions": "Collisions", "special": "Collisions", "cosmics": "Cosmics", "commissioning": "Commissioning"}[run.kind]
    bad = COMPONENTS[int(run.draw * 40) % len(COMPONENTS)] if run.draw < 0.5 else ""
    summary = {
        name: {"GOOD": 0 if name == bad else run.lumis, "BAD": run.lumis if name == bad else 0, "EMPTY": 0, "causes": [], "comments": []}
        for name in COMPONENTS
    }
    return {
        "run_number": run.number,
        "oms_attributes": run_attributes(run),
        "rr_attributes": {
            "class": f"{label}{short}",
            "state": "SIGNOFF" if run.end else "OPEN",
            "significant": run.duration_s > 600,
            "stop_reason": "",
        },
        "version": 50_000_000 + run.number,
        "deleted": False,
        "DatasetTripletCache": {"triplet_summary": summary},
    }
