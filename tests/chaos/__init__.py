"""Tests all areas of the product with injected faults: `python -m tests.chaos`, and a short form in the suite.

An area is in it by its declaration: its routes come from the map of addresses, their arguments from links of its pages, its
tables from their models, its periodic tasks and threads from the running processes. `Site` runs the real processes, a `Fault`
is injected from outside, and `expectations` says what must hold meanwhile and afterwards; each breach is a `Finding`
with the area and the route.
"""
