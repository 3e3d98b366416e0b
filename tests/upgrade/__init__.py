"""Upgrades of databases that released versions have written."""
