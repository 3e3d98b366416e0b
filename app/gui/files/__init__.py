"""Registering files: entries, their checks, and storing them."""
