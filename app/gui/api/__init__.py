"""The addresses for scripts: version 1 of the API, the older addresses, and what describes them."""
