"""Polling of P5: documents of each machine, status of the clusters, deletion of old data, and the state of the polling itself."""
