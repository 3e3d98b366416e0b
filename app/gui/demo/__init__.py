"""Demo data: small files like those of real runs, and simulated online runs."""
