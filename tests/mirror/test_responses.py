"""Content coding of responses."""

from __future__ import annotations

import pytest

from services.mirror.responses import accepts_gzip


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("br, gzip;q=0.8", True),
        ("deflate,gzip ; q=0.001", True),
        ("*", True),
        ("identity, *;q=0.5", True),
        ("*;q=0, gzip", True),
        ("", False),
        ("br", False),
        ("x-gzip2", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, br", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("gzip;q=nonsense", False),
    ],
)
def test_gzip_is_accepted_by_its_weight_or_that_of_any_coding(header: str, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted
