"""Rules "outside the band for N runs in a row": experts define them, a periodic task evaluates them, notifications tell people."""
