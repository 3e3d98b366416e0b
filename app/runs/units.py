"""Numbers with units: luminosities of OMS in the units of this product, whatever unit OMS sends them in."""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

from app.core.text import one_line

INTEGRATED, INSTANTANEOUS = "/pb", "1e34 cm⁻² s⁻¹"
"""Normal units of luminosities."""

NORMAL_UNITS = {
    "delivered_lumi": INTEGRATED,
    "recorded_lumi": INTEGRATED,
    "init_lumi": INSTANTANEOUS,
    "end_lumi": INSTANTANEOUS,
    "energy": "GeV",
    "b_field": "T",
    "l1_rate": "Hz",
    "hlt_physics_rate": "Hz",
    "duration": "s",
}
"""Unit of each attribute in this product; OMS means it too when it sends none."""

PREFIXES = {"f": 1e3, "p": 1.0, "n": 1e-3, "u": 1e-6, "μ": 1e-6, "µ": 1e-6, "m": 1e-9, "": 1e-12}
"""Inverse picobarns in an inverse barn with each prefix."""

INVERSE_BARNS = re.compile(r"/(?P<prefix>[fpnumμµ]?)b|(?P<other>[fpnumμµ]?)b\^?-1")
PER_AREA_AND_TIME = re.compile(r"(?:10\^?(?P<power>[+-]?\d+)|1e(?P<exponent>[+-]?\d+))?cm\^?-2s\^?-1|(?P<hertz>hz/(?P<prefix>[unumμµ]?)b)")
HERTZ_PER_BARN = {"u": 1e30, "μ": 1e30, "µ": 1e30, "n": 1e33, "m": 1e27, "": 1e24}
"""Instantaneous luminosity of one Hz per barn with each prefix, cm⁻² s⁻¹."""


class Quantity(NamedTuple):
    """A number with its unit."""

    value: float | None  # None: OMS has no value, or none that is a number
    unit: str  # a normal unit, or the text of OMS for one that is not known


def quantity(name: str, value: Any, unit: str) -> Quantity:
    """The value of an attribute with the unit that OMS sends beside it, "" if none, in its normal unit if the unit is known."""
    normal = NORMAL_UNITS.get(name, "")
    number = _finite(value)
    if number is None or not unit:
        return Quantity(number, normal)
    factor = _factor(normal, unit)
    return Quantity(number, one_line(unit)[:100]) if factor is None else Quantity(_finite(number * factor), normal)


def _finite(value: Any) -> float | None:
    """A finite number; None for anything else."""
    try:
        number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _factor(normal: str, unit: str) -> float | None:
    """What a number in this unit is multiplied by; None for an unknown unit."""
    text = re.sub(r"[\s{}\\$·*x]|_rm|mathrm", "", unit.replace("\\mu", "μ").replace("−", "-"))
    if text == normal:
        return 1.0
    if normal == INTEGRATED and (match := INVERSE_BARNS.fullmatch(text)):
        return PREFIXES[match["prefix"] or match["other"] or ""]
    if normal == INSTANTANEOUS and (match := PER_AREA_AND_TIME.fullmatch(text.lower())):
        if match["hertz"]:
            return HERTZ_PER_BARN[match["prefix"]] / 1e34
        power = int((match["power"] or match["exponent"] or "0")[:4]) - 34
        return 10.0**power if abs(power) < 300 else None
    return None
