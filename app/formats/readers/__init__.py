"""One module for each file format, with a constant `FORMAT`; a module added here is a format and needs no other change."""
