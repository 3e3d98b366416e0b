"""A real Slurm and a real Grid Engine on one node each, with jobs of known ends."""
