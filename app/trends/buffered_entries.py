"""The first entries of a histogram with a buffer, which ROOT fills into cells only when somebody looks at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from app.trends.axis import BinnedAxis
    from app.trends.histogram import Cells

COUNTS_FLOW = 1
"""`TH1::kConsider`, a value of `fStatOverflows`."""


def with_buffered_entries(member: dict[str, Any], cells: Cells, axes: tuple[BinnedAxis, ...]) -> tuple[dict[str, Any], Cells]:
    """The members and cells of a histogram, with the entries of its buffer filled in, as `TH1::BufferEmpty`.

    Args:
        member: The members of the ROOT class by name.
        cells: Contents, float64 (cells,); for a profile the sums of w*y.

    Raises `ValueError` if ROOT would choose the axes by the entries.
    """
    buffer = np.asarray(member.get("fBuffer", ()), np.float64)
    count = int(buffer[0]) if buffer.size else 0
    if count <= 0:  # a negative number of entries: they are in the cells, too
        return member, cells
    if all(axis.can_extend for axis in axes) or any(axis.high <= axis.low for axis in axes):
        raise ValueError("its entries are in a buffer, and its axes not yet chosen")
    is_profile = "fBinEntries" in member
    weights, *values = buffer[1 : 1 + count * (1 + len(axes) + is_profile)].reshape(count, -1).T
    places = np.array([[axis.bin_of(value) for value in along] for axis, along in zip(axes, values, strict=False)])
    shape = tuple(axis.count + 2 for axis in reversed(axes))
    numbers = np.ravel_multi_index(tuple(places[::-1]), shape)
    inside = np.all([(at >= 1) & (at <= axis.count) for at, axis in zip(places, axes, strict=True)], axis=0)
    used = inside | (member.get("fStatOverflows") == COUNTS_FLOW)

    def summed(quantity: Cells) -> Cells:
        return np.bincount(numbers, quantity, cells.size).astype(np.float64)

    filled = {**member, "fEntries": float(count), "fTsumw": float(weights[used].sum()), "fTsumw2": float((weights[used] ** 2).sum())}
    for letter, along in zip("xyz", values, strict=False):
        for power, name in enumerate((f"fTsumw{letter}", f"fTsumw{letter}2"), 1):
            filled[name] = float((weights * along**power)[used].sum())
    squares = "fBinSumw2" if is_profile else "fSumw2"
    if len(member[squares]) or (weights != 1).any():
        filled[squares] = summed(weights**2)
    if not is_profile:
        return filled, summed(weights)
    return filled | {"fBinEntries": summed(weights), "fSumw2": summed(weights * values[-1] ** 2)}, summed(weights * values[-1])
