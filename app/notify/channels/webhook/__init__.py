"""Webhooks: each notification as JSON to an address, signed."""
