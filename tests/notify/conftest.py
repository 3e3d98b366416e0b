"""The tests of this folder use real runs and simulators of P5."""

from __future__ import annotations

from tests.support.square_fixtures import faulty, filled, p5

__all__ = ["faulty", "filled", "p5"]
