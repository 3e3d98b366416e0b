"""What happened to runs, jobs and hosts, as the tables say."""
