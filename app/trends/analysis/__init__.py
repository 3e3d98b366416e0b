"""What the points of a series say: statistics, a straight line, the band of reference runs, and steps. Numbers in, numbers out."""
