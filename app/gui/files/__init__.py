"""DQM files of the hub: registering them, their names, and which sample each holds."""
