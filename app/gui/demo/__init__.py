"""The demo: small files that look like real DQM, and simulated online runs."""
