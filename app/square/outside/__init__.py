"""What leaves the experiment: the view of DQM^2 that outside is allowed, made into signed snapshots and sent to mirrors."""
