"""Pages of private layouts: pinning plots, my plots."""
