"""Trends: one number for each run from a histogram, over years."""
