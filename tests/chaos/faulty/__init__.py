"""An area with one fault of each kind, which the harness must find: none is declared to it."""
