"""Trends over the lumisections of one run."""
