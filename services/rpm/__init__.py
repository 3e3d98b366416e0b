"""Packages of RPM for el8 and el9: `make rpm`."""
