"""The panels of walls about plots."""
