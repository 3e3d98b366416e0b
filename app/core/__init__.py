"""What every process needs: settings, database, heartbeat, supervisor, metrics, web server, version."""
