"""What scripts ask of DQM^2: /api/v1/square, and /api?what= in the shapes of the older mirror."""
