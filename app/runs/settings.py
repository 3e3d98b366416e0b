"""Settings of the facts of runs: OMS, Run Registry, tokens, schedule, and limits of significance."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.core.settings.checks import between, one_of, secure_url, url_of
from app.core.settings.table import setting, settings_table

API_ACCESS, EXCHANGE = FLOWS = ("api-access", "exchange")
"""Ways to get a token: in one step, or by the exchange of a first one."""

BITS = (
    *("bpix", "fpix", "tibtid", "tecm", "tecp", "tob", "ebm", "ebp", "eem", "eep", "esm", "esp"),
    *("hbhea", "hbheb", "hbhec", "hf", "ho", "dtm", "dtp", "dt0", "cscm", "cscp", "gem"),
)
"""The DCS bits that the original HDQM required."""


def dcs_bits(value: tuple[str, ...]) -> str:
    """Names of DCS bits, without `_ready`."""
    return "" if all(re.fullmatch(r"[a-z][a-z0-9_]*", bit) for bit in value) else "a list of bits such as bpix, without _ready"


def dcs_groups(value: tuple[str, ...]) -> str:
    """Groups of DCS bits, joined by +."""
    return "" if value and all(not dcs_bits(tuple(group.split("+"))) for group in value) else "a list of groups such as dtm+dtp+dt0"


@settings_table
@dataclass(frozen=True)
class RunsSettings:
    """Settings of the facts of runs."""

    runs_oms_url: str = setting("", "API of OMS, https://cmsoms.cern.ch/agg/api/v1; empty: OMS is not queried.", secure_url)
    runs_rr_url: str = setting(
        "",
        "API of the Run Registry, https://cmsrunregistry.web.cern.ch/api; empty: it is not queried.",
        secure_url,
    )
    runs_oms_page: str = setting(
        "https://cmsoms.cern.ch/cms/runs/report?cms_run={run}",
        "Page of OMS for a run, for links; {run} is the number; empty: none.",
        url_of("http", "https"),
    )
    runs_rr_page: str = setting(
        "https://cmsrunregistry.web.cern.ch/online/global?run_number={run}",
        "Page of the Run Registry for a run, for links; {run} is the number; empty: none.",
        url_of("http", "https"),
    )
    runs_auth_url: str = setting(
        "https://auth.cern.ch/auth/realms/cern", "Realm of the token server that issues tokens for both.", secure_url
    )
    runs_token_flow: str = setting(
        API_ACCESS, "How a token is obtained: api-access in one step, exchange by a second request.", one_of(*FLOWS)
    )
    runs_client_id: str = setting("", "Client ID of this hub at the token server; empty: requests have no token.")
    runs_client_secret: str = setting("", "Secret of the client.", secret=True)
    runs_oms_audience: str = setting("cmsoms-prod", "Audience of tokens for OMS.")
    runs_rr_audience: str = setting("cmsrunregistry-sso-proxy", "Audience of tokens for the Run Registry.")
    runs_ca: str = setting("", "File (PEM) or folder of authorities for the certificates of these servers; empty: the usual ones.")
    runs_timeout_s: float = setting(30.0, "Time limit for a request to these servers, in total, s.", between(0.1, 300))
    runs_period_s: float = setting(30.0, "Pause between two batches of requests, s.", between(0.2, 3600))
    runs_batch: int = setting(40, "Runs of a batch.", between(1, 500))
    runs_refresh_s: float = setting(120.0, "Shortest time until facts of a run are fetched again, s.", between(1, 86400))
    runs_ongoing_s: float = setting(300.0, "Time until facts of an ongoing run are fetched again, s.", between(1, 86400))
    runs_oms_days: float = setting(30.0, "Days after its end for which a run is fetched again from OMS.", between(0, 3650))
    runs_rr_days: float = setting(
        180.0, "Days after its end for which a run is fetched again from the Run Registry, whose class may change.", between(0, 3650)
    )
    runs_collisions_lumi: float = setting(0.1, "Least recorded luminosity of a significant collision run, /pb.", between(0, 1e6))
    runs_cosmics_s: float = setting(3600.0, "Least duration of a significant cosmic run, s.", between(0, 1e7))
    runs_special: str = setting("special", "Runs whose HLT key contains this text are not significant; empty: no such rule.")
    runs_dcs_bits: tuple[str, ...] = setting(
        BITS, "DCS bits that a lumisection needs beside cms_active, without _ready; empty: DCS is not queried.", dcs_bits
    )
    runs_dcs_cosmics: tuple[str, ...] = setting(
        ("dtm+dtp+dt0+gem", "cscm+cscp"), "Groups of DCS bits of cosmic runs: all bits of one group are enough.", dcs_groups
    )
    runs_simulator_port: int = setting(
        9216, "Port on which `dqmhub simulate-oms`, the simulator of OMS and Run Registry, listens.", between(1, 65535)
    )
