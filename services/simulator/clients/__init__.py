"""Simulated clients of online runs: processes named cmsRun on several hosts, with the files that they write for the transfer."""
