"""Kinds of the logs of jobs in directories."""

SUBMISSION_LOG, README, LOG = "submission log", "readme", "log"
"""By the first two a directory source knows what it need not read again."""
