"""Layouts and workspaces: how plots are arranged for people who look at them.

A layout is a grid of plots at a path, such as `00 Shift/FED/01 FED Integrity Check`; a workspace is a choice of folders with a
quick collection of layouts and plots. Both are arrangements: data with versions; at most one version is active and shown.
"""
