"""Facts of runs, as OMS and the Run Registry have them."""
