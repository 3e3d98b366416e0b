"""Configurations of trends: one file for a group of trends, in a folder named after their subsystem."""
