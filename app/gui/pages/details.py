"""What a histogram says of itself, for people: entries, bins and axes, out of ROOT's JSON of it."""

from __future__ import annotations

from typing import Any


def details(histogram: dict[str, Any]) -> list[tuple[str, str]]:
    """Names and texts of what is worth knowing; an entry that is no number is shown as such."""
    entries = histogram.get("fEntries")
    found = [("Entries", "not a number" if entries is None else f"{entries:,.15g}")]
    if title := histogram.get("fTitle"):
        found.append(("Title", title))
    return found + [(name, _axis(histogram[f"f{name}axis"])) for name in "XYZ"[: dimensions(histogram["_typename"])]]


def dimensions(class_name: str) -> int:
    """The number of axes that are binned."""
    return 1 if class_name == "TProfile" else int(next((letter for letter in class_name if letter.isdigit()), "1"))


def _axis(axis: dict[str, Any]) -> str:
    bins = f"{axis['fNbins']:,} bin{'s' if axis['fNbins'] != 1 else ''} from {axis['fXmin']:g} to {axis['fXmax']:g}"
    return f"{axis['fTitle']}, {bins}" if axis.get("fTitle") else bins
