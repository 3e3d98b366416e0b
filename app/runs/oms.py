"""Client of OMS: runs, fills, and numbers of lumisections. Each method raises ServiceError."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from app.runs.service_client import ServiceClient, service_text
from app.runs.settings import RunsSettings
from app.runs.units import NORMAL_UNITS, Quantity, quantity

QUANTITIES = ("delivered_lumi", "recorded_lumi", "end_lumi", "b_field", "energy", "l1_rate", "hlt_physics_rate", "duration")
TEXTS = ("l1_key", "hlt_key", "fill_type_runtime")
FIELDS = ("run_number", "start_time", "end_time", "fill_number", "stable_beam", "last_lumisection_number", *QUANTITIES, *TEXTS)

MAX_ROW_BYTES = 1 << 18
"""Largest answer: each has one row, which with all attributes and their units has some 20 kB."""


class OmsRun(NamedTuple):
    """A run as OMS has it."""

    run: int
    start: float | None  # Unix s UTC
    end: float | None  # Unix s UTC; None: ongoing
    fill: int | None
    stable_beam: bool | None
    last_lumi: int | None
    texts: dict[str, str]  # by name of TEXTS, without those that OMS lacks
    quantities: dict[str, Quantity]  # by name of QUANTITIES


class OmsFill(NamedTuple):
    """A fill of the LHC as OMS has it."""

    injection_scheme: str
    era: str


class OmsClient:
    """A client for one thread."""

    def __init__(self, settings: RunsSettings) -> None:
        self.client = ServiceClient(settings, "OMS", settings.runs_oms_url, settings.runs_oms_audience)

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def run(self, number: int) -> OmsRun | None:
        """A run; None if OMS does not know it."""
        row = self._row("runs", {"filter[run_number][eq]": number, "fields": ",".join(FIELDS)})
        if row is None:
            return None
        attributes, units = self._attributes(row)
        if attributes.get("run_number", number) != number:
            raise self.client.bad_answer(f"run {attributes['run_number']!r} in place of {number}"[:100])
        return OmsRun(
            run=number,
            start=moment(attributes.get("start_time")),
            end=moment(attributes.get("end_time")),
            fill=_integer(attributes.get("fill_number")),
            stable_beam=_flag(attributes.get("stable_beam")),
            last_lumi=_integer(attributes.get("last_lumisection_number")),
            texts={name: text for name in TEXTS if (text := service_text(attributes.get(name)))},
            quantities={name: quantity(name, attributes.get(name), units.get(name, "")) for name in QUANTITIES},
        )

    def fill(self, number: int) -> OmsFill | None:
        """A fill; None if OMS does not know it."""
        row = self._row("fills", {"filter[fill_number][eq]": number, "fields": "fill_number,injection_scheme,era"})
        if row is None:
            return None
        attributes, _ = self._attributes(row)
        return OmsFill(*(service_text(attributes.get(name)) for name in ("injection_scheme", "era")))

    def lumis_with(self, run: int, bits: Sequence[str]) -> int:
        """Number of the lumisections of a run with CMS active and all these DCS bits set."""
        query: dict[str, str | int] = {"filter[run_number][eq]": run, "filter[cms_active][eq]": "true"}
        query |= {f"filter[{bit}_ready][eq]": "true" for bit in bits}
        answer = self.client.get("lumisections", {**query, "fields": "run_number", "page[limit]": 1}, MAX_ROW_BYTES)
        rows = self._data(answer)
        total = _total(answer)
        return len(rows) if total is None else max(total, len(rows))

    def _row(self, resource: str, query: Mapping[str, str | int]) -> dict[str, Any] | None:
        """The first row that fits; None if there is none."""
        rows = self._data(self.client.get(resource, {**query, "page[offset]": 0, "page[limit]": 1}, MAX_ROW_BYTES))
        return rows[0] if rows else None

    def _data(self, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
        rows = answer.get("data")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self.client.bad_answer("no list `data`")
        return rows

    def _attributes(self, row: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """The attributes of a row, and the units that OMS names."""
        attributes = row.get("attributes")
        if not isinstance(attributes, dict):
            raise self.client.bad_answer("a row without attributes")
        meta = row.get("meta")
        described = meta.get("row") if isinstance(meta, dict) else None
        units = (
            {name: each.get("units") for name, each in described.items() if isinstance(each, dict)} if isinstance(described, dict) else {}
        )
        return attributes, {name: unit for name, unit in units.items() if isinstance(unit, str) and name in NORMAL_UNITS}


def _total(answer: Mapping[str, Any]) -> int | None:
    meta = answer.get("meta")
    return _integer(meta.get("totalResourceCount")) if isinstance(meta, dict) else None


def _integer(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def moment(text: Any) -> float | None:
    """A time as 2022-07-12T21:22:46Z, which is UTC, in Unix s; None for null and for anything else."""
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
