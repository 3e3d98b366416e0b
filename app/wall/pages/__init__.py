"""The pages of walls."""
