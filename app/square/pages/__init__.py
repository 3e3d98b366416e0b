"""The pages of DQM^2: the live run and older ones, a job with its log, the timeline, charts as images."""
