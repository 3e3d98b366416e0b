"""Notices: who is told, by which channel, that a run began or ended, a job crashed or is stuck, a host is silent."""
