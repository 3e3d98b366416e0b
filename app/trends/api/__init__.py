"""Trends for scripts: /api/v1/trends, and the API of HDQM under /hdqm/api."""
