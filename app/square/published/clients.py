"""Names of clients: published only if they are known or match a setting, since a tag may name its author."""

from __future__ import annotations

from app.core.settings import Settings
from app.publish.sanitize.sanitizer import Sanitizer
from app.square.clients import COMMON_SUFFIX, client_name
from app.square.settings import SquareSettings

_OF_P5 = """
beam beamfake beamhlt beamhltfake beampixel beamspotdip castor csc ctpps dt dt4ml ecal ecalcalib ecalgpu es fed gem hcal hcalcalib
hcalgpu hcalreco hlt info l1t l1tscouting l1tstage1 l1tstage2 l1tstage2emulator l1temulator mutracking ngt onlinebeammonitor physics
pixel pixelgpu pixellumi ppsrandom rpc scal scouting sistrip sistripapproximateclusters sistriplas tracking zdc
"""
KNOWN_CLIENTS = frozenset(name + COMMON_SUFFIX for name in _OF_P5.split()) | {
    "hlt_dqm_clientPB-live",
    "visualization-live",
    "visualization-live-secondInstance",
}
"""Tags of the clients in DQM/Integration/python/clients of CMSSW, in Run 2 and Run 3."""


def forms(settings: Settings) -> str:
    """The form of further tags that are published, a regular expression; "" for none."""
    return settings.of(SquareSettings).square_published_clients


def public_client(tag: str, sanitizer: Sanitizer) -> str:
    """The public name of a client: the one that the crew uses, or client-7."""
    return client_name(sanitizer.listed("client", tag, KNOWN_CLIENTS))
