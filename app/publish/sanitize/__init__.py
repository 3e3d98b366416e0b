"""Redaction of everything that is published: names of machines, paths, people and secrets are replaced or removed.

The way of a line of text:

1. `canonical`: decode spellings that hide a word (escapes, percent-encoding, look-alike letters).
2. `line_joining`, `multiline`: find values that continue on the next line, and blocks such as keys in PEM.
3. `rules` with `patterns`, `paths`, `words`, `entropy`: find what must not be published.
4. `pseudonyms`, `replacements`: put the same replacement in place of the same name.

`sanitizer` is the entry: the fields of a row that may be published, and texts and logs through the steps above.
"""
