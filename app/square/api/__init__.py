"""The API of DQM^2: /api/v1/square, and /api?what= in the form of the original mirror."""
