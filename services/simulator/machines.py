"""The machines of the stand-in P5 and the DQM clients that run on them: names, rates and sizes as in September 2022."""

from __future__ import annotations

from dataclasses import dataclass

GATEWAY = "dqmrubu-c2a06-03-01"
"""The machine whose web server answers, for itself and, by /redirect, for the others."""

PRODUCTION = "production_c2a06"
PRODUCTION_FUS = ("dqmfu-c2b03-45-01", "dqmfu-c2b04-45-01", "dqmfu-c2b05-45-01", "dqmfu-c2b06-45-01")
MOST_FUS = len(PRODUCTION_FUS)
PLAYBACK_FUS = ("dqmfu-c2b01-45-01", "dqmfu-c2b02-45-01", "dqmfu-c2b07-45-01", "dqmfu-c2b08-45-01")


def clusters(fus: int) -> dict[str, list[str]]:
    """Clusters with their machines, the BU first; `fus` is how many FUs production and playback have each."""
    return {
        PRODUCTION: ["dqmrubu-c2a06-01-01", *PRODUCTION_FUS[:fus]],
        "playback_c2a06": [GATEWAY, *PLAYBACK_FUS[:fus]],
        "lookarea_c2a06": ["dqmrubu-c2a06-05-01"],
    }


@dataclass(frozen=True)
class Client:
    """One kind of DQM job: its tag, the FU of four it runs on, events/s it keeps of what comes, resident memory in kB."""

    tag: str
    place: int
    rate: float
    memory: int


def _client(name: str, place: int, rate: float, memory: int) -> Client:
    """A client; most are named after their subsystem alone."""
    special = "_" in name or name.startswith("visualization")
    return Client(name if special else f"{name}_dqm_sourceclient-live", place, rate, memory)


CLIENTS = tuple(
    _client(name, place, rate, memory)
    for name, place, rate, memory in (
        ("ecalgpu", 0, 32.2, 472320), ("hcalgpu", 0, 132.1, 450252),
        ("hlt_dqm_clientPB-live", 1, 0.0, 435168), ("visualization-live", 1, 16.3, 1860480),
        ("visualization-live-secondInstance", 1, 0.04, 1764388),
        ("beamspotdip", 2, 92.4, 359708), ("onlinebeammonitor", 2, 90.0, 360580),
        ("beam", 3, 42.6, 931448), ("beamhlt", 3, 12.0, 335956), ("beampixel", 3, 41.9, 741904), ("csc", 3, 38.1, 994312),
        ("ctpps", 3, 116.7, 472016), ("dt", 3, 42.8, 577192), ("dt4ml", 3, 1.1, 585036), ("ecal", 3, 54.8, 719636),
        ("ecalcalib", 3, 4.7, 618488), ("es", 3, 52.0, 376852), ("fed", 3, 31.8, 520348), ("gem", 3, 3.9, 2582900),
        ("hcal", 3, 32.8, 691516), ("hcalcalib", 3, 5.2, 1783232), ("hcalreco", 3, 53.0, 602716), ("hlt", 3, 53.5, 942380),
        ("info", 3, 53.7, 356348), ("l1tstage2", 3, 39.9, 1667840), ("l1tstage2emulator", 3, 12.6, 1258668),
        ("mutracking", 3, 37.5, 757840), ("pixel", 3, 0.05, 3823164), ("pixellumi", 3, 52.1, 640944), ("rpc", 3, 53.7, 539316),
        ("sistrip", 3, 32.4, 1246828),
    )
)  # fmt: skip
"""The 31 clients of run 358792, by FU."""

RELEASES = (
    "production_0909_CMSSW_12_4_8_39145_39162_39341_39326_39353",
    "production_1410_CMSSW_12_4_10_patch1_39512_39718",
    "production_1611_CMSSW_12_4_11_40021",
)
"""Folders of the releases that runs are taken with, one after the other."""

STREAMS = ("streamDQM", "streamDQMGPUvsCPU", "streamDQMEventDisplay", "streamDQMCalibration", "streamDQMHistograms")
