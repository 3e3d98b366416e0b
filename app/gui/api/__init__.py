"""The API for scripts: version 1, the addresses of the legacy DQM GUI, and their part of the OpenAPI document."""
