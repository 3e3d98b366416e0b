"""The public mirror: stores the signed snapshots of a hub and serves them. Of the project it imports only `protocol`."""
