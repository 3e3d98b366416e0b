"""Plots: the monitor elements of a plot, drawing it by the render service, the cache on disk, and quarantine."""
