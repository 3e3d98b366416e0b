"""The parts of a dataset name that tell one processing of the same data from another."""

from __future__ import annotations

import re
from typing import NamedTuple

_PROCESSED = re.compile(r"(?P<era>[^-]+)-(?P<processing>.+?)(-v(?P<version>\d{1,9}))?")


class DatasetIdentity(NamedTuple):
    """The parts of /primary/era-processing-version/tier."""

    primary: str
    era: str  # "" if the name has none, as online datasets
    processing: str
    version: int  # 0 if the name has none

    @classmethod
    def of(cls, dataset: str) -> DatasetIdentity:
        """The identity of a dataset: /StreamExpress/Run2022C-Express-v1/DQMIO has era Run2022C, processing Express, version 1."""
        _, primary, processed, _ = dataset.split("/")
        match = _PROCESSED.fullmatch(processed)
        if match is None:
            return cls(primary, "", processed, 0)
        return cls(primary, match["era"], match["processing"], int(match["version"] or 0))
