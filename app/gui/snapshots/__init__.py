"""Snapshots of ongoing runs: what their monitor elements (MEs) held some lumisections ago, for windows of the last lumisections."""
