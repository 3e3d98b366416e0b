"""A channel that tests add by this folder alone."""
