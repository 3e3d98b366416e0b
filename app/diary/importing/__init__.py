"""Import of the jobs of CAE Job Diary, from its database or from the JSON of Django's `dumpdata`.

`old_diary` is what both give, `databases` and `dumpdata` read it, `mapping` turns it into observations and reviews, and
`importer` stores these.
"""
