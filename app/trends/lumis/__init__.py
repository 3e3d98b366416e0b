"""Trends over the lumisections of one run: from files of lumisections, or from differences of snapshots that grow with the run."""
