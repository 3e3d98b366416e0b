"""The clients that are simulated, with the folders of MEs that each writes."""

from __future__ import annotations

from typing import NamedTuple


class DemoClient(NamedTuple):
    """A client.

    Attributes:
        tag: The word for it in names of files.
        name: Its name at P5: that of its configuration without `_cfg.py`.
        host: Index of its host, where P5 does not say it.
        folders: Folders of the MEs of `dqmhub-demo` that it writes.
    """

    tag: str
    name: str
    host: int
    folders: tuple[str, ...]


def _client(tag: str, name: str, host: int, *folders: str) -> DemoClient:
    return DemoClient(tag, f"{name}_dqm_sourceclient-live", host, folders)


CLIENTS = (
    _client("EcalGPU", "ecalgpu", 0, "EcalBarrel", "EcalEndcap"),
    _client("HcalGPU", "hcalgpu", 0, "Hcal"),
    _client("OnlineBeamMonitor", "onlinebeammonitor", 0, "OfflinePV", "Tracking"),
    _client("Info", "info", 1, "Info"),
    _client("L1TStage2", "l1tstage2", 1, "L1T"),
    _client("HLT", "hlt", 1, "HLT", "Muons", "Egamma", "JetMET"),
    _client("Pixel", "pixel", 1, "PixelPhase1", "Tracking"),
    _client("SiStrip", "sistrip", 1, "SiStrip"),
    _client("CSC", "csc", 1, "CSC"),
    _client("DT", "dt", 1, "DT"),
    _client("RPC", "rpc", 1, "RPC"),
    _client("GEM", "gem", 1, "GEM"),
)
"""The clients of a simulated run; together they write every ME once, but for those of Tracking, which two write."""

BY_TAG = {client.tag: client for client in CLIENTS}
BY_NAME = {client.name: client for client in CLIENTS}


def split_option() -> str:
    """The value of the option `--clients` of `dqmhub-demo`."""
    return ";".join(f"{client.tag}={','.join(client.folders)}" for client in CLIENTS)
