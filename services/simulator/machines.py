"""Machines of the simulated P5 and the DQM clients on them, with names, rates and sizes of September 2022."""

from __future__ import annotations

from dataclasses import dataclass

GATEWAY = "dqmrubu-c2a06-03-01"
"""The machine whose web server is reachable; it passes requests for others on by /redirect."""

PRODUCTION = "production_c2a06"
PRODUCTION_FUS = ("dqmfu-c2b03-45-01", "dqmfu-c2b04-45-01", "dqmfu-c2b05-45-01", "dqmfu-c2b06-45-01")
MAX_FUS = len(PRODUCTION_FUS)
PLAYBACK_FUS = ("dqmfu-c2b01-45-01", "dqmfu-c2b02-45-01", "dqmfu-c2b07-45-01", "dqmfu-c2b08-45-01")


def clusters(fus: int) -> dict[str, list[str]]:
    """Clusters with their machines, the BU first, and `fus` FUs each in production and playback."""
    return {
        PRODUCTION: ["dqmrubu-c2a06-01-01", *PRODUCTION_FUS[:fus]],
        "playback_c2a06": [GATEWAY, *PLAYBACK_FUS[:fus]],
        "lookarea_c2a06": ["dqmrubu-c2a06-05-01"],
    }


@dataclass(frozen=True)
class Client:
    """One kind of DQM job."""

    tag: str
    fu_index: int  # 0 to 3
    rate: float  # events/s
    memory: int  # resident, kB


def _client(name: str, fu_index: int, rate: float, memory: int) -> Client:
    """A client; most names are those of their subsystems."""
    special = "_" in name or name.startswith("visualization")
    return Client(name if special else f"{name}_dqm_sourceclient-live", fu_index, rate, memory)


CLIENTS = (
    _client("ecalgpu", 0, 32.2, 472320),
    _client("hcalgpu", 0, 132.1, 450252),
    _client("hlt_dqm_clientPB-live", 1, 0.0, 435168),
    _client("visualization-live", 1, 16.3, 1860480),
    _client("visualization-live-secondInstance", 1, 0.04, 1764388),
    _client("beamspotdip", 2, 92.4, 359708),
    _client("onlinebeammonitor", 2, 90.0, 360580),
    _client("beam", 3, 42.6, 931448),
    _client("beamhlt", 3, 12.0, 335956),
    _client("beampixel", 3, 41.9, 741904),
    _client("csc", 3, 38.1, 994312),
    _client("ctpps", 3, 116.7, 472016),
    _client("dt", 3, 42.8, 577192),
    _client("dt4ml", 3, 1.1, 585036),
    _client("ecal", 3, 54.8, 719636),
    _client("ecalcalib", 3, 4.7, 618488),
    _client("es", 3, 52.0, 376852),
    _client("fed", 3, 31.8, 520348),
    _client("gem", 3, 3.9, 2582900),
    _client("hcal", 3, 32.8, 691516),
    _client("hcalcalib", 3, 5.2, 1783232),
    _client("hcalreco", 3, 53.0, 602716),
    _client("hlt", 3, 53.5, 942380),
    _client("info", 3, 53.7, 356348),
    _client("l1tstage2", 3, 39.9, 1667840),
    _client("l1tstage2emulator", 3, 12.6, 1258668),
    _client("mutracking", 3, 37.5, 757840),
    _client("pixel", 3, 0.05, 3823164),
    _client("pixellumi", 3, 52.1, 640944),
    _client("rpc", 3, 53.7, 539316),
    _client("sistrip", 3, 32.4, 1246828),
)
"""The 31 clients of run 358792, by FU."""

RELEASES = (
    "production_0909_CMSSW_12_4_8_39145_39162_39341_39326_39353",
    "production_1410_CMSSW_12_4_10_patch1_39512_39718",
    "production_1611_CMSSW_12_4_11_40021",
)
"""Folders of CMSSW releases in the order of their use."""

STREAMS = ("streamDQM", "streamDQMGPUvsCPU", "streamDQMEventDisplay", "streamDQMCalibration", "streamDQMHistograms")
