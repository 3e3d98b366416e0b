"""States of the extraction of a run."""

DONE = "done"
"""The points are stored."""
FAILED = "failed"
"""The file cannot be read; it is tried again."""
PARTIAL = "partial"
"""The points are stored, but a part of the file cannot be read; it is tried again."""
