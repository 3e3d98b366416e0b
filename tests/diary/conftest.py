"""The tests of this folder use real runs of DQM^2."""

from __future__ import annotations

from tests.support.square_fixtures import filled

__all__ = ["filled"]
