"""The version of DQM Hub."""

VERSION = "0.1.0"
