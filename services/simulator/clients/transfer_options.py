"""The options of the transfer on the simulated hosts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .places import Places

GUI_HOST = "dqmsrv-c2a06-07-01"
"""Name of the simulated GUI machine."""

Values = Mapping[str, Any]


def write_options(
    places: Places, hosts: list[str], bu: str, hub: str, root: Path | None, log_level: str, token_file: str = ""
) -> list[Path]:
    """Write a file for each host: `fu1.toml`, `fu2.toml`, ..., `bu.toml` and `gui.toml`; returns their paths. Raises `OSError`.

    Args:
        places: All places.
        hosts: The FUs.
        bu: The BU.
        hub: Address of the hub, which is that of the GUI machine and gets all reports.
        root: Folder of the programs of ROOT; None: they are found by PATH.
        log_level: Lowest level of log messages.
        token_file: File with a token of the hub; "" for none.
    """
    token = {"token_file": token_file} if token_file else {}
    tables: dict[str, tuple[str, dict[str, Values]]] = {}
    for number, host in enumerate(hosts, 1):
        fu = {"folder": str(places.upload(host)), "target": str(places.output), "input_folder": str(places.input(host))}
        tables[f"fu{number}"] = host, {"[fu]": fu}
    programs = {name: str(root / name) for name in ("hadd", "root")} if root else {}
    gui = {"name": GUI_HOST, "pb_folder": str(places.gui / "pb"), "root_folder": str(places.gui / "root"), "hub": hub, **token}
    merging = {"folder": str(places.output), "heartbeats": str(places.heartbeats), **programs}
    tables["bu"] = bu, {"[bu]": merging, "[[bu.gui_machines]]": gui}
    tables["gui"] = GUI_HOST, {"[cleanup]": {"folder": str(places.gui / "pb")}}
    written = []
    for role, (host, found) in tables.items():
        top = {"log_level": log_level, "host": host, "state": str(places.state(host))}
        path = places.options(role)
        path.write_text(
            "\n".join([_rows(top), *(f"{name}\n{_rows(values)}" for name, values in ({"[[hubs]]": {"url": hub, **token}} | found).items())])
        )
        written.append(path)
    return written


def _rows(values: Values) -> str:
    """Lines of a table; a JSON text is a text of TOML as well."""
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items())
