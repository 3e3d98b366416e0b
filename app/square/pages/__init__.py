"""The pages of DQM^2: live and older runs, a job with its log, the timeline, and charts as images."""
