"""The runs that are played, one after the other and again from the beginning: quiet and short ones, and all that goes wrong at P5."""

from __future__ import annotations

from .runs import Fate, Plan


def _tag(name: str) -> str:
    return f"{name}_dqm_sourceclient-live"


PRODUCTION = (
    Plan("cosmic_run", 24),
    Plan("pp_run", 1),
    Plan("pp_run", 60, {_tag("pixel"): Fate("crash", 11, 134), _tag("beamhlt"): Fate("blind")}, release=1),
    Plan("hi_run", 18, {_tag("csc"): Fate("crash", 4, -11, always=True)}, release=1),
    Plan("cosmic_run", 12, clients=False, release=1),
    Plan(
        "pp_run",
        150,
        {
            _tag("ctpps"): Fate("crash", 21, 65),
            _tag("gem"): Fate("stuck", 12),
            _tag("beamhlt"): Fate("blind"),
            _tag("ecal"): Fate("crash", 17, 92, always=True),
            "hlt_dqm_clientPB-live": Fate("crash", 140, -11, always=True),
        },
        release=2,
        hltd_restart=90,
    ),
    Plan("cosmic_run", 30, {_tag("hcalreco"): Fate("crash", 7, 134)}, release=2),
)

PLAYBACK = (
    Plan("pp_run", 40, {_tag("dt"): Fate("crash", 20, 65)}),
    Plan("pp_run", 60, {_tag("gem"): Fate("stuck", 5), _tag("sistrip"): Fate("crash", 25, 134)}, release=1),
    Plan("cosmic_run", 25, release=1),
)

HISTORY_S = 80 * 60.0
"""How long before its start the stand-in has played already: in production the sixth run is going on then, and much has gone wrong in it."""
