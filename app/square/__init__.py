"""DQM^2: the jobs that look at the data of a run while it is taken, as the machines at the experiment report them."""
