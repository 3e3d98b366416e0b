"""Redaction: names of hosts, paths and people, and secrets, are replaced in everything that is published.

`Sanitizer` (sanitizer.py) is the entry point. A text passes through it in these steps:

1. `canonical` splits a line into segments of plain ASCII: escapes, look-alike letters and invisible characters are decoded.
2. `multiline` replaces blocks of lines as a whole: keys in PEM, environments of processes, and secrets that are `continued` on
   the lines after their label.
3. `rules` finds what must not be published in each other segment: `patterns` has a pattern for each rule (those for secrets are
   in `credentials`), `replacements` and `labelled` have a function for each rule, which returns the output or decides that the
   text is harmless (`paths`, `entropy`, `words`, `secret_words`). The output consists of `parts`: texts and secrets. `positions` finds people
   and hosts by where they stand, `domains` hosts by the public suffix list in data/; `addresses`, `contacts` and `repositories`
   have rules of their own.
4. `line_joining` joins segments that were wrapped in the middle of a secret, and merges their findings.
5. `pseudonyms` assigns a stored number to each secret; users who were found once are later recognised by name alone.

Steps 2 to 5 are repeated on the output until it does not change. `host_names` has the public forms of names of machines.
The fields that are published at all are decided by each area, for DQM^2 in app/square/published/fields.py.
"""
