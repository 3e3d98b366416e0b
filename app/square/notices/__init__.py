"""Notices: who is told, by which channel, that a run began or ended, a job crashed or is stuck, a host is silent.

`finding` looks at what happened and enters each event once, with one delivery for each channel that is to tell it;
`telling` does the deliveries of one channel, in a loop of its own, so that no channel waits for another.
"""
