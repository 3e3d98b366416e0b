"""ROOT files, read with the standard library: keys and directories, trees, streamed and compressed objects."""
