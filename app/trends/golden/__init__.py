"""Golden JSON files: lists of certified runs with their lumisections, kept by the hash of their content."""

from app.trends.golden.store import find_golden, golden_lumis, golden_runs

__all__ = ["find_golden", "golden_lumis", "golden_runs"]
