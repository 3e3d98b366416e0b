"""The offline bundle, for machines without RPM: `make bundle`."""
