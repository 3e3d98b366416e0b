"""The lists of monitor elements: read from files in a child process, stored, and kept in memory while in use."""
