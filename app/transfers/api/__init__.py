"""The transfer for scripts: reports of its processes, and what is known of runs and hosts."""
