"""The API for scripts: version 1, the addresses of the older DQM GUI, and their part of the OpenAPI document."""
