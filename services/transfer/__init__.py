"""Transfer of the files of a run from the DQM clients to the GUI machines, and clean-up there.

The package runs by itself on hosts at P5: it needs Python's standard library and nothing else.
"""
