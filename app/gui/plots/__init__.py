"""Plots: what one is made of, how it is drawn and kept, and how it is sent."""
