"""What the ROOT files of `write_client_files.py` have."""

from __future__ import annotations

import sysconfig
from pathlib import Path

PROGRAMS = Path(sysconfig.get_path("purelib"), "ROOT", "bin")
HADD, ROOT = str(PROGRAMS / "hadd"), str(PROGRAMS / "root")
"""The programs of the ROOT that is installed by pip."""
RUN = 367094
CLIENTS = ("SiStrip", "CTPPS", "BRIL")
"""In the order of their arrival."""
SHARED = f"DQMData/Run {RUN}/Shared/Run summary/All"
"""The folder of the MEs that all clients have."""
ODD = "a:b #c *?[x]{1}%20 'q' ;2"
"""A name with characters that ROOT gives a meaning elsewhere."""
FULL = 20000
"""Content of a bin of each client. The sum of two is more than a TH1S holds."""
LABELS = (("A", "B", "C"), ("C", "B", "D"), ("A", "B", "C"))
"""Labels of the bins 1, 2 and 3 of each client; the contents are 1, 2 and 3."""
CUT = 30
"""Bytes that the file of a client lacks that died while it wrote."""


def own_folder(client: str) -> str:
    """The folder of the MEs that one client alone has."""
    return f"DQMData/Run {RUN}/{client}/Run summary/Own"
