"""The API of trends."""
