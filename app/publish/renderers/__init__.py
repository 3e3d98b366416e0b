"""One module for each kind of published item: what mirrors show of a run, its files, its logs and the rest."""
