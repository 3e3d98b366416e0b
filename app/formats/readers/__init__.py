"""One module for each file format, with a constant `FORMAT`. To add a format, add a module; nothing else changes."""
