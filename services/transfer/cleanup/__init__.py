"""Clean-up on a GUI machine: removes PB files of online runs that nobody needs any more, and nothing else."""
