"""ROOT's draw options of histograms. ROOT ignores what it does not know, so that a typing error looks like a plot without it."""

from __future__ import annotations

import re

KNOWN = [
    "ARR",
    "AXIG",
    "AXIS",
    "BAR",
    "BOX",
    "CANDLE",
    "CJUST",
    "COL",
    "COLZ",
    "CONT",
    "CYL",
    "E",
    "FB",
    "FUNC",
    "HBAR",
    "HIST",
    "ISO",
    "LEGO",
    "LF2",
    "LIST",
    "MIN0",
    "NOSTACK",
    "PFC",
    "PLC",
    "PMC",
    "POL",
    "PSR",
    "RX",
    "RY",
    "SAME",
    "SAMES",
    "SCAT",
    "SPH",
    "SURF",
    "TEXT",
    "VIOLIN",
    "X0",
    "X+",
    "Y+",
    "A",
    "B",
    "BB",
    "C",
    "F",
    "H",
    "L",
    "P",
    "Z",
    "*",
    "0",
    "][",
]
"""The options by name; some take a number, such as E1, LEGO2, SURF3 or TEXT45."""

_NUMBERED = {
    "BAR": "[0-4]?",
    "HBAR": "[0-4]?",
    "BOX": "[1-3]?",
    "CANDLE": "[XY]?[1-6]?",
    "VIOLIN": "[XY]?[1-6]?",
    "COL": "[12]?",
    "CONT": "[0-5]?",
    "E": "[0-6]?",
    "LEGO": "[1-4]?",
    "SURF": "[1-7]?",
    "TEXT": r"\d{0,2}(?:[EN](?!\d))?",
}
_CUT = r"\[-?\w+(?:,-?\w+)*\]"
_OPTION = "|".join(re.escape(name) + _NUMBERED.get(name, "") for name in sorted(KNOWN, key=len, reverse=True))
# Never backtracks: a text such as E0E0E0... can be divided in many ways.
_OPTIONS = re.compile(rf"(?:{_CUT}|{_OPTION}|GL|[ ,])*+", re.ASCII)


def are_known(options: str) -> bool:
    """Whether a text consists of draw options, in upper or lower case, with or without blanks or commas between them."""
    return _OPTIONS.fullmatch(options.upper()) is not None
