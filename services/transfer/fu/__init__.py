"""The mode `fu`: the files of the clients of a filter unit are sent to the builder unit."""
