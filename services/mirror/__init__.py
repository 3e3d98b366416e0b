"""The mirror: shows outside what DQM Hub at the experiment allowed out. It imports nothing of the project but `protocol`."""
