"""Basis of all processes: settings, database, heartbeat, supervisor, metrics, web server, version, declaration of areas."""
