"""Contents of the test files, shared by the programs that write them and the tests that read them."""

from __future__ import annotations

COMPRESSIONS = {"zlib": 101, "lzma": 207, "lz4": 404, "zstd": 505, "none": 0}

HOSTILE = [
    "blank in name",
    " leading and trailing ",
    "hash#percent%25plus+question?",
    "amp&lt<gt>quot\"apos'",
    "back\\slash",
    "<b>bold</b>",
    "<img src=x onerror=alert(1)>",
    "unicode η φ Σ 日本",
    "semi;colon:comma,",
    "{curly} [square] $dollar @at",
    "new\nline",
    "..",
    "e=1",
    "x" * 400,
]
