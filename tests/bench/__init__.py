"""`make bench`: how fast the product is on this machine, as a table; it never fails on a number."""
