"""The checks of `dqmhub doctor`, one module each."""
