"""Metrics: one module for each family, and one line in the registry for each class."""
