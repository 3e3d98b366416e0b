"""Names of series: the points of a trend in a primary dataset and processing, and quantities of runs."""

from __future__ import annotations

from typing import NamedTuple

from app.trends.errors import InvalidQuery

QUANTITIES = {
    "duration": ("Duration", "s"),
    "delivered_lumi": ("Delivered luminosity", "/pb"),
    "recorded_lumi": ("Recorded luminosity", "/pb"),
    "end_lumi": ("Luminosity at the end", "1e34 cm⁻² s⁻¹"),
    "b_field": ("Magnetic field", "T"),
    "energy": ("Energy of a beam", "GeV"),
    "l1_rate": ("L1 rate", "Hz"),
    "hlt_physics_rate": ("HLT physics rate", "Hz"),
}
"""Title and unit of each quantity of runs."""

_QUANTITY_PREFIX = "oms/"
_PREFIX = "plot:"
"""Of names in the API of HDQM, which display groups and some scripts write, too."""


class SeriesKey(NamedTuple):
    """A trend in a primary dataset and processing; as text `Pixel/Ntracks_Pixel/StreamExpress/Express`.

    All eras and versions of the processing together are one series.
    """

    subsystem: str
    name: str
    primary_dataset: str
    processing: str

    @classmethod
    def parse(cls, text: str) -> SeriesKey:
        """The key that a text names. Raises InvalidQuery."""
        parts = text.split("/")
        if len(parts) != 4 or not all(parts):
            raise InvalidQuery(f"{text[:200]!r} is no series: expected subsystem/name/primary dataset/processing")
        subsystem, name, primary_dataset, processing = parts
        return cls(subsystem, plain_name(name), primary_dataset, processing)

    def __str__(self) -> str:
        return "/".join(self)


class RunQuantity(NamedTuple):
    """A quantity of runs, drawn like a series; as text `oms/duration`."""

    quantity: str  # one of QUANTITIES

    @classmethod
    def parse(cls, text: str) -> RunQuantity:
        """The quantity that a text names. Raises InvalidQuery."""
        quantity = text.removeprefix(_QUANTITY_PREFIX)
        if quantity not in QUANTITIES:
            raise InvalidQuery(f"{text[:200]!r} is no quantity of runs: expected oms/ and one of {', '.join(QUANTITIES)}")
        return cls(quantity)

    def __str__(self) -> str:
        return _QUANTITY_PREFIX + self.quantity


Key = SeriesKey | RunQuantity


def parse_key(text: str) -> Key:
    """The series or quantity of runs that a text names. Raises InvalidQuery."""
    return RunQuantity.parse(text) if text.startswith(_QUANTITY_PREFIX) and text.count("/") == 1 else SeriesKey.parse(text)


def plain_name(name: str) -> str:
    """The name of a trend without the prefix of its section."""
    return name.removeprefix(_PREFIX)
