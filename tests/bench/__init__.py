"""Benchmarks (`make bench`): measures the product on this machine and prints a table. It never fails because of a figure."""
