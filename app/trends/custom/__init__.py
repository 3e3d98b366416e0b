"""Requested trends: what a user asks for on a page, its computation by a background job, and the points that it has so far."""
