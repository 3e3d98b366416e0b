"""Reading trends: which series and runs are wanted, and their points as columns."""
